"""Penalties: by hand, and what they leave alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.network import L1, L2, Network, Penalty

PARAMS = (
    {"weight": jnp.array([[1.0, -2.0], [0.0, 3.0]]), "bias": jnp.array([100.0, 100.0])},
    {"slope": jnp.array(100.0)},
    {"weight": jnp.array([[-4.0]])},
)


@pytest.mark.parametrize(("penalty", "cost"), [(L1(0.5), 5.0), (L2(0.5), 7.5), (L1(0.0), 0.0)])
def test_cost_by_hand(penalty: Penalty, cost: float) -> None:
    assert float(penalty.of(PARAMS)) == pytest.approx(cost)


def test_gradient_is_sign_or_weight_and_nothing_elsewhere() -> None:
    l1, l2 = jax.grad(L1(0.5).of)(PARAMS), jax.grad(L2(0.5).of)(PARAMS)
    np.testing.assert_allclose(l1[0]["weight"], [[0.5, -0.5], [0.0, 0.5]])
    np.testing.assert_allclose(l2[0]["weight"], 0.5 * PARAMS[0]["weight"])
    for slopes in (l1, l2):
        assert float(jnp.abs(slopes[0]["bias"]).sum()) == float(slopes[1]["slope"]) == 0.0


def test_network_without_weights_costs_nothing() -> None:
    assert float(L2(1.0).of(Network.parse("relu").init((3,), key=jax.random.key(0)))) == 0.0


def test_strength_may_differ_between_members() -> None:
    costs = jax.vmap(lambda penalty: penalty.of(PARAMS))(L1(jnp.array([0.0, 1.0, 2.0])))
    np.testing.assert_allclose(costs, [0.0, 10.0, 20.0])


def test_strength_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match=r"L2: strength: expected a number of at least 0, got -0\.1"):
        L2(-0.1)
