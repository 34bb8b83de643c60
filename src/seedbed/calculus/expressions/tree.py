"""The tree of an expression: what a text such as `tanh(W @ x + b)` is made of.

A node is frozen and knows which characters of the text it comes from, so that a fault can be pointed at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import EllipsisType

Index = int | slice | EllipsisType | None  # what may stand in brackets
Option = int | float | bool | tuple[int, ...] | None


@dataclass(frozen=True)
class Node:
    """One piece of an expression: a number, an array, an operation or a call.

    Attributes:
        span: the place of its first character in the text, and the place behind its last.
    """

    span: tuple[int, int]

    @property
    def parts(self) -> tuple[Node, ...]:
        """The pieces that it is made of, left to right."""
        return ()


@dataclass(frozen=True)
class Number(Node):
    """A number that stands in the text."""

    value: int | float


@dataclass(frozen=True)
class Name(Node):
    """A named array."""

    name: str


@dataclass(frozen=True)
class Minus(Node):
    """The negative of a piece."""

    operand: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class Binary(Node):
    """Two pieces with one of the signs + - * / ** @ between them."""

    sign: str
    left: Node
    right: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Transposed(Node):
    """A piece with `.T` behind it, all axes reversed, or with `.mT`, the last two exchanged."""

    operand: Node
    is_matrix_only: bool

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class Sliced(Node):
    """A piece with constant slices in brackets behind it."""

    operand: Node
    index: tuple[Index, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class Called(Node):
    """A word of the vocabulary with its arguments and its constant options."""

    word: str
    arguments: tuple[Node, ...]
    options: tuple[tuple[str, Option], ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.arguments


def nodes(node: Node) -> Iterator[Node]:
    """The node and everything below it, each piece behind those that it is made of."""
    for part in node.parts:
        yield from nodes(part)
    yield node


def names_of(node: Node) -> tuple[str, ...]:
    """The named arrays below a node, in the order of the text."""
    return tuple(dict.fromkeys(one.name for one in nodes(node) if isinstance(one, Name)))


def piece(text: str, node: Node) -> str:
    """The characters that a node comes from."""
    return text[slice(*node.span)]


def operand(text: str, node: Node) -> str:
    """The characters of a node as they can stand beside a sign: in parentheses where it is an operation."""
    return f"({piece(text, node)})" if isinstance(node, Binary | Minus) else piece(text, node)
