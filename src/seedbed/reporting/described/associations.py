"""How far each column alone goes with the target."""

from __future__ import annotations

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.data.description import Description
from seedbed.reporting.theme import colour, themed

MOST_COLUMNS = 40
LINE = 20


def associations_data(description: Description) -> DataFrame:
    """Column and association of the used columns, the strongest first; those beyond forty are left out."""
    found = [(one.name, one.association) for one in description.columns if one.association is not None]
    found.sort(key=lambda pair: -pair[1])
    return DataFrame(found[:MOST_COLUMNS], columns=["column", "association"])


def draw_associations(description: Description, language: str | None = None) -> alt.LayerChart:
    """A bar for each column."""
    table = associations_data(description)
    y = alt.Y("column:N", sort=list(table["column"]), title=None, axis=alt.Axis(labelLimit=200, labelFlush=False))
    x = alt.X("association:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5, grid=True))
    tooltip = [
        alt.Tooltip("column:N", title=message("column.column", language)),
        alt.Tooltip("association:Q", title=message("column.association", language), format=".3f"),
    ]
    drawn = alt.Chart(table).mark_bar(color=colour("accent"), size=LINE - 8).encode(x=x, y=y, tooltip=tooltip)
    words = message("data.associations.description", language, count=len(table))
    return themed([drawn], words, height=max(3, len(table)) * LINE)
