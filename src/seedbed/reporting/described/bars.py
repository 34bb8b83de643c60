"""What a column or a target holds: a histogram of numbers and dates, or bars of the most frequent categories."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
from pandas import DataFrame, to_datetime

from seedbed.core.messages import message
from seedbed.data.description import Bar
from seedbed.reporting.theme import axis_format, colour, themed

HEIGHT = 120
LINE = 20
MOST_CLASSES = 30


def bars_data(bars: Sequence[Bar], language: str | None = None) -> DataFrame:
    """label, low, high and count of each bar; the bar of all other categories has their label in words."""
    others = message("data.others", language)
    rows = [(bar.label or (others if bar.low is None else ""), bar.low, bar.high, bar.count) for bar in bars]
    return DataFrame(rows, columns=["label", "low", "high", "count"])


def draw_bars(bars: Sequence[Bar], name: str, *, is_date: bool = False, language: str | None = None) -> alt.LayerChart:
    """A histogram where bars are ranges, else a line for each category."""
    table = bars_data(bars, language)
    description = message("data.bars.description", language, name=name)
    if len(bars) and bars[0].low is None:
        return _categories(table, description, message("column.rows", language))
    return _histogram(table, description, message("column.rows", language), is_date)


def _histogram(table: DataFrame, description: str, rows: str, is_date: bool) -> alt.LayerChart:
    kind, form = "Q", ",.5~g"
    if is_date:
        kind, form = "T", "%Y-%m-%d"
        ends = {end: to_datetime(table[end], unit="D").dt.strftime("%Y-%m-%dT%H:%M:%S") for end in ("low", "high")}
        table = table.assign(**ends)
    largest = 0.0 if is_date or not len(table) else float(table["high"].abs().max())
    axis = alt.Axis(tickCount=5) if is_date else alt.Axis(tickCount=5, format=axis_format(largest))
    scale = alt.Undefined if is_date else alt.Scale(nice=False, zero=False)
    x = alt.X(f"low:{kind}", title=None, axis=axis, scale=scale)
    y = alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=3, tickMinStep=1, format="~s"))
    tooltip = [
        alt.Tooltip(f"low:{kind}", title="≥", format=form), alt.Tooltip(f"high:{kind}", title="<", format=form),
        alt.Tooltip("count:Q", title=rows, format=","),
    ]  # fmt: skip
    drawn = alt.Chart(table).mark_rect(color=colour("grey"), opacity=0.8, stroke=colour("paper"), strokeWidth=1).encode(
        x=x, x2="high", y=y, y2=alt.datum(0), tooltip=tooltip
    )  # fmt: skip
    return themed([drawn], description, height=HEIGHT)


def _categories(table: DataFrame, description: str, rows: str) -> alt.LayerChart:
    y = alt.Y("label:N", sort=list(table["label"]), title=None, axis=alt.Axis(labelLimit=130, labelFlush=False))
    x = alt.X("count:Q", title=None, axis=alt.Axis(tickCount=3, tickMinStep=1, format="~s", grid=True))
    tooltip = [alt.Tooltip("label:N", title=" "), alt.Tooltip("count:Q", title=rows, format=",")]
    bars = alt.Chart(table).mark_bar(color=colour("grey"), opacity=0.8, size=LINE - 7)
    return themed([bars.encode(x=x, y=y, tooltip=tooltip)], description, height=max(3, len(table)) * LINE)
