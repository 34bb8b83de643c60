"""Trials as points of a figure: how high each stands, how it looks, and which are shown where there are many."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.theme import SHADES, axis_format, colour, log_ticks
from seedbed.searching.trial import COMPLETE, DIVERGED

WINNER, WHOLE, GIVEN_UP, BELOW = "winner", "complete", "pruned", "below"
WORST_SCORE = -1.0  # an R² below this stands with the diverged


def points_data(evidence: Searched) -> DataFrame:
    """A row for each trial that was judged: trial, round, score, drawn, standing, group, epochs, finished.

    `drawn` is the score, or a little below all sound ones where a trial diverged or is far too low; `standing` is
    winner, complete, pruned (also what an interrupted search left half-way) or below. `group` is the fifth that the
    score lies in, from 1 to 5; below is 1.
    """
    judged = evidence.trials[evidence.trials["score"].notna() | (evidence.trials["state"] == DIVERGED)]
    score = judged["score"].astype(float)
    sound = np.isfinite(score) & (judged["state"] != DIVERGED)
    sound &= score >= min(WORST_SCORE, score[sound].max() if sound.any() else 0.0)
    low, high = (float(score[sound].min()), float(score[sound].max())) if sound.any() else (0.0, 1.0)
    floor = low - 0.06 * ((high - low) or 1.0)
    standing = Series(GIVEN_UP, index=judged.index).mask(judged["state"] == COMPLETE, WHOLE).mask(~sound, BELOW)
    table = judged[["trial", "round", "epochs", "finished", "state"]].assign(
        score=score, drawn=score.where(sound, floor), standing=standing.mask(judged["trial"] == evidence.winner, WINNER)
    )
    return table.assign(group=fifths(table["drawn"].where(sound))).reset_index(drop=True)


def fifths(score: Series) -> NDArray[np.int64]:
    """The fifth of each score among all, from 1 (lowest) to 5; 1 where there is none."""
    share = score.rank(pct=True, method="average").fillna(0.0).to_numpy(np.float64)
    return np.asarray(np.clip(np.ceil(share * len(SHADES)), 1, len(SHADES)), np.int64)


def thinned(points: DataFrame, most: int) -> DataFrame:
    """At most so many: the winner always, the others evenly along the score."""
    points = points.sort_values("drawn", ignore_index=True)
    if len(points) <= most:
        return points
    places = np.linspace(0, len(points) - 1, most - 1).round().astype(int)
    winner = np.flatnonzero(points["standing"] == WINNER)
    return points.iloc[np.union1d(places, winner)].reset_index(drop=True)


def tooltip(evidence: Searched, language: str | None, *more: alt.Tooltip) -> list[alt.Tooltip]:
    """What is said of a trial."""
    form = ".2%" if evidence.form == "~%" else ".4~g"
    named = {
        "trial": alt.Tooltip("trial:Q"),
        "score": alt.Tooltip("score:Q", format=form),
        "epochs": alt.Tooltip("epochs:Q"),
    }
    first = [tip.title(message(f"search.column.{name}", language)) for name, tip in named.items()]
    return [*first, *more]


def shade(group: int) -> str:
    """The colour of a fifth, from 1 to 5."""
    return colour(SHADES[group - 1])


def number_axis(low: float, high: float, *, is_log: bool, title: str | None = None, field: str = "value") -> alt.X:
    """A horizontal axis from low to high."""
    labels: dict[str, Any] = {"labelFlush": False, "labelOverlap": True}
    if is_log:
        axis = alt.Axis(format=".6~g", values=log_ticks(low, high), **labels)
        scale = alt.Scale(type="log", domain=[low, high], nice=False, padding=8)
    else:
        axis = alt.Axis(format=axis_format(high), tickCount=5, **labels)
        scale = alt.Scale(domain=[low, high], zero=False, nice=False, padding=8)
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis)
