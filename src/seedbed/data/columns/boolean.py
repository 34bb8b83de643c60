"""Truth values: 0 and 1, in any of the usual words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data import numerals
from seedbed.data.cells import NUMBERS, Cells
from seedbed.data.columns.column import MISSING, Column, beside, has_indicator, holes_said
from seedbed.data.oddities import Oddities

PAIRS = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"), ("0", "1"))


@dataclass(frozen=True)
class BooleanColumn(Column):
    """One 0/1 indicator; a hole becomes what most training rows have.

    Attributes:
        words: what 0 and 1 are called, in small letters.
        fill: what stands for a hole.
        is_marked: an indicator tells which rows are holes.
    """

    kind = "boolean"
    words: tuple[str, ...]
    fill: float
    is_marked: bool

    @classmethod
    def fit(cls, cells: Cells) -> Self:
        words = pair_of(cells) or _any_pair(cells)
        values = cls(cells.name, words, 0.0, False).read(cells)
        holes = np.isnan(values)
        return cls(cells.name, words, float(np.nanmean(values) > 0.5), has_indicator(holes))

    @property
    def feature_names(self) -> tuple[str, ...]:
        return (self.name, f"{self.name}={MISSING}") if self.is_marked else (self.name,)

    @property
    def numeric(self) -> list[bool]:
        return [False] * len(self.feature_names)

    def read(self, cells: Cells) -> NDArray[np.float64]:
        """0 and 1, NaN in the holes, and where a number is another, which training did not see."""
        if cells.form == NUMBERS and self.words in PAIRS:
            return _truth(cells.values)
        meaning = {word: float(i) for pair in (*PAIRS, self.words) for i, word in enumerate(pair)}
        codes, texts = cells.as_texts()
        numbers = _truth(numerals.parsed(texts)) if self.words in PAIRS else np.full(len(texts), np.nan)
        found = [meaning.get(text.strip().lower(), number) for text, number in zip(texts, numbers, strict=True)]
        read: NDArray[np.float64] = np.array([*found, np.nan])[codes]
        return read

    def encode(self, cells: Cells, odd: Oddities) -> NDArray[np.float64]:
        values = self.read(cells)
        is_number = cells.form == NUMBERS and self.words in PAIRS
        odd.see_strays(cells, values, "0 or 1" if is_number else " or ".join(map(repr, self.words)))
        holes = np.isnan(values)
        return beside(np.where(holes, self.fill, values), holes, self.is_marked)

    def notices(self, cells: Cells) -> list[str]:
        return holes_said(self.name, cells, f"{self.words[int(self.fill)]}, as most training rows have", self.is_marked)


def _truth(values: Any) -> NDArray[np.float64]:
    """The numbers that are 0 or 1, NaN for all others."""
    numbers = np.asarray(values, np.float64)
    return np.where(np.isin(numbers, (0.0, 1.0)), numbers, np.nan)


def pair_of(cells: Cells) -> tuple[str, ...] | None:
    """The usual words for 0 and 1 that a column consists of; None where it holds anything else."""
    if cells.form == NUMBERS:
        present = cells.values[~cells.holes]
        return PAIRS[-1] if ((present == 0) | (present == 1)).all() else None
    found = _words(cells)
    return next((pair for pair in PAIRS if found == set(pair)), None)


def _any_pair(cells: Cells) -> tuple[str, ...]:
    found = sorted(_words(cells))
    if len(found) != 2:
        raise DataError(
            f"column {cells.name!r}: expected two different values for a boolean, got {len(found):,}",
            "say types= category or numeric for it",
        )
    return tuple(found)


def _words(cells: Cells) -> set[str]:
    codes, texts = cells.as_texts()
    return {texts[code].strip().lower() for code in np.unique(codes[codes >= 0]).tolist()}
