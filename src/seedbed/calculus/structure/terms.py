"""A term: a Jacobian, or a part of one, as a product of arrays over labelled axes that is never multiplied out.

    J[r₁ … r_p, c₁ … c_q] = coefficient · Σ_hidden Π factors · Π links

Every axis has a label. A label among the rows (axes of the output) and the columns (axes of the input) is an identity:
the entry is zero unless both are equal. A label in no factor repeats what there is; one that is neither row nor column
is hidden, and summed over. A link couples a row with a column by strides, as slicing does. So a diagonal matrix is one
label and one vector, and a batch behind a linear layer is the layer's weights and one label for the batch.

The algebra below keeps a normal form: hidden labels have no links, factors stand at the row's end of a link, no two
factors have the same labels, and a hidden label is summed where that takes no more work than reading the factors.
Which of this is done depends on labels alone, never on values, so eager and compiled programs find the same structure.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from seedbed.calculus.structure.strides import Strides

_numbers = itertools.count()


@dataclass(frozen=True)
class Label:
    """The name of an axis, and its size. Each new one is another, also of the same size."""

    size: int
    number: int = field(default_factory=lambda: next(_numbers))


Axis = tuple[Label, ...]  # an axis of an array: several labels where axes were merged, none where its size is 1


class Factor(NamedTuple):
    """An array, and the label of each of its axes."""

    array: Any
    labels: tuple[Label, ...]


class Link(NamedTuple):
    """The coupling of a row's label with a column's by strides."""

    a: Label
    b: Label
    strides: Strides


@dataclass(frozen=True, eq=False)
class Term:
    """One product. `rows` and `columns` have an entry for each axis of the output and of the input."""

    rows: tuple[Axis, ...]
    columns: tuple[Axis, ...]
    dtype: Any
    coefficient: float = 1.0
    factors: tuple[Factor, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def row_labels(self) -> tuple[Label, ...]:
        """The labels of the output's axes, in their order."""
        return tuple(itertools.chain(*self.rows))

    @property
    def column_labels(self) -> tuple[Label, ...]:
        """The labels of the input's axes, in their order."""
        return tuple(itertools.chain(*self.columns))

    @property
    def coupled(self) -> tuple[Label, ...]:
        """The labels that are rows and columns, in the order of the rows."""
        columns = set(self.column_labels)
        return tuple(label for label in self.row_labels if label in columns)

    @property
    def hidden(self) -> tuple[Label, ...]:
        """The labels that are summed over."""
        seen = dict.fromkeys(label for factor in self.factors for label in factor.labels)
        seen |= dict.fromkeys(label for link in self.links for label in link[:2])
        outer = {*self.row_labels, *self.column_labels}
        return tuple(label for label in seen if label not in outer)

    def times(self, array: Any, labels: Sequence[Label], coefficient: float = 1.0) -> Term:
        """The term with one more factor."""
        factors = (*self.factors, Factor(array, tuple(labels)))
        return replace(self, factors=factors, coefficient=self.coefficient * coefficient)

    def renamed(self, names: Mapping[Label, Label]) -> Term:
        """The term with other names for labels."""

        def named(labels: Iterable[Label]) -> tuple[Label, ...]:
            return tuple(names.get(label, label) for label in labels)

        return replace(
            self,
            rows=tuple(map(named, self.rows)),
            columns=tuple(map(named, self.columns)),
            factors=tuple(Factor(factor.array, named(factor.labels)) for factor in self.factors),
            links=tuple(Link(names.get(a, a), names.get(b, b), strides) for a, b, strides in self.links),
        )

    @property
    def transposed(self) -> Term:
        """The term with rows and columns exchanged."""
        links = tuple(Link(link.b, link.a, link.strides.flipped()) for link in self.links)
        return normal(replace(self, rows=self.columns, columns=self.rows, links=links))  # type: ignore[return-value]


def typed(term: Term, dtype: Any) -> Term:
    """The term with numbers of another type."""
    if term.dtype == dtype:
        return term
    factors = tuple(factor._replace(array=jnp.asarray(factor.array, dtype)) for factor in term.factors)
    return replace(term, dtype=dtype, factors=factors)


def identity(shape: Sequence[int], dtype: Any) -> Term:
    """The identity on arrays of a shape."""
    axes = tuple(fresh(size) for size in shape)
    return Term(axes, axes, dtype)


def fresh(size: int) -> Axis:
    """An axis with a label of its own."""
    return () if size == 1 else (Label(size),)


def size_of(axis: Axis) -> int:
    """How many places an axis has."""
    return math.prod(label.size for label in axis)


