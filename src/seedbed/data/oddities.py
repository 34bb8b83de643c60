"""What is odd about rows, counted column by column: told once, however many pieces the rows come in."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.cells import Cells
from seedbed.data.raw import shown

MOST_EXAMPLES = 3
MOST_WARNINGS = 10
LEAST_VALUES, MOST_VALUES, ALL_VALUES = 100, 10_000, 1 << 22  # of a column, and of all, that are kept to judge by
FEWEST = 20  # values to judge by


@dataclass(frozen=True)
class Tally:
    """How many values there are, and how many of them are odd.

    Attributes:
        n: the values, holes left out.
        n_odd: how many of them are odd.
        examples: the first different odd ones as a user would write them, at most one more than is shown.
    """

    n: int = 0
    n_odd: int = 0
    examples: tuple[str, ...] = ()

    @classmethod
    def of(cls, cells: Cells, odd: NDArray[np.bool_]) -> Tally:
        """The tally of cells of which some are odd."""
        n_odd = int(odd.sum())
        examples = cells.different(odd, MOST_EXAMPLES + 1) if n_odd else ()
        return cls(int((~cells.holes).sum()), n_odd, examples)

    def __add__(self, other: Tally) -> Tally:
        examples = tuple(dict.fromkeys((*self.examples, *other.examples)))[: MOST_EXAMPLES + 1]
        return Tally(self.n + other.n, self.n_odd + other.n_odd, examples)

    @property
    def shown(self) -> str:
        """The examples in a sentence."""
        others = " and others" if len(self.examples) > MOST_EXAMPLES else ""
        return shown(self.examples[:MOST_EXAMPLES]) + others


@dataclass(frozen=True, eq=False)
class Likeness:
    """How far new rows are like the training rows in one column.

    Attributes:
        tally: its values, and those that training never saw the like of.
        numbers: its numbers, where it has some; of many pieces a sample, each with the same chance.
        draws: what each number drew from [0, 1): those with the lowest draws stay in the sample.
    """

    tally: Tally
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    draws: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def __add__(self, other: Likeness) -> Likeness:
        pairs = ((self.numbers, other.numbers), (self.draws, other.draws))
        return Likeness(self.tally + other.tally, *map(np.concatenate, pairs))

    def at_most(self, n: int) -> Likeness:
        """The same with at most `n` of the numbers."""
        if len(self.numbers) <= n:
            return self
        kept = np.argpartition(self.draws, n)[:n]
        return Likeness(self.tally, self.numbers[kept], self.draws[kept])


@dataclass
class Oddities:
    """What is odd about rows: values that are not of their column's kind, and columns that are unlike training.

    Each piece of the rows is added as it comes. The figures of the sentences are those of all pieces, but for a median,
    which is that of a sample.

    Attributes:
        n_columns: how many columns share the memory that samples may take.
    """

    n_columns: int = 1
    _strays: dict[str, tuple[str, Tally]] = field(default_factory=dict)
    _unlike: dict[str, tuple[Callable[[Likeness], list[str]], Likeness]] = field(default_factory=dict)
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def see_strays(self, cells: Cells, read: NDArray[np.float64], expected: str) -> None:
        """Adds cells as they were read, NaN also where a cell that is there is not what the column should hold."""
        tally = Tally.of(cells, np.isnan(read) & ~cells.holes)
        known = self._strays.get(cells.name)
        self._strays[cells.name] = (expected, tally if known is None else known[1] + tally)

    def see_likeness(self, name: str, likeness: Likeness, doubts: Callable[[Likeness], list[str]]) -> None:
        """Adds how far cells are like training, and what tells doubts about all of them."""
        known = self._unlike.get(name)
        drawn = replace(likeness, draws=self._rng.random(len(likeness.numbers)))
        total = drawn if known is None else known[1] + drawn
        self._unlike[name] = (doubts, total.at_most(min(MOST_VALUES, max(LEAST_VALUES, ALL_VALUES // self.n_columns))))

    def check(self, least: int = 1) -> None:
        """Refuses columns with at least so many values so far, of which none is of the column's kind.

        Raises:
            DataError: naming the first such column.
        """
        for name, (expected, tally) in self._strays.items():
            if tally.n_odd == tally.n >= least:
                raise DataError(
                    f"column {name!r}: expected {expected}, got {tally.shown}",
                    "what is unknown may stay empty: a hole is filled",
                )

    def sentences(self) -> list[str]:
        """A sentence with figures for each oddity: strays first, then what is unlike training."""
        strays = [_strays_said(name, *found) for name, found in self._strays.items() if found[1].n_odd]
        return strays + [doubt for doubts, likeness in self._unlike.values() for doubt in doubts(likeness)]

    def warn(self) -> None:
        """Warns of the first few oddities, and of how many more there are."""
        said = self.sentences()
        for sentence in said[:MOST_WARNINGS]:
            warnings.warn(sentence, UserWarning, stacklevel=3)
        if len(said) > MOST_WARNINGS:
            warnings.warn(f"{len(said) - MOST_WARNINGS:,} more columns are strange", UserWarning, stacklevel=3)


def _strays_said(name: str, expected: str, tally: Tally) -> str:
    verb = "is not and counts as a hole" if tally.n_odd == 1 else "are not and count as holes"
    should = f"of {tally.n:,} values that should be {expected}"
    return f"column {name!r}: {should}, {tally.n_odd:,} {verb} ({tally.shown})"
