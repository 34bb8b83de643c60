"""The plot: lines over one axis, as data and as a chart. The terminal draws the same data with braille dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, concat

from seedbed.reporting.explained.words import Words, plain, shown
from seedbed.reporting.theme import colour, log_ticks, themed

HEIGHT = 230
LOOKS: tuple[dict[str, Any], ...] = (  # of the first line, the second, ...
    {"color": colour("accent"), "strokeWidth": 2.5},
    {"color": colour("wrong"), "strokeWidth": 2, "strokeDash": [6, 3]},
    {"color": colour("muted"), "strokeWidth": 1.5, "strokeDash": [2, 3]},
    {"color": colour("grey"), "strokeWidth": 1.25},
)

Numbers = Sequence[float] | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a plot.

    Attributes:
        label: what it is.
        x, y: its points, in their order; NaN interrupts it.
        is_dots: points alone.
        is_steps: level from one point to the next, as a histogram is.
    """

    label: Words
    x: Numbers
    y: Numbers
    is_dots: bool = False
    is_steps: bool = False


@dataclass(frozen=True, eq=False)
class Plot:
    """Lines over one axis.

    Attributes:
        name: what data call it.
        title: what stands over it.
        lines: four at most; the first is the one that is meant.
        x_title, y_title: what the axes are.
        bands: stretches of x that are shaded, and what they are.
        is_log_x, is_log_y: whether an axis is logarithmic.
    """

    name: str
    title: Words
    lines: Sequence[Line]
    x_title: Words = "x"
    y_title: Words | None = None
    bands: Sequence[tuple[float, float]] = ()
    bands_label: Words = ""
    is_log_x: bool = False
    is_log_y: bool = False

    def to_dict(self, language: str | None = None) -> dict[str, Any]:
        """The points as plain data."""
        lines = [{"label": plain(one.label, language), "x": plain(one.x), "y": plain(one.y)} for one in self.lines]
        return {"x": plain(self.x_title, language), "lines": lines}


def plot_data(plot: Plot, language: str | None = None) -> DataFrame:
    """The points with place and label of their line; a run of points without NaN has a `run` of its own."""
    tables = []
    for place, line in enumerate(plot.lines):
        x, y = np.asarray(line.x, np.float64), np.asarray(line.y, np.float64)
        sound = np.isfinite(x) & np.isfinite(y)
        sound &= ~(plot.is_log_y & (y <= 0)) & ~(plot.is_log_x & (x <= 0))
        table = DataFrame(
            {"place": place, "line": shown(line.label, language), "run": np.cumsum(~sound), "x": x, "y": y}
        )
        tables.append(table[sound])
    return concat(tables, ignore_index=True)


def draw_plot(plot: Plot, language: str | None = None, height: float = HEIGHT) -> alt.LayerChart:
    """The plot as a chart."""
    table = plot_data(plot, language)
    x = _axis("x", plot.x_title, _ticks(table["x"], plot.is_log_x), language)
    y = _axis("y", plot.y_title, _ticks(table["y"], plot.is_log_y), language)
    layers = [*_shades(plot, table, x), *_zeros(plot, table)]
    for place in sorted(
        range(len(plot.lines)), key=lambda n: (plot.lines[n].is_dots, -n)
    ):  # dots on top, the first last
        line, look = plot.lines[place], LOOKS[place]
        tooltip = [
            alt.Tooltip("line:N", title=" "),
            alt.Tooltip("x:Q", title=shown(plot.x_title, language), format=".4~g"),
            alt.Tooltip("y:Q", title=shown(plot.y_title or "y", language), format=".4~g"),
        ]
        base = alt.Chart(table[table["place"] == place])
        if line.is_dots:
            drawn = base.mark_point(filled=True, size=26, opacity=0.75, color=look["color"])
        else:
            drawn = base.mark_line(interpolate="step-after" if line.is_steps else "linear", clip=True, **look)
        layers.append(drawn.encode(x=x, y=y, detail="run:N", tooltip=tooltip))
    names = ", ".join(shown(line.label, language) for line in plot.lines)
    return themed(layers, f"{shown(plot.title, language)}: {names}", height=height)


def _ticks(values: Any, is_log: bool) -> list[float] | None:
    """The powers of ten of a logarithmic axis; None for another."""
    return log_ticks(float(values.min()), float(values.max())) if is_log and len(values) else None


def _axis(name: str, title: Words | None, powers: list[float] | None, language: str | None) -> Any:
    scale = (
        alt.Scale(zero=False, nice=name == "y")
        if powers is None
        else alt.Scale(type="log", nice=False, padding=6 if name == "y" else 0)
    )
    ticks = {"tickCount": 5} if powers is None else {"values": powers}
    make = alt.X if name == "x" else alt.Y
    title = None if title is None else shown(title, language)
    return make(f"{name}:Q", title=title, scale=scale, axis=alt.Axis(format=".6~g", labelFlush=False, **ticks))


def _shades(plot: Plot, table: DataFrame, x: Any) -> list[alt.Chart]:
    """The shaded stretches, as far as the axis goes."""
    low, high = float(table["x"].min()), float(table["x"].max())
    bands = [(max(low, a), min(high, b)) for a, b in plot.bands if a < high and b > low]
    if not bands:
        return []
    shades = alt.Chart(DataFrame(bands, columns=["x", "end"])).mark_rect(color=colour("grey"), opacity=0.16)
    return [shades.encode(x=x, x2="end")]


def _zeros(plot: Plot, table: DataFrame) -> list[alt.Chart]:
    """Thin rules where x and y are 0, if that is inside."""
    rules = []
    for name, is_log in (("x", plot.is_log_x), ("y", plot.is_log_y)):
        if not is_log and float(table[name].min()) < 0 < float(table[name].max()):
            base = alt.Chart(DataFrame({name: [0.0]})).mark_rule(color=colour("line"), strokeWidth=1)
            rules.append(base.encode(**{name: f"{name}:Q"}))
    return rules
