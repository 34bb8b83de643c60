"""The self-test: does this back end give a population the same numbers as its members alone, worked out by hand?

Some builds of JAX did not. The engine itself trains a few members, on all devices, and is held against NumPy in
float64. It runs once for each layout, machine and version, beside the first compilation, and takes a second or two.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.cache import cache_folder
from seedbed.core.errors import BackendError
from seedbed.network import Linear, Network, QuadraticCost, Tanh, Zeros
from seedbed.training import devices
from seedbed.training.feed import Held
from seedbed.training.layout import LAYOUTS
from seedbed.training.optimizers import SGD
from seedbed.training.orders import shared_orders
from seedbed.training.program import build
from seedbed.training.setup import Setup
from seedbed.training.state import Blueprint, examples
from seedbed.training.waves import Cohort

ROWS, BATCH, EPOCHS = 40, 8, 4
RATES = (0.02, 0.05, 0.1)  # of three members
_turn = threading.Lock()


def tolerance() -> float:
    """The largest relative difference that is let by, in float32 after 20 steps.

    The order of sums alone gives 1e-6. A GPU may multiply with ten bits, which gives 1e-3.
    """
    return 1e-4 if devices.is_cpu() else 3e-2


def check_back_end(layout: str) -> None:
    """Refuses a back end that computes wrong numbers in a layout; remembers on disk that it is sound.

    Raises:
        BackendError: a population and its members disagree; the message names the versions.
    """
    with _turn:  # of two that train at the same time, one waits for the other
        _checked(layout)


@functools.cache
def _checked(layout: str) -> None:
    mark = mark_path(layout)
    if mark.exists():
        return
    error = disagreement((layout,))
    if not error < tolerance():
        message = f"expected a population to learn as its members do alone (to {tolerance():g}), got {error:.3g} apart"
        raise BackendError(f"{message} on {devices.machine()}", "install another version of jax and jaxlib")
    with contextlib.suppress(OSError):  # then it is tested again next time
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(devices.machine() + "\n")


def mark_path(layout: str) -> Path:
    """The file that says that the back end of this machine was found sound in a layout."""
    return cache_folder() / "sound" / f"{hashlib.sha256(devices.machine().encode()).hexdigest()[:16]}-{layout}"


def disagreement(layouts: Sequence[str] = LAYOUTS) -> float:
    """The largest relative difference between the weights of members trained together and those worked out by hand."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(ROWS, 5)), rng.normal(size=(ROWS, 2))
    worst = 0.0
    for layout in layouts:
        before, after = _together(layout, x, y)
        for member, lr in enumerate(RATES):
            expected = _alone([w[member] for w in before], lr, x, y)
            errors = [np.max(np.abs(w[member] - e)) / np.max(np.abs(e)) for w, e in zip(after, expected, strict=True)]
            worst = max(worst, *map(float, np.nan_to_num(errors, nan=np.inf)))
    return worst


def _together(layout: str, x: NDArray[Any], y: NDArray[Any]) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """The weights of the members before and after the engine has trained them."""
    linear = functools.partial(Linear, weight=Zeros(), bias=None)  # drawing them would take as long to compile again
    network = Network([linear(7), Tanh(), linear(2)])
    rng, shapes = np.random.default_rng(1), ((5, 7), (7, 2))
    weights = [rng.normal(size=(len(RATES), *shape)) / np.sqrt(shape[0]) for shape in shapes]
    setup = Setup(network, QuadraticCost(), SGD(RATES[0]), batch_size=BATCH, epochs=EPOCHS, preprocessing=())
    setups = [setup.replace(optimizer=SGD(lr)) for lr in RATES]
    n_devices = min(len(devices.devices()), len(RATES))
    chunk = -(-len(RATES) // n_devices)
    blueprint = Blueprint(jax.tree.structure(setup), (5,), "regression", ROWS, n_devices, chunk, layout)
    numbers = jax.tree.map(lambda *leaves: np.asarray(leaves, np.float32), *setups)
    parts = [examples(x, y, None, task="regression", dtype=np.float32, fill=fill) for fill in (False, True)]
    sharding = jax.sharding.NamedSharding(devices.mesh(n_devices), jax.sharding.PartitionSpec())
    feed = Held(*jax.device_put(parts, sharding))
    start: Any = ({"weight": weights[0]}, {}, {"weight": weights[1]})
    cohort = Cohort(build(blueprint), numbers, np.arange(len(RATES), dtype=np.int32), feed, seed=0, start=start)
    before = _weights(cohort)
    for _ in cohort.run(started=0.0):
        pass
    return before, _weights(cohort)


def _weights(cohort: Cohort) -> list[NDArray[Any]]:
    """The weights of both layers, member axis in front; copied, because training uses the state up."""
    axes, (wave,) = cohort.program.axes.params, cohort.waves
    return [
        np.moveaxis(np.array(layer["weight"], np.float64), axis["weight"], 0)
        for layer, axis in zip(wave.state.params, axes, strict=True)
        if layer
    ]


def _alone(weights: list[NDArray[Any]], lr: float, x: NDArray[Any], y: NDArray[Any]) -> list[NDArray[Any]]:
    """One member's training written out: two layers, half the squared error, plain descent."""
    first, second = weights
    for epoch in range(EPOCHS):
        for rows in shared_orders(0, epoch, 1, ROWS, ROWS)[0].reshape(-1, BATCH):
            hidden = np.tanh(x[rows] @ first)
            delta = (hidden @ second - y[rows]) / BATCH
            below = (delta @ second.T) * (1 - hidden**2)
            first, second = first - lr * x[rows].T @ below, second - lr * hidden.T @ delta
    return [first, second]
