"""From a text to the tree of an expression. Python's grammar reads it; nothing of it is ever run as Python.

Allowed are named arrays, numbers, + - * / ** @, `.T` and `.mT`, constant slices, and calls of the words of the
vocabulary. Everything else is refused with one message that points at it.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable

import numpy as np

from seedbed.calculus.expressions.refusals import ALLOWED, OPERATIONS, refusal, sign_between, strange, unreadable
from seedbed.calculus.expressions.tree import (
    Binary,
    Called,
    Index,
    Minus,
    Name,
    Node,
    Number,
    Option,
    Sliced,
    Transposed,
)
from seedbed.calculus.expressions.vocabulary import WORDS, Word
from seedbed.core.errors import UsageError, nearest, one_of

MOST_CHARACTERS = 2000
DEEPEST = 100  # pieces inside pieces; the walkers call themselves once for each
LARGEST_INDEX = 1 << 40
BRACKETS, AXIS = "a whole number, :, None or ... in brackets", "a whole number for axis"
PLACED = ("slope", "alpha", "axis")  # options that may stand behind the arrays without their names
LARGEST = float(np.finfo(np.float64).max)

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
}
FOLDED: dict[str, Callable[..., np.float64]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.float_power,
}


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        UsageError: it is no arithmetic on named arrays; the message points at the piece.
    """
    if len(text) > MOST_CHARACTERS:
        raise UsageError(f"expression: expected at most {MOST_CHARACTERS:,} characters, got {len(text):,}")
    if not text.strip():
        raise UsageError(f"expression: expected {ALLOWED}, got nothing", 'write "tanh(W @ x + b)"')
    if "#" in text:  # Python would leave out what stands behind it, without a word
        at = text.index("#")
        raise refusal(text, (at, at + 1), ALLOWED, "#", "leave the comment away")
    line = "".join(" " if c in "\t\n\r\f\v" else c for c in text)  # each character stays in its place
    return _Reader(line).read()


