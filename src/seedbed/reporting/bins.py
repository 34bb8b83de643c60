"""Where a regression is the most wrong: the error for small, middling and large truths."""

from __future__ import annotations

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.intervals import NORMAL
from seedbed.reporting.ranges import draw_ranges
from seedbed.reporting.wording import number

MOST_BINS, LEAST_IN_BIN = 10, 20


def bins_data(evidence: Evidence, target: int = 0) -> DataFrame:
    """Label (from which truth to which), value (the mean absolute error), low and high (its 95 % interval, mean ±
    1.96 standard errors), bias (the mean of prediction less truth), examples; for bins of equal size of the truth.

    Empty with too few examples for two bins.
    """
    assert evidence.prediction is not None
    truth, said = (np.asarray(a, np.float64)[:, target] for a in (evidence.test_y, evidence.prediction))
    truth, said = truth[np.isfinite(said)], said[np.isfinite(said)]
    n_bins = min(MOST_BINS, len(truth) // LEAST_IN_BIN)
    edges = np.unique(np.quantile(truth, np.linspace(0, 1, n_bins + 1))) if n_bins > 1 else np.zeros(0)
    place = np.clip(np.searchsorted(edges, truth, "right") - 1, 0, max(len(edges) - 2, 0))
    rows = []
    for i in range(max(len(edges) - 1, 0)):
        error = (said - truth)[place == i]
        value, half = np.abs(error).mean(), NORMAL * np.abs(error).std(ddof=1) / np.sqrt(len(error))
        label = f"{number(edges[i], 3)} – {number(edges[i + 1], 3)}"
        rows.append((label, value, value - half, value + half, error.mean(), len(error)))
    return DataFrame(rows, columns=["label", "value", "low", "high", "bias", "examples"])


def draw_bins(evidence: Evidence, target: int = 0, language: str | None = None) -> alt.LayerChart:
    """One line a bin, the smallest truths above, with the error of all as a line across."""
    table = bins_data(evidence, target)
    name = evidence.target_names[target]
    description = message("report.bins.description", language, count=len(table), target=name)
    overall = float(np.average(table["value"], weights=table["examples"]))
    return draw_ranges(table, message("report.bins.error", language), description, rule=overall, language=language)
