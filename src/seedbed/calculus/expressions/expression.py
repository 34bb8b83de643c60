"""An expression: a text such as "tanh(W @ x + b)" as a function of its named arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from seedbed.calculus.expressions.parsing import parse
from seedbed.calculus.expressions.shapes import check_names, steps_of
from seedbed.calculus.expressions.tree import Binary, Called, Minus, Name, Node, Number, Sliced, Transposed, names_of
from seedbed.calculus.expressions.vocabulary import WORDS
from seedbed.core.errors import UsageError

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "@": operator.matmul,
}


@dataclass(frozen=True)
class Expression:
    """Arithmetic on named arrays. Called with the arrays by name, it gives its value; JAX can trace through it.

    >>> energy = Expression.read("sum((X @ w - y)**2) / 2")
    >>> energy.names
    ('X', 'w', 'y')
    >>> energy(X=jnp.eye(2), w=jnp.array([1.0, 2.0]), y=jnp.zeros(2))
    Array(2.5, dtype=float32)

    Attributes:
        text: as it was written.
        tree: what was read.
    """

    text: str
    tree: Node = field(compare=False)

    @classmethod
    def read(cls, text: str) -> Expression:
        """The expression that a text says.

        Raises:
            UsageError: it is no arithmetic on named arrays; the message points at the piece.
        """
        return cls(text, parse(text))

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays that it needs, in the order of the text."""
        return names_of(self.tree)

    def __call__(self, /, **arrays: Any) -> Array:
        """The value.

        Arguments:
            arrays: numbers, lists of numbers, or arrays of NumPy or JAX, in one precision.

        Raises:
            UsageError: an array is missing, or not in the expression.
            ShapeError: shapes do not fit; it names the piece, the shapes and what to write instead.
        """
        check_names(self.text, self.tree, arrays, "value")
        known = {name: _array(name, array) for name, array in arrays.items()}
        for _ in steps_of(self.text, self.tree, {name: array.shape for name, array in known.items()}):
            pass  # shapes first: an index outside would be moved inside by JAX, without a word
        return jnp.asarray(_value(self.tree, known))

    def by(self, name: str, /, **others: Any) -> Callable[[Any], Array]:
        """The expression as a function of one of its arrays, the others given."""
        return lambda array: self(**{name: array}, **others)


def _array(name: str, given: Any) -> Array:
    try:
        return jnp.asarray(given)
    except (TypeError, ValueError):
        came = f"expression: expected an array of numbers for {name}, got {type(given).__name__}"
        raise UsageError(came, "give a list of numbers, or an array of NumPy or JAX") from None


def _value(node: Node, arrays: Mapping[str, Array]) -> Any:
    """The value of a piece: an array, or a Python number, which takes the precision of what it meets."""
    match node:
        case Number(value=value):
            return float(value)
        case Name(name=name):
            return arrays[name]
        case Minus(operand=operand):
            return -_value(operand, arrays)
        case Binary(sign="**", left=left, right=Number(value=int() as power)):
            return _value(left, arrays) ** power  # a whole power is a product, and has a slope at 0
        case Binary(sign=sign, left=left, right=right):
            return SIGNS[sign](_value(left, arrays), _value(right, arrays))
        case Transposed(operand=operand, is_matrix_only=is_matrix_only):
            return (jnp.matrix_transpose if is_matrix_only else jnp.transpose)(_value(operand, arrays))
        case Sliced(operand=operand, index=index):
            return jnp.asarray(_value(operand, arrays))[index]
    assert isinstance(node, Called)
    return WORDS[node.word].value(*(_value(one, arrays) for one in node.arguments), **dict(node.options))