class _Reader:
    """Goes through Python's own tree of a text, and takes of it what an expression may hold."""

    def __init__(self, line: str) -> None:
        self.text = line
        self.indent = len(line) - len(line.lstrip(" "))
        self.bytes = line.lstrip(" ").encode()

    def read(self) -> Node:
        """The tree of the whole text."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what Python doubts is refused below, or is fine
                grammar = ast.parse(self.bytes.decode(), mode="eval")
        except SyntaxError as error:
            # Offset 0 is the end of the text.
            at = error.offset - 1 + self.indent if error.offset else len(self.text)
            raise unreadable(self.text, min(at, len(self.text)), error) from None
        except (ValueError, RecursionError, MemoryError):
            message = f"expression: expected {ALLOWED}, got a text that cannot be read"
            raise UsageError(message, "make it shorter") from None
        return self.node(grammar.body, 1)

    def node(self, node: ast.expr, depth: int) -> Node:
        """The tree of one piece."""
        if depth > DEEPEST:
            message = f"expression: expected at most {DEEPEST} pieces inside one another, got more"
            raise UsageError(message, "name a part of it, and give that as an array")
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._number(node, value)
            case ast.Name(id="pi"):
                return Number(self.span(node), math.pi)
            case ast.Name(id=name):
                return Name(self.span(node), name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._signed(node, depth)
            case ast.BinOp(op=sign) if type(sign) in SIGNS:
                return self._binary(node, SIGNS[type(sign)], depth)
            case ast.Attribute(value=operand, attr="T" | "mT" as attribute):
                return Transposed(self.span(node), self.node(operand, depth + 1), attribute == "mT")
            case ast.Subscript(value=operand, slice=index):
                return Sliced(self.span(node), self.node(operand, depth + 1), self._index(index))
            case ast.Call():
                return self._called(node, depth)
        raise self._strange(node)

    def span(self, node: ast.expr) -> tuple[int, int]:
        """The characters of a piece; Python counts bytes."""
        ends = (node.col_offset, node.end_col_offset or node.col_offset + 1)
        start, stop = (len(self.bytes[:at].decode()) + self.indent for at in ends)
        return start, stop

    def refuse(self, node: ast.expr, expected: str, came: str, hint: str = "") -> UsageError:
        """The error for a piece that may not stand where it does."""
        return refusal(self.text, self.span(node), expected, came, hint)

    def _number(self, node: ast.expr, value: int | float) -> Number:
        if not abs(value) <= LARGEST:
            raise self.refuse(node, "a finite number", "one that is too large")
        return Number(self.span(node), value)

    def _signed(self, node: ast.UnaryOp, depth: int) -> Node:
        operand = self.node(node.operand, depth + 1)
        if isinstance(node.op, ast.UAdd):
            return operand
        if isinstance(operand, Number):
            return Number(self.span(node), -operand.value)
        return Minus(self.span(node), operand)

    def _binary(self, node: ast.BinOp, sign: str, depth: int) -> Node:
        left, right = self.node(node.left, depth + 1), self.node(node.right, depth + 1)
        if isinstance(left, Number) and isinstance(right, Number) and sign in FOLDED:
            return self._folded(node, sign, left.value, right.value)
        return Binary(self.span(node), sign, left, right)

    def _folded(self, node: ast.BinOp, sign: str, left: int | float, right: int | float) -> Number:
        """Two numbers as one. In float64, for in whole numbers 9**9**9 would never end."""
        with np.errstate(all="ignore"):
            value = float(FOLDED[sign](left, right))
        if not math.isfinite(value):
            raise self.refuse(node, "a finite number", f"{self.text[slice(*self.span(node))]}, which is {value}")
        is_whole = isinstance(left, int) and isinstance(right, int) and value.is_integer() and sign != "/"
        return Number(self.span(node), int(value) if is_whole else value)

    def _index(self, index: ast.expr) -> tuple[Index, ...]:
        items = tuple(map(self._one_index, index.elts if isinstance(index, ast.Tuple) else [index]))
        if items.count(Ellipsis) > 1:
            raise self.refuse(index, "one ... in brackets", self._shown(index))
        return items

    def _one_index(self, item: ast.expr) -> Index:
        if isinstance(item, ast.Slice):
            ends = (item.lower, item.upper, item.step)
            start, stop, step = (None if end is None else self._whole(end, BRACKETS) for end in ends)
            if step == 0:
                raise self.refuse(item, "a step other than 0", "0")
            return slice(start, stop, step)
        if isinstance(item, ast.Constant) and (item.value is None or item.value is Ellipsis):
            return item.value
        return self._whole(item, BRACKETS)

    def _whole(self, node: ast.expr, expected: str) -> int:
        match node:
            case ast.Constant(value=int() as value) if not isinstance(value, bool) and abs(value) <= LARGEST_INDEX:
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int()) as constant):
                return -self._whole(constant, expected)
        raise self.refuse(node, expected, self._shown(node))

    def _called(self, node: ast.Call, depth: int) -> Called:
        name, word = self._word(node.func)
        given = node.args
        if name in ("concat", "stack") and len(given) == 1 and isinstance(given[0], ast.List | ast.Tuple):
            given = given[0].elts  # as NumPy takes them
        least, most = word.n_arguments
        places = [option for option in word.options if option in PLACED]
        if not least <= len(given) <= most + len(places):
            raise self.refuse(node, f"{_arrays(least, most)} in {name}", str(len(given)), _signature(name, word))
        constants = dict(zip(places, given[most:], strict=False))
        for keyword in node.keywords:
            option = keyword.arg or "**"
            if option not in word.options or option in constants:
                hint = nearest(option, word.options) or _signature(name, word)
                raise self.refuse(keyword.value, f"an option of {name}, once", f"{option}=", hint)
            constants[option] = keyword.value
        options = word.options | {option: self._option(one, name, option) for option, one in constants.items()}
        arguments = tuple(self.node(one, depth + 1) for one in given[:most])
        return Called(self.span(node), name, arguments, tuple(options.items()))

    def _word(self, function: ast.expr) -> tuple[str, Word]:
        """The word that is called."""
        if isinstance(function, ast.Name) and function.id in WORDS:
            return function.id, WORDS[function.id]
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if isinstance(function, ast.Attribute) and name in WORDS:
            raise self.refuse(function, "a function by its name alone", self._shown(function), f"write {name}(...)")
        owner = function.value if isinstance(function, ast.Attribute) else None
        if name.startswith("__") or isinstance(owner, ast.Call):  # Python that would be run, not a word misspelt
            hint = "an expression is arithmetic alone, and nothing in it is run as Python"
        else:
            hint = nearest(name, WORDS) or "a product is written * or @"
        raise self.refuse(function, one_of(sorted(WORDS)), self._shown(function), hint)

    def _option(self, node: ast.expr, name: str, option: str) -> Option:
        """The constant that an option of a word is given."""
        match node:
            case ast.Constant(value=bool() as flag) if option == "keepdims":
                return flag
            case ast.Constant(value=None) if WORDS[name].options[option] is None:
                return None
            case ast.Tuple(elts=items) if option == "axis" and WORDS[name].options[option] is None:
                return tuple(self._whole(item, AXIS) for item in items)
        if option == "keepdims":
            raise self.refuse(node, "True or False for keepdims", self._shown(node))
        if option == "axis":
            return self._whole(node, AXIS)
        number = self.node(node, DEEPEST)
        if not isinstance(number, Number):
            raise self.refuse(node, f"a number for {option} in {name}", self._shown(node))
        return float(number.value)

    def _shown(self, node: ast.expr) -> str:
        return self.text[slice(*self.span(node))]

    def _strange(self, node: ast.expr) -> UsageError:
        """The error for a piece of Python that is no arithmetic."""
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
            sign, hint = OPERATIONS[type(node.op)]
            span = sign_between(self.text, self.span(node.left)[1], self.span(node.right)[0], sign)
            return refusal(self.text, span, ALLOWED, sign, hint)
        return self.refuse(node, ALLOWED, *strange(self._shown(node), node))


def _arrays(least: int, most: int) -> str:
    if least != most:
        return f"{least} or more arrays"
    return "one array" if most == 1 else f"{most} arrays"


def _signature(name: str, word: Word) -> str:
    """How a word is called, as a hint."""
    most = word.n_arguments[1]
    arrays = ["x", "y", "..."] if most > 2 else ["x", "y"][:most]
    return f"write {name}({', '.join([*arrays, *(f'{option}={default}' for option, default in word.options.items())])})"
