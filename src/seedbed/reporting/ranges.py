"""Rows with a value and its interval: the drawing that importance, groups and bins of the target share."""

from __future__ import annotations

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.theme import axis_format, colour, themed

LINE = 26


def draw_ranges(
    table: DataFrame,
    title: str,
    description: str,
    *,
    rule: float | None = None,
    form: str = "",
    has_bars: bool = False,
    language: str | None = None,
) -> alt.LayerChart:
    """One line a row: its label, a dot or a bar for its value, and a rule from low to high.

    Arguments:
        table: label, value, low, high, and examples where they are known; drawn in the order of the rows.
        rule: where a vertical line stands: the value of all rows together.
        form: of the numbers.
        has_bars: bars from 0, for amounts.
    """
    lowest, highest = float(table[["low", "value"]].min().min()), float(table[["high", "value"]].max().max())
    y = alt.Y(
        "label:N", sort=list(table["label"]), title=None, axis=alt.Axis(labelLimit=180, grid=True, labelFlush=False)
    )
    axis = alt.Axis(tickCount=5, format=form or axis_format(highest), labelFlush=False)
    x = alt.X("value:Q", title=title, axis=axis, scale=alt.Scale(zero=has_bars, nice=True, domain=_domain(
        lowest, highest, rule, has_bars
    )))  # fmt: skip
    names = [("value", title), ("low", "2.5 %"), ("high", "97.5 %")]
    tooltip = [alt.Tooltip("label:N", title=message("column.name", language))]
    tooltip += [alt.Tooltip(f"{name}:Q", title=said, format=form or ",.4~g") for name, said in names]
    if "examples" in table:
        tooltip.append(alt.Tooltip("examples:Q", title=message("column.examples", language), format=","))
    base = alt.Chart(table).encode(y=y, tooltip=tooltip)
    layers = []
    if rule is not None:
        line = alt.Chart(DataFrame({"value": [rule]})).mark_rule(color=colour("grey"), strokeDash=[4, 3])
        layers.append(line.encode(x=x))
    if has_bars:
        layers.append(base.mark_bar(color=colour("accent"), opacity=0.75, height=11).encode(x=x, x2=alt.datum(0)))
    else:
        layers.append(base.mark_point(filled=True, size=80, opacity=1, color=colour("accent")).encode(x=x))
    ink = colour("ink" if has_bars else "accent")
    layers.append(base.mark_rule(color=ink, strokeWidth=1.5).encode(x=alt.X("low:Q"), x2="high:Q"))
    return themed(layers, description, height=max(90, LINE * len(table)))


def _domain(lowest: float, highest: float, rule: float | None, has_bars: bool) -> list[float]:
    """From the smallest to the largest that is drawn, with a little room."""
    inside = [lowest, highest, *([0.0] if has_bars else []), *([] if rule is None else [rule])]
    room = 0.03 * ((max(inside) - min(inside)) or 1.0)
    return [min(inside) - (room if min(inside) < 0 or not has_bars else 0.0), max(inside) + room]
