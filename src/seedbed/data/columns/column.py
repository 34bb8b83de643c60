"""What all kinds of columns have in common, and what counts as few."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.cells import Cells
from seedbed.data.raw import LARGEST

MISSING = "(missing)"


@dataclass(frozen=True)
class Column:
    """A column that is used, with what was learned about it from the training rows."""

    kind: ClassVar[str]
    name: str

    @classmethod
    def fit(cls, cells: Cells) -> Self:
        """The column as the training rows show it.

        Raises:
            DataError: its values are not of this kind.
        """
        raise NotImplementedError

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features that the column gives."""
        raise NotImplementedError

    @property
    def numeric(self) -> list[bool]:
        """For each of its features whether it is a quantity rather than a 0/1 indicator."""
        raise NotImplementedError

    def encode(self, cells: Cells, said: list[str]) -> NDArray[np.float64]:
        """The features (n, k) of raw cells. What was strange about them is added to `said`, as sentences.

        Raises:
            DataError: no value is of the column's kind.
        """
        raise NotImplementedError

    def notices(self, cells: Cells) -> list[str]:
        """What is done about the holes and rare values among all rows that were loaded, as sentences."""
        raise NotImplementedError

    def doubts(self, cells: Cells) -> list[str]:
        """In what new rows are unlike the training rows, as sentences with figures."""
        del cells
        return []

    def to_dict(self) -> dict[str, Any]:
        """This column as plain data for JSON."""
        return {"kind": self.kind, **asdict(self)}


def rare_below(n: int) -> int:
    """How many of n training rows are too few to learn about something: one in a thousand, between 2 and 10."""
    return min(10, max(2, n // 1000))


def most_strays(n: int) -> int:
    """How many of n values may be of another kind than the rest: one in a hundred, or three in a small table."""
    return max(n // 100, min(3, n // 10))


def has_indicator(holes: NDArray[np.bool_]) -> bool:
    """Whether the training rows have enough holes to learn what a hole says."""
    return int(holes.sum()) >= rare_below(len(holes))


def without_strays(cells: Cells, values: NDArray[np.float64], what: str, said: list[str]) -> NDArray[np.float64]:
    """The numbers that were read from cells, with NaN for each that is out of bounds; `said` gets how many are.

    Raises:
        DataError: none of the cells could be read.
    """
    values = np.where(np.abs(values) <= LARGEST, values, np.nan)
    strange = np.isnan(values) & ~cells.holes
    if not strange.any():
        return values
    n_strange, n_present = int(strange.sum()), int((~cells.holes).sum())
    came = cells.examples(strange)
    if n_strange == n_present:
        raise DataError(
            f"column {cells.name!r}: expected {what}, got {came}",
            "what is unknown may stay empty: a hole is filled",
        )
    verb = "is not and counts as a hole" if n_strange == 1 else "are not and count as holes"
    should = f"of {n_present:,} values that should be {what}"
    said.append(f"column {cells.name!r}: {should}, {n_strange:,} {verb} ({came})")
    return values


def holes_said(name: str, cells: Cells, filled: str, is_marked: bool) -> list[str]:
    """The sentence on the holes of a column whose holes are filled."""
    n_holes = int(cells.holes.sum())
    marked = ", and an indicator tells which they are" if is_marked else ""
    holes = "1 hole is" if n_holes == 1 else f"{n_holes:,} holes are"
    return [f"column {name!r}: {holes} filled with {filled}{marked}"] if n_holes else []


def beside(values: NDArray[np.float64], holes: NDArray[np.bool_], is_marked: bool) -> NDArray[np.float64]:
    """Features (n, k), with the indicator of the holes beside them where it is wanted."""
    return np.column_stack([values, holes] if is_marked else [values])
