"""Where the holes are: columns across, stretches of the rows down."""

from __future__ import annotations

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.data.description import Description
from seedbed.reporting.theme import colour, themed

MOST_COLUMNS = 40
HEIGHT = 260


def holes_data(description: Description) -> DataFrame:
    """column, first and last (as shares of the rows) and share of holes of each stretch of rows; the worst columns."""
    worst = sorted(description.holes.items(), key=lambda one: -sum(one[1]))[:MOST_COLUMNS]
    rows = [
        (name, i / len(shares), (i + 1) / len(shares), share)
        for name, shares in worst
        for i, share in enumerate(shares)
    ]
    return DataFrame(rows, columns=["column", "first", "last", "share"])


def draw_holes(description: Description, language: str | None = None) -> alt.LayerChart:
    """A map of the holes, the darker the more."""
    table = holes_data(description)
    names = list(dict.fromkeys(table["column"]))
    x = alt.X("column:N", sort=names, title=None, axis=alt.Axis(labelAngle=-40, labelLimit=140, labelFlush=False))
    axis = alt.Axis(format="%", tickCount=3, grid=False)
    y = alt.Y("first:Q", title=message("data.holes.rows", language), axis=axis, scale=alt.Scale(domain=[1, 0]))
    tooltip = [
        alt.Tooltip("column:N", title=message("column.column", language)),
        alt.Tooltip("first:Q", title="≥", format=".0%"),
        alt.Tooltip("share:Q", title=message("column.holes", language), format=".1%"),
    ]
    opacity = alt.Opacity("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.04, 1]))
    drawn = alt.Chart(table).mark_rect(color=colour("wrong")).encode(
        x=x, y=y, y2="last", opacity=opacity, tooltip=tooltip
    )  # fmt: skip
    return themed([drawn], message("data.holes.description", language, count=len(names)), height=HEIGHT)
