"""The axis of scores. Good trials crowd near a perfect score, so it may count by what is missing from that."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import numpy as np
from numpy.typing import ArrayLike, NDArray

from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.theme import log_ticks

STRETCHED_FROM = 6.0  # as many times more is missing from the lowest score as from the highest
NOTHING = 1e-9  # what is missing from a perfect score
ROOM = 0.04  # of the axis, left free at either end


class Scale(NamedTuple):
    """Where scores stand on their axis.

    Attributes:
        low, high: the lowest and the highest score.
        is_stretched: whether equal steps are equal factors of 1 - score.
        least: what is missing from the highest score; of a perfect one half of what is missing from the next.
        form: how scores are written.
    """

    low: float
    high: float
    is_stretched: bool
    least: float
    form: str

    def at(self, scores: ArrayLike) -> NDArray[np.float64]:
        """What stands for scores in a figure's data: what is missing, or the score itself."""
        values = np.asarray(scores, np.float64)
        return np.asarray(np.maximum(1.0 - values, self.least)) if self.is_stretched else values

    def share(self, scores: ArrayLike) -> NDArray[np.float64]:
        """The place of scores between the lowest (0) and the highest (1)."""
        low, high, at = self.at(self.low), self.at(self.high), self.at(scores)
        if self.is_stretched:
            low, high, at = np.log(low), np.log(high), np.log(at)
        return np.asarray((at - low) / ((high - low) or 1.0))

    def score(self, share: float) -> float:
        """The score at a place between the lowest and the highest."""
        if not self.is_stretched or share in (0.0, 1.0):
            return self.low + share * (self.high - self.low)
        return float(1.0 - self.at(self.low) ** (1 - share) * self.at(self.high) ** share)

    def options(self) -> dict[str, Any]:
        """The scale and the axis of a channel."""
        if not self.is_stretched:
            room = ROOM * ((self.high - self.low) or 1.0)
            scale = alt.Scale(domain=[self.low - room, self.high + room], nice=False, zero=False)
            return {"scale": scale, "axis": alt.Axis(tickCount=5, format=self.form, labelFlush=False)}
        most, least = float(self.at(self.low)), float(self.at(self.high))
        room = (most / least) ** ROOM
        ticks = [tick for tick in log_ticks(least, most) if tick > least or self.high < 1.0 - NOTHING]
        expression = f"format(1 - datum.value, '{self.form}')"
        if self.high >= 1.0 - NOTHING:  # it has no place on a logarithmic scale, and stands at its end
            ticks, perfect = [tick for tick in ticks if tick > 1.3 * least] + [least], f"format(1, '{self.form}')"
            expression = f"datum.value <= {least * 1.0001!r} ? {perfect} : {expression}"
        axis = alt.Axis(values=ticks, labelExpr=expression, labelFlush=False, labelOverlap=True)
        return {"scale": alt.Scale(type="log", domain=[most * room, least / room], nice=False), "axis": axis}


def scale_of(evidence: Searched, scores: ArrayLike) -> Scale:
    """The scale for these scores; not stretched where they are few or lie close together."""
    values = np.asarray(scores, np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return Scale(0.0, 1.0, False, 0.0, evidence.form)
    missing = 1.0 - values
    there = missing[missing > NOTHING]
    low, high = float(values.min()), float(values.max())
    if high > 1.0 + NOTHING or not len(there) or there.max() < STRETCHED_FROM * there.min():
        return Scale(low, high, False, 0.0, evidence.form)
    least = float(there.min()) / (2.0 if len(there) < len(missing) else 1.0)
    return Scale(low, high, True, least, evidence.form)
