"""The examples on which a network is most surely wrong: labels in doubt, and what it has not understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame


def most_wrong(y: NDArray[Any], prediction: NDArray[Any], task: str, k: int = 12) -> NDArray[np.int64]:
    """The rows of at most `k` wrong examples, the most wrong first; ties in the order of the rows.

    Classification: the wrong ones by the probability of the class that was named. Several labels: by the probability
    given to the most wrong label of a row. Regression: by |y - ŷ| in standard deviations of y, of the worst target.
    Rows whose prediction is not finite are left out.
    """
    wrongness = _wrongness(np.asarray(y), np.asarray(prediction, np.float64), task)
    rows = np.argsort(-wrongness, kind="stable")[:k]
    return np.asarray(rows[wrongness[rows] > 0], np.int64)


def wrong_table(
    y: NDArray[Any], prediction: NDArray[Any], task: str, rows: NDArray[np.int64], class_names: Sequence[Any] = ()
) -> DataFrame:
    """What is known about those rows: row, truth, prediction, and confidence, or error in a regression.

    With several targets or labels, `target` is the number of the one that is most wrong. For a label, truth and
    prediction are 0 or 1, and the confidence is that in the prediction.
    """
    from pandas import DataFrame

    spread, rows = _spread(np.asarray(y), task), np.asarray(rows, np.int64)
    y, prediction = np.asarray(y)[rows], np.asarray(prediction, np.float64)[rows]
    if task == "classification":
        said = prediction.argmax(axis=1) if len(rows) else rows
        named = [[class_names[i] if len(class_names) else int(i) for i in numbers] for numbers in (y, said)]
        confidence = prediction[np.arange(len(rows)), said]
        return DataFrame({"row": rows, "truth": named[0], "prediction": named[1], "confidence": confidence})
    target = _each(y, prediction, task, spread).argmax(axis=1) if len(rows) else rows
    truth, said = (array[np.arange(len(rows)), target] for array in (y, prediction))
    table = DataFrame({"row": rows, "target": target, "truth": truth})
    if task == "multilabel":
        return table.assign(prediction=(said > 0.5) * 1.0, confidence=np.maximum(said, 1 - said))
    return table.assign(prediction=said, error=said - truth)


def _wrongness(y: NDArray[Any], prediction: NDArray[np.float64], task: str) -> NDArray[np.float64]:
    """How wrong each row is: 0 where it is right, or cannot be told."""
    if not len(y):
        return np.zeros(0)
    if task == "classification":
        wrong = np.where(prediction.argmax(axis=1) != y, prediction.max(axis=1), 0.0)
    else:
        wrong = _each(y, prediction, task, _spread(y, task)).max(axis=1)
    return np.where(np.isfinite(prediction).all(axis=1), np.nan_to_num(wrong), 0.0)


def _spread(y: NDArray[Any], task: str) -> Any:
    """The unit in which errors of several targets compare: each one's standard deviation."""
    if task != "regression" or not len(y):
        return 1.0
    return np.where(y.std(axis=0) > 0, y.std(axis=0), 1.0)


def _each(y: NDArray[Any], prediction: NDArray[np.float64], task: str, spread: Any) -> NDArray[np.float64]:
    """How wrong each target or label of each row is."""
    off = np.abs(y - prediction)
    return off / spread if task == "regression" else np.where((prediction > 0.5) != (y > 0.5), off, 0.0)
