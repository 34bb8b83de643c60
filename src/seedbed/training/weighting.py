"""The weights of examples in the loss: each its own, times that of its class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import Fault, SetupError
from seedbed.data.dataset import Dataset
from seedbed.training.setup import Setup


def example_weights(
    setup: Setup, data: Dataset, y: NDArray[Any], weight: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    """The weight of each example in the loss: its own times that of its class; None where all are 1.

    Arguments:
        y, weight: of examples of any part of the data set.
    """
    if setup.class_weight is None:
        return weight
    per_class = class_weights(setup.class_weight, data)[y]
    return per_class if weight is None else per_class * weight


def class_weights(said: str | tuple[float, ...], data: Dataset) -> NDArray[np.float64]:
    """The weight of each class: as given, or so that every class of the training part has the same total.

    Raises:
        SetupError: there are no classes, or another number of them.
    """
    if data.task != "classification":
        raise SetupError([Fault(("class_weight",), "None where the task is not classification", repr(said))])
    if isinstance(said, str):
        counts = data.train.class_sizes(data.n_classes)
        return len(data.train) / (data.n_classes * np.maximum(counts, 1.0))
    if len(said) != data.n_classes:
        raise SetupError([Fault(("class_weight",), f"one weight for each of {data.n_classes} classes", repr(said))])
    return np.asarray(said, np.float64)