def sizes_of(labels: Iterable[Label]) -> tuple[int, ...]:
    """The sizes of labels, the shape of an array that has them."""
    return tuple(label.size for label in labels)


def contracted(factors: Sequence[Factor], keep: Sequence[Label]) -> Array:
    """The product of the factors, summed over every label but those to keep, which come in this order."""
    numbers = {label: i for i, label in enumerate(dict.fromkeys(label for f in factors for label in f.labels))}
    operands = [operand for f in factors for operand in (f.array, [numbers[label] for label in f.labels])]
    result: Array = jnp.einsum(*operands, [numbers[label] for label in keep])
    return result


def normal(term: Term) -> Term | None:
    """The term in normal form, or None where it is zero."""
    if term.coefficient == 0.0:
        return None
    term = _with_full_links(term)
    while (step := _step(term)) is not term:
        if step is None:
            return None
        term = step
    return _folded(term)


def _with_full_links(term: Term) -> Term:
    """Links as long as they can be, with what they leave out masked; a link of all with all is a label."""
    for link in term.links:
        a, b, strides = link
        full = strides.maximal(a.size, b.size)
        if full != strides:
            rest = tuple(Link(a, b, full) if other is link else other for other in term.links)
            ones = jnp.ones((strides.count,), term.dtype)
            mask = replace(strides, start_b=0, step_b=1).forward(ones, 0, a.size)
            return _with_full_links(replace(term, links=rest).times(mask, (a,)))
        if strides.is_identity(a.size, b.size):
            rest = tuple(other for other in term.links if other is not link)
            return _with_full_links(replace(term, links=rest).renamed({a: b}))
    return term


def _step(term: Term) -> Term | None:
    """The term after one step towards its normal form; the same where there is none to take, None where it is zero."""
    outer = {*term.row_labels, *term.column_labels}
    for label in dict.fromkeys(label for link in term.links for label in link[:2]):
        above = next((link for link in term.links if link.b == label), None)
        below = next((link for link in term.links if link.a == label), None)
        if label not in outer:
            return _linked_through(term, label, above, below)
        if above is not None and any(label in factor.labels for factor in term.factors):
            return _moved(term, label, above.a, above.strides)
    for label in term.hidden:
        holding = [factor for factor in term.factors if label in factor.labels]
        union = {other for factor in holding for other in factor.labels}
        if any(union <= set(factor.labels) for factor in holding):
            keep = [other for other in union if other != label]
            keep.sort(key=lambda other: other.number)
            rest = tuple(factor for factor in term.factors if label not in factor.labels)
            return replace(term, factors=(*rest, Factor(contracted(holding, keep), tuple(keep))))
    return term


def _linked_through(term: Term, label: Label, above: Link | None, below: Link | None) -> Term | None:
    """The term without a hidden label that has one link or two: its factors move to one end."""
    rest = tuple(link for link in term.links if link is not above and link is not below)
    if above is None:
        assert below is not None
        flipped = below.strides.flipped()
        return _moved(_covering(replace(term, links=rest), label, below.b, flipped), label, below.b, flipped)
    if below is None:
        return _moved(
            _covering(replace(term, links=rest), label, above.a, above.strides), label, above.a, above.strides
        )
    strides = above.strides.after(below.strides)
    if strides is None:
        return None
    moved = _moved(replace(term, links=rest), label, above.a, above.strides)
    return _with_full_links(replace(moved, links=(*moved.links, Link(above.a, below.b, strides))))


def _covering(term: Term, label: Label, end: Label, strides: Strides) -> Term:
    """The term with a factor at `label` where there is none and not every place of `end` stands for one of it."""
    if strides.covers_a(end.size) or any(label in factor.labels for factor in term.factors):
        return term
    return term.times(jnp.ones((label.size,), term.dtype), (label,))


def _moved(term: Term, label: Label, end: Label, strides: Strides) -> Term:
    """The term with its factors at `label` read out into the axis `end`."""
    factors = []
    for factor in term.factors:
        if label in factor.labels:
            axis = factor.labels.index(label)
            array = strides.forward(factor.array, axis, end.size)
            factor = Factor(array, tuple(end if other == label else other for other in factor.labels))
        factors.append(factor)
    return replace(term, factors=tuple(factors))


def _folded(term: Term) -> Term:
    """The term with one factor for each set of labels."""
    factors: dict[frozenset[Label], Factor] = {}
    for factor in term.factors:
        key = frozenset(factor.labels)
        if key in factors:
            known = factors[key]
            factors[key] = Factor(known.array * arranged(factor, known.labels), known.labels)
        else:
            factors[key] = factor
    return term if len(factors) == len(term.factors) else replace(term, factors=tuple(factors.values()))


