"""Dropout: its rate and mean, the laws of its mask, and what it must leave alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seedbed.network import Dropout

KEY = jax.random.key(5)
APPLY = jax.jit(lambda layer, x, key: layer.apply({}, x, training=True, key=key))


def drop(rate: float, x: jax.Array, key: jax.Array = KEY) -> np.ndarray:
    return np.asarray(APPLY(Dropout(rate), x, key))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_share_and_scale(rate: float) -> None:
    y = drop(rate, jnp.ones((300, 200)))
    kept = int((y > 0).sum())
    assert stats.binomtest(kept, y.size, 1 - rate).pvalue > 1e-3  # the key is fixed
    np.testing.assert_allclose(y[y > 0], 1 / (1 - rate), rtol=2e-4)  # the rate is a multiple of 2⁻¹⁶


def test_masks_of_neighbours_are_independent() -> None:
    kept = drop(0.5, jnp.ones((400, 100))) > 0
    for one, other in ((kept[1:], kept[:-1]), (kept[:, 1:], kept[:, :-1]), (kept[2:], kept[:-2])):
        # correlation of n independent pairs has deviation 1/√n = 0.005
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02


def test_rate_zero_is_exactly_the_input() -> None:
    x = jax.random.normal(KEY, (7, 5))
    np.testing.assert_array_equal(drop(0.0, x), x)


def test_without_training_it_is_the_input() -> None:
    x = jnp.ones((2, 3))
    assert Dropout(0.7).apply({}, x) is x


@settings(max_examples=10, deadline=None)
@given(real=st.sampled_from([(1, 1), (5, 2)]), padded=st.sampled_from([(5, 3), (6, 7)]))
def test_padding_units_or_examples_changes_no_real_one(real: tuple[int, int], padded: tuple[int, int]) -> None:
    wide = drop(0.4, jnp.ones(padded))
    np.testing.assert_array_equal(drop(0.4, jnp.ones(real)), wide[: real[0], : real[1]])


def test_padding_channels_of_an_image_changes_no_real_one() -> None:
    padded = drop(0.4, jnp.ones((4, 3, 3, 6)))
    np.testing.assert_array_equal(drop(0.4, jnp.ones((4, 3, 3, 2))), padded[..., :2])


def test_rate_may_differ_between_members() -> None:
    keys = jax.random.split(KEY, 3)
    layers = Dropout(jnp.array([0.0, 0.3, 0.8]))
    x = jnp.ones((50, 40))
    many = jax.vmap(APPLY, in_axes=(0, None, 0))(layers, x, keys)
    for i, rate in enumerate((0.0, 0.3, 0.8)):
        np.testing.assert_allclose(many[i], drop(rate, x, keys[i]), rtol=1e-6)


def test_rate_near_one_stays_finite() -> None:
    assert np.isfinite(drop(0.9999999, jnp.ones((20, 20)))).all()


def test_a_dropped_unit_passes_neither_nan_nor_gradient() -> None:
    x = jnp.ones((8, 8))
    fallen = drop(0.5, x) == 0
    assert (drop(0.5, jnp.where(fallen, jnp.nan, x))[fallen] == 0).all()
    slope = jax.grad(lambda x: APPLY(Dropout(0.5), x, KEY).sum())(x)
    np.testing.assert_array_equal(slope, np.where(fallen, 0.0, 2.0))


def test_precision_is_kept() -> None:
    assert drop(0.5, jnp.ones((2, 2), jnp.bfloat16)).dtype == jnp.bfloat16


def test_faults_are_named() -> None:
    with pytest.raises(ValueError, match=r"Dropout: rate: expected a number in \[0, 1\), got 1.0"):
        Dropout(1.0)
    with pytest.raises(ValueError, match=r"dropout: expected a key in training, got None\nhint: pass key="):
        Dropout(0.5).apply({}, jnp.ones((1, 1)), training=True)
