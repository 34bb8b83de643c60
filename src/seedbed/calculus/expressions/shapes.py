"""The shape of an expression, step by step, without any array.

>>> shape = shape_of("a.T @ M", a=(3,), M=(3, 2))
>>> shape
(2,)
>>> print(shape.explain("en"))
a.T      (3,) → (3,)           all axes in reverse order
a.T @ M  (3,) · (3, 2) → (2,)  vector × matrix: entry j is the sum over i of left[i] · right[i, j]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seedbed.calculus.expressions import algebra
from seedbed.calculus.expressions.algebra import Misfit, Shape
from seedbed.calculus.expressions.parsing import parse
from seedbed.calculus.expressions.refusals import pointed, refusal
from seedbed.calculus.expressions.tree import (
    Binary,
    Called,
    Minus,
    Name,
    Node,
    Number,
    Sliced,
    Transposed,
    names_of,
    nodes,
    operand,
    piece,
)
from seedbed.calculus.expressions.vocabulary import WORDS
from seedbed.core.errors import ShapeError, UsageError, nearest
from seedbed.core.messages import message

LONGEST = 1 << 40  # numbers along an axis


@dataclass(frozen=True)
class ShapeStep:
    """One operation of an expression with its shapes.

    Attributes:
        piece: the characters of the expression that it is.
        kind: its name in the catalogues of messages, under `shapes.`
        inputs: the shapes that go in.
        shape: the one that comes out.
    """

    piece: str
    kind: str
    inputs: tuple[Shape, ...]
    shape: Shape

    @property
    def algebra(self) -> str:
        """The shapes in a line: `(3,) · (3, 2) → (2,)`."""
        sign = " · " if self.kind in PRODUCTS else ", "
        return f"{sign.join(map(str, self.inputs))} → {self.shape}"


PRODUCTS = ("inner", "vector_matrix", "matrix_vector", "matrix_matrix", "batched")


class ShapeOf(tuple[int, ...]):
    """The shape of an expression: a tuple, which knows how it came about.

    Attributes:
        steps: the operations in the order in which they are done.
    """

    steps: tuple[ShapeStep, ...]

    def __new__(cls, shape: Iterable[int], steps: Iterable[ShapeStep]) -> ShapeOf:
        """The shape with its steps."""
        made = super().__new__(cls, shape)
        made.steps = tuple(steps)
        return made

    def explain(self, language: str | None = None) -> str:
        """The steps as lines: the piece, its shapes, and what it does."""
        says = [message(f"shapes.{step.kind}", language) for step in self.steps]
        table = [(step.piece, step.algebra, said) for step, said in zip(self.steps, says, strict=True)]
        widths = [max((len(row[n]) for row in table), default=0) for n in (0, 1)]
        return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in table)


def shape_of(expression: str, /, **shapes: Any) -> ShapeOf:
    """The shape of an expression for arrays of the given shapes: a tuple, with `.steps` and `.explain()`.

    Arguments:
        expression: arithmetic on named arrays, such as "tanh(W @ x + b)", "x[1:] - x[:-1]" or "sum(X, axis=0)".
        shapes: for each name the shape of its array: (3, 2), 3 for (3,), () for a number, or the array itself.

    Raises:
        UsageError: the text is no such expression, or names and shapes do not match.
        ShapeError: the shapes do not fit; the message names the piece, both shapes and what to write instead.
    """
    tree = parse(expression)
    known = {name: read_shape(name, given) for name, given in shapes.items()}
    check_names(expression, tree, known, "shape")
    steps = tuple(steps_of(expression, tree, known))
    return ShapeOf(steps[-1].shape if steps else _leaf(tree, known), steps)


def read_shape(name: str, given: Any) -> Shape:
    """A shape as it was given: a tuple or list, a whole number, or an array.

    Raises:
        UsageError: it is none.
    """
    lengths = getattr(given, "shape", given)
    lengths = (lengths,) if isinstance(lengths, int) else lengths
    if isinstance(lengths, tuple | list) and all(type(n) is int and 1 <= n <= LONGEST for n in lengths):
        return tuple(lengths)
    expected = f"shape of {name}: expected whole numbers of at least 1, such as (3, 2)"
    raise UsageError(f"{expected}, got {given!r}", "a vector of 3 is (3,), and a number ()")


def check_names(text: str, tree: Node, given: Iterable[str], what: str) -> None:
    """Nothing, if each named array is given, and no other.

    Raises:
        UsageError: a name is unknown, or given but not there; it points at it and offers the nearest.
    """
    given, wanted = tuple(given), names_of(tree)
    spare = [name for name in given if name not in wanted]
    for node in nodes(tree):
        if isinstance(node, Name) and node.name not in given:
            raise refusal(text, node.span, f"a {what} for each array", f"none for {node.name}", _hint(node.name, spare))
    if spare:
        expected = f"expression: expected a {what} for {', '.join(wanted) or 'no array'}"
        raise UsageError(f"{expected}, got one for {spare[0]}", nearest(spare[0], wanted) or "leave it away")


def _hint(name: str, spare: list[str]) -> str:
    """What to do about a name that is not given: one that is given and not needed may be meant."""
    if name in WORDS:
        return f"{name} is a function: write {name}(x)"
    return nearest(name, spare) or (f"did you mean {spare[0]!r}?" if len(spare) == 1 else f"give {name} as well")


def steps_of(text: str, tree: Node, shapes: Mapping[str, Shape]) -> Iterator[ShapeStep]:
    """The operations of an expression with their shapes, each behind those that it needs.

    Raises:
        ShapeError: shapes do not fit.
    """
    known: dict[int, Shape] = {}
    for node in nodes(tree):
        if isinstance(node, Name | Number):
            known[id(node)] = _leaf(node, shapes)
            continue
        inputs = tuple(known[id(part)] for part in node.parts)
        try:
            kind, shape = _rule(node, inputs)
        except Misfit as misfit:
            raise _does_not_fit(text, node, misfit) from None
        known[id(node)] = shape
        arrays = tuple(own for own, part in zip(inputs, node.parts, strict=True) if not isinstance(part, Number))
        is_with_number = kind == "broadcast" and len(arrays) == 1
        yield ShapeStep(piece(text, node), "each" if is_with_number else kind, arrays or inputs, shape)


def _leaf(node: Node, shapes: Mapping[str, Shape]) -> Shape:
    return shapes[node.name] if isinstance(node, Name) else ()


def _rule(node: Node, inputs: tuple[Shape, ...]) -> tuple[str, Shape]:
    """The kind of an operation, and the shape that comes out."""
    first, second = inputs[0], inputs[-1]
    match node:
        case Binary(sign="@"):
            return algebra.kind_of_product(first, second), algebra.product(first, second)
        case Binary(sign=sign):
            return "broadcast", algebra.broadcast(first, second, sign)
        case Transposed(is_matrix_only=is_matrix_only):
            return "matrix_transposed" if is_matrix_only else "transposed", algebra.transposed(first, is_matrix_only)
        case Sliced(index=index):
            return "sliced", algebra.sliced(first, index)
        case Called(word=word, options=options):
            return WORDS[word].kind, WORDS[word].shape(*inputs, **dict(options))
    assert isinstance(node, Minus)
    return "each", first


def _does_not_fit(text: str, node: Node, misfit: Misfit) -> ShapeError:
    """The error for a piece whose shapes do not fit."""
    left, *rest = (operand(text, part) for part in node.parts)
    hint = misfit.hint.format(left=left, right=rest[0] if rest else "")
    said = f"{piece(text, node)}: expected {misfit.expected}, got {misfit.came}{pointed(text, node.span)}"
    return ShapeError(said, hint)