def arranged(factor: Factor, labels: Sequence[Label]) -> Array:
    """The factor's array with its axes in the order of `labels`, and axes of size 1 where it has none."""
    own = [label for label in labels if label in factor.labels]
    array = factor.array
    if tuple(own) != factor.labels:
        array = jnp.transpose(array, [factor.labels.index(label) for label in own])
    if len(own) < len(labels):
        array = array.reshape([label.size if label in factor.labels else 1 for label in labels])
    return array


def summed_over(term: Term, labels: Iterable[Label]) -> Term:
    """The term with its number multiplied by the size of each of these labels that it does not have any more.

    They are summed over, and a sum over what is the same everywhere is so many times that.
    """
    held = {*term.row_labels, *term.column_labels, *itertools.chain(*(factor.labels for factor in term.factors))}
    held |= {label for link in term.links for label in link[:2]}
    times = math.prod(label.size for label in labels if label not in held)
    return term if times == 1 else replace(term, coefficient=term.coefficient * times)


def composed(second: Term, first: Term) -> Term | None:
    """The term of `second` behind `first`, by the chain rule; None where it is zero.

    Raises:
        UnalignedError: an axis between them was cut into pieces in two ways that do not fit.
    """
    second = second.renamed({label: Label(label.size) for label in (*second.row_labels, *second.column_labels)})
    second, first = aligned(second, first)
    names = dict(zip(second.column_labels, first.row_labels, strict=True))
    second = second.renamed(names)
    both = Term(
        rows=second.rows,
        columns=first.columns,
        dtype=second.dtype,
        coefficient=second.coefficient * first.coefficient,
        factors=(*second.factors, *typed(first, second.dtype).factors),
        links=(*second.links, *first.links),
    )
    return normal(summed_over(both, first.row_labels))


class UnalignedError(Exception):
    """Two ways of cutting an axis into labels do not fit: (2, 3) and (3, 2)."""


def aligned(second: Term, first: Term) -> tuple[Term, Term]:
    """Both terms, with the columns of the second cut into labels of the same sizes as the rows of the first."""
    for place in range(len(first.rows)):
        sizes = common_cuts(sizes_of(second.columns[place]), sizes_of(first.rows[place]))
        second = cut(second, second.columns[place], sizes)
        first = cut(first, first.rows[place], sizes)
    return second, first


def common_cuts(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    """The sizes of the pieces of an axis that is cut in two ways: (6, 4) and (2, 12) give (2, 3, 4).

    Raises:
        UnalignedError: there are none.
    """
    found, left, right = [], list(one), list(other)
    while left and right:
        small, large = sorted((left[-1], right[-1]))
        if large % small:
            raise UnalignedError
        found.append(small)
        for sizes in (left, right):
            rest = sizes.pop() // small
            if rest > 1:
                sizes.append(rest)
    return tuple(reversed(found))


def cut(term: Term, axis: Axis, sizes: Sequence[int]) -> Term:
    """The term with the labels of one of its axes cut, so that they have these sizes.

    Raises:
        UnalignedError: the axis has a link, or the sizes do not fit.
    """
    left = list(sizes)
    for label in axis:
        own: list[int] = []
        while math.prod(own) < label.size:
            own.append(left.pop(0))
        if math.prod(own) != label.size:
            raise UnalignedError
        if len(own) > 1:
            term = _cut_label(term, label, own)
    return term


def _cut_label(term: Term, label: Label, sizes: Sequence[int]) -> Term:
    if any(label in link[:2] for link in term.links):
        raise UnalignedError
    new = tuple(Label(size) for size in sizes)

    def spliced(labels: tuple[Label, ...]) -> tuple[Label, ...]:
        return tuple(itertools.chain(*(new if other == label else (other,) for other in labels)))

    factors = []
    for factor in term.factors:
        labels = spliced(factor.labels)
        array = factor.array if labels == factor.labels else factor.array.reshape(sizes_of(labels))
        factors.append(Factor(array, labels))
    rows, columns = (tuple(map(spliced, axes)) for axes in (term.rows, term.columns))
    return replace(term, rows=rows, columns=columns, factors=tuple(factors))


def _flatten(term: Term) -> tuple[list[Any], Any]:
    rest = (term.rows, term.columns, term.dtype, term.coefficient, term.links, tuple(f.labels for f in term.factors))
    return [factor.array for factor in term.factors], rest


def _unflatten(rest: Any, arrays: Iterable[Any]) -> Term:
    rows, columns, dtype, coefficient, links, labels = rest
    return Term(rows, columns, dtype, coefficient, tuple(map(Factor, arrays, labels)), links)


jax.tree_util.register_pytree_node(Term, _flatten, _unflatten)
