"""Singular values against products in NumPy, and the table of dynamical isometry.

Theory is of infinite width. At N = 400 one network's Var s² lies within 15 % of it for orthogonal weights, and within
25 % for Gaussian ones up to ten layers; beyond, the heavy tail is cut off by the width (L = 100 gives 24, not 100).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed import ShapeError, UsageError
from seedbed.network import Network
from seedbed.network.isometry import isometry
from seedbed.network.mean_field import critical_point

N = 400
DERIVATIVES = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "": (lambda z: z, np.ones_like),
}


def line(depth, activation="", weight="lecun_normal", bias="zeros", width=N):
    layer = f"linear {width} weight={weight} bias={bias}" + (f", {activation}" if activation else "")
    return Network.parse(", ".join([layer] * depth))


def example(mean_square, seed=0, n=N):
    """Normal numbers whose mean square is exactly that: its scatter would add to that of the weights."""
    x = np.random.default_rng(seed).normal(size=n)
    return x * np.sqrt(mean_square / np.mean(x**2))


def critical(depth, orthogonal, key=0):
    """Tanh at q* = 1 / depth, on the critical line."""
    weight, bias = critical_point("tanh", 1 / depth)
    kind = "orthogonal" if orthogonal else "lecun_normal"
    network = line(depth, "tanh", f"{kind}(gain={weight**0.5!r})", f"normal({bias**0.5!r})")
    return isometry(network, (N,), x=example((1 / depth - bias) / weight), key=jax.random.key(key))


def by_hand(network, params, x):
    """The Jacobian D W ... D W in NumPy, from the weights alone."""
    jacobian, h = np.eye(len(x)), x
    for place, layer in enumerate(network.layers):
        if layer.kind == "linear":
            weight, bias = (np.asarray(params[place][name], np.float64) for name in ("weight", "bias"))
            h, jacobian = h @ weight + bias, weight.T @ jacobian
        else:
            value, slope = DERIVATIVES[layer.kind]
            h, jacobian = value(h), slope(h)[:, None] * jacobian
    return jacobian


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_singular_values_are_those_of_a_product_in_numpy(activation):
    network = Network.parse(f"linear 30, {activation}, linear 50 bias=normal(0.1), {activation}, linear 20")
    params = network.init((40,), key=jax.random.key(1))
    x = np.random.default_rng(1).normal(size=40)
    found = isometry(network, (40,), params=params, x=x)
    expected = by_hand(network, params, x)
    values = np.linalg.svd(expected, compute_uv=False)
    assert found.network.shape == (20, 40)
    np.testing.assert_allclose(found.network.singular_values, values, rtol=1e-10, atol=1e-14 * values[0])
    assert found.network.mean == pytest.approx(np.mean(np.linalg.eigvalsh(expected @ expected.T)))
    assert found.network.variance == pytest.approx(np.var(np.linalg.eigvalsh(expected @ expected.T)))
    assert found.network.mean == pytest.approx(found.layers[0].onward)
    # A random gradient at the output comes back with the length that the mean says; 20,000 of them scatter by 1 %.
    back = np.random.default_rng(2).normal(size=(20_000, 20)) @ expected
    assert np.mean(np.sum(back**2, axis=1)) / 20 == pytest.approx(found.network.mean, rel=0.03)


def test_blocks_are_a_layer_with_weights_and_what_follows_it():
    network = Network.parse("tanh, linear 30, relu, dropout 0.5, linear 20 bias=none, linear 10, tanh, tanh")
    found = isometry(network, (25,), key=jax.random.key(0))
    assert [row.places for row in found.layers] == [(0, 0), (1, 3), (4, 4), (5, 7)]
    assert [row.kind for row in found.layers] == ["diagonal", "dense", "dense", "dense"]
    assert [row.shape for row in found.layers] == [(25, 25), (30, 25), (20, 30), (10, 20)]
    assert found.layers[-1].onward == pytest.approx(found.layers[-1].mean)


@pytest.mark.slow
def test_the_theory_of_layers_of_unlike_sizes():
    # Of 100 units, χ scatters by 9 % from network to network: for the mean of four, three deviations are 13 %.
    network = Network.parse(
        "linear 300, relu, linear 500 weight=orthogonal(1.3), tanh, linear 100 bias=normal(0.2), gelu"
    )
    runs = [isometry(network, (200,), x=example(1.0, n=200), key=jax.random.key(seed)) for seed in range(4)]
    for place in range(3):
        row = runs[0].layers[place]
        assert np.mean([run.layers[place].mean for run in runs]) == pytest.approx(row.expected.mean, rel=0.13)
        relative = np.mean([run.layers[place].variance / run.layers[place].mean ** 2 for run in runs])
        assert relative == pytest.approx(row.expected.spread, rel=0.1)
    whole = runs[0].network.expected
    assert np.mean([run.network.mean for run in runs]) == pytest.approx(whole.mean, rel=0.13)
    assert np.mean([run.network.variance / run.network.mean**2 for run in runs]) == pytest.approx(whole.spread, rel=0.1)


@pytest.mark.parametrize(("depth", "largest"), [(1, 4.0), (2, 6.75), (10, 28.5)])
def test_gaussian_linear_layers_have_a_variance_equal_to_the_depth(depth, largest):
    found = isometry(line(depth), (N,), key=jax.random.key(1)).network
    assert (found.expected.mean, found.expected.variance) == (pytest.approx(1.0), pytest.approx(depth))
    assert found.mean == pytest.approx(1.0, rel=0.1)
    assert found.variance == pytest.approx(depth, rel=0.25)
    assert largest == pytest.approx((depth + 1) ** (depth + 1) / depth**depth, rel=2e-3)
    assert found.largest**2 == pytest.approx(largest, rel=0.25)


@pytest.mark.slow
def test_orthogonal_linear_layers_are_an_isometry_at_any_depth():
    found = isometry(line(10, weight="orthogonal"), (N,)).network
    # The weights are drawn in float32, so each layer is orthogonal to 1e-6.
    assert found.mean == pytest.approx(1.0, abs=1e-5) and found.variance < 1e-9
    assert found.condition == pytest.approx(1.0, abs=1e-4) and found.expected.variance == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("depth", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_relu_is_no_isometry_even_with_orthogonal_weights(depth):
    root = 2**0.5
    runs = [
        isometry(line(depth, "relu", f"orthogonal(gain={root!r})"), (N,), x=example(1.0), key=jax.random.key(seed))
        for seed in range(3)
    ]
    assert runs[0].network.expected.variance == pytest.approx(depth)
    assert np.mean([run.network.mean for run in runs]) == pytest.approx(1.0, rel=0.15)
    relative = [run.network.variance / run.network.mean**2 for run in runs]
    assert np.mean(relative) == pytest.approx(depth, rel=0.15)
    assert all(run.network.smallest < 1e-12 for run in runs)  # half of the units are silent
    if depth == 2:
        assert runs[0].network.largest == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize(
    ("depth", "expected"),
    [(10, 0.397), pytest.param(50, 0.133, marks=pytest.mark.slow), pytest.param(100, 0.0727, marks=pytest.mark.slow)],
)
def test_critical_orthogonal_tanh_comes_closer_to_an_isometry_with_the_depth(depth, expected):
    found = critical(depth, orthogonal=True).network
    assert found.expected.mean == pytest.approx(1.0, rel=1e-6)
    assert found.expected.variance == pytest.approx(expected, rel=5e-3)
    assert found.mean == pytest.approx(1.0, rel=0.1)
    assert found.variance / found.mean**2 == pytest.approx(expected, rel=0.15)
    assert found.condition < 20


@pytest.mark.slow
def test_critical_gaussian_tanh_does_not():
    runs = [critical(10, orthogonal=False, key=seed).network for seed in range(3)]
    assert runs[0].expected.variance == pytest.approx(10.4, rel=5e-3)
    assert np.mean([run.variance / run.mean**2 for run in runs]) == pytest.approx(10.4, rel=0.25)
    assert runs[0].condition > 1e10


@pytest.mark.parametrize(("depth", "mean"), [(2, 2.5e-3), (5, 4.3e-7), (10, 2.4e-13)])
def test_sigmoid_layers_lose_the_gradient(depth, mean):
    found = isometry(line(depth, "sigmoid"), (N,), x=example(1.0))
    assert found.network.mean == pytest.approx(mean, rel=0.15)
    assert found.network.expected.mean == pytest.approx(found.network.mean, rel=0.15)
    assert found.network.mean < (1 / 16) ** depth * 1.05  # no slope is above ¼, and mean s² of W is 1
    assert (found.chi < 1 / 16 * 1.05).all()
    np.testing.assert_allclose([row.onward for row in found.layers], np.cumprod(found.chi[::-1])[::-1], rtol=0.15)


def test_theory_is_silent_where_it_knows_nothing():
    found = isometry(Network.parse("linear 20 weight=constant(0.1), tanh, linear 10, softmax"), (20,))
    assert np.isnan([row.expected.mean for row in found.layers]).all() and np.isnan(found.network.expected.variance)
    assert "–" in str(found)


def test_it_is_a_table():
    found = isometry(Network.parse("linear 30, tanh, linear 10"), (20,), key=jax.random.key(3))
    text = str(found).splitlines()
    headings = "layer kind Jacobian χ theory Var s² theory s max s min condition to output theory"
    assert text[0].split() == headings.split()
    assert text[2].startswith("0–1    linear 30, tanh  dense    30 × 20") and text[-1].split()[0] == "network"
    assert found._repr_html_().count("<tr>") == 4
    data = found.to_dict()
    assert data["network"]["mean"] == found.network.mean and len(data["layers"]) == 2


def test_an_example_may_be_an_image_and_weights_of_any_precision():
    network = Network.parse("linear 8, tanh, linear 3")
    params = network.init((4, 4, 1), key=jax.random.key(0), dtype=jnp.bfloat16)
    found = isometry(network, (4, 4, 1), params=params, x=np.ones((4, 4, 1)))
    assert found.network.shape == (3, 16) and found.x.shape == (16,)


def test_what_is_refused():
    network = Network.parse("linear 8, tanh")
    with pytest.raises(ShapeError, match=r"^x: expected one example of shape \(4,\), got \(1, 4\)\nhint: leave"):
        isometry(network, (4,), x=np.ones((1, 4)))
    with pytest.raises(UsageError, match=r"^x: expected finite numbers, got nan$"):
        isometry(network, (4,), x=np.array([0, 1, np.nan, 2]))
    with pytest.raises(ShapeError, match=r"^params\[0\]: expected bias of \(8,\), weight of \(4, 8\), got bias of"):
        isometry(network, (4,), params=network.init((5,), key=jax.random.key(0)))
    with pytest.raises(ShapeError, match=r"^params: expected one dictionary for each of 2 layers, got 1$"):
        isometry(network, (4,), params=[{}])
