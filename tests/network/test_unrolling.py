"""Chains and repeats taken apart, and put together again."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.network.unrolling import MOST_UNROLLED, in_a_row, nested, pieces

LINES = [
    "linear 6, repeat(chain(linear 6, batchnorm, tanh), 3), chain(linear 5, relu, chain(linear 4, elu)), linear 2",
    "linear 6, repeat(residual(linear 6, tanh), 4), identity, linear 2",
    "repeat(linear 5, 2), tanh, linear 2",
]


@pytest.mark.parametrize("line", LINES)
def test_layers_in_a_row_are_the_same_function(line: str) -> None:
    network = sb.Network.parse(line)
    row = in_a_row(network)
    with jax.enable_x64(True):
        params = network.init((5,), key=jax.random.key(0), dtype=jnp.float64)
        x = jnp.asarray(np.random.default_rng(0).normal(size=(7, 5)))
        apart = pieces(network, params)
        assert len(apart) == len(row.layers)
        for training in (False, True):
            a, b = network.forward(params, x, training=training)[0], row.forward(apart, x, training=training)[0]
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    together = nested(network, apart)
    assert jax.tree.structure(together) == jax.tree.structure(params)
    jax.tree.map(np.testing.assert_array_equal, together, params)


def test_what_has_no_rows_stays_as_it_is() -> None:
    plain = sb.Network.parse("linear 6, identity, residual(linear 6, tanh), linear 2")
    params = plain.init((5,), key=jax.random.key(0))
    assert in_a_row(plain) is plain and pieces(plain, params) == params


def test_a_deep_network_keeps_its_repeats() -> None:
    deep = sb.Network.parse(
        f"linear 6, repeat(chain(linear 6, tanh), {MOST_UNROLLED}), chain(linear 6, tanh), linear 2"
    )
    row = in_a_row(deep)
    assert [layer.kind for layer in row.layers] == ["linear", "repeat", "linear", "tanh", "linear"]
    params = deep.init((5,), key=jax.random.key(0))
    assert len(pieces(deep, params)) == 5
