"""Results: the metrics of a prediction, by name, and the greedy ensemble."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.reporting.intervals import auc_of

Metrics = dict[str, float]
EPS = float(np.finfo(np.float64).eps)


def metrics(task: str, y: NDArray[Any], prediction: NDArray[Any]) -> Metrics:
    """The metrics of a prediction, as scikit-learn defines them; to import that takes longer than all of them together.

    Arguments:
        task: what the targets are.
        y: class numbers (n,), labels 0 and 1 (n, k), or values (n, k).
        prediction: probabilities (n, k), or values (n, k) in the targets' own units.

    Returns:
        accuracy, log_loss and macro_f1 for classes and labels, and roc_auc of the second class where there are two and
        examples of both; rmse, mae and r2 for values, averaged over targets. A probability counts as 2.2e-16 at least
        in the log loss; R² of a constant target is 1 where it is hit exactly and else 0, and NaN for a single example.
    """
    p = np.asarray(prediction, np.float64)
    return {"regression": _of_values, "multilabel": _of_labels, "classification": _of_classes}[task](np.asarray(y), p)


def _of_values(y: NDArray[Any], p: NDArray[np.float64]) -> Metrics:
    y = y.astype(np.float64)
    squared = ((y - p) ** 2).mean(axis=0)
    return {
        "rmse": float(np.sqrt(squared).mean()),
        "mae": float(np.abs(y - p).mean(axis=0).mean()),
        "r2": float(_r2(squared, ((y - y.mean(axis=0)) ** 2).mean(axis=0)).mean()) if len(y) > 1 else float("nan"),
    }


def _r2(squared: NDArray[np.float64], variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - squared error / variance of each target."""
    constant = np.where(squared > 0, 0.0, 1.0)
    return np.where(variance > 0, 1 - squared / np.where(variance > 0, variance, 1.0), constant)


def _of_labels(y: NDArray[Any], p: NDArray[np.float64]) -> Metrics:
    truth, said = y > 0.5, p > 0.5
    return {
        "accuracy": float(np.mean(said == truth)),
        "log_loss": float(-np.mean(np.log(np.clip(np.where(truth, p, 1 - p), EPS, 1.0)))),
        "macro_f1": float(np.mean(_f1(truth, said))),
    }


def _of_classes(y: NDArray[Any], p: NDArray[np.float64]) -> Metrics:
    p = p / p.sum(axis=1, keepdims=True)  # float32 probabilities sum to 1 only nearly
    classes, said = np.arange(p.shape[1]), p.argmax(axis=1)
    found = {
        "accuracy": float(np.mean(said == y)),
        "log_loss": float(-np.mean(np.log(np.clip(p[np.arange(len(y)), y], EPS, 1.0)))),
        "macro_f1": float(np.mean(_f1(y[:, None] == classes, said[:, None] == classes))),
    }
    if len(classes) == 2 and 0 < np.sum(y) < len(y):
        found["roc_auc"] = auc_of(y == 1, p[:, 1])
    return found


def _f1(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> NDArray[np.float64]:
    """2 · both / (truth + said) of each column (n, k); 0 where there is neither."""
    both, either = (truth & said).sum(axis=0), truth.sum(axis=0) + said.sum(axis=0)
    return np.asarray(2 * both / np.maximum(either, 1))


def select(task: str, y: NDArray[Any], predictions: NDArray[Any], k: int) -> list[int]:
    """The members of an ensemble, chosen greedily with replacement: `k` places, the best single member first.

    Each place goes to the member that makes the loss of the mean prediction smallest: log loss for classes and labels,
    squared error for values, each target in units of its own deviation.     (Caruana et al. 2004, section 2.1)

    Arguments:
        predictions: (member, n, k) on the validation part.
    """
    chosen: list[int] = []
    total = np.zeros(predictions.shape[1:])
    for _ in range(k):
        losses = [_loss(task, y, (total + p) / (len(chosen) + 1)) for p in predictions]
        chosen.append(int(np.argmin(losses)))
        total = total + predictions[chosen[-1]]
    return chosen


def _loss(task: str, y: NDArray[Any], p: NDArray[Any]) -> float:
    if task == "regression":
        return float(np.mean((y - p) ** 2 / np.maximum(np.var(y, axis=0), 1e-300)))
    if task == "multilabel":
        return float(-np.mean(np.log(np.clip(np.where(y > 0.5, p, 1 - p), 1e-15, 1))))
    return float(-np.mean(np.log(np.clip(p[np.arange(len(y)), y], 1e-15, 1))))
