"""How much of what differs between the scores each dimension explains."""

from __future__ import annotations

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.theme import colour, themed

LINE, MOST_SHOWN = 26, 20


def importance_data(evidence: Searched) -> DataFrame:
    """dimension, importance; the largest first. Empty where too few trials tell anything."""
    table = evidence.importance
    return table.head(MOST_SHOWN) if len(table) and float(table["importance"].sum()) > 0 else table.head(0)


def draw_importance(evidence: Searched, language: str | None = None) -> alt.LayerChart:
    """A bar for each dimension."""
    table = importance_data(evidence)
    axis = alt.Axis(labelLimit=220, grid=False, labelFlush=False)
    y = alt.Y("dimension:N", sort=list(table["dimension"]), title=None, axis=axis)
    title = message("search.importance.title", language)
    most = float(table["importance"].max())
    scale = alt.Scale(domain=[0, most * 1.12], nice=False)
    x = alt.X("importance:Q", title=title, scale=scale, axis=alt.Axis(format=".0%", tickCount=5, labelFlush=False))
    base = alt.Chart(table).encode(y=y, x=x)
    said = base.mark_text(align="left", dx=5, fontSize=11).encode(text=alt.Text("importance:Q", format=".1%"))
    layers = [base.mark_bar(color=colour("accent"), opacity=0.8, height=12), said]
    description = message("search.importance.description", language, count=len(table))
    return themed(layers, description, height=max(80, LINE * len(table)))
