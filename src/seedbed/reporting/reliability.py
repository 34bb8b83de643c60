"""The reliability diagram: of the examples that got a probability of 80 %, are 80 % right?

Classes: the probability of the class that is named, against how often it is right; of two classes, that of the second,
against how often it is true. Labels: all probabilities together. Bins of equal mass. The expected calibration error is
the mean over bins, by their examples, of |share - mean probability|.     (Guo et al. 2017, equations 2 and 5)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.data.temperature import cooled
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.intervals import wilson
from seedbed.reporting.theme import colour, themed

MOST_BINS, LEAST_IN_BIN = 10, 20


class Reliability(NamedTuple):
    """The diagram of one set of probabilities.

    Attributes:
        bins: probability (the mean), share (of those that are right), low and high (its 95 % interval, Wilson's),
            count.
        error: the expected calibration error.
    """

    bins: DataFrame
    error: float


def reliability_data(evidence: Evidence, *, is_raw: bool = False) -> Reliability | None:
    """The diagram of the test part; None for a regression, or with too few examples for two bins.

    Arguments:
        is_raw: the probabilities without the temperature.
    """
    if evidence.task == "regression" or not evidence.has_test:
        return None
    assert evidence.prediction is not None
    p = np.asarray(evidence.prediction, np.float64)
    p = cooled(evidence.task, p, 1 / evidence.temperature) if is_raw else p
    probability, is_right = _questions(evidence.task, np.asarray(evidence.test_y), p)
    n_bins = min(MOST_BINS, len(probability) // LEAST_IN_BIN)
    if n_bins < 2:
        return None
    parts = np.array_split(np.argsort(probability, kind="stable"), n_bins)
    count = np.asarray([len(part) for part in parts])
    mean, share = (np.asarray([a[part].mean() for part in parts]) for a in (probability, is_right))
    low, high = wilson(share * count, count)
    bins = DataFrame({"probability": mean, "share": share, "low": low, "high": high, "count": count})
    return Reliability(bins, float(np.average(np.abs(share - mean), weights=count)))


def draw_reliability(evidence: Evidence, language: str | None = None) -> alt.LayerChart:
    """The diagram as a chart: on the diagonal the probabilities hold."""
    found = reliability_data(evidence)
    assert found is not None
    axis, scale = alt.Axis(format="%", tickCount=5, labelFlush=False), alt.Scale(domain=[0, 1])
    titles = {name: message(f"report.reliability.{name}", language) for name in ("probability", "share")}
    x = alt.X("probability:Q", title=titles["probability"], scale=scale, axis=axis)
    y = alt.Y("share:Q", title=titles["share"], scale=scale, axis=axis)
    ends = DataFrame({"probability": [0.0, 1.0], "share": [0.0, 1.0]})
    layers = [alt.Chart(ends).mark_line(color=colour("grey"), strokeWidth=1).encode(x=x, y=y)]
    raw = reliability_data(evidence, is_raw=True)
    if raw is not None and evidence.temperature != 1.0:
        dashed = alt.Chart(raw.bins).mark_line(color=colour("muted"), strokeWidth=1.25, strokeDash=[4, 3])
        layers.append(dashed.encode(x=x, y=y))
    base = alt.Chart(found.bins).encode(x=x)
    layers.append(base.mark_rule(color=colour("accent"), strokeWidth=1.5).encode(y=alt.Y("low:Q"), y2="high:Q"))
    tooltip = [
        *(alt.Tooltip(f"{name}:Q", title=title, format=".1%") for name, title in titles.items()),
        alt.Tooltip("count:Q", title=message("column.examples", language), format=","),
    ]
    dots = base.mark_point(filled=True, size=60, opacity=1, color=colour("accent"))
    layers.append(dots.encode(y=y, tooltip=tooltip))
    description = message("report.reliability.description", language, count=len(found.bins))
    return themed(layers, description, height=320)


def _questions(task: str, y: NDArray[Any], p: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities and whether what they are of is so."""
    if task == "multilabel":
        return p.ravel(), (y > 0.5).astype(np.float64).ravel()
    if p.shape[1] == 2:
        return p[:, 1], (y == 1).astype(np.float64)
    return p.max(axis=1), (p.argmax(axis=1) == y).astype(np.float64)
