"""The pattern of a Jacobian as a chart."""

from __future__ import annotations

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.jacobian.pattern import Pattern
from seedbed.reporting.theme import colour, themed

WIDTH, LOWEST, HIGHEST = 640, 60, 900  # pixels
FAINTEST = 1e-4  # the share of the largest that is as faint as a number can be


def pattern_data(pattern: Pattern) -> DataFrame:
    """The cells one by one: output and input (the first number in the cell), largest, and shade from 0 to 1.

    The shade goes with the logarithm, from 1e-4 of the largest on; nothing has none.
    """
    (rows, columns), (m, n) = pattern.cells.shape, pattern.shape
    output, source = (axis.ravel() for axis in np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"))
    shares = pattern.shares.ravel()
    with np.errstate(divide="ignore", invalid="ignore"):
        shade = 0.15 + 0.85 * np.clip(1 - np.log(shares) / np.log(FAINTEST), 0, 1)
    return DataFrame({
        "row": output, "column": source, "output": output * m // rows, "input": source * n // columns,
        "largest": pattern.cells.ravel(), "shade": np.where(shares > 0, shade, 0.0).round(3),
    })  # fmt: skip


def draw_pattern(pattern: Pattern, language: str | None = None) -> alt.LayerChart:
    """The matrix as a chart: outputs are rows, inputs are columns, the darker the larger."""
    cells = pattern_data(pattern)
    rows, columns = pattern.cells.shape
    sides = [message(f"jacobian.picture.{side}", language) for side in ("input", "output")]
    place = [
        alt.X("column:O", title=sides[0], axis=alt.Axis(labels=False)),
        alt.Y("row:O", title=sides[1], axis=alt.Axis(labels=False)),
    ]
    tooltip = [alt.Tooltip("output:Q", title=sides[1]), alt.Tooltip("input:Q", title=sides[0]), "largest:Q"]
    ground = alt.Chart(cells).mark_rect(color=colour("panel"), stroke=colour("paper"), strokeWidth=0.5).encode(*place)
    filled = alt.Chart(cells[cells["shade"] > 0]).mark_rect(color=colour("accent")).encode(
        *place, opacity=alt.Opacity("shade:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
        tooltip=tooltip,
    )  # fmt: skip
    description = message("jacobian.picture.description", language, m=pattern.shape[0], n=pattern.shape[1])
    return themed([ground, filled], description, height=min(HIGHEST, max(LOWEST, WIDTH * rows / columns)))
