"""Scores by group: whether a network that is good on average is bad for someone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.reporting.evidence import Groups
from seedbed.reporting.intervals import intervals

MOST_GROUPS = 30
LEAST_EXAMPLES = 10  # of a group with fewer, a score says next to nothing
RESAMPLES = 500


def group_scores(task: str, y: NDArray[Any], prediction: NDArray[Any], group: NDArray[Any] | None) -> Groups | None:
    """The metric of each group with at least 10 examples, of the 30 worst; None without such groups.

    Arguments:
        group: the label of each example, or None.
    """
    if group is None:
        return None
    names, place, counts = np.unique(group, return_inverse=True, return_counts=True)
    metric = "rmse" if task == "regression" else "accuracy"
    badness = np.bincount(place, _badness(task, y, prediction)) / counts
    order = np.argsort(-badness, kind="stable")
    shown = [g for g in order if counts[g] >= LEAST_EXAMPLES][:MOST_GROUPS]
    if not shown:
        return None
    rows = [_row(task, metric, y[place == g], prediction[place == g], str(names[g])) for g in shown]
    return Groups(metric, tuple(rows), len(names) - len(shown))


def _row(
    task: str, metric: str, y: NDArray[Any], prediction: NDArray[Any], name: str
) -> tuple[str, int, float, float, float]:
    is_values = task == "regression"
    value = _rmse(y, prediction) if is_values else float(1 - _badness(task, y, prediction).mean())
    low, high = intervals(task, y, prediction, resamples=RESAMPLES).get(metric, (value, value))
    return name, len(y), value, low, high


def _rmse(y: NDArray[Any], prediction: NDArray[Any]) -> float:
    return float(np.sqrt(((y - prediction) ** 2).mean(axis=0)).mean())


def _badness(task: str, y: NDArray[Any], prediction: NDArray[Any]) -> NDArray[np.float64]:
    """What each example adds: the share of wrong labels, or the squared error, the mean over targets."""
    if task == "classification":
        return (prediction.argmax(axis=1) != y).astype(np.float64)
    if task == "multilabel":
        return np.asarray(((prediction > 0.5) != (y > 0.5)).mean(axis=1))
    return np.asarray(((y - prediction) ** 2).mean(axis=1), np.float64)
