"""Folding: the same outputs from fewer layers, compared in float64."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seedbed as sb
from seedbed.core.errors import ShapeError
from seedbed.network import Network
from seedbed.network.layer import is_running

CASES = {
    "linear 7, linear 5, linear 3": ("linear 3", [(0, 1, 2)]),
    "linear 7, identity, linear 3": ("linear 3", [(0, 1, 2)]),
    "linear 7 bias=none, linear 3 bias=none": ("linear 3 bias=none", [(0, 1)]),
    "linear 7, linear 3 bias=none": ("linear 3", [(0, 1)]),
    "linear 7 bias=none, linear 3": ("linear 3", [(0, 1)]),
    "linear 7, linear 6, relu, linear 5, identity, linear 3, tanh": (
        "linear 6, relu, linear 3, tanh", [(0, 1), (2,), (3, 4, 5), (6,)]),
    "linear 7, dropout 0.5, linear 3": ("linear 7, dropout 0.5, linear 3", [(0,), (1,), (2,)]),
    "linear 7, dropout 0, linear 6, linear 3": ("linear 7, dropout 0.0, linear 3", [(0,), (1,), (2, 3)]),
    "identity, linear 3, identity": ("linear 3", [(0, 1, 2)]),
    "identity, identity, relu, linear 3": ("identity, identity, relu, linear 3", [(0,), (1,), (2,), (3,)]),
    "linear 7, leaky_relu 1, linear 3": ("linear 7, leaky_relu slope=1.0, linear 3", [(0,), (1,), (2,)]),
    "linear 7, flatten, linear 3": ("linear 7, flatten, linear 3", [(0,), (1,), (2,)]),
    "linear 3": ("linear 3", [(0,)]),
}  # fmt: skip


@pytest.mark.parametrize("line", CASES)
def test_the_folded_network_says_the_same(line: str) -> None:
    network = Network.parse(line)
    folded = network.fold()
    assert (str(folded.network), list(folded.rows)) == CASES[line]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9, 4))
    with jax.enable_x64(True):
        drawn = network.init((4,), key=jax.random.key(0), dtype=jnp.float64)
        params = [{name: rng.normal(size=array.shape) for name, array in own.items()} for own in drawn]
        ours = folded.params(params)
        assert all(isinstance(array, np.ndarray) for own in ours for array in own.values())
        before, behind = jax.tree.map(jnp.asarray, (tuple(params), ours))
        expected, got = network.apply(before, jnp.asarray(x)), folded.network.apply(behind, jnp.asarray(x))
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)
        shapes = folded.network.params_shapes((4,))
        assert jax.tree.map(np.shape, ours) == jax.tree.map(lambda a: a.shape, shapes)


KINDS = st.sampled_from(["linear 4", "linear 3 bias=none", "identity", "relu", "sigmoid", "dropout 0.3", "linear 5"])


@pytest.mark.slow
@given(st.lists(KINDS, min_size=1, max_size=7))
def test_folding_twice_changes_nothing_more(layers: list[str]) -> None:
    network = Network.parse(", ".join([*layers, "linear 2"]))
    folded = network.fold()
    assert [place for row in folded.rows for place in row] == list(range(len(network.layers)))
    assert folded.network.fold().network == folded.network
    with jax.enable_x64(True):
        params = network.init((3,), key=jax.random.key(1), dtype=jnp.float64)
        x = jnp.asarray(np.random.default_rng(0).normal(size=(5, 3)))
        np.testing.assert_allclose(
            folded.network.apply(folded.params(params), x), network.apply(params, x), rtol=1e-10, atol=1e-13
        )


def test_a_population_folds_member_by_member() -> None:
    network = Network.parse("linear 6, linear 2")
    folded = network.fold()
    params = jax.vmap(lambda key: network.init((3,), key=key))(jax.random.split(jax.random.key(0), 4))
    both = jax.jit(jax.vmap(folded.params))(params)
    assert both[0]["weight"].shape == (4, 3, 2)
    np.testing.assert_allclose(both[0]["weight"][2], params[0]["weight"][2] @ params[1]["weight"][2], rtol=1e-5)


def test_a_search_space_and_an_open_size_fold_too() -> None:
    network = sb.Network([sb.Linear(sb.choice(4, 8)), sb.Linear("out"), sb.choice(sb.ReLU(), sb.Identity())])
    assert network.fold().network == sb.Network([sb.Linear("out"), sb.choice(sb.ReLU(), sb.Identity())])


def test_a_layer_of_ones_own_stays() -> None:
    class Twisted(sb.Linear, kind="twisted"):
        """Not linear."""

    try:
        network = sb.Network([sb.Linear(4), Twisted(4), sb.Linear(2)])
        assert network.fold().network == network
    finally:
        del sb.Layer.kinds["twisted"]


def test_weights_of_another_network_are_refused() -> None:
    folded = Network.parse("linear 4, linear 2").fold()
    weight = {"weight": np.ones((3, 4))}
    assert str(folded).splitlines()[1] == "layers 0 to 1: linear 4, linear 2  →  linear 2"
    with pytest.raises(ShapeError, match="fold: expected weights for 2 layers, got 1"):
        folded.params([weight])
    said = "fold: expected weights that follow on one another at layers[1], got (3, 4) and then (3, 4)"
    with pytest.raises(ShapeError, match=re.escape(said)):
        folded.params([weight, weight])


@pytest.mark.parametrize(
    ("line", "shape", "folded"),
    [
        ("linear 5, batchnorm, relu, linear 3", (4,), "linear 5, relu, linear 3"),
        ("linear 5 bias=none, batchnorm scale=none, linear 3, batchnorm shift=none, tanh", (4,), "linear 3, tanh"),
        ("conv 3 3x3, identity, batchnorm, relu, flatten, linear 2", (5, 5, 2), "conv 3 3x3, relu, flatten, linear 2"),
        ("conv1d 4 3 groups=2, batchnorm, batchnorm", (6, 2), "conv1d 4 3 groups=2"),
        ("batchnorm, linear 5, relu, batchnorm, linear 2", (4,), "batchnorm, linear 5, relu, batchnorm, linear 2"),
    ],
)
def test_a_batch_norm_folds_into_the_layer_before_it(line: str, shape: tuple[int, ...], folded: str) -> None:
    network = Network.parse(line)
    one = network.fold()
    assert one.network == Network.parse(folded)
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        params = network.init(shape, key=jax.random.key(0), dtype=jnp.float64)
        params = jax.tree.map(lambda a: jnp.asarray(a + rng.uniform(0.1, 1.0, a.shape)), params)
        x = jnp.asarray(rng.normal(size=(7, *shape)))
        np.testing.assert_allclose(
            one.network.apply(one.params(params), x), network.apply(params, x), rtol=1e-12, atol=1e-12
        )


def after_steps(network: Network, x: jax.Array, y: jax.Array, n: int = 4) -> tuple[dict[str, jax.Array], ...]:
    """The weights after some steps of plain descent, with the running statistics that they leave."""
    params = network.init(x.shape[1:], key=jax.random.key(0), dtype=x.dtype)

    def cost(params):
        said, running = network.forward(params, x, training=True)
        return jnp.mean((said - y) ** 2), running

    @jax.jit
    def step(params):
        slopes, running = jax.grad(cost, has_aux=True)(params)
        learned = [{n: a - 0.01 * d[n] for n, a in own.items()} for own, d in zip(params, slopes, strict=True)]
        return tuple(own | moved for own, moved in zip(learned, running, strict=True))

    for _ in range(n):
        params = step(params)
    return params


CONVOLVED = "residual(conv 2 3x3 bias=none, batchnorm, relu, conv 2 3x3, batchnorm)"


@pytest.mark.parametrize(
    ("line", "shape", "folded"),
    [
        (
            f"conv 2 3x3 bias=none, batchnorm, relu, {CONVOLVED}, relu, global_avgpool, linear 3",
            (5, 4, 1),
            "conv 2 3x3, relu, residual(conv 2 3x3, relu, conv 2 3x3), relu, global_avgpool, linear 3",
        ),
        (
            "parallel(chain(conv1d 2 3, batchnorm scale=none, tanh), batchnorm, conv1d 1 1), flatten, linear 3",
            (6, 2),
            "parallel(chain(conv1d 2 3, tanh), batchnorm, conv1d 1 1), flatten, linear 3",
        ),
        (
            f"conv 2 3x3, repeat({CONVOLVED}, 3), flatten, linear 3",
            (4, 4, 1),
            "conv 2 3x3, repeat(residual(conv 2 3x3, relu, conv 2 3x3), 3), flatten, linear 3",
        ),
        (
            "linear 4, repeat(chain(repeat(residual(linear 5, linear 4 bias=none, batchnorm shift=none), 2), tanh), 3)",
            (3,),
            "linear 4, repeat(chain(repeat(residual(linear 4), 2), tanh), 3)",
        ),
    ],
)
def test_blocks_fold_inside(line: str, shape: tuple[int, ...], folded: str) -> None:
    network = Network.parse(line)
    one = network.fold()
    assert one.network == Network.parse(folded) == one.network.fold().network
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        x = jnp.asarray(2 + 3 * rng.normal(size=(12, *shape)))
        y = jnp.asarray(rng.normal(size=(12, *network.shapes(shape)[-1])))
        params = after_steps(network, x, y)
        running = [a for own in params for n, a in own.items() if is_running(n)]
        assert all((jnp.abs(a) < 100).all() and (jnp.abs(a * (a - 1)) > 1e-6).any() for a in running)  # not 0 or 1
        plain = one.params(jax.tree.map(np.asarray, params))
        assert all(isinstance(array, np.ndarray) for own in plain for array in own.values())
        shapes = one.network.params_shapes(shape)
        assert jax.tree.map(np.shape, plain) == jax.tree.map(lambda a: a.shape, shapes)
        expected, got = network.apply(params, x), one.network.apply(jax.tree.map(jnp.asarray, plain), x)
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


def test_a_folded_block_is_said_and_a_fault_in_it_has_its_place() -> None:
    line = "linear 4, relu, repeat(residual(linear 4, linear 4), 2)"
    folded = Network.parse(line).fold()
    assert str(folded).splitlines()[1:] == [
        "layer 2: repeat(residual(linear 4, linear 4), 2)  →  repeat(residual(linear 4), 2)"
    ]
    weights = {"0.weight": np.ones((2, 4, 5)), "1.weight": np.ones((2, 4, 4))}
    said = "fold: expected weights that follow on one another at layers[2].block.layers[1], got (2, 4, 5) and then"
    with pytest.raises(ShapeError, match=re.escape(said)):
        folded.params([{"weight": np.ones((3, 4))}, {}, weights])
