"""The steeper sigmoid: its distance from the step against integrals in closed form, and networks that become steps."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit

from seedbed import UsageError
from seedbed.network import Network
from seedbed.network.steepness import as_perceptrons, distance, steeper

NETWORK = Network.parse(
    "linear 5 bias=normal(0.5), sigmoid, dropout 0.1, linear 3 bias=normal(0.5), dropout 0.1, sigmoid"
)
PARAMS = NETWORK.init((4,), key=jax.random.key(2))
X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)


@pytest.mark.parametrize("k", [0.5, 1.0, 4.0, 100.0])
def test_the_distance_from_the_step_falls_as_one_over_k(k):
    found = distance(k)
    assert found.area == pytest.approx(2 * np.log(2) / k, rel=1e-10)
    assert found.area == pytest.approx(2 * quad(lambda x: expit(-k * x), 0, 50 / k)[0], rel=1e-8)
    assert found.largest == pytest.approx(0.5, abs=1e-12)  # right at 0, whatever k
    assert found.width == pytest.approx(2 * np.log(99) / k, rel=1e-2)  # σ(-kx) = 1 % there; the points are 1 % apart


def test_steeper_weights_make_every_sigmoid_steeper():
    k, weights = 3.0, [{name: np.asarray(a, np.float64) for name, a in own.items()} for own in PARAMS]
    hidden = expit(k * (X @ weights[0]["weight"] + weights[0]["bias"]))
    expected = expit(k * (hidden @ weights[3]["weight"] + weights[3]["bias"]))
    got = NETWORK.apply(jax.tree.map(jnp.asarray, steeper(NETWORK, PARAMS, k)), jnp.asarray(X))
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_a_network_of_steeper_sigmoids_becomes_one_of_perceptrons():
    units = as_perceptrons(NETWORK)
    assert [layer.kind for layer in units.layers] == ["linear", "step", "dropout", "linear", "dropout", "step"]
    steps = np.asarray(units.apply(PARAMS, jnp.asarray(X)))
    apart = []
    for k in (1.0, 10.0, 100.0, 1000.0):
        params = jax.tree.map(jnp.asarray, steeper(NETWORK, PARAMS, k))
        apart.append(float(np.abs(np.asarray(NETWORK.apply(params, jnp.asarray(X))) - steps).mean()))
        np.testing.assert_array_equal(units.apply(params, jnp.asarray(X)), steps)  # perceptrons do not notice
    assert apart[0] > 0.1 and all(later < earlier / 2 for earlier, later in itertools.pairwise(apart))
    assert apart[-1] < 1e-4


def test_sigmoids_inside_blocks_become_steeper_and_steps_too():
    """Two copies of a residual of σ(x W + b) V + c, and two branches beside one another, written out."""
    network = Network.parse(
        "repeat(residual(linear 3 bias=normal(0.5), dropout 0.1, sigmoid, linear 4), 2), "
        "parallel(chain(linear 2 bias=normal(0.5), sigmoid), linear 2), linear 3, sigmoid"
    )
    params, k = network.init((4,), key=jax.random.key(1)), 5.0
    weights = [{name: np.asarray(a, np.float64) for name, a in own.items()} for own in params]

    def written_out(squash):
        y, (blocks, ways, last, _) = X.astype(np.float64), weights
        for i in range(2):
            inner = squash(y @ blocks["0.weight"][i] + blocks["0.bias"][i])
            y = y + inner @ blocks["3.weight"][i] + blocks["3.bias"][i]
        left = squash(y @ ways["0.0.weight"] + ways["0.0.bias"])
        y = np.concatenate([left, y @ ways["1.weight"] + ways["1.bias"]], axis=-1)
        return squash(y @ last["weight"] + last["bias"])

    got = network.apply(steeper(network, params, k), jnp.asarray(X))
    np.testing.assert_allclose(got, written_out(lambda z: expit(k * z)), atol=1e-5)
    units = as_perceptrons(network)
    assert str(units) == str(network).replace("sigmoid", "step")
    np.testing.assert_array_equal(units.apply(params, jnp.asarray(X)), written_out(lambda z: (z > 0) * 1.0))


def test_what_is_refused():
    for k in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(UsageError, match=r"^k: expected a finite number above 0, got"):
            distance(k)
        with pytest.raises(UsageError, match=r"^k: expected a finite number above 0, got"):
            steeper(NETWORK, PARAMS, k)
    with pytest.raises(UsageError, match=r"^network: expected one with sigmoid layers, got linear 3, relu$"):
        as_perceptrons(Network.parse("linear 3, relu"))
    for line, place, came in (
        ("linear 2, tanh, sigmoid", "layers[2]", "tanh"),
        ("sigmoid, linear 2", "layers[0]", "the input"),
        ("linear 2, residual(sigmoid, linear 2)", "layers[1].layers[0]", "the input of its block"),
        ("linear 2, residual(linear 2), sigmoid", "layers[2]", "residual"),
        ("repeat(sigmoid, 2)", "layers[0].block", "the input of its block"),
        ("parallel(linear 2, chain(tanh, sigmoid))", "layers[0].branches[1].layers[1]", "tanh"),
        ("linear 2, parallel(sigmoid, tanh)", "layers[1].branches[0]", "the input of its block"),
    ):
        network = Network.parse(line)
        with pytest.raises(UsageError) as caught:
            steeper(network, network.init((2,), key=jax.random.key(0)), 2.0)
        assert caught.value.message == f"{place}: expected a linear layer in front of the sigmoid, got {came}"
