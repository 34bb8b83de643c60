"""From what networks predict to answers: the names of classes, labels, values, and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import UsageError
from seedbed.data.encoder import Encoder
from seedbed.data.temperature import cooled


def decided(prediction: NDArray[Any], encoder: Encoder) -> NDArray[Any]:
    """Predictions as answers: names of classes, labels, or values."""
    task = encoder.target.task
    if task == "classification":
        return np.asarray(encoder.target.decode(prediction.argmax(axis=1)))
    if task == "multilabel":
        return (prediction > 0.5).astype(np.int64)
    return prediction[:, 0] if prediction.shape[1] == 1 else prediction


def probabilities(prediction: NDArray[Any], encoder: Encoder, temperature: float) -> NDArray[Any]:
    """Predictions as probabilities at a temperature.

    Raises:
        UsageError: they are values.
    """
    if encoder.target.task == "regression":
        raise UsageError("predict_proba: expected a classifier, got a network that predicts values", "use predict")
    return cooled(encoder.target.task, prediction, temperature)
