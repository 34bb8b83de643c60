"""Parallel coordinates: each trial is a line across the dimensions to its score, coloured by it, the best on top."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Axis, Searched, brief, option
from seedbed.reporting.search.points import BELOW, WINNER, points_data, shade, thinned
from seedbed.reporting.search.scale import scale_of
from seedbed.reporting.theme import SHADES, colour, themed
from seedbed.reporting.wording import metric

MOST_AXES = 9
WIDTH = 960  # about that of a page, in pixels
MOST_LINES = 120
MOST_ROWS = 4800  # Altair draws up to 5,000
ABSENT_AT = -0.13  # where a line passes a dimension that its trial does not have
SCORE = "\u200bscore"  # not the name of any dimension


class Parallel(NamedTuple):
    """Trials across dimensions.

    Attributes:
        lines: trial, axis, place (0 to 1 between the ends, below 0 where the trial has no such dimension), value (as a
            text), group, standing, score.
        labels: axis, place, label: what stands beside the axes.
        axes: their names, the score last.
    """

    lines: DataFrame
    labels: DataFrame
    axes: tuple[str, ...]


def parallel_data(evidence: Searched) -> Parallel:
    """The most important dimensions, and the trials evenly along their scores where there are many."""
    axes = evidence.ordered_axes[:MOST_AXES]
    points = points_data(evidence)
    shown = thinned(points[points["standing"] != BELOW], min(MOST_LINES, MOST_ROWS // (len(axes) + 1)))
    rows: list[tuple[Any, ...]] = []
    labels: list[tuple[str, float, str]] = []
    for axis in axes:
        own = {int(t): evidence.points.at[t, axis.name] for t in shown["trial"] if evidence.has(int(t), axis.name)}
        low, high = min([axis.low, *_numbers(axis, own)]), max([axis.high, *_numbers(axis, own)])
        labels += _labels(axis, low, high)
        if len(own) < len(shown):
            labels.append((axis.name, ABSENT_AT, "–"))
        for row in shown.itertuples():
            is_there = row.trial in own
            place = _place(axis, own[row.trial], low, high) if is_there else ABSENT_AT
            text = _text(axis, own[row.trial]) if is_there else "–"
            rows.append((row.trial, axis.name, place, text, row.group, row.standing, row.score))
    scale = scale_of(evidence, shown["drawn"])
    for row, place in zip(shown.itertuples(), scale.share(shown["drawn"]), strict=True):
        rows.append((row.trial, SCORE, place, metric(evidence.metric, row.score), row.group, row.standing, row.score))
    labels += [(SCORE, at, metric(evidence.metric, scale.score(at))) for at in (0.0, 0.5, 1.0)]
    lines = DataFrame(rows, columns=["trial", "axis", "place", "value", "group", "standing", "score"])
    return Parallel(
        lines,
        DataFrame(labels, columns=["axis", "place", "label"]),
        (*(axis.name for axis in axes), SCORE),
    )


def draw_parallel(evidence: Searched, language: str | None = None) -> alt.LayerChart:
    """Lines in five layers, from the lowest fifth of scores to the highest, and the winner over all."""
    found = parallel_data(evidence)
    titles = [name if name != SCORE else message(f"column.{evidence.metric}", language) for name in found.axes]
    spoken = dict(zip(found.axes, titles, strict=True))
    lines, labels = (t.assign(axis=t["axis"].map(spoken)) for t in (found.lines, found.labels))
    room = WIDTH // len(titles)
    axis = alt.Axis(
        labelAngle=0,
        labelLimit=room,
        orient="top",
        labelOverlap=False,
        labelFlush=False,
        grid=True,
        labelFontSize=11.5,
        labelExpr="split(datum.label, '.')",
        labelPadding=8 + 13 * max(title.count(".") for title in titles),
    )
    x = alt.X("axis:N", sort=titles, title=None, scale=alt.Scale(type="point", padding=0.45), axis=axis)
    low = ABSENT_AT - 0.05 if (found.lines["place"] < 0).any() else -0.05
    y = alt.Y("place:Q", axis=None, scale=alt.Scale(domain=[low, 1.05], nice=False))
    drawn = [
        alt.Chart(lines[(lines["group"] == group) & (lines["standing"] != WINNER)])
        .mark_line(color=shade(group), strokeWidth=0.9 + 0.12 * group, opacity=0.45 + 0.1 * group)
        .encode(x=x, y=y, detail="trial:N")
        for group in range(1, len(SHADES) + 1)
    ]
    won = alt.Chart(lines[lines["standing"] == WINNER])
    drawn.append(won.mark_line(color=colour("wrong"), strokeWidth=2.6).encode(x=x, y=y, detail="trial:N"))
    said = [
        alt.Tooltip(f"{name}:N", title=message(f"search.column.{name}", language))
        for name in ("trial", "axis", "value")
    ]
    drawn.append(won.mark_point(color=colour("wrong"), filled=True, size=40, opacity=1).encode(x=x, y=y, tooltip=said))
    text: dict[str, Any] = {"align": "left", "dx": 6, "dy": -7, "limit": room - 14, "fontSize": 10.5, "lineBreak": "\n"}
    labels = labels.assign(label=labels["label"].str.replace(", ", ",\n"))  # narrow pages have no room beside an axis
    beside = alt.Chart(labels).encode(x=x, y=y, text="label:N")
    drawn.append(beside.mark_text(stroke=colour("paper"), strokeWidth=4, opacity=0.85, strokeJoin="round", **text))
    drawn.append(beside.mark_text(color=colour("ink"), **text))
    description = message("search.parallel.description", language, count=lines["trial"].nunique())
    return themed(drawn, description, height=380)


def _numbers(axis: Axis, own: dict[int, Any]) -> list[float]:
    return [] if axis.options else [float(value) for value in own.values()]


def _place(axis: Axis, value: Any, low: float, high: float) -> float:
    """Where a value stands between the ends."""
    if axis.options:
        text = option(value)
        return axis.options.index(text) / max(1, len(axis.options) - 1) if text in axis.options else ABSENT_AT
    if axis.is_log:
        return (math.log(float(value)) - math.log(low)) / ((math.log(high) - math.log(low)) or 1.0)
    return (float(value) - low) / ((high - low) or 1.0)


def _labels(axis: Axis, low: float, high: float) -> list[tuple[str, float, str]]:
    if axis.options:
        n = max(1, len(axis.options) - 1)
        return [(axis.name, i / n, text) for i, text in enumerate(axis.options)]
    middle = math.sqrt(low * high) if axis.is_log else (low + high) / 2
    return [(axis.name, at, brief(value, 3)) for at, value in ((0.0, low), (0.5, middle), (1.0, high))]


def _text(axis: Axis, value: Any) -> str:
    return option(value) if axis.options else brief(float(value))
