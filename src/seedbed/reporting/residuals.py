"""A regression's predictions against the truth, and what is left of each."""

from __future__ import annotations

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.theme import axis_format, colour, themed

MOST_TARGETS = 4
MOST_POINTS = 1500
MOST_BINS = 40


def residuals_data(evidence: Evidence, target: int = 0) -> DataFrame:
    """row, truth, prediction and residual (truth less prediction) of the test part, for one target column."""
    assert evidence.prediction is not None
    truth, prediction = (np.asarray(a, np.float64)[:, target] for a in (evidence.test_y, evidence.prediction))
    table = DataFrame({"row": np.arange(len(truth)), "truth": truth, "prediction": prediction})
    return table.assign(residual=truth - prediction).dropna().reset_index(drop=True)


def histogram_data(evidence: Evidence, target: int = 0) -> DataFrame:
    """low, high and count of bins of equal width over all residuals of one target column.

    As many bins as the larger of the rules of Sturges and of Freedman and Diaconis asks for, 40 at most.
    """
    residual = residuals_data(evidence, target)["residual"].to_numpy()
    if not residual.size:
        return DataFrame({"low": [], "high": [], "count": []})
    edges = np.histogram_bin_edges(residual, "auto")
    n_bins = min(MOST_BINS, len(edges) - 1)
    count, edges = np.histogram(residual, n_bins)
    return DataFrame({"low": edges[:-1], "high": edges[1:], "count": count})


def draw_truth(evidence: Evidence, target: int = 0, language: str | None = None) -> alt.LayerChart:
    """Prediction against truth, on the line where the two are equal."""
    table = residuals_data(evidence, target)
    step = max(1, -(-len(table) // MOST_POINTS))
    values = table[["truth", "prediction"]].to_numpy()
    ends = [float(values.min()), float(values.max())] if values.size else [0.0, 1.0]
    scale = alt.Scale(domain=ends, nice=True, zero=False)
    axis = alt.Axis(tickCount=5, labelFlush=False, format=axis_format(ends[1]))
    titles = {name: message(f"report.residuals.{name}", language) for name in ("truth", "prediction", "residual")}
    x = alt.X("truth:Q", title=titles["truth"], scale=scale, axis=axis)
    y = alt.Y("prediction:Q", title=titles["prediction"], scale=scale, axis=axis)
    points = alt.Chart(table.iloc[::step]).mark_point(filled=True, size=30, opacity=0.5, color=colour("accent"))
    line = alt.Chart(DataFrame({"truth": ends, "prediction": ends})).mark_line(color=colour("grey"), strokeWidth=1)
    tooltip = [alt.Tooltip(f"{name}:Q", title=title, format=",.4~g") for name, title in titles.items()]
    description = message("report.residuals.description", language, target=evidence.target_names[target])
    return themed([line.encode(x=x, y=y), points.encode(x=x, y=y, tooltip=tooltip)], description, height=300)


def draw_residuals(evidence: Evidence, target: int = 0, language: str | None = None) -> alt.LayerChart:
    """The histogram of the residuals, with a rule at zero."""
    bins = histogram_data(evidence, target)
    title = message("report.residuals.residual", language)
    axis = alt.Axis(tickCount=6, format=axis_format(float(bins["high"].abs().max() if len(bins) else 0)))
    x = alt.X("low:Q", title=title, axis=axis, scale=alt.Scale(nice=False, zero=False))
    y = alt.Y("count:Q", title=message("column.examples", language), axis=alt.Axis(tickCount=5, tickMinStep=1))
    tooltip = [
        alt.Tooltip("low:Q", title="≥", format=",.4~g"), alt.Tooltip("high:Q", title="<", format=",.4~g"),
        alt.Tooltip("count:Q", title=message("column.examples", language)),
    ]  # fmt: skip
    bars = alt.Chart(bins).mark_rect(color=colour("grey"), opacity=0.8, stroke=colour("paper"), strokeWidth=2).encode(
        x=x, x2="high:Q", y=y, y2=alt.datum(0), tooltip=tooltip
    )  # fmt: skip
    rule = alt.Chart(DataFrame({"low": [0.0]})).mark_rule(color=colour("accent"), strokeWidth=1.5).encode(x="low:Q")
    description = message("report.histogram.description", language, target=evidence.target_names[target])
    return themed([bars, rule], description, height=300)
