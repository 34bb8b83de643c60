"""On which line of a TOML text each place begins: what `tomllib` does not tell, and a message needs."""

from __future__ import annotations

import re
from collections.abc import Iterable

Path = tuple[str | int, ...]

SPACE = re.compile(r"(?:\s|#[^\n]*)*")
KEY = re.compile(r"\s*(?:\"((?:[^\"\\\n]|\\.)*)\"|'([^'\n]*)'|([\w-]+))\s*")
STRING = re.compile(r"\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'", re.DOTALL)
PLAIN = re.compile(r"[^,\]}\n#]+")


def line_map(source: str) -> dict[Path, int]:
    """The line, from 1, on which each key, table and array item of a sound TOML text begins."""
    return _Scanner(source).lines


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """The line of the nearest place in `lines` that is `path` or encloses it.

    A value may be written shorter than it is (a network as the list of its layers, an option inside a choice), so a
    step that the text does not have is passed over, and a step that only the text has is put in.
    """
    at: Path = ()
    for step in path:
        inside = next((p for p in ((*at, step), (*at, "choice", step)) if p in lines), None)
        at = inside or at
    return lines.get(at)


class _Scanner:
    """A reader of places, one method for each form that a TOML text has. What stands there, `tomllib` has judged."""

    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0
        self.lines: dict[Path, int] = {}
        self.n_tables: dict[Path, int] = {}  # how often each [[header]] has come
        table: Path = ()
        while self.skip():
            if self.source[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)

    def skip(self) -> bool:
        """Pass over spaces, line ends and comments. Whether anything is left."""
        self.at = SPACE.match(self.source, self.at).end()  # type: ignore[union-attr]  # it also matches nothing
        return self.at < len(self.source)

    def takes(self, sign: str) -> bool:
        self.skip()
        found = self.source.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def mark(self, path: Path) -> None:
        self.lines.setdefault(path, self.source.count("\n", 0, self.at) + 1)

    def keys(self) -> list[str]:
        """The steps of a dotted key."""
        steps: list[str] = []
        while not steps or self.takes("."):
            match = KEY.match(self.source, self.at)
            assert match is not None, "line_map reads what tomllib has read"
            steps.append(next(word for word in match.groups() if word is not None))
            self.at = match.end()
        return steps

    def header(self) -> Path:
        start = self.at
        is_item = self.takes("[[") or not self.takes("[")
        steps = self.keys()
        end = self.source.index("]", self.at) + 1 + is_item
        table = (*self.within(steps[:-1]), steps[-1]) if is_item else self.within(steps)
        self.at = start
        for depth in range(1, len(table)):
            self.mark(table[:depth])
        if is_item:
            self.mark(table)
            self.n_tables[table] = self.n_tables.get(table, 0) + 1
            table = (*table, self.n_tables[table] - 1)
        self.mark(table)
        self.at = end
        return table

    def within(self, steps: Iterable[str]) -> Path:
        """The path of a header, in which the name of a list of tables stands for its last table."""
        path: Path = ()
        for step in steps:
            path = (*path, step)
            if path in self.n_tables:
                path = (*path, self.n_tables[path] - 1)
        return path

    def pair(self, table: Path) -> None:
        self.skip()
        start, path = self.at, table
        steps = self.keys()
        self.takes("=")
        self.skip()
        end, self.at = self.at, start
        for step in steps:
            path = (*path, step)
            self.mark(path)
        self.at = end
        self.content(path)

    def content(self, path: Path) -> None:
        """Pass over what stands behind a key or in an array, marking the places inside."""
        if self.takes("["):
            n = 0
            while not self.takes("]"):
                self.mark((*path, n))
                self.content((*path, n))
                self.takes(",")
                n += 1
        elif self.takes("{"):
            while not self.takes("}"):
                self.pair(path)
                self.takes(",")
        else:
            match = STRING.match(self.source, self.at) or PLAIN.match(self.source, self.at)
            assert match is not None, "line_map reads what tomllib has read"
            self.at = match.end()
