"""One network trained by hand in float64 NumPy: forward, backward and SGD with momentum, written out.

Only the first weights and the order of the examples are the engine's own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, r2_score

from seedbed.core.keys import INITIALISATION, member_key
from seedbed.data import Dataset
from seedbed.training import Setup
from seedbed.training.cohorts import bind
from seedbed.training.orders import own_orders, shared_orders
from tests.training.populations import One

Weights = list[NDArray[Any]]  # bias, weight, bias, weight, ...: the order in which JAX flattens them


class Step(NamedTuple):
    """The last step of an epoch."""

    x: NDArray[Any]
    before: Weights
    slopes: Weights
    after: Weights


def first_params(setup: Setup, data: Dataset, number: int, seed: int = 0) -> Any:
    """The first weights of a member, as the engine draws them."""
    with jax.enable_x64(True):
        # The numbers of a network come as arrays: a Python float would be multiplied in single precision.
        network = jax.tree.map(np.float64, bind(setup, data).network)
        return jax.tree.map(np.asarray, _begin(data.shape)(network, np.int32(seed), np.int32(number)))


@functools.cache
def _begin(in_shape: tuple[int, ...]) -> Any:
    def begin(network: Any, seed: Any, number: Any) -> Any:
        key = member_key(seed, number, INITIALISATION)
        return network.init(in_shape, key=key, dtype=np.float64)

    return jax.jit(begin)


def standardised(data: Dataset) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]:
    """Training and validation part as the network sees them."""
    mean, std = data.train.x.mean(0), data.train.x.std(0)
    y_mean, y_std = (data.train.y.mean(0), data.train.y.std(0)) if data.task == "regression" else (0, 1)
    train, valid = (((p.x - mean) / std, (p.y - y_mean) / y_std) for p in (data.train, data.valid))
    return train, valid


def order_of(setup: Setup, n: int, epoch: int, number: int, seed: int = 0) -> NDArray[np.int32]:
    """The order of `n` examples in an epoch."""
    if setup.data_order == "shared":
        return shared_orders(seed, epoch, 1, n, n)[0]
    return own_orders(seed, np.asarray([number], np.int32), epoch, 1, n, n)[0, 0]


def forward(weights: Weights, x: NDArray[Any]) -> list[NDArray[Any]]:
    """The input, the hidden layers behind their tanh, and the outputs."""
    values = [x]
    for i in range(0, len(weights), 2):
        z = values[-1] @ weights[i + 1] + weights[i]
        values.append(z if i == len(weights) - 2 else np.tanh(z))
    return values


def loss_of(outputs: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The loss of each example, and its slope by the outputs: cross-entropy of classes, else the mean square."""
    if y.ndim == 2:
        return np.mean((outputs - y) ** 2, axis=1), 2 * (outputs - y) / y.shape[1]
    p = np.exp(outputs - outputs.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    y = y.astype(int)
    return -np.log(p[np.arange(len(y)), y]), p - np.eye(p.shape[1])[y]


def score_of(outputs: NDArray[Any], y: NDArray[Any]) -> float:
    """The accuracy, or R², the mean over the targets."""
    if not np.isfinite(outputs).all():
        return float("nan")
    return float(r2_score(y, outputs) if y.ndim == 2 else accuracy_score(y, outputs.argmax(1)))


def slopes(weights: Weights, x: NDArray[Any], y: NDArray[Any], weight: NDArray[Any]) -> Weights:
    """The gradient of Σ weight · loss / Σ weight."""
    values = forward(weights, x)
    delta = loss_of(values[-1], y)[1] * (weight / weight.sum())[:, None]
    found: Weights = []
    for i in range(len(weights) - 2, -1, -2):
        below = values[i // 2]
        found = [delta.sum(0), below.T @ delta, *found]
        delta = (delta @ weights[i + 1].T) * (1 - below**2)
    return found


def run(
    setup: Setup,
    data: Dataset,
    number: int = 0,
    *,
    seed: int = 0,
    start: Any = None,
    weight: tuple[NDArray[Any], NDArray[Any]] | None = None,
    rate_of: Callable[[int], float] | None = None,
    path: list[Weights] | None = None,
) -> tuple[One, list[Step]]:
    """What comes of a member, and the last step of each epoch.

    Arguments:
        start: the weights to begin with, in place of its own.
        weight: of the examples of the training and of the validation part.
        rate_of: the learning rate of an epoch, in place of the setup's.
        path: where the weights in front of every step are written to, and behind the last.
    """
    path = [] if path is None else path
    (x, y), (valid_x, valid_y) = standardised(data)
    w, valid_w = (np.ones(len(x)), np.ones(len(valid_x))) if weight is None else weight
    n, size = len(x), min(setup.batch_size, len(x))
    weights: Weights = jax.tree.leaves(first_params(setup, data, number, seed) if start is None else start)
    momentum = setup.optimizer.momentum or 0.0
    speed = [np.zeros_like(a) for a in weights]
    history, steps = np.full((setup.epochs, 5), np.nan), []
    for epoch in range(setup.epochs):
        order = order_of(setup, n, epoch, number, seed)
        lr = setup.optimizer.lr if rate_of is None else rate_of(epoch)
        seen = []
        for at in range(0, n, size):
            rows = order[at : at + size]
            seen.append(forward(weights, x[rows])[-1])
            slope, before = slopes(weights, x[rows], y[rows], w[rows]), weights
            path.append(before)
            speed = [momentum * v + g for v, g in zip(speed, slope, strict=True)]
            weights = [a - lr * v for a, v in zip(weights, speed, strict=True)]
        steps.append(Step(x[rows], before, slope, weights))
        outputs, valid_outputs = np.concatenate(seen), forward(weights, valid_x)[-1]
        history[epoch] = (
            np.sum(w[order] * loss_of(outputs, y[order])[0]) / w.sum(),
            score_of(outputs, y[order]),
            np.sum(valid_w * loss_of(valid_outputs, valid_y)[0]) / valid_w.sum(),
            score_of(valid_outputs, valid_y),
            lr,
        )
    path.append(weights)
    best = int(np.nanargmin(history[:, 2]))
    return One(history, steps[best].after, best, "trained"), steps
