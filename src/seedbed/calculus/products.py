"""A product of vectors and matrices entry by entry: which row and which column make which number.

    inner            a · b = Σᵢ aᵢ bᵢ                 (n,) · (n,) → ()
    vector × matrix  (a M)ⱼ = Σᵢ aᵢ Mᵢⱼ               (n,) · (n, p) → (p,)
    matrix × vector  (M a)ᵢ = Σⱼ Mᵢⱼ aⱼ               (m, n) · (n,) → (m,)
    matrix × matrix  (A B)ᵢₖ = Σⱼ Aᵢⱼ Bⱼₖ             (m, n) · (n, p) → (m, p)
    batched          a product for each place of the axes in front, which broadcast

>>> print(multiply([1, 2, 3], [[1, 0], [0, 1], [2, 2]], names=("a", "M")).explain("en"))
vector × matrix: entry j is the sum over i of left[i] · right[i, j]
(3,) · (3, 2) → (2,)
[0] = a · M[:, 0] = 1·1 + 2·0 + 3·2 = 7
[1] = a · M[:, 1] = 1·0 + 2·1 + 3·2 = 8
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.calculus.expressions import algebra
from seedbed.calculus.expressions.algebra import Misfit
from seedbed.core.errors import ShapeError, UsageError
from seedbed.core.messages import message

MOST_ENTRIES = 16  # that an explanation writes out
MOST_TERMS = 8  # of a sum that are written out, but for the last


@dataclass(frozen=True, eq=False)
class Entry:
    """One number of a product.

    Attributes:
        index: its place in the result.
        row: the numbers of the left factor that make it, (n,).
        column: those of the right factor, (n,).
        row_at, column_at: where those stand in their factors, as NumPy writes it: `[1, :]`; nothing for a whole vector.
        value: their inner product.
    """

    index: tuple[int, ...]
    row: NDArray[Any]
    column: NDArray[Any]
    row_at: str
    column_at: str
    value: Any

    @property
    def terms(self) -> NDArray[Any]:
        """What is added up, (n,): each number of the row times the one of the column."""
        return self.row * self.column

    def __str__(self) -> str:
        pairs = [f"{_short(a)}·{_short(b)}" for a, b in zip(self.row, self.column, strict=True)]
        if len(pairs) > MOST_TERMS:
            pairs = [*pairs[: MOST_TERMS - 1], "...", pairs[-1]]
        return f"{' + '.join(pairs)} = {self.value:.6g}"


@dataclass(frozen=True, eq=False)
class Product:
    """The product of two arrays, with how each of its numbers came about.

    Attributes:
        left, right: the factors.
        value: left @ right.
        kind: inner, vector_matrix, matrix_vector, matrix_matrix or batched.
        names: how the factors are called in an explanation.
    """

    left: NDArray[Any]
    right: NDArray[Any]
    value: NDArray[Any]
    kind: str
    names: tuple[str, str] = ("left", "right")

    @property
    def algebra(self) -> str:
        """The shapes in a line: `(3,) · (3, 2) → (2,)`."""
        return f"{self.left.shape} · {self.right.shape} → {self.value.shape}"

    def entry(self, *index: int) -> Entry:
        """The number of the result at a place, with the row and the column that make it.

        Raises:
            UsageError: there is no such place.
        """
        shape = self.value.shape
        if len(index) != len(shape) or any(not 0 <= i < n for i, n in zip(index, shape, strict=True)):
            raise UsageError(f"entry: expected a place in a result of shape {shape}, got {index}", "count from 0")
        has_rows, has_columns = self.left.ndim > 1, self.right.ndim > 1
        n_batch = len(shape) - has_rows - has_columns
        batch, inside = index[:n_batch], index[n_batch:]
        row = (*_place(batch, self.left.shape[:-2]), *inside[:has_rows]) if has_rows else ()
        column = _place(batch, self.right.shape[:-2]) if has_columns else ()
        column_index: tuple[Any, ...] = (*column, slice(None), *inside[has_rows:]) if has_columns else ()
        return Entry(
            index=index,
            row=self.left[row],
            column=self.right[column_index],
            row_at=f"[{', '.join([*map(str, row), ':'])}]" if has_rows else "",
            column_at=f"[{', '.join([*map(str, column), ':', str(index[-1])])}]" if has_columns else "",
            value=self.value[index],
        )

    def entries(self) -> Iterator[Entry]:
        """All numbers of the result in order, the last axis fastest."""
        for index in np.ndindex(self.value.shape):
            yield self.entry(*index)

    def explain(self, language: str | None = None) -> str:
        """The product as lines: what it is, its shapes, and how each number comes about, up to 16 of them."""
        lines = [message(f"shapes.{self.kind}", language), self.algebra]
        for entry, _ in zip(self.entries(), range(MOST_ENTRIES), strict=False):
            place = str(list(entry.index)) if entry.index else ""
            made_of = f"{self.names[0]}{entry.row_at} · {self.names[1]}{entry.column_at}"
            lines.append(f"{place} = {made_of} = {entry}".strip())
        if (n_more := self.value.size - MOST_ENTRIES) > 0:
            lines.append(message("product.more", language, n=f"{n_more:,}"))
        return "\n".join(lines)


def multiply(left: Any, right: Any, *, names: tuple[str, str] = ("left", "right")) -> Product:
    """The product left @ right with how each entry comes about; whole numbers stay whole.

    Raises:
        UsageError: a factor does not hold numbers.
        ShapeError: the shapes do not fit; it names both, and the products that would.
    """
    a, b = _numbers(names[0], left), _numbers(names[1], right)
    try:
        algebra.product(a.shape, b.shape)
    except Misfit as misfit:
        hint = misfit.hint.format(left=names[0], right=names[1])
        raise ShapeError(f"{names[0]} @ {names[1]}: expected {misfit.expected}, got {misfit.came}", hint) from None
    return Product(a, b, np.asarray(a @ b), algebra.kind_of_product(a.shape, b.shape), names)


def _numbers(name: str, given: Any) -> NDArray[Any]:
    try:
        array = np.asarray(given)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        said = f"{name}: expected an array of numbers, got {type(given).__name__} {given!r:.60}"
        raise UsageError(said, "give numbers, with rows of one length")
    return array


def _place(batch: tuple[int, ...], own: tuple[int, ...]) -> tuple[int, ...]:
    """The place in a factor's own batch axes; one of length 1 is repeated, so its place is 0."""
    last = batch[len(batch) - len(own) :]
    return tuple(i if n > 1 else 0 for i, n in zip(last, own, strict=True))


def _short(number: Any) -> str:
    text = f"{number:.4g}"
    return f"({text})" if text.startswith("-") else text
