"""What is said of a text that is no expression: one message, which points at the piece."""

from __future__ import annotations

import ast

from seedbed.calculus.expressions.vocabulary import WORDS
from seedbed.core.errors import UsageError, nearest

MOST_SHOWN = 100  # characters of a text around a fault
ALLOWED = "arithmetic on named arrays (+ - * / ** @, .T, constant slices, functions such as tanh(x) or sum(x, axis=0))"

OPERATIONS: dict[type[ast.AST], tuple[str, str]] = {
    ast.BitXor: ("^", "a power is written **"),
    ast.FloorDiv: ("//", "a quotient is written /"),
    ast.Mod: ("%", ""),
    ast.BitAnd: ("&", ""),
    ast.BitOr: ("|", ""),
    ast.LShift: ("<<", ""),
    ast.RShift: (">>", ""),
}
PIECES: dict[type[ast.AST], tuple[str, str]] = {
    ast.Compare: ("a comparison", "give one side of it"),
    ast.IfExp: ("if/else", "write relu(x) or maximum(x, y)"),
    ast.Lambda: ("lambda", "give the formula alone, without its arguments"),
    ast.NamedExpr: (":=", "give the formula alone"),
    ast.List: ("a list", "name an array"),
    ast.Tuple: ("several expressions", "give one; concat(x, y) puts arrays one behind the other"),
    ast.JoinedStr: ("a text", "arrays are named without quotes"),
}
SYNTAX = (
    ("never closed", "close it"),
    ("unmatched", "take it away, or open one before"),
    ("decimal literal", "a product is written 2 * x"),
)


def pointed(text: str, span: tuple[int, int]) -> str:
    """Two lines, the text and a caret under each character of `span`; of a long text what is around it."""
    start, stop = span
    left = max(0, min(start - MOST_SHOWN // 2, len(text) - MOST_SHOWN))
    carets = max(1, min(stop, left + MOST_SHOWN) - start)
    return f"\n  {text[left : left + MOST_SHOWN]}\n  {' ' * (start - left)}{'^' * carets}"


def refusal(text: str, span: tuple[int, int], expected: str, came: str, hint: str = "") -> UsageError:
    """The error for a piece that may not stand in an expression: what may, what came, and where."""
    message = f"expression: expected {expected}, got {came} at character {span[0] + 1}"
    return UsageError(message + pointed(text, span), hint)


def sign_between(text: str, left_end: int, right_start: int, sign: str) -> tuple[int, int]:
    """The characters of a sign between its two operands, whatever parentheses stand there."""
    at = text.index(sign, left_end, right_start)
    return at, at + len(sign)


def strange(shown: str, node: ast.expr) -> tuple[str, str]:
    """What a piece of Python is that is no arithmetic, in words, and a hint."""
    match node:
        case ast.Constant(value=str() | bytes()):
            return PIECES[ast.JoinedStr]
        case ast.Attribute(attr=name):
            hint = f"write {name}(x)" if name in WORDS else "of attributes there are only .T and .mT"
            return f".{name}", nearest(name, ("T", "mT")) or hint
    return PIECES.get(type(node), (shown, ""))


def unreadable(text: str, at: int, error: SyntaxError) -> UsageError:
    """The error for a text that Python's grammar does not read, at a character of it."""
    hint = next((hint for said, hint in SYNTAX if said in str(error.msg)), "")
    if text[at : at + 1] == "=":
        hint = "give the right side of an equation alone"
    came = repr(text[at]) if at < len(text) else "the end of the text"
    return refusal(text, (at, at + 1), ALLOWED, came, hint)
