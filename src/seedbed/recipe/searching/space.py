"""The space that the recipe proposes for a data set: what is worth searching, with ranges that hold most answers."""

from __future__ import annotations

from typing import Any

from seedbed.core.distributions import choice, integers, log_uniform, uniform
from seedbed.data.dataset import Dataset
from seedbed.network import (
    Chain,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Identity,
    Linear,
    MaxPool,
    Network,
    ReLU,
    SiLU,
    Tanh,
)
from seedbed.recipe.propose import propose
from seedbed.training.optimizers import Adam
from seedbed.training.schedules import Cosine
from seedbed.training.setup import Setup

SMALL_SIDE = 14  # from this many pixels a side a small image is worth convolutions


def propose_space(data: Dataset) -> Setup:
    """A search space for a data set.

    One to three hidden layers of 32 to 256 units, or for images of 14 pixels a side and more two small convolutions;
    the activation; dropout; Adam with a cosine schedule, its rate and its decay. Batch size, epochs, preprocessing and
    loss are those that `propose` gives.
    """
    base = propose(data)
    rate = uniform(0.0, 0.5, name="dropout")
    activation = choice(ReLU(), Tanh(), SiLU(), name="activation")
    side = min(data.image_shape[:2]) if data.image_shape is not None and len(data.image_shape) > 1 else 0
    layers = _convolutions(rate) if side >= SMALL_SIDE else _linear(activation, rate)
    return base.replace(
        network=Network([*layers, Linear("out")]),
        optimizer=Adam(log_uniform(3e-4, 3e-2), schedule=Cosine(), weight_decay=log_uniform(1e-3, 1.0)),
    )


def _linear(activation: Any, rate: Any) -> list[Any]:
    units = integers(32, 256, log=True, name="units")
    block = Chain([Linear(units), activation, Dropout(rate)])
    second, third = (choice(Identity(), block, name=f"{place}_layer") for place in ("second", "third"))
    return [Linear(units), activation, Dropout(rate), second, third]


def _convolutions(rate: Any) -> list[Any]:
    narrow, wide = choice(8, 16, name="channels"), choice(16, 32, name="more_channels")
    end = choice(Flatten(), GlobalAvgPool(), name="end")
    first = [Conv2d(narrow, 3), ReLU(), MaxPool(2)]
    return [*first, Conv2d(wide, 3), ReLU(), MaxPool(2), end, Dropout(rate)]
