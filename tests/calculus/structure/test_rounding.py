"""How large the numbers are whose rounding shows in a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.calculus.structure.rounding import magnitudes

X = np.asarray([0.3, -1.2, 2.1])


def sizes(f: Callable[[Any], Any], x: Any) -> Any:
    (found,) = magnitudes(jax.make_jaxpr(f)(x), [x])
    return found


@pytest.mark.parametrize("f", [lambda x: x, lambda x: -x[::-1], jnp.sort, jax.nn.relu, lambda x: jnp.maximum(x, 1.0)])
def test_what_is_moved_and_chosen_is_not_rounded(f: Callable[[Any], Any]) -> None:
    assert not sizes(f, X).any()


def test_what_cancels_shows_by_its_size() -> None:
    for large in (1e3, 1e6):
        found = sizes(lambda x, large=large: (x + large) - large, X)
        assert (found > 1e-2 * large).all() and (found < 10 * large).all()


def test_what_is_large_on_the_way_alone_does_not_count() -> None:
    found = sizes(lambda x: (x * 1e9) / 1e9, X)
    assert (found < 10 * np.abs(X)).all()


def test_layers_do_not_pile_it_up() -> None:
    weights = [np.random.default_rng(i).normal(size=(64, 64)) / 8 for i in range(20)]

    def deep(x: Any) -> Any:
        for w in weights:
            x = w @ x
        return x

    x = np.random.default_rng(20).normal(size=64)
    assert sizes(deep, x).max() < 30 * np.abs(deep(x)).max()


def test_a_tie_stays_one() -> None:
    slope = jax.make_jaxpr(jax.grad(jnp.max))(np.asarray([2.0, 1.0, 2.0]) / 3)
    (found,) = magnitudes(slope, [np.asarray([2.0, 1.0, 2.0]) / 3])
    assert (found < 1).all()


def test_what_overflows_says_nothing() -> None:
    assert sizes(lambda x: jnp.exp(1e4 * x), X).tolist() == [0.0, 0.0, 0.0]
