"""Dates and times: how long ago, and where in the year, the week and the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data import dates
from seedbed.data.cells import DAY, EPOCH, TIMES, Cells, instant
from seedbed.data.columns.column import (
    MISSING,
    Column,
    beside,
    bounded,
    far_said,
    has_indicator,
    holes_said,
)
from seedbed.data.oddities import Likeness, Oddities, Tally

Days = NDArray[np.float64]
LEAST_SHARE = 0.99
EDGES = (0.0, 0.01, 0.99, 1.0)  # the shares of the training rows that lie before the dates that are kept


@dataclass(frozen=True)
class DateColumn(Column):
    """The days since the first training row, and sine and cosine of each cycle that the training rows go through.

    The cycles are the year (by its days), the week (by its days) and the day (by its time). A hole becomes the median.

    Attributes:
        format: how dates are read that come as texts, as `strptime` has it; `ISO` for ISO 8601.
        origin: the first day of the training rows, in days since 1970.
        fill: what stands for a hole, in days since 1970.
        cycles: the cycles that vary.
        is_marked: an indicator tells which rows are holes.
        is_ambiguous: the training rows could be read with day and month exchanged as well.
        edges: the first training date, those below which one in a hundred lies and above which one lies, and the last,
            in days since 1970; none in a column of an older run.
    """

    kind = "date"
    format: str
    origin: float
    fill: float
    cycles: tuple[str, ...]
    is_marked: bool
    is_ambiguous: bool = False
    edges: tuple[float, ...] = ()

    @classmethod
    def fit(cls, cells: Cells) -> Self:
        form, is_ambiguous = dates.ISO, False
        if cells.form != TIMES:
            _, texts = _used_texts(cells)
            found = dates.date_format(texts, LEAST_SHARE) or dates.date_format(texts, 0.5)
            if found is None:
                hint = "write them as 2024-01-31 or 2024-01-31 12:00"
                raise DataError(f"column {cells.name!r}: expected dates, got {cells.examples(~cells.holes)}", hint)
            form, is_ambiguous = found, dates.is_ambiguous(texts, found)
        days = _days(cells, form)
        present = days[~np.isnan(days)]
        cycles = tuple(name for name, (step, _) in CYCLES.items() if len(np.unique(step(present))) > 1)
        middle, edges = float(np.median(present)), tuple(np.quantile(present, EDGES, method="nearest").tolist())
        return cls(cells.name, form, edges[0], middle, cycles, has_indicator(np.isnan(days)), is_ambiguous, edges)

    @property
    def feature_names(self) -> tuple[str, ...]:
        parts = [f"{cycle} {wave}" for cycle in self.cycles for wave in ("sin", "cos")]
        names = tuple(f"{self.name}:{part}" for part in ("days", *parts))
        return (*names, f"{self.name}={MISSING}") if self.is_marked else names

    @property
    def numeric(self) -> list[bool]:
        return [True] * (1 + 2 * len(self.cycles)) + [False] * self.is_marked

    def read(self, cells: Cells) -> NDArray[np.float64]:
        """Days since 1970."""
        return bounded(_days(cells, self.format))

    def encode(self, cells: Cells, odd: Oddities) -> NDArray[np.float64]:
        days = self.read(cells)
        odd.see_strays(cells, days, "dates")
        holes = np.isnan(days)
        days = np.where(holes, self.fill, days)
        angles = [2 * np.pi * CYCLES[cycle][1](days) for cycle in self.cycles]
        waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
        return beside(np.column_stack([days - self.origin, *waves]), holes, self.is_marked)

    def likeness(self, cells: Cells) -> Likeness | None:
        """How many of the new dates are farther from the training rows than these are from each other."""
        if not self.edges:
            return None
        days = self.read(cells)
        first, low, high, last = self.edges
        reach = high - low or last - first
        far = (days < min(first, low - reach)) | (days > max(last, high + reach))
        examples = tuple(map(instant, days[far][:1]))
        return Likeness(Tally(int((~np.isnan(days)).sum()), int(far.sum()), examples))

    def doubts(self, likeness: Likeness) -> list[str]:
        """Whether there are such dates: a wrong century, an empty clock, or a time that training knows nothing of."""
        return far_said(self.name, likeness.tally, "dates", " to ".join(map(instant, self.edges[1:3])))

    def notices(self, cells: Cells) -> list[str]:
        middle = str((EPOCH + np.timedelta64(int(self.fill * 86_400), "s")).astype("datetime64[D]"))
        said = holes_said(self.name, cells, f"{middle}, the training median", self.is_marked)
        if self.is_ambiguous:
            order = "month before day" if self.format.index("%m") < self.format.index("%d") else "day before month"
            said.append(f"column {self.name!r}: its dates are read with the {order}; the other order would fit as well")
        return said


def _days(cells: Cells, form: str) -> Days:
    """Days since 1970, NaN in the holes and where there is no date."""
    if cells.form == TIMES:
        return cells.values
    codes, texts = cells.as_texts()
    found: Days = np.append(dates.days_of(texts, form), np.nan)[codes]
    return found


def _used_texts(cells: Cells) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The codes that occur, and their texts."""
    codes, texts = cells.as_texts()
    used = np.unique(codes[codes >= 0])
    return used, tuple(texts[code] for code in used.tolist())


def _year(days: Days) -> Days:
    """The share of its year that has passed at each day."""
    years = (EPOCH + (days * 86_400).astype("timedelta64[s]")).astype("datetime64[Y]")
    start, end = (((years + step).astype("datetime64[us]") - EPOCH) / DAY for step in (0, 1))
    share: Days = (days - start) / (end - start)
    return share


def _month(days: Days) -> NDArray[np.int64]:
    instants = EPOCH + np.floor(days).astype("timedelta64[D]")
    months: NDArray[np.int64] = instants.astype("datetime64[M]").astype(np.int64) % 12
    return months


def _week(days: Days) -> Days:
    """The share of its week that has passed when each day begins; 1970 began on a Thursday."""
    share: Days = (np.floor(days) + 3) % 7 / 7
    return share


def _clock(days: Days) -> Days:
    share: Days = days % 1
    return share


def _hour(days: Days) -> Days:
    hours: Days = np.floor(days % 1 * 24 + 1e-6)
    return hours


# For each cycle what has to vary for it to be used, and where in it an instant stands, from 0 to 1.
CYCLES: dict[str, tuple[Callable[[Days], NDArray[np.generic]], Callable[[Days], Days]]] = {
    "year": (_month, _year), "week": (_week, _week), "day": (_hour, _clock),
}  # fmt: skip
