"""What each column is worth: the score that the ensemble loses when its values are dealt to other rows."""

from __future__ import annotations

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.ranges import draw_ranges
from seedbed.reporting.theme import colour, themed

MOST_SHOWN = 20
PATCH = 44


def importance_data(evidence: Evidence) -> DataFrame:
    """label, value (the mean drop of the score), low and high (a standard deviation around it), the largest first.

    Of a table the 20 most important columns; of an image all patches, with line and column.
    """
    assert evidence.importance is not None
    found = evidence.importance
    drops, deviations = np.asarray(found.drops), np.asarray(found.deviations)
    table = DataFrame({"label": found.names, "value": drops, "low": drops - deviations, "high": drops + deviations})
    if grid := found.grid:
        return table.assign(line=table.index // grid[1], column=table.index % grid[1])
    return table.sort_values("value", ascending=False, kind="stable", ignore_index=True).head(MOST_SHOWN)


def draw_importance(evidence: Evidence, language: str | None = None) -> alt.LayerChart:
    """Bars with whiskers for columns, a map for the patches of an image."""
    assert evidence.importance is not None
    table, form = importance_data(evidence), "%" if evidence.task != "regression" else ".3~f"
    description = message("report.importance.description", language, count=len(table))
    title = message("report.importance.drop", language)
    grid = evidence.importance.grid
    if not grid:
        return draw_ranges(table, title, description, form=form, has_bars=True, language=language)
    axis = alt.Axis(labels=False, title=None, grid=False)
    tooltip = [
        alt.Tooltip("label:N", title=message("column.name", language)),
        alt.Tooltip("value:Q", title=title, format=".2%"),
    ]
    base = alt.Chart(table).encode(x=alt.X("column:O", axis=axis), y=alt.Y("line:O", axis=axis))
    ground = base.mark_rect(color=colour("panel"), stroke=colour("paper"), strokeWidth=2, cornerRadius=3)
    scale = alt.Scale(domain=[0, max(float(table["value"].max()), 1e-9)], range=[0, 0.9], clamp=True)
    dark = base.mark_rect(color=colour("accent"), stroke=colour("paper"), strokeWidth=2, cornerRadius=3)
    shade = dark.encode(opacity=alt.Opacity("value:Q", scale=scale, legend=None), tooltip=tooltip)
    return themed([ground, shade], description, height=min(PATCH * grid[0], 360))
