"""The one-line form: `linear 64, relu, dropout 0.2, linear out` and `adam lr=log_uniform(1e-4, 1e-1)`.

    items     = item { "," item }
    item      = name { argument }                  arguments in the order of the fields, then by name
    argument  = [ key "=" ] term
    term      = number | pair | name | name "(" [ items ] ")" | "'" text "'"
    pair      = number "x" number                  3x3: two whole numbers

`list(a, b)` is the list of its items: several layers, or the weights of classes, where one term is due.

It reads into plain data and is written from plain data; what names and arguments mean is decided in `plain.py`.
"""

from __future__ import annotations

import math
import re
from typing import Any

from seedbed.core.distributions import Distribution
from seedbed.core.errors import Fault, SetupError

ARGUMENTS = "()"  # under this key plain data keeps the arguments that a line gives by position

TOKEN = re.compile(
    r"\s*(?:(?P<pair>\d+x\d+)(?!\w)|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<quoted>'[^']*'|\"[^\"]*\")|(?P<sign>[(),=]))"
)


def parse(text: str) -> list[Any]:
    """The plain data of each item of a line.

    Raises:
        SetupError: the line does not follow the grammar; the message shows where.
    """
    reader = _Reader(text)
    items = reader.items()
    if reader.sign is not None or reader.kind != "end":
        raise reader.fault("a comma or the end of the line")
    if named := next((item for item in items if isinstance(item, _Named)), None):
        raise SetupError([Fault((), f"a name before {named.name}=", repr(text.strip()), "such as: adam lr=0.001")])
    return items


def write(plain: Any) -> str:
    """The line for plain data: a list of items, or one item. `parse` reads it back."""
    if isinstance(plain, list):
        return ", ".join(_write_item(item) for item in plain)
    return _write_item(plain)


class _Reader:
    """A recursive-descent reader, one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.end = text, 0, 0
        self.advance()

    def advance(self) -> None:
        self.place = self.end
        match = TOKEN.match(self.text, self.end)
        if match is None:
            rest = self.text[self.end :].strip()
            self.kind, self.token, self.sign = "end" if not rest else "unknown", rest, None
            return
        self.end, self.kind = match.end(), str(match.lastgroup)
        self.token = match[self.kind]
        self.sign = self.token if self.kind == "sign" else None

    def fault(self, expected: str) -> SetupError:
        came = repr(self.token) if self.kind != "end" else "the end of the line"
        before = self.text[: self.place].strip()
        return SetupError([Fault((), expected + (f" after {before!r}" if before else ""), came)])

    def items(self) -> list[Any]:
        items = [self.item()]
        while self.sign == ",":
            self.advance()
            items.append(self.item())
        return items

    def item(self) -> Any:
        if self.kind != "name":
            return self.term()
        first = self.term()
        if isinstance(first, str) and self.sign == "=":
            return _Named(first, self.after_equals())
        arguments: list[Any] = []
        while self.kind in ("pair", "number", "name", "quoted"):
            if not isinstance(first, str):
                raise self.fault("a comma")
            arguments.append(self.argument())
        return _call(first, arguments) if arguments else first

    def argument(self) -> Any:
        term = self.term()
        return _Named(term, self.after_equals()) if isinstance(term, str) and self.sign == "=" else term

    def after_equals(self) -> Any:
        self.advance()
        return self.term()

    def term(self) -> Any:
        kind, token = self.kind, self.token
        if kind == "number":
            self.advance()
            return int(token) if re.fullmatch(r"[-+]?\d+", token) else float(token)
        if kind == "pair":
            self.advance()
            return [int(number) for number in token.split("x")]
        if kind == "quoted":
            self.advance()
            return token[1:-1]
        if kind != "name":
            raise self.fault("a name or a number")
        self.advance()
        if token in ("true", "false"):
            return token == "true"
        if token == "inf":
            return math.inf
        if self.sign != "(":
            return token
        self.advance()
        arguments = self.items() if self.sign != ")" else []
        if self.sign != ")":
            raise self.fault("')'")
        self.advance()
        return _call(token, arguments)


class _Named:
    """An argument given by name, while a line is read."""

    def __init__(self, name: str, content: Any) -> None:
        self.name, self.content = name, content


def _call(name: str, arguments: list[Any]) -> Any:
    positional = [a for a in arguments if not isinstance(a, _Named)]
    named: dict[str, Any] = {}
    for argument in [a for a in arguments if isinstance(a, _Named)]:
        if argument.name in (*named, "kind"):
            raise SetupError([Fault((), f"{argument.name}= once at most, for {name}", f"{argument.name}= again")])
        named[argument.name] = argument.content
    if name == "list" and not named:
        return positional
    if name in Distribution.kinds:
        return {name: positional, **named}
    return {"kind": name, **({ARGUMENTS: positional} if positional else {}), **named}


def _write_item(plain: Any) -> str:
    if not isinstance(plain, dict) or "kind" not in plain:
        return _write_term(plain)
    if _holds_others(plain):
        return _write_term(plain)
    return " ".join([plain["kind"], *_write_arguments(plain)])


def _holds_others(plain: dict[str, Any]) -> bool:
    """Whether it has things of a kind inside, as a block has layers; those stand between commas."""
    return any(isinstance(a, dict) and "kind" in a for a in plain.get(ARGUMENTS, []))


def _write_arguments(plain: dict[str, Any]) -> list[str]:
    rest = {k: v for k, v in plain.items() if k not in ("kind", ARGUMENTS)}
    one = _write_item if _holds_others(plain) else _write_term
    positional = [one(a) for a in plain.get(ARGUMENTS, [])]
    return positional + [f"{key}={_write_term(content)}" for key, content in rest.items()]


def _write_term(plain: Any) -> str:
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, str):
        is_bare = re.fullmatch(r"[A-Za-z_][\w-]*", plain) and plain not in ("true", "false", "inf")
        return plain if is_bare else f"'{plain}'"
    if isinstance(plain, int | float):
        return repr(plain)
    if isinstance(plain, list):
        if len(plain) == 2 and all(type(number) is int for number in plain):
            return f"{plain[0]}x{plain[1]}"
        return f"list({', '.join(_write_item(p) for p in plain)})"
    if "kind" in plain:
        arguments = _write_arguments(plain)
        return f"{plain['kind']}({', '.join(arguments)})" if arguments else str(plain["kind"])
    kind = next(key for key in plain if key in Distribution.kinds)
    rest = [f"{key}={_write_term(content)}" for key, content in plain.items() if key != kind]
    return f"{kind}({', '.join([_write_item(p) for p in plain[kind]] + rest)})"
