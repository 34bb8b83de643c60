"""A network of one hidden layer that learns three classes of random points by plain descent on all of them at once."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.functions import FUNCTIONS
from seedbed.network import CrossEntropy

EXAMPLES, INPUTS, UNITS, CLASSES, SEED = 200, 20, 100, 3, 0
SOUND, TOO_LARGE, STEPS = 1.0, 6.0, 50


class Learned(NamedTuple):
    """How it ended.

    Attributes:
        cost: the mean cross-entropy.
        accuracy: the share of examples that are named rightly.
        gradient: the length of the gradient by the hidden layer's weights, before the first step.
        dead: the share of hidden units whose slope is exactly 0 for every example, so that they cannot change again.
        negative: the share of hidden units whose z is negative for every example.
        slope: the mean |f'| of those units.
    """

    cost: float
    accuracy: float
    gradient: float
    dead: float
    negative: float
    slope: float


@functools.lru_cache(maxsize=64)
def learned(name: str, rate: float = SOUND, steps: int = STEPS, **numbers: float) -> Learned:
    """What `steps` steps of descent with that learning rate make of a network with this function, begun as He says."""
    rng, record = np.random.default_rng(SEED), FUNCTIONS[name]
    x = jnp.asarray(rng.normal(size=(EXAMPLES, INPUTS)), jnp.float32)
    teacher = rng.normal(size=(INPUTS, CLASSES))
    y = jnp.asarray(np.argmax(np.asarray(x) @ teacher, axis=1))
    targets = jax.nn.one_hot(y, CLASSES)
    weights = [rng.normal(size=size) * np.sqrt(2 / size[0]) for size in ((INPUTS, UNITS), (UNITS, CLASSES))]
    params: Any = [(jnp.asarray(w, jnp.float32), jnp.zeros(w.shape[1], jnp.float32)) for w in weights]

    def outputs(params: Any) -> Any:
        (w, b), (v, c) = params
        return record.value(x @ w + b, **numbers) @ v + c

    gradients = jax.jit(jax.value_and_grad(lambda params: jnp.mean(CrossEntropy().compare(outputs(params), targets))))
    first = gradients(params)[1][0][0]
    for _ in range(steps):
        params = jax.tree.map(lambda a, slope: a - rate * slope, params, gradients(params)[1])
    z = x @ params[0][0] + params[0][1]
    slopes, is_negative = np.abs(record.derivative(z, **numbers)), np.asarray((z < 0).all(axis=0))
    return Learned(
        cost=float(gradients(params)[0]),
        accuracy=float(jnp.mean(jnp.argmax(outputs(params), axis=1) == y)),
        gradient=float(jnp.linalg.norm(first)),
        dead=float(np.mean((slopes == 0).all(axis=0))),
        negative=float(is_negative.mean()),
        slope=float(slopes[:, is_negative].mean()) if is_negative.any() else 1.0,
    )
