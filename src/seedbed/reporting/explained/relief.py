"""The relief: a function of two numbers as a map with lines of equal height, arrows and a path on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import altair as alt
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from seedbed.reporting.explained.isolines import isolines
from seedbed.reporting.explained.plot import Line
from seedbed.reporting.explained.words import Words, plain, shown
from seedbed.reporting.theme import colour, themed

WIDTH = 560  # pixels; the height follows, so that a right angle is one
PATHS: tuple[dict[str, Any], ...] = (
    {"color": colour("accent"), "strokeWidth": 2},
    {"color": colour("wrong"), "strokeWidth": 2},
)


class Arrow(NamedTuple):
    """An arrow on a map, from (x, y) along (dx, dy)."""

    label: Words
    x: float
    y: float
    dx: float
    dy: float


@dataclass(frozen=True, eq=False)
class Relief:
    """A map of a function of two numbers, as long on one axis as on the other.

    Attributes:
        name: what data call it.
        title: what stands over it.
        x, y: the grid.
        heights: the function on it, (len(y), len(x)).
        levels: the heights whose lines are drawn.
        paths: two at most, each a line through points.
        arrows: drawn over it.
    """

    name: str
    title: Words
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    heights: NDArray[np.float64]
    levels: NDArray[np.float64]
    paths: Sequence[Line] = ()
    arrows: Sequence[Arrow] = field(default=())

    @property
    def aspect(self) -> float:
        """How high it is for its width."""
        return float(np.ptp(self.y) / np.ptp(self.x))

    def to_dict(self, language: str | None = None) -> dict[str, Any]:
        """Paths and arrows as plain data, with the lines' heights."""
        paths = [{"label": plain(one.label, language), "x": plain(one.x), "y": plain(one.y)} for one in self.paths]
        arrows = [plain(one._asdict(), language) for one in self.arrows]
        return {"levels": plain(self.levels), "lines": paths, "arrows": arrows}


def relief_data(relief: Relief) -> DataFrame:
    """The straight pieces of all lines of equal height: level, x, y, x2, y2."""
    pieces, levels = isolines(relief.x, relief.y, relief.heights, relief.levels)
    columns = {
        "level": levels,
        "x": pieces[:, 0, 0],
        "y": pieces[:, 0, 1],
        "x2": pieces[:, 1, 0],
        "y2": pieces[:, 1, 1],
    }
    return DataFrame(columns)


def draw_relief(relief: Relief, language: str | None = None) -> alt.LayerChart:
    """The map as a chart."""
    table = relief_data(relief)
    x = alt.X("x:Q", title=None, scale=_scale(relief.x), axis=alt.Axis(tickCount=6, format=".6~g", labelFlush=False))
    y = alt.Y("y:Q", title=None, scale=_scale(relief.y), axis=alt.Axis(tickCount=6, format=".6~g", grid=False))
    rules = alt.Chart(table).mark_rule(color=colour("grey"), strokeWidth=1, opacity=0.8)
    tooltip = [alt.Tooltip("level:Q", title="f", format=".4~g")]
    layers = [rules.encode(x=x, y=y, x2="x2", y2="y2", tooltip=tooltip)]
    for line, look in zip(relief.paths, PATHS, strict=False):
        path = DataFrame({"x": line.x, "y": line.y, "step": range(len(line.x))})
        base = alt.Chart(path).encode(x=x, y=y, order="step:O")
        layers += [
            base.mark_line(clip=True, **look),
            base.mark_point(filled=True, size=26, clip=True, opacity=1, color=look["color"]),
        ]
    layers += [layer for arrow in relief.arrows for layer in _arrow(arrow, x, y, language)]
    labels = [*(one.label for one in relief.paths), *(one.label for one in relief.arrows)]
    names = ", ".join(shown(label, language) for label in labels)
    height = WIDTH * relief.aspect
    return themed(layers, f"{shown(relief.title, language)}: {names}", height=height, width=WIDTH)


def _scale(values: NDArray[np.float64]) -> alt.Scale:
    return alt.Scale(domain=[float(values.min()), float(values.max())], nice=False, zero=False)


def _arrow(arrow: Arrow, x: Any, y: Any, language: str | None) -> list[alt.Chart]:
    end = {"x": [arrow.x], "y": [arrow.y], "x2": [arrow.x + arrow.dx], "y2": [arrow.y + arrow.dy]}
    base = alt.Chart(DataFrame({**end, "label": [shown(arrow.label, language)]}))
    angle = 90 - math.degrees(math.atan2(arrow.dy, arrow.dx))  # of a triangle that points up
    head = base.mark_point(shape="triangle", filled=True, size=110, opacity=1, color=colour("wrong"), angle=angle)
    text = base.mark_text(align="left" if arrow.dx >= 0 else "right", dx=9 if arrow.dx >= 0 else -9, fontSize=12)
    at_end = {
        "x": alt.X("x2:Q", scale=x["scale"], axis=x["axis"]),
        "y": alt.Y("y2:Q", scale=y["scale"], axis=y["axis"]),
    }
    return [
        base.mark_point(filled=True, size=40, opacity=1, color=colour("ink")).encode(x=x, y=y),
        base.mark_rule(color=colour("wrong"), strokeWidth=2.5).encode(x=x, y=y, x2="x2", y2="y2"),
        head.encode(**at_end),
        text.encode(text="label:N", **at_end),
    ]
