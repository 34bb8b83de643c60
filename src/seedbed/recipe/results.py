"""Results: the metrics of a prediction, by name, and the greedy ensemble."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Metrics = dict[str, float]


def metrics(task: str, y: NDArray[Any], prediction: NDArray[Any]) -> Metrics:
    """The metrics of a prediction, computed by scikit-learn.

    Arguments:
        task: what the targets are.
        y: class numbers (n,), labels 0 and 1 (n, k), or values (n, k).
        prediction: probabilities (n, k), or values (n, k) in the targets' own units.

    Returns:
        accuracy, log_loss and macro_f1 for classes and labels, and roc_auc of the second class where there are two and
        examples of both; rmse, mae and r2 for values, averaged over targets.
    """
    from sklearn import metrics as sk

    if task == "regression":
        return {
            "rmse": float(sk.root_mean_squared_error(y, prediction)),
            "mae": float(sk.mean_absolute_error(y, prediction)),
            "r2": float(sk.r2_score(y, prediction)),
        }
    p = np.asarray(prediction, np.float64)
    if task == "multilabel":
        said = (p > 0.5).astype(int)
        loss = np.mean([sk.log_loss(y[:, j], p[:, j], labels=[0, 1]) for j in range(p.shape[1])])
        return {
            "accuracy": float(np.mean(said == y)),
            "log_loss": float(loss),
            "macro_f1": float(sk.f1_score(y, said, average="macro", zero_division=0)),
        }
    p = p / p.sum(axis=1, keepdims=True)  # float32 probabilities sum to 1 only nearly
    classes = np.arange(p.shape[1])
    said = p.argmax(axis=1)
    found = {
        "accuracy": float(sk.accuracy_score(y, said)),
        "log_loss": float(sk.log_loss(y, p, labels=classes)),
        "macro_f1": float(sk.f1_score(y, said, labels=classes, average="macro", zero_division=0)),
    }
    if len(classes) == 2 and 0 < np.sum(y) < len(y):
        found["roc_auc"] = float(sk.roc_auc_score(y, p[:, 1]))
    return found


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
