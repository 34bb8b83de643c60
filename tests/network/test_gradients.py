"""The gradient of a network with every kind of layer against central differences, in random directions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.network import CrossEntropy, Layer, Linear, Network
from seedbed.network.losses import mean

# Those that take a vector and give one of the same length; tests/testing tries every kind on what it takes.
OTHERS = {"containers", "convolution", "embedding", "pooling", "reshape"}
KINDS = [
    c for c in Layer.kinds.values()
    if c.__module__.startswith("seedbed.") and c.__module__.rpartition(".")[2] not in OTHERS
]  # fmt: skip


def layer_of(cls: type[Layer]) -> Layer:
    needed = {"units": 4, "rate": 0.3, "groups": 2}
    return cls(**{name: needed[name] for name in cls.specs if name in needed})


@pytest.mark.parametrize("cls", KINDS, ids=lambda c: c.kind)
def test_gradient_is_the_limit_of_differences(cls: type[Layer]) -> None:
    network = Network([Linear(4), layer_of(cls), Linear(3)])
    labels = jnp.array([0, 1, 2, 1, 0], jnp.int32)
    with jax.enable_x64(True):
        x = jnp.asarray(np.random.default_rng(1).normal(size=(5, 2)))
        params = jax.jit(lambda: network.init((2,), key=jax.random.key(0), dtype=jnp.float64))()

        @jax.jit
        @jax.value_and_grad
        def loss(params: tuple) -> jax.Array:
            return mean(CrossEntropy().per_example(
                network.apply(params, x, training=True, key=jax.random.key(2)), labels))  # fmt: skip

        direction = jax.tree.map(lambda leaf: jnp.asarray(np.cos(np.arange(leaf.size)).reshape(leaf.shape)), params)
        h = 1e-6  # small enough that no unit crosses a kink; the error is about 1e-16 / h

        def moved(by: float) -> tuple:
            return jax.tree.map(lambda leaf, d: jnp.asarray(np.asarray(leaf) + by * np.asarray(d)), params, direction)

        difference = (loss(moved(h))[0] - loss(moved(-h))[0]) / (2 * h)
        slopes = jax.tree.leaves(loss(params)[1])
        pairs = zip(slopes, jax.tree.leaves(direction), strict=True)
        slope = sum(np.sum(np.asarray(g) * np.asarray(d)) for g, d in pairs)
    np.testing.assert_allclose(slope, difference, rtol=1e-6, atol=1e-8)
