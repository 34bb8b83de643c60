"""The self-test: does this back end give a population the same numbers as its members trained alone?

Some builds of JAX did not. It runs once for each machine and version, and takes about a second then.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.core.errors import BackendError
from seedbed.training import devices
from seedbed.training.compiling import cache_folder

TOLERANCE = 1e-4  # relative, float32, after 20 steps; the order of sums gives 1e-6
N_STEPS, RATE = 20, 0.1


@functools.cache
def check_back_end() -> None:
    """Refuses a back end that computes wrong numbers; remembers on disk that it is sound.

    Raises:
        BackendError: a population and its members disagree; the message names the versions.
    """
    name = hashlib.sha256(devices.machine().encode()).hexdigest()[:16]
    mark = cache_folder() / "sound" / name
    if mark.exists():
        return
    error = disagreement()
    if not error < TOLERANCE:
        message = f"expected a population to learn as its members do alone (to {TOLERANCE:g}), got {error:.3g} apart"
        raise BackendError(f"{message} on {devices.machine()}", "install another version of jax and jaxlib")
    with contextlib.suppress(OSError):  # then it is tested again next time
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(devices.machine() + "\n")


def disagreement() -> float:
    """The largest relative difference between three small networks trained together, and each alone in NumPy."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(3, 5, 7)) / 2, rng.normal(size=(3, 7, 2)) / 2]
    x, y = rng.normal(size=(16, 5)), rng.normal(size=(16, 2))
    with jax.default_matmul_precision("highest"):  # a GPU may else multiply with ten bits
        together = _population([w.astype(np.float32) for w in weights], *(a.astype(np.float32) for a in (x, y)))
    alone = [_alone([w[m] for w in weights], x, y) for m in range(3)]
    pairs = [(np.asarray(t)[m], alone[m][i]) for i, t in enumerate(together) for m in range(3)]
    return float(max(np.max(np.abs(a - b)) / np.max(np.abs(b)) for a, b in pairs))


@jax.jit
def _population(weights: Any, x: Any, y: Any) -> Any:
    def loss(w: Any) -> Any:
        return jnp.mean((jnp.tanh(x @ w[0]) @ w[1] - y) ** 2)

    def step(_: Any, w: Any) -> Any:
        grads = jax.vmap(jax.grad(loss))(w)
        return jax.tree.map(lambda a, g: a - RATE * g, w, grads)

    return jax.lax.fori_loop(0, N_STEPS, step, weights)


def _alone(weights: list[Any], x: Any, y: Any) -> list[Any]:
    """The same training written out by hand."""
    first, second = weights
    for _ in range(N_STEPS):
        hidden = np.tanh(x @ first)
        delta = 2 * (hidden @ second - y) / y.size
        below = (delta @ second.T) * (1 - hidden**2)
        first, second = first - RATE * x.T @ below, second - RATE * hidden.T @ delta
    return [first, second]
