"""Numbers: as they are, with the median in their holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data import numerals
from seedbed.data.cells import NUMBERS, TEXTS, Cells
from seedbed.data.columns.column import (
    MISSING,
    Column,
    beside,
    bounded,
    far_said,
    has_indicator,
    holes_said,
    most_strays,
)
from seedbed.data.oddities import FEWEST, Likeness, Oddities, Tally

EDGES = (0.01, 0.99)  # the shares of the training rows below which, and above which, a median of new rows is strange
FAR = 100  # times the range of training beyond its ends: what heavy tails do not reach
FACTOR = 10  # a size that differs by more is another unit: the smallest usual step is from metre to decimetre
FINITE = "finite numbers"


@dataclass(frozen=True)
class NumericColumn(Column):
    """One number a row, unchanged; a hole becomes the median of the training rows.

    Attributes:
        fill: what stands for a hole.
        low: the value below which one in a hundred training rows lies.
        high: the value above which one in a hundred lies.
        size: the median of |x| where it is not 0: what a change of unit multiplies.
        is_marked: an indicator tells which rows are holes.
        decimal: the decimal sign of numbers that come as texts.
    """

    kind = "numeric"
    fill: float
    low: float
    high: float
    size: float
    is_marked: bool
    decimal: str = numerals.POINT

    @classmethod
    def fit(cls, cells: Cells) -> Self:
        decimal = numerals.decimal_sign(cells.texts)
        values, odd = bounded(numbers(cells, decimal)), Oddities()
        odd.see_strays(cells, values, FINITE)
        odd.check()
        holes = np.isnan(values)
        n_strange, n_present = int((holes & ~cells.holes).sum()), int((~cells.holes).sum())
        if n_strange > (most_strays(n_present) if cells.form == NUMBERS else n_present // 2):
            came = cells.examples(holes & ~cells.holes)
            raise DataError(
                f"column {cells.name!r}: expected finite numbers, got {n_strange:,} others in {n_present:,} training "
                f"rows, such as {came}",
                "leave these values out: a hole is filled",
            )
        present = values[~holes]
        low, fill, high = np.quantile(present, [EDGES[0], 0.5, EDGES[1]]).tolist() if len(present) else (0.0, 0.0, 0.0)
        return cls(cells.name, fill, low, high, _size(present), has_indicator(holes), decimal)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return (self.name, f"{self.name}={MISSING}") if self.is_marked else (self.name,)

    @property
    def numeric(self) -> list[bool]:
        return [True, False] if self.is_marked else [True]

    def read(self, cells: Cells) -> NDArray[np.float64]:
        return bounded(numbers(cells, self.decimal))

    def encode(self, cells: Cells, odd: Oddities) -> NDArray[np.float64]:
        values = self.read(cells)
        odd.see_strays(cells, values, FINITE)
        holes = np.isnan(values)
        return beside(np.where(holes, self.fill, values), holes, self.is_marked)

    def notices(self, cells: Cells) -> list[str]:
        return holes_said(self.name, cells, f"{self.fill:g}, the training median", self.is_marked)

    def likeness(self, cells: Cells) -> Likeness:
        """The new numbers, and which of them are far from all training."""
        values = self.read(cells)
        values = values[~np.isnan(values)]
        reach = FAR * (self.high - self.low) or np.inf
        far = values[(values < self.low - reach) | (values > self.high + reach)]
        return Likeness(Tally(len(values), len(far), tuple(f"{value:.4g}" for value in far[:1])), values)

    def doubts(self, likeness: Likeness) -> list[str]:
        """Whether new rows come in another unit: their median is out of the training range, or their size is."""
        values = likeness.numbers
        median = float(np.median(values)) if len(values) >= FEWEST else self.fill
        if not self.low <= median <= self.high:
            return [
                f"column {self.name!r}: median {median:.4g} here, {self.fill:.4g} in training, where 98 % of the rows "
                f"lie from {self.low:.4g} to {self.high:.4g}: another unit?"
            ]
        size = _size(values) if np.count_nonzero(values) >= FEWEST else self.size
        if self.size and not 1 / FACTOR <= size / self.size <= FACTOR:
            return [
                f"column {self.name!r}: the numbers other than 0 have a median size of {size:.4g} here, "
                f"{self.size:.4g} in training: another unit?"
            ]
        return far_said(self.name, likeness.tally, "numbers", f"{self.low:.4g} to {self.high:.4g}")


def numbers(cells: Cells, decimal: str) -> NDArray[np.float64]:
    """Cells as numbers, NaN where they are none."""
    if cells.form == TEXTS:
        found: NDArray[np.float64] = np.append(numerals.parsed(cells.texts, decimal), np.nan)[cells.values]
        return found
    return cells.values if cells.form == NUMBERS else np.full(len(cells), np.nan)


def _size(values: NDArray[np.float64]) -> float:
    sizes = np.abs(values[values != 0])
    return float(np.median(sizes)) if len(sizes) else 0.0
