"""What was told of the layers of the best network while it learned: gradients, steps, flat units, activations."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, concat

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.theme import colour, log_ticks, themed
from seedbed.watching.levels import EDGES

MOST_EPOCHS = 60  # that a line is drawn through
LOGARITHMIC = ("gradient", "ratio")  # whose zeros have no place
RIDGES, MOST_LAYERS, OVERLAP = 8, 6, 1.6


def signals_data(evidence: Evidence, what: str) -> DataFrame:
    """epoch, layer, name, rank (0 for the first layer, 1 for the last) and value of one signal; empty without any.

    `what` is a column of the signals, or `ratio`: the step over the weights. Zeros are left out where the scale is
    logarithmic.
    """
    rows = evidence.signals
    if rows is None or (what != "ratio" and what not in rows):
        return DataFrame({name: [] for name in ("epoch", "layer", "name", "rank", "value")})
    value = rows["step"] / rows["weight"] if what == "ratio" else rows[what]
    table = rows[["epoch", "layer", "name"]].assign(value=value.replace([np.inf, -np.inf], np.nan)).dropna()
    table = table[table["value"] > 0] if what in LOGARITHMIC else table
    table = table[table["epoch"].isin(_spaced(np.unique(table["epoch"]), MOST_EPOCHS))]
    layers = {layer: i for i, layer in enumerate(np.unique(table["layer"]))}
    return table.assign(rank=[layers[layer] / max(1, len(layers) - 1) for layer in table["layer"]])


def has_zeros(evidence: Evidence) -> bool:
    """Whether gradients or steps were 0 anywhere, so that lines end."""
    rows = evidence.signals
    return rows is not None and bool((rows[["gradient", "step"]] == 0).to_numpy().any())


def draw_signal(evidence: Evidence, what: str, language: str | None = None) -> alt.LayerChart:
    """One line for each layer, from the first, which is faint, to the last."""
    table = signals_data(evidence, what)
    is_share = what in ("dead", "saturated", "zeros")
    is_cosine = what == "cosine"
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format="%", tickCount=5)
    if is_cosine:
        scale, axis = alt.Scale(domain=[-1, 1]), alt.Axis(values=[-1, -0.5, 0, 0.5, 1], format="~g")
    elif not is_share:
        low, high = float(table["value"].min()), float(table["value"].max())
        scale, axis = alt.Scale(type="log", nice=False), alt.Axis(values=log_ticks(low, high), format=".1~e")
    title = message(f"signal.{what}", language)
    tooltip = [
        alt.Tooltip("name:N", title=message("column.name", language)),
        alt.Tooltip("epoch:Q", title=message("column.epoch", language)),
        alt.Tooltip("value:Q", title=title, format=".3~g"),
    ]
    lines = alt.Chart(table).mark_line(color=colour("accent"), strokeWidth=2, point=len(table["epoch"].unique()) < 3)
    lines = lines.encode(
        x=alt.X("epoch:Q", title=message("column.epoch", language), axis=alt.Axis(tickMinStep=1, grid=False)),
        y=alt.Y("value:Q", title=None, scale=scale, axis=axis),
        detail="layer:N",
        opacity=alt.Opacity("rank:Q", scale=alt.Scale(domain=[0, 1], range=[0.4, 1]), legend=None),
        tooltip=tooltip,
    )
    return themed([lines], message("report.signals.description", language, what=title))


def ridges_data(evidence: Evidence) -> dict[str, DataFrame]:
    """For each of some layers the histograms of some epochs: epoch, value, base and top, the first epoch highest."""
    rows = evidence.signals
    if rows is None or "histogram" not in rows:
        return {}
    kinds = rows.drop_duplicates("layer").set_index("layer")["name"].str.split().str[0]
    shown = _spaced(kinds.index[~kinds.isin(("flatten", "reshape", "dropout"))].to_numpy(), MOST_LAYERS)
    known = rows["histogram"].map(lambda shares: bool(np.isfinite(np.asarray(shares, float)).all()))
    epochs = _spaced(np.unique(rows["epoch"][known.astype(bool)]), RIDGES)
    if not len(epochs):
        return {}
    middle, width = (EDGES[1:] + EDGES[:-1]) / 2, np.diff(np.arcsinh(10 * EDGES))
    found = {}
    for layer in shown:
        own = rows[rows["layer"] == layer].set_index("epoch")
        shares = np.stack([np.asarray(own.loc[epoch, "histogram"], float) / width for epoch in epochs])
        height = OVERLAP * shares / max(float(shares.max()), 1e-12)
        tables = [
            DataFrame({"epoch": epoch, "value": middle, "base": float(-i), "top": height[i] - i})
            for i, epoch in enumerate(epochs)
        ]
        found[f"{layer}  {own['name'].iloc[0]}"] = concat(tables, ignore_index=True)
    return found


def draw_ridges(table: DataFrame, language: str | None = None) -> alt.LayerChart:
    """The activations of a layer, epoch below epoch."""
    epochs = list(dict.fromkeys(table["epoch"]))
    x = alt.X(
        "value:Q",
        title=message("signal.activation", language),
        scale=alt.Scale(type="symlog", constant=0.1, domain=[float(EDGES[0]), float(EDGES[-1])]),
        axis=alt.Axis(values=[-10, -1, -0.1, 0, 0.1, 1, 10], format="~g"),
    )
    labels = " : ".join(f"datum.value == {-i} ? '{epoch}'" for i, epoch in enumerate(epochs)) + " : ''"
    axis = alt.Axis(values=[-i for i in range(len(epochs))], labelExpr=labels, grid=False, ticks=False, domain=False)
    layers = []
    for epoch in epochs:  # one behind the other, so that a later one stands in front
        own = alt.Chart(table[table["epoch"] == epoch])
        y = alt.Y("top:Q", title=message("column.epoch", language), axis=axis)
        line = {"color": colour("accent"), "strokeWidth": 1}
        layers.append(own.mark_area(color=colour("accent"), opacity=0.55, line=line).encode(x=x, y=y, y2="base:Q"))
    return themed(layers, message("report.activations.description", language), height=40 + 26 * len(epochs))


def _spaced(values: NDArray[Any], most: int) -> NDArray[Any]:
    """Evenly spaced ones of these, at most so many, with the first and the last."""
    if not len(values):
        return values
    return np.asarray(values[np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))])
