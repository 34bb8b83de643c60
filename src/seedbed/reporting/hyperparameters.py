"""Each drawn hyperparameter against the validation score."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import altair as alt
import numpy as np
from pandas import DataFrame, Series, to_numeric

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.strength import strength
from seedbed.reporting.theme import axis_format, colour, log_ticks, themed
from seedbed.reporting.wording import number
from seedbed.training.trained import DIVERGED

BEST, ENSEMBLE, OTHER, BELOW = "best", "ensemble", "other", "below"
FEW = 6  # whole numbers with at most so many values stand side by side, like words
MOST_WORDS = 10  # of a word that is drawn; the rarer ones stand together
REST = "…"
MOST_POINTS = 1000
MOST_PLACES = 12
LOG_FROM = 100.0  # two decades
LEAST_LOG = 2.0  # of what was drawn evenly by its logarithm: less looks the same on both scales
WORST_SCORE = -1.0  # an R² below this stands with the diverged


class Place(NamedTuple):
    """One drawn place of the setup and what came of its values.

    Attributes:
        name: as in `optimizer.lr`.
        is_number: whether values lie on a line; otherwise they are words side by side.
        is_log: whether the axis is logarithmic: the values were drawn so, or span more than two decades.
        words: the words from left to right; empty for numbers.
        points: member, value, score, standing (best, ensemble, other, below). Those below, diverged or far too low,
            have the score `floor`.
        floor: a little below the lowest sound score.
        strength: the share of the score's variation that goes with the value, 0 to 1, corrected for chance.
    """

    name: str
    is_number: bool
    is_log: bool
    words: tuple[str, ...]
    points: DataFrame
    floor: float
    strength: float


def hyperparameters_data(evidence: Evidence) -> list[Place]:
    """The drawn places at which members differ, the one that goes furthest with the score first."""
    table = evidence.members.merge(evidence.draws, on="member", how="left")
    names = [name for name in evidence.draws.columns if name != "member" and table[name].nunique() > 1]
    score, floor = _scores(table)
    standing, logs = _standing(table, score), evidence.log_places
    places = [_place(name, table[name], score, standing, floor, table["member"], is_log=name in logs) for name in names]
    return sorted(places, key=lambda place: -place.strength)[:MOST_PLACES]


def draw_hyperparameter(place: Place, language: str | None = None) -> alt.LayerChart:
    """One place as a chart: points on a line, or strips of points for words."""
    base = alt.Chart(place.points.assign(jitter=_jitter(len(place.points))))
    x = _number_axis(place) if place.is_number else _word_axis(place)
    y = alt.Y("score:Q", title=None, scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(tickCount=5))
    tooltip = [
        alt.Tooltip("value", title=place.name),
        alt.Tooltip("score:Q", title=message("column.valid_score", language), format=".4"),
        alt.Tooltip("member:Q", title=message("column.member", language)),
    ]
    layers = [
        base.transform_filter(alt.datum.standing == standing)
        .mark_point(filled=True, **look).encode(x=x, y=y, tooltip=tooltip, **_offset(place))
        for standing, look in _LOOKS.items()
    ]  # fmt: skip
    if not place.is_number:
        sound = base.transform_filter(alt.datum.standing != BELOW)
        layers.append(
            sound.mark_tick(color=colour("ink"), thickness=1.5, opacity=0.8).encode(
                x=x, y="median(score):Q", xOffset=alt.XOffsetDatum(0.5)
            )
        )
    return themed(layers, message("report.hyperparameters.description", language, name=place.name))


def _place(
    name: str, value: Series, score: Series, standing: Series, floor: float, member: Series, *, is_log: bool
) -> Place:
    there = value.notna()
    value, score, standing, member = value[there], score[there], standing[there], member[there]
    numbers = None if value.map(lambda v: isinstance(v, bool | str)).any() else to_numeric(value, errors="coerce")
    is_number = numbers is not None and bool(numbers.notna().all()) and not _is_few(numbers)
    words = () if is_number else _words(value, numbers)
    if not is_number:
        value = value.map(_word).where(lambda word: word.isin(words), REST)
    power = strength(value, score, is_number=is_number)
    drawn = numbers if is_number else value
    assert drawn is not None
    is_log = is_number and (_is_log(drawn) or (is_log and drawn.min() > 0 and drawn.max() / drawn.min() > LEAST_LOG))
    points = DataFrame({"member": member, "value": drawn, "score": score, "standing": standing}).reset_index(drop=True)
    return Place(name, is_number, bool(is_log), words, _thinned(points), floor, power)


def _scores(table: DataFrame) -> tuple[Series, float]:
    """The score of each member, those below at the floor, and the floor."""
    score = table["valid_score"].astype(float)
    sound = np.isfinite(score) & (table["outcome"] != DIVERGED)
    sound &= score >= min(WORST_SCORE, score[sound].max() if sound.any() else 0.0)
    if not sound.any():
        return Series(0.0, index=table.index), 0.0
    low, high = float(score[sound].min()), float(score[sound].max())
    floor = low - 0.08 * ((high - low) or 1.0)
    return score.where(sound, floor), floor


def _standing(table: DataFrame, score: Series) -> Series:
    is_below = (score != table["valid_score"]) | (table["outcome"] == DIVERGED)
    standing = Series(OTHER, index=table.index).mask(table["ensemble_weight"] > 0, ENSEMBLE)
    return standing.mask(table["is_best"].astype(bool), BEST).mask(is_below, BELOW)


def _is_log(numbers: Series) -> bool:
    """More than two decades, and crowded at the low end: even numbers in [0, 1] may span two decades by chance."""
    low, middle, high = numbers.min(), numbers.median(), numbers.max()
    return bool(low > 0 and high / low > LOG_FROM and middle < high / 4)


def _is_few(numbers: Series) -> bool:
    return bool((numbers == numbers.round()).all()) and numbers.nunique() <= FEW


def _words(value: Series, numbers: Series | None) -> tuple[str, ...]:
    if numbers is not None and numbers.notna().all():
        return tuple(_word(v) for v in sorted(value.unique()))
    common = value.map(_word).value_counts()
    kept = tuple(sorted(common.index[:MOST_WORDS], key=_natural))
    return (*kept, REST) if len(common) > MOST_WORDS else kept


def _word(value: object) -> str:
    return number(value) if isinstance(value, int | float | np.number) and not isinstance(value, bool) else str(value)


def _natural(word: str) -> list[tuple[int, str]]:
    """An order in which `linear 32` stands before `linear 128`."""
    parts = re.split(r"(\d+)", word)
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def _thinned(points: DataFrame) -> DataFrame:
    """At most so many points: the best and the ensemble always, the others evenly along the score."""
    points = points.sort_values("score", ignore_index=True)
    kept = points["standing"].isin((BEST, ENSEMBLE))
    rest = np.flatnonzero(~kept)
    room = max(0, MOST_POINTS - int(kept.sum()))
    if len(rest) > room:
        rest = rest[np.linspace(0, len(rest) - 1, room).round().astype(int)]
    return points.iloc[np.union1d(rest, np.flatnonzero(kept))].reset_index(drop=True)


def _jitter(n: int) -> list[float]:
    """Even, unordered places in [0, 1): the fractional parts of multiples of the golden ratio."""
    return [round(i * 0.6180339887498949 % 1, 3) for i in range(n)]


_LOOKS: dict[str, dict[str, Any]] = {
    BELOW: {"shape": "triangle-down", "color": colour("wrong"), "size": 42, "opacity": 0.7},
    OTHER: {"color": colour("grey"), "size": 30, "opacity": 0.65},
    ENSEMBLE: {"color": colour("ink"), "size": 38, "opacity": 0.85},
    BEST: {"color": colour("accent"), "size": 130, "opacity": 1},
}


def _number_axis(place: Place) -> alt.X:
    low, high = float(place.points["value"].min()), float(place.points["value"].max())
    scale = alt.Scale(zero=False, nice=False, padding=8)
    axis = alt.Axis(format=axis_format(high), tickCount=5, labelFlush=False, labelOverlap=True)
    if place.is_log:
        scale = alt.Scale(type="log", nice=False, padding=8)
        axis = alt.Axis(format=".6~g", values=log_ticks(low, high), labelFlush=False, labelOverlap=True)
    return alt.X("value:Q", title=None, scale=scale, axis=axis)


def _word_axis(place: Place) -> alt.X:
    is_long = sum(map(len, place.words)) > 36
    axis = alt.Axis(labelAngle=-35 if is_long else 0, labelLimit=130, labelFlush=False, labelOverlap=False)
    return alt.X("value:N", title=None, sort=list(place.words), axis=axis)


def _offset(place: Place) -> dict[str, alt.XOffset]:
    return {} if place.is_number else {"xOffset": alt.XOffset("jitter:Q", scale=alt.Scale(domain=[-0.5, 1.5]))}
