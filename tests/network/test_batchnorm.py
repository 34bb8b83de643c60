"""Batch normalisation: what it gives back, small batches, and its place in a population."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.core.errors import ShapeError

RNG = np.random.default_rng(0)


def test_scale_sigma_and_shift_mu_give_the_input_back() -> None:
    x = jnp.asarray(RNG.normal(3.0, 2.0, size=(40, 5)), jnp.float32)
    params = {"scale": x.std(0), "shift": x.mean(0), "running_mean": jnp.zeros(5), "running_variance": jnp.ones(5)}
    np.testing.assert_allclose(sb.BatchNorm(eps=0.0).apply(params, x, training=True), x, rtol=1e-5, atol=1e-5)


def test_outputs_of_a_batch_have_mean_0_and_variance_1_per_channel() -> None:
    layer, shape = sb.BatchNorm(), (6, 5, 3)
    x = jnp.asarray(RNG.normal([1.0, -4.0, 0.0], [0.1, 3.0, 1.0], size=(8, *shape)), jnp.float32)
    y = np.asarray(layer.apply(layer.init(shape, key=jax.random.key(0), dtype=jnp.float32), x, training=True))
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(y.var((0, 1, 2)), 1.0, atol=2e-3)  # eps takes a part of a variance of 0.01


def test_filling_rows_have_no_part_in_the_statistics() -> None:
    layer = sb.BatchNorm()
    params = layer.init((3,), key=jax.random.key(0), dtype=jnp.float32)
    x = jnp.asarray(RNG.normal(size=(6, 3)), jnp.float32)
    filled = jnp.concatenate([x, jnp.full((2, 3), 1e3, jnp.float32)])
    counted = jnp.asarray([1.0] * 6 + [0.0] * 2, jnp.float32)
    y, moved = layer.forward(params, filled, training=True, counted=counted)
    alone, alone_moved = layer.forward(params, x, training=True)
    np.testing.assert_allclose(y[:6], alone, rtol=1e-5, atol=1e-6)
    # Three quarters of a batch move the running numbers by three quarters.
    np.testing.assert_allclose(moved["running_mean"], 0.75 * alone_moved["running_mean"], rtol=1e-5)
    np.testing.assert_allclose(moved["running_variance"] - 1, 0.75 * (alone_moved["running_variance"] - 1), rtol=1e-4)


def test_a_last_batch_of_one_is_judged_by_the_running_statistics() -> None:
    layer = sb.BatchNorm()
    params = layer.init((3,), key=jax.random.key(0), dtype=jnp.float32) | {"running_mean": jnp.full(3, 2.0)}
    x = jnp.asarray(RNG.normal(size=(4, 3)), jnp.float32)
    counted = jnp.asarray([1.0, 0.0, 0.0, 0.0], jnp.float32)
    y, moved = layer.forward(params, x, training=True, counted=counted)
    np.testing.assert_allclose(y[0], layer.apply(params, x)[0], rtol=1e-6)
    np.testing.assert_array_equal(moved["running_mean"], params["running_mean"])


def test_a_batch_of_one_is_refused_in_training() -> None:
    layer = sb.BatchNorm()
    params = layer.init((3,), key=jax.random.key(0), dtype=jnp.float32)
    with pytest.raises(ShapeError) as caught:
        layer.apply(params, jnp.zeros((1, 3)), training=True)
    assert str(caught.value) == (
        "batchnorm: expected two examples at least in training, got (1, 3), a single number for each feature\n"
        "hint: take a larger batch_size; or LayerNorm or GroupNorm, which look at one example"
    )
    image = layer.init((4, 4, 3), key=jax.random.key(0), dtype=jnp.float32)
    layer.apply(image, jnp.zeros((1, 4, 4, 3)), training=True)  # sixteen numbers for each channel
