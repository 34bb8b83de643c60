"""TOML: a value as a file to read and edit, and back, with the line of every fault."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path as FilePath
from typing import Any, TypeVar

from seedbed.core.distributions import Distribution
from seedbed.core.errors import Fault, SetupError
from seedbed.core.lines import line_map, line_of
from seedbed.core.plain import distribution_kind, from_plain, has_distribution, to_line, to_plain
from seedbed.core.value import Value

V = TypeVar("V", bound=Value)


def dumps(value: Value, *, keep_defaults: bool = True) -> str:
    """The TOML text of a value: plain keys first, then a table for each part."""
    return _table(value, (), keep_defaults).lstrip("\n")


def loads(source: str, family: type[V], name: str = "") -> V:
    """The value that a TOML text describes.

    Raises:
        SetupError: the text is no TOML, or names things that do not exist or are out of range; with line numbers.
    """
    try:
        plain = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(error))
        line = int(place[1] or source.count("\n") + 1) if place else None
        what = str(error).replace(place[0], "") if place else str(error)
        raise SetupError([Fault((), "TOML", f"a text that is none: {what}", line=line)], source=name) from None
    try:
        value: V = from_plain(plain, family)
    except SetupError as error:
        lines = line_map(source)
        faults = [dataclasses.replace(f, line=line_of(f.path, lines)) for f in error.faults]
        raise SetupError(sorted(faults, key=lambda f: f.line or 0), source=name) from None
    return value


def load(path: str | FilePath, family: type[V]) -> V:
    """The value in a TOML file.

    Raises:
        SetupError: the file is missing, no TOML, or not sound.
    """
    try:
        source = FilePath(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SetupError([Fault((), "a setup file", error.strerror or str(error))], source=str(path)) from None
    except UnicodeDecodeError:
        raise SetupError([Fault((), "a text in UTF-8", "other bytes")], source=str(path)) from None
    return loads(source, family, name=str(path))


def _table(value: Value, path: tuple[str, ...], keep_defaults: bool) -> str:
    plain = to_plain(value, keep_defaults=keep_defaults)
    tables = {k: v for k, v in plain.items() if isinstance(v, dict) and distribution_kind(v) is None}
    rows = [f"{key} = {_content(plain[key], getattr(value, key, None))}" for key in plain if key not in tables]
    head = [f"\n[{'.'.join(path)}]"] if path else []
    below = [_table(getattr(value, key), (*path, key), keep_defaults) for key in tables]
    return "\n".join([*head, *rows]) + "\n" + "".join(below)


def _content(plain: Any, held: Any) -> str:
    """What stands behind a key: on one line, but a list of parts has one line for each."""
    if not isinstance(held, tuple) or not any(isinstance(item, Value | Distribution) for item in held):
        return _inline(plain)
    # A part is shown as its one-line form; with a distribution inside, as the inline table that TOML users know.
    items = [_inline(p if has_distribution(p) else to_line(v)) for p, v in zip(plain, held, strict=True)]
    return "[\n" + "".join(f"  {item},\n" for item in items) + "]"


def _inline(plain: Any) -> str:
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, str):
        return json.dumps(plain, ensure_ascii=False)
    if isinstance(plain, int | float):
        return repr(plain)
    if isinstance(plain, list):
        return "[" + ", ".join(_inline(item) for item in plain) + "]"
    return "{ " + ", ".join(f"{key} = {_inline(content)}" for key, content in plain.items()) + " }"
