"""XOR learned by descent: small networks of sigmoid neurons, side by side."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.network import BinaryCrossEntropy, Network
from seedbed.network.gates import truth_rows

XOR = (0, 1, 1, 0)
NETWORKS, STEPS, RATE, SEED = 20, 3000, 1.0, 0


@functools.lru_cache(maxsize=8)
def learned_xor(hidden: int, networks: int = NETWORKS, steps: int = STEPS, seed: int = SEED) -> NDArray[np.float64]:
    """What networks say of the four rows after descent on them, (networks, 4); each begins with weights of its own.

    Two layers of sigmoid neurons, the first of `hidden` units, learn with a learning rate of 1 and cross-entropy.
    """
    line = f"linear {hidden} weight=normal(1) bias=normal(1), sigmoid, linear 1 weight=normal(1) bias=normal(1)"
    network, loss = Network.parse(line), BinaryCrossEntropy()
    x, y = jnp.asarray(truth_rows(2), jnp.float32), jnp.asarray(XOR, jnp.float32)[:, None]

    def step(params: Any, _: None) -> tuple[Any, None]:
        slopes = jax.grad(lambda params: jnp.mean(loss.per_example(network.apply(params, x), y)))(params)
        return jax.tree.map(lambda a, slope: a - RATE * slope, params, slopes), None

    def answers(key: Any) -> Any:
        params, _ = jax.lax.scan(step, network.init((2,), key=key), None, length=steps)
        return jax.nn.sigmoid(network.apply(params, x))[:, 0]

    return np.asarray(jax.jit(jax.vmap(answers))(jax.random.split(jax.random.key(seed), networks)), np.float64)


def n_solved(answers: NDArray[np.float64]) -> int:
    """How many of the networks are right about all four rows."""
    return int(((answers > 0.5) == (np.asarray(XOR) == 1)).all(axis=1).sum())
