"""The parts of an explanation beside sentences and pictures: equations, facts, tables, remedies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seedbed.reporting.explained.words import Explained, Said, Words, plain


@dataclass(frozen=True)
class Equations:
    """Lines of symbols, and where they are from."""

    lines: Sequence[str]
    source: str = ""


class Fact(NamedTuple):
    """One thing that was measured.

    Attributes:
        name: its label's key, below `explain.fact.`, and its name in data.
        value: as measured.
        said: as a reader wants it; the value itself where None.
    """

    name: str
    value: Any
    said: Words | None = None


@dataclass(frozen=True)
class Facts:
    """Facts, one below the other."""

    facts: Sequence[Fact]


@dataclass(frozen=True)
class Table:
    """Rows of numbers and words.

    Attributes:
        name: what data call it.
        columns: the headings.
        rows: as many cells each.
        strong: the row that is meant, if any.
    """

    name: str
    columns: Sequence[Words]
    rows: Sequence[Sequence[Any]]
    strong: int | None = None

    def to_dict(self, language: str | None = None) -> dict[str, Any]:
        """Headings and rows as plain data."""
        return {"columns": plain(self.columns, language), "rows": plain(self.rows, language)}

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers alone."""
        return all(not isinstance(row[column], str | Said | Explained) for row in self.rows)


@dataclass(frozen=True)
class Remedy:
    """What helps."""

    said: Said
