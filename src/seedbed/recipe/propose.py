"""The setup that the recipe proposes for a data set: a small space, so that its population is already a search."""

from __future__ import annotations

import math

from seedbed.core.distributions import log_uniform, uniform
from seedbed.data.dataset import Dataset
from seedbed.data.preprocessing import Preprocessing, Standardize, StandardizeTarget
from seedbed.network import BinaryCrossEntropy, CrossEntropy, Dropout, Linear, Loss, MeanSquaredError, Network, ReLU
from seedbed.training.optimizers import Adam
from seedbed.training.schedules import Cosine
from seedbed.training.setup import Setup

LOSSES: dict[str, Loss] = {
    "classification": CrossEntropy(),
    "multilabel": BinaryCrossEntropy(),
    "regression": MeanSquaredError(),
}


def propose(data: Dataset) -> Setup:
    """A setup that learns most small data sets well, with distributions where the right number is not known.

    Two hidden layers, as wide as the data is rich; Adam with a cosine schedule; rates, dropout and decay drawn.
    """
    rate = uniform(0.0, 0.3, name="dropout")
    units = _units(data)
    layers = [Linear(units), ReLU(), Dropout(rate), Linear(units), ReLU(), Dropout(rate), Linear("out")]
    return Setup(
        network=Network(layers),
        loss=LOSSES[data.task],
        optimizer=Adam(log_uniform(5e-4, 2e-2), schedule=Cosine(), weight_decay=log_uniform(1e-3, 1.0)),
        batch_size=_batch_size(len(data.train)),
        epochs=40,
        patience=12,
        preprocessing=_preprocessing(data),
    )


def _units(data: Dataset) -> int:
    """Between 32 and 128: few rows ask for a small network."""
    n = len(data.train)
    return 128 if n > 1000 else 64 if n > 300 else 32


def _batch_size(n: int) -> int:
    """A power of two with about fifty steps an epoch, between 16 and 256."""
    return int(min(256, max(16, 2 ** round(math.log2(max(n / 50, 1.0))))))


def _preprocessing(data: Dataset) -> tuple[Preprocessing, ...]:
    """Pixels share one scale, columns of a table have each their own; so have quantities to predict."""
    inputs = Standardize(per="all") if data.image_shape is not None else Standardize()
    return (inputs, StandardizeTarget()) if data.task == "regression" else (inputs,)
