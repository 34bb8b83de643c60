"""The range of learning rates: what loss each rate leaves, with the one that it speaks for."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
from altair import LayerChart
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.theme import colour, log_ticks, themed
from seedbed.reporting.wording import number

__all__ = ["LayerChart", "Rates", "draw_rates", "rates_data"]

ABOVE = 2.0  # times the loss before: what is worse stands at the upper edge
LOG_FROM = 10.0  # a loss that falls tenfold is drawn on a logarithmic scale


class Rates(NamedTuple):
    """What is drawn.

    Attributes:
        curve: lr, loss, piece of the rates that end below the edge; a piece has none between that does not.
        lost: lr, loss (the edge) of those that diverged or end above it.
        before: the loss without a step.
        marks: lr, loss (the edge), label: of the suggested rate, if there is one.
        low, high: ends of the axis of the loss.
    """

    curve: DataFrame
    lost: DataFrame
    before: float
    marks: DataFrame
    low: float
    high: float

    @property
    def is_log(self) -> bool:
        """Whether a logarithmic scale helps."""
        return self.low > 0 and self.before / self.low >= LOG_FROM


def rates_data(table: DataFrame, suggested: float | None, language: str | None = None) -> Rates:
    """The curve of a range test.

    Arguments:
        table: lr, loss_before, loss_after, diverged.
        suggested: the rate that it speaks for; None where it speaks for none.
    """
    before = float(table["loss_before"].iloc[0])
    there = table[~table["diverged"]]
    smallest = float(there["loss_after"].min()) if len(there) else before
    high = before + (ABOVE - 1) * abs(before)
    is_lost = table["diverged"] | (table["loss_after"] > high)
    curve = table.loc[~is_lost, ["lr", "loss_after"]].rename(columns={"loss_after": "loss"})
    curve = curve.assign(piece=is_lost.cumsum()[~is_lost])
    lost = table.loc[is_lost, ["lr"]].assign(loss=high)
    label = "" if suggested is None else message("rates.suggested", language, rate=number(suggested, 3))
    rows = [] if suggested is None else [{"lr": suggested, "loss": high, "label": label}]
    marks = DataFrame(rows, columns=["lr", "loss", "label"])
    return Rates(curve, lost, before, marks, min(smallest, before), high)


def draw_rates(table: DataFrame, suggested: float | None, language: str | None = None) -> LayerChart:
    """The loss that each rate leaves against the rate."""
    data = rates_data(table, suggested, language)
    ends = [float(table["lr"].min()), float(table["lr"].max())]
    x = alt.X(
        "lr:Q", title=message("rates.lr", language), scale=alt.Scale(type="log", domain=ends, nice=False),
        axis=alt.Axis(values=log_ticks(*ends), format=".0e"),
    )  # fmt: skip
    values = log_ticks(data.low, data.high) if data.is_log else None
    axis = alt.Axis(tickCount=5) if values is None else alt.Axis(values=values, format=".6~g")
    domain = [data.low * 0.9, data.high] if data.is_log else [min(0.0, data.low), data.high]
    scale = alt.Scale(type="log" if data.is_log else "linear", domain=domain, nice=False)
    y = alt.Y("loss:Q", title=message("rates.loss", language), scale=scale, axis=axis)
    accent, muted, wrong = colour("accent"), colour("muted"), colour("wrong")
    before = DataFrame({"lr": ends[:1], "loss": [data.before], "label": [message("rates.before", language)]})
    lost = DataFrame({"lr": data.lost["lr"].tail(1), "loss": data.high, "label": message("rates.lost", language)})
    tips = [alt.Tooltip("lr:Q", format=".2e"), alt.Tooltip("loss:Q", format=".4~g")]
    curve = alt.Chart(data.curve)
    layers = [
        alt.Chart(before).mark_rule(color=muted, strokeDash=[4, 3]).encode(y=y),
        _words(before, x, y, muted, align="left", dx=4, dy=-8),
        alt.Chart(data.marks).mark_rule(color=accent, strokeWidth=1.5).encode(x=x),
        curve.mark_line(color=accent, strokeWidth=2, clip=True).encode(x=x, y=y, detail="piece:N"),
        curve.mark_point(color=accent, size=18, filled=True, opacity=1).encode(x=x, y=y, tooltip=tips),
        alt.Chart(data.lost).mark_text(text="×", fontSize=15, color=wrong).encode(x=x, y=y),
        _words(lost, x, y, wrong, align="right", dx=4, dy=14),
        _words(data.marks, x, y, accent, align="right", dx=-6, dy=6),
    ]
    return themed(layers, message("rates.description", language, count=len(table)))


def _words(rows: DataFrame, x: alt.X, y: alt.Y, color: str, **place: Any) -> alt.Chart:
    """The labels of some rows beside their points."""
    mark = alt.MarkDef(type="text", fontSize=11, color=color, **place)
    return alt.Chart(rows, mark=mark).encode(x=x, y=y, text="label:N")
