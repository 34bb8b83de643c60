"""What becomes of a signal and of a gradient on their way through a deep network that has not learned yet."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.functions import FUNCTIONS, Function, facts
from seedbed.functions.facts import FLAT
from seedbed.network import HeNormal, Initializer, LeCunNormal, XavierNormal

DEPTH, WIDTH, EXAMPLES, SEED = 10, 100, 200, 0


class Passage(NamedTuple):
    """What was measured layer by layer, first to last.

    Attributes:
        mean: of the outputs.
        deviation: standard deviation of the outputs.
        gradient: root mean square of δ = ∂C/∂z, for a cost whose gradient by the last outputs is standard normal.
        flat: the share of units and examples whose slope is below 1 % of the largest.
        likeness: the mean cosine between the outputs for two examples; at the start it is 0.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    gradient: NDArray[np.float64]
    flat: NDArray[np.float64]
    likeness: NDArray[np.float64]

    @property
    def ratio(self) -> float:
        """The gradient at the first layer, as a share of that at the last; 0 where none arrives there either."""
        return float(self.gradient[0] / self.gradient[-1]) if self.gradient[-1] else 0.0


def fitting(name: str) -> Initializer:
    """The initialiser that is meant for a function: LeCun's for SELU, Xavier's for squashing ones, else He's."""
    if name == "selu":
        return LeCunNormal()
    return XavierNormal() if name in ("sigmoid", "tanh", "softmax", "linear", "step") else HeNormal()


@functools.lru_cache(maxsize=64)
def passage(
    name: str, initializer: Initializer, *, depth: int = DEPTH, width: int = WIDTH, n: int = EXAMPLES, seed: int = SEED
) -> Passage:
    """Sends standard normal examples through `depth` layers of `width` units and a gradient back; z = a W, a = f(z)."""
    record, key, rng = FUNCTIONS[name], jax.random.key(seed), np.random.default_rng(seed)
    sample = jax.jit(lambda key: initializer.sample((width, width), key=key, dtype=jnp.float32))
    weights = [sample(jax.random.fold_in(key, layer)) for layer in range(depth)]
    forward, backward = _layer(record)
    x, last = (jnp.asarray(rng.normal(size=(n, width)), jnp.float32) for _ in range(2))
    zs = [x @ weights[0]]
    for weight in weights[1:]:
        zs.append(forward(zs[-1]) @ weight)
    deltas = [backward(zs[-1], last)]
    for z, weight in zip(zs[-2::-1], weights[:0:-1], strict=True):  # from the last layer back to the first
        deltas.append(backward(z, deltas[-1] @ weight.T))
    outputs, slopes = [np.asarray(forward(z), np.float64) for z in zs], [backward(z, jnp.ones_like(z)) for z in zs]
    largest = facts(record).max_slope
    return Passage(
        mean=np.array([a.mean() for a in outputs]),
        deviation=np.array([a.std() for a in outputs]),
        gradient=np.array([float(jnp.sqrt(jnp.mean(delta**2))) for delta in deltas[::-1]]),
        flat=np.array([float(jnp.mean(jnp.abs(slope) < FLAT * largest)) if largest else 1.0 for slope in slopes]),
        likeness=np.array([_likeness(a) for a in outputs]),
    )


def _likeness(rows: NDArray[np.float64]) -> float:
    """The mean cosine of two different rows: n unit vectors have a sum of squared length n + n (n - 1) cosine."""
    sizes, n = np.linalg.norm(rows, axis=1, keepdims=True), len(rows)
    units = rows / np.where(sizes > 0, sizes, 1.0)
    return float((np.sum(units.sum(axis=0) ** 2) - np.sum(units**2)) / (n * (n - 1)))


def _layer(record: Function) -> tuple[Any, Any]:
    """The function, and what takes a gradient back through it, each compiled once."""
    backward = jax.jit(lambda z, gradient: jax.vjp(record.value, z)[1](gradient)[0])
    return jax.jit(record.value), backward
