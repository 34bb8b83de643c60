"""What all kinds of columns have in common, and what counts as few."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from seedbed.data.cells import Cells
from seedbed.data.oddities import Likeness, Oddities, Tally
from seedbed.data.raw import LARGEST

MISSING = "(missing)"


@dataclass(frozen=True)
class Column:
    """A column that is used, with what was learned about it from the training rows."""

    kind: ClassVar[str]
    is_ordered: ClassVar[bool] = True  # the order of what `read` gives means something
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

    def read(self, cells: Cells) -> NDArray[np.float64]:
        """Raw cells as one number each, (n,); NaN for holes, and for what counts as one as it is not of the kind."""
        raise NotImplementedError

    def encode(self, cells: Cells, odd: Oddities) -> NDArray[np.float64]:
        """The features (n, k) of raw cells. What is not of the column's kind counts as a hole, and goes to `odd`."""
        raise NotImplementedError

    def notices(self, cells: Cells) -> list[str]:
        """What is done about the holes and rare values among all rows that were loaded, as sentences."""
        raise NotImplementedError

    def likeness(self, cells: Cells) -> Likeness | None:
        """How far new cells are like those of the training rows; None where there is nothing to compare."""
        del cells
        return None

    def doubts(self, likeness: Likeness) -> list[str]:
        """In what all new rows are unlike the training rows, as sentences with figures."""
        del likeness
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


def bounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The numbers, NaN for each that is infinite or too large to compute with."""
    return np.where(np.abs(values) <= LARGEST, values, np.nan)


def holes_said(name: str, cells: Cells, filled: str, is_marked: bool) -> list[str]:
    """The sentence on the holes of a column whose holes are filled."""
    n_holes = int(cells.holes.sum())
    marked = ", and an indicator tells which they are" if is_marked else ""
    holes = "1 hole is" if n_holes == 1 else f"{n_holes:,} holes are"
    return [f"column {name!r}: {holes} filled with {filled}{marked}"] if n_holes else []


def far_said(name: str, tally: Tally, what: str, edges: str) -> list[str]:
    """The sentence on new values that are far from all training, where there are some.

    Arguments:
        tally: the values, and those that are far.
        what: what they are, in the plural.
        edges: from where to where 98 % of the training rows lie.
    """
    if not tally.n_odd:
        return []
    verb = "is" if tally.n_odd == 1 else "are"
    return [
        f"column {name!r}: {tally.n_odd:,} of {tally.n:,} {what} {verb} far from all training, such as "
        f"{tally.examples[0]} where 98 % of the rows lie from {edges}: predictions there are guesses"
    ]


def beside(values: NDArray[np.float64], holes: NDArray[np.bool_], is_marked: bool) -> NDArray[np.float64]:
    """Features (n, k), with the indicator of the holes beside them where it is wanted."""
    return np.column_stack([values, holes] if is_marked else [values])
