"""Temperature scaling: one number that makes probabilities as sure as they are right.

Classes:  q = p^(1/T) / Σ p^(1/T), which is the softmax of the logits divided by T. Labels: the same of p and 1 - p.
T above 1 makes them less sure, below 1 surer; which class or label is the more likely one stays as it is.
(Guo et al. 2017, On calibration of modern neural networks, section 4.2.) Plain NumPy, so that prediction can use it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_ROWS = 200
LARGEST = 10.0  # T lies between this and its inverse
STEPS = 22  # of the search, each 0.618 of the interval before: ln T to 1e-4
SIGNIFICANT = 2.0  # standard errors by which the loss has to fall
TINY = 1e-30  # a float32 probability may be 0


def cooled(task: str, p: NDArray[Any], temperature: float) -> NDArray[Any]:
    """Probabilities (..., k) at a temperature; values of a regression, and all at temperature 1, stay as they are."""
    if task == "regression" or temperature == 1.0:
        return p
    logits = _logits(task, p) / temperature
    if task == "multilabel":
        return (1 / (1 + np.exp(-logits))).astype(p.dtype)
    q = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (q / q.sum(axis=-1, keepdims=True)).astype(p.dtype)


def temperature_for(task: str, y: NDArray[Any], p: NDArray[Any]) -> float:
    """The temperature with the smallest log loss, where it is worth having; else 1.

    It is worth having when there are at least 200 examples and the loss falls by more than two standard errors of the
    fall: a smaller one may be luck of the part that it was fitted to.

    Arguments:
        task: what the targets are; 1 for a regression.
        y: class numbers (n,), or labels 0 and 1 (n, k), of the validation part.
        p: probabilities (n, k).
    """
    if task == "regression" or len(y) < LEAST_ROWS or not np.isfinite(p).all():
        return 1.0
    logits = _logits(task, p)
    best = float(np.exp(_least(lambda log_t: float(_losses(task, y, logits * np.exp(-log_t)).mean()))))
    fall = _losses(task, y, logits) - _losses(task, y, logits / best)
    return best if fall.mean() > SIGNIFICANT * fall.std() / np.sqrt(len(fall)) else 1.0


def _logits(task: str, p: NDArray[Any]) -> NDArray[np.float64]:
    log_p = np.log(np.maximum(p, TINY, dtype=np.float64))
    if task != "multilabel":
        return log_p
    return np.asarray(log_p - np.log(np.maximum(1.0 - p, TINY, dtype=np.float64)))


def _losses(task: str, y: NDArray[Any], logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log loss of each example."""
    if task == "multilabel":
        return np.asarray(np.logaddexp(0.0, np.where(y > 0.5, -logits, logits)).mean(axis=1))
    z = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])


def _least(function: Any) -> float:
    """Where a function of ln T is smallest, by golden sections: the log loss is convex in 1/T, so there is one."""
    ratio = (np.sqrt(5) - 1) / 2
    low, high = -np.log(LARGEST), np.log(LARGEST)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return float((low + high) / 2)
