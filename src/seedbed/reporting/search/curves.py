"""Learning curves coloured by score: all trials where there are few, else the best over quantiles of all."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.search.points import BELOW, WINNER, points_data, shade, thinned
from seedbed.reporting.search.scale import scale_of
from seedbed.reporting.theme import SHADES, colour, log_ticks, themed

MEASURES = ("score", "loss")
MANY = 60  # from more trials on, quantiles say more than lines
N_BEST = 20
MOST_ROWS = 4500
MOST_EPOCHS = 200
FEW = 8  # epochs that each have a tick
QUANTILES = {"p10": 0.10, "p25": 0.25, "p75": 0.75, "p90": 0.90}
LOG_FROM = 10.0


class Curves(NamedTuple):
    """One measure over the epochs.

    Attributes:
        lines: trial, epoch (from 1), value, group, standing; of the best only where there are many.
        bands: epoch, p10, p25, p75, p90 of those that reached the epoch; empty where every trial is a line.
        n_trials: how many there are in all.
        is_log: whether a logarithmic scale helps.
    """

    lines: DataFrame
    bands: DataFrame
    n_trials: int
    is_log: bool


def curves_data(evidence: Searched, measure: str) -> Curves:
    """The curves of `score` or `loss` on the validation part."""
    points = points_data(evidence)
    sound = points[points["standing"] != BELOW]
    column = f"valid_{measure}"
    history = evidence.curves[["trial", "epoch", column]].rename(columns={column: "value"})
    history = history[np.isfinite(history["value"].astype(float)) & history["trial"].isin(sound["trial"])]
    history = history.assign(epoch=history["epoch"] + 1)
    n, bands = len(sound), DataFrame({name: np.zeros(0) for name in ("epoch", *QUANTILES)})
    if n > MANY:
        by_epoch = history.groupby("epoch")["value"]
        bands = DataFrame({name: by_epoch.quantile(q) for name, q in QUANTILES.items()}).reset_index()
        best = evidence.ranked["trial"].head(N_BEST)
        sound = sound[sound["trial"].isin([*best, evidence.winner])]
    lines = history.merge(thinned(sound, MANY)[["trial", "group", "standing"]], on="trial")
    epochs = np.unique(history["epoch"])
    room = max(2, min(MOST_EPOCHS, MOST_ROWS // max(1, lines["trial"].nunique())))
    if len(epochs) > room:
        epochs = np.unique(epochs[np.linspace(0, len(epochs) - 1, room).round().astype(int)])
        lines, bands = (table[table["epoch"].isin(epochs)] for table in (lines, bands))
    low, high = _extent(lines, bands)
    return Curves(lines.reset_index(drop=True), bands, n, measure == "loss" and low > 0 and high / low >= LOG_FROM)


def draw_curves(evidence: Searched, measure: str, language: str | None = None) -> alt.LayerChart:
    """The curves of one measure, the best on top."""
    curves = curves_data(evidence, measure)
    curves, options = _placed(evidence, curves, measure)
    y = alt.Y("at:Q", title=None, **options)
    last = int(curves.lines["epoch"].max()) if len(curves.lines) else 1
    few = {"values": list(range(1, last + 1))} if last <= FEW else {"tickCount": 6, "tickMinStep": 1}
    whole = alt.Axis(format="d", **few)
    x = alt.X("epoch:Q", title=message("column.epoch", language), axis=whole, scale=alt.Scale(nice=False, zero=False))
    layers = []
    if len(curves.bands):
        area = alt.Chart(curves.bands).mark_area(clip=True, opacity=0.2, color=colour("grey"))
        layers += [
            area.encode(x=x, y=alt.Y(f"{a}:Q", title=None, **options), y2=f"{b}:Q")
            for a, b in (("p10", "p90"), ("p25", "p75"))
        ]
    said = [alt.Tooltip(f"{name}:Q", title=message(f"search.column.{name}", language)) for name in ("trial", "epoch")]
    said.append(alt.Tooltip("value:Q", title=message(f"column.valid_{measure}", language), format=".4"))
    for group in range(1, len(SHADES) + 1):
        own = curves.lines[(curves.lines["group"] == group) & (curves.lines["standing"] != WINNER)]
        layers.append(_lines(own, shade(group), 1.1, x, y, said))
    won = curves.lines[curves.lines["standing"] == WINNER]
    layers.append(_lines(won, colour("wrong"), 2.6, x, y, said))
    name = message(f"column.valid_{measure}", language)
    return themed(layers, message("search.curves.description", language, measure=name, count=curves.n_trials))


def _placed(evidence: Searched, curves: Curves, measure: str) -> tuple[Curves, dict[str, Any]]:
    """The curves with where their values stand, and the scale and axis for that."""
    low, high = _extent(curves.lines, curves.bands)
    if measure == "score":
        floor = min(-1.0, high)  # a wild R² must not press all others together
        scale = scale_of(evidence, [max(low, floor), *curves.lines["value"].clip(lower=floor), high])
        lines = curves.lines.assign(at=scale.at(curves.lines["value"].clip(lower=floor)))
        bands = curves.bands.assign(**{name: scale.at(curves.bands[name].clip(lower=floor)) for name in QUANTILES})
        return curves._replace(lines=lines, bands=bands), scale.options()
    curves = curves._replace(lines=curves.lines.assign(at=curves.lines["value"]))
    if not curves.is_log:
        scaled = alt.Scale(domain=[low, high], zero=False, nice=True)
        return curves, {"scale": scaled, "axis": alt.Axis(tickCount=5, format=".6~g")}
    axis = alt.Axis(values=log_ticks(low, high), format=".6~g")
    return curves, {"scale": alt.Scale(type="log", domain=[low, high], nice=False), "axis": axis}


def _lines(table: DataFrame, ink: str, width: float, x: alt.X, y: alt.Y, said: list[alt.Tooltip]) -> alt.Chart:
    """Lines, with a point where a trial had a single epoch."""
    single = len(table) > 0 and table.groupby("trial").size().max() == 1
    chart = alt.Chart(table)
    mark = (
        chart.mark_point(color=ink, filled=True, clip=True, opacity=0.8)
        if single
        else chart.mark_line(color=ink, strokeWidth=width, clip=True, opacity=0.85)
    )
    return mark.encode(x=x, y=y, detail="trial:N", tooltip=said)


def _extent(lines: DataFrame, bands: DataFrame) -> tuple[float, float]:
    """The smallest and largest value drawn."""
    drawn = np.concatenate([lines["value"], bands["p10"], bands["p90"]]).astype(float)
    drawn = drawn[np.isfinite(drawn)]
    return (float(drawn.min()), float(drawn.max())) if drawn.size else (0.0, 1.0)
