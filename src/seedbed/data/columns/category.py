"""Categories: an indicator for each, and one for all rare ones together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from seedbed.data.cells import Cells
from seedbed.data.columns.column import MISSING, Column, rare_below
from seedbed.data.oddities import FEWEST, Likeness, Oddities, Tally
from seedbed.data.raw import shown

MOST_CATEGORIES = 256
RARE = "(rare)"


@dataclass(frozen=True)
class CategoryColumn(Column):
    """One 0/1 indicator for each category of the training rows that is frequent enough to learn about.

    Categories that fewer than one in a thousand training rows have (10 rows at most, 2 at least), and those beyond the
    256 most frequent, share the indicator `(rare)`; so does a category that was never seen. Where no rare rows were
    seen there is nothing to learn about them, and they give only zeros.

    Attributes:
        values: the categories as texts, sorted; holes are the category `(missing)`.
        n_pooled: how many categories of the training rows are rare.
        has_rare: there is an indicator of rare ones.
        rare_share: the share of the training rows that have a rare one.
    """

    kind = "category"
    is_ordered = False
    values: tuple[str, ...]
    n_pooled: int
    has_rare: bool
    rare_share: float = 0.0

    @classmethod
    def fit(cls, cells: Cells) -> Self:
        counts = _counts(cells)
        by_frequency = sorted(counts, key=lambda text: (-counts[text], text))
        least = rare_below(len(cells))
        kept = [text for text in by_frequency[:MOST_CATEGORIES] if counts[text] >= least and text != RARE]
        kept = kept or by_frequency[:MOST_CATEGORIES]  # all of them are rare
        n_rows_pooled = len(cells) - sum(counts[text] for text in kept)
        n_pooled, share = len(counts) - len(kept), n_rows_pooled / max(1, len(cells))
        return cls(cells.name, tuple(sorted(kept)), n_pooled, n_rows_pooled >= least, share)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(f"{self.name}={value}" for value in (*self.values, *([RARE] if self.has_rare else [])))

    @property
    def numeric(self) -> list[bool]:
        return [False] * (len(self.values) + self.has_rare)

    def read(self, cells: Cells) -> NDArray[np.float64]:
        """The place of each category among those that are told apart; all others share one."""
        return np.where(cells.holes, np.nan, self._places(cells))

    def encode(self, cells: Cells, odd: Oddities) -> NDArray[np.float64]:
        del odd  # any value is a category
        places = self._places(cells)
        features = np.zeros((len(cells), len(self.values) + 1))
        features[np.arange(len(cells)), places] = 1.0
        return features if self.has_rare else features[:, :-1]

    def notices(self, cells: Cells) -> list[str]:
        n_holes, head = int(cells.holes.sum()), f"column {self.name!r}:"
        holes = "1 hole is" if n_holes == 1 else f"{n_holes:,} holes are"
        said = [f"{head} {holes} a category of {'its' if n_holes == 1 else 'their'} own"] if n_holes else []
        if n_holes and MISSING not in self.values:
            said = [f"{head} {holes} taken as {'a rare category' if self.has_rare else 'no category at all'}"]
        if self.n_pooled > 1:
            kept = f"its {len(self.values):,} most frequent categories"
            rest = f"{self.n_pooled:,} rare ones count as {'one' if self.has_rare else 'none'}"
            said.append(f"{head} {kept} are told apart, {rest}")
        return said

    def likeness(self, cells: Cells) -> Likeness:
        """How many of the new rows are of categories that were never seen often enough."""
        return Likeness(Tally.of(cells, (self._places(cells) == len(self.values)) & ~cells.holes))

    def doubts(self, likeness: Likeness) -> list[str]:
        """Whether most of the new rows are of such categories."""
        tally = likeness.tally
        if tally.n < FEWEST or tally.n_odd <= max(0.5, 2 * self.rare_share) * tally.n:
            return []
        return [
            f"column {self.name!r}: {tally.n_odd:,} of {tally.n:,} values were never seen in training "
            f"({tally.shown}), where they were {shown(map(repr, self.values), 3)}: another spelling?"
        ]

    def _places(self, cells: Cells) -> NDArray[np.int64]:
        """For each row the place of its category, (n,); behind the last where it is rare or unknown."""
        codes, texts = cells.as_texts()
        place = {value: i for i, value in enumerate(self.values)}
        places: NDArray[np.int64] = np.array([place.get(text, len(place)) for text in (*texts, MISSING)])[codes]
        return places


def _counts(cells: Cells) -> Counter[str]:
    """How many rows have each category that occurs."""
    codes, texts = cells.as_texts()
    counts: Counter[str] = Counter()
    for code, count in zip(*np.unique(codes, return_counts=True), strict=True):
        counts[texts[code] if code >= 0 else MISSING] += int(count)
    return counts
