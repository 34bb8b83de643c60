"""The way through a deep network against a network of the library, differentiated by JAX, and a published table."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.network import HeNormal, LeCunNormal, Network, XavierNormal
from seedbed.recipe.explaining.depth import fitting, passage

DEPTH, WIDTH, N = 4, 30, 50
NAMES = {"sigmoid": "sigmoid", "relu": "relu", "gelu": "gelu", "linear": "identity"}


@pytest.mark.parametrize("name", NAMES)
def test_signal_and_gradient_are_those_of_a_network(name):
    """The same weights in a network, which is differentiated as a whole by what is added to each layer's z."""
    initializer = fitting(name)
    line = f"linear {WIDTH} bias=none, {NAMES[name]}"
    network = Network.parse(", ".join([line] * DEPTH))
    params = [
        {"weight": initializer.sample((WIDTH, WIDTH), key=jax.random.fold_in(jax.random.key(0), i), dtype=jnp.float32)}
        for i in range(DEPTH)
    ]
    rng = np.random.default_rng(0)
    x, last = (jnp.asarray(rng.normal(size=(N, WIDTH)), jnp.float32) for _ in range(2))

    def cost(added):
        a = x
        for i in range(DEPTH):
            z = network.layers[2 * i].apply(params[i], a) + added[i]
            a = network.layers[2 * i + 1].apply({}, z)
        return jnp.vdot(a, last)

    deltas = jax.grad(cost)([jnp.zeros((N, WIDTH))] * DEPTH)
    outputs = network.activations(tuple(piece for one in params for piece in (one, {})), x)[1::2]
    found = passage(name, initializer, depth=DEPTH, width=WIDTH, n=N)
    np.testing.assert_allclose(found.gradient, [np.sqrt(np.mean(np.square(d))) for d in deltas], rtol=1e-4)
    np.testing.assert_allclose(found.deviation, [np.std(a) for a in outputs], rtol=1e-4)
    np.testing.assert_allclose(found.mean, [np.mean(a) for a in outputs], atol=1e-5)
    assert found.ratio == pytest.approx(float(np.sqrt(np.mean(deltas[0] ** 2) / np.mean(deltas[-1] ** 2))), rel=1e-4)


# CS231n 2017, lecture 6, slides 48 to 50: ten layers of 500 units, 1000 examples. The bands are those of twelve seeds.
@pytest.mark.parametrize(("name", "initializer", "bands"), [
    ("tanh", XavierNormal(), [(0.6270, 0.6284), (0.3198, 0.3225), (0.2250, 0.2311)]),
    ("relu", LeCunNormal(), [(0.582, 0.585), (0.132, 0.168), (0.0193, 0.0367)]),
    ("relu", HeNormal(), [(0.823, 0.827), (0.747, 0.951), (0.617, 1.17)]),
])  # fmt: skip
def test_signal_is_that_of_the_textbook(name, initializer, bands):
    found = passage(name, initializer, width=500, n=1000)
    for layer, (low, high) in zip((0, 4, 9), bands, strict=True):
        room = 0.5 * (high - low)  # a thirteenth seed may lie a little outside
        assert low - room <= found.deviation[layer] <= high + room


def test_the_gradient_vanishes_by_a_quarter_a_layer_at_most():
    found = passage("sigmoid", XavierNormal())
    assert (found.gradient[:-1] / found.gradient[1:] < 0.26).all()  # f' times weights that keep a variance
    assert passage("step", XavierNormal(), depth=2).ratio == 0.0
