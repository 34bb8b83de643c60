"""Score against each parameter: a panel for each dimension, its trials coloured by round."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Axis, Searched, option
from seedbed.reporting.search.points import (
    BELOW,
    GIVEN_UP,
    WHOLE,
    WINNER,
    number_axis,
    points_data,
    thinned,
    tooltip,
)
from seedbed.reporting.search.scale import Scale
from seedbed.reporting.theme import SHADES, colour, themed

MOST_POINTS = 1000
MOST_PANELS = 16
MOST_LETTERS = 46  # that fit side by side below a panel; longer options stand aslant


class Parameter(NamedTuple):
    """One dimension and what came of its values.

    Attributes:
        axis: the dimension.
        points: as in `points_data`, with `value`: a number, or the text of an option; thinned where there are many.
        low, high: the ends of the axis: of the range as given, and of all that was tried.
    """

    axis: Axis
    points: DataFrame
    low: float
    high: float


def parameters_data(evidence: Searched) -> list[Parameter]:
    """The dimensions, the most important first, with the trials that have them."""
    points = points_data(evidence)
    found = []
    for axis in evidence.ordered_axes[:MOST_PANELS]:
        values = evidence.points[axis.name].reindex(points["trial"]) if axis.name in evidence.points else None
        there = points.assign(value=None if values is None else values.to_numpy())
        there = there[there["value"].notna()] if not axis.options else there[_has(evidence, axis, there)]
        if axis.options:
            there = there.assign(value=[option(value) for value in there["value"]])
            low, high = 0.0, 1.0
        else:
            there = there.assign(value=there["value"].astype(float))
            low = min([axis.low, *there["value"]])
            high = max([axis.high, *there["value"]])
        found.append(Parameter(axis, thinned(there, MOST_POINTS), low, high))
    return found


def draw_parameter(
    evidence: Searched, parameter: Parameter, scale: Scale, language: str | None = None
) -> alt.LayerChart:
    """One dimension as a chart; `scale` is the axis of scores, the same for all."""
    axis, points = parameter.axis, parameter.points
    jitter = [round(i * 0.6180339887498949 % 1, 3) for i in range(len(points))]
    points = points.assign(jitter=jitter, at=scale.at(points["drawn"]))
    x = _words(axis) if axis.options else number_axis(parameter.low, parameter.high, is_log=axis.is_log)
    offset = {"xOffset": alt.XOffset("jitter:Q", scale=alt.Scale(domain=[-0.7, 1.7]))} if axis.options else {}
    rounds = [one.number for one in evidence.rounds] or [0]
    ink = alt.Color("round:O", legend=None, scale=alt.Scale(domain=rounds, range=shades_of(len(rounds))))
    said = tooltip(
        evidence,
        language,
        alt.Tooltip("value:N" if axis.options else "value:Q", title=axis.name),
        alt.Tooltip("round:O", title=message("search.column.round", language)),
    )
    base = alt.Chart(points)
    y = alt.Y("at:Q", title=None, **scale.options())
    layers = []
    for standing, look in LOOKS.items():
        own = base.transform_filter(alt.datum.standing == standing).mark_point(**look)
        fixed = "color" in look
        layers.append(own.encode(x=x, y=y, tooltip=said, **offset, **({} if fixed else {"color": ink})))
    return themed(layers, message("search.parameters.description", language, name=axis.name), height=210)


def shades_of(n: int) -> list[str]:
    """A colour for each of `n` rounds, the last one the strongest."""
    if n == 1:
        return [colour(SHADES[3])]
    return [colour(SHADES[1 + round(i * (len(SHADES) - 2) / (n - 1))]) for i in range(n)]


LOOKS: dict[str, dict[str, Any]] = {
    BELOW: {"shape": "triangle-down", "filled": True, "color": colour("wrong"), "size": 36, "opacity": 0.7},
    GIVEN_UP: {"filled": False, "size": 26, "strokeWidth": 1.2, "opacity": 0.9},
    WHOLE: {"filled": True, "size": 38, "opacity": 0.95},
    WINNER: {"filled": False, "color": colour("wrong"), "size": 130, "strokeWidth": 2.2, "opacity": 1},
}


def _has(evidence: Searched, axis: Axis, points: DataFrame) -> Any:
    """Whether each trial has the dimension at all: an option may be None itself."""
    return [evidence.has(int(trial), axis.name) for trial in points["trial"]]


def _words(axis: Axis) -> alt.X:
    widest = max((len(line) for text in axis.options for line in text.split(", ")), default=0)
    is_long = len(axis.options) * widest > MOST_LETTERS
    lines = {"labelAngle": -28} if is_long else {"labelAngle": 0, "labelExpr": "split(datum.label, ', ')"}
    drawn = alt.Axis(**lines, labelLimit=150, labelFlush=False, labelOverlap=False)
    return alt.X("value:N", title=None, scale=alt.Scale(domain=list(axis.options)), axis=drawn)
