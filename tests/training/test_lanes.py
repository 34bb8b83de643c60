"""Members in the lanes of vector registers, and the other layouts: the same functions as `jax.vmap` gives.

Tolerance: 1e-12 in float64, for sums of a few terms in another order.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.core.keys import member_key
from seedbed.network import CrossEntropy, Linear, Loss, Network
from seedbed.training import lanes
from seedbed.training.layout import LANES, LAYOUTS, WIDE, choose, member_axes, over_members
from tests.network.test_gradients import KINDS, layer_of

RNG = np.random.default_rng(4)
M = 5


def placed(tree: Any, axes: Any) -> Any:
    return jax.tree.map(lambda a, axis: jnp.moveaxis(a, 0, axis), tree, axes)


def in_front(tree: Any, axes: Any) -> list[Any]:
    return jax.tree.leaves(jax.tree.map(lambda a, axis: np.moveaxis(np.asarray(a), axis, 0), tree, axes))


def assert_same(ours: list[Any], theirs: list[Any]) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("layout", "has_own_batch"), [(WIDE, False), (LANES, False), (LANES, True)])
def test_every_kind_of_layer(layout: str, has_own_batch: bool) -> None:
    """Loss and gradient of all of them side by side, each member with its own numbers and noise."""
    first, last, kinds = Linear(4), Linear(3), [layer_of(cls) for cls in KINDS]
    x, y = RNG.normal(size=(M, 6, 2)), RNG.integers(0, 3, (M, 6)).astype(np.int32)
    own = 0 if has_own_batch else None
    if not has_own_batch:
        x, y = x[0], y[0]

    def begin(key: Any) -> Any:
        keys = jax.random.split(key, len(kinds) + 2)
        shapes = [(2,), *[(4,)] * (len(kinds) + 1)]
        layers = [first, *kinds, last]
        return tuple(a.init(s, key=k, dtype=jnp.float64) for a, s, k in zip(layers, shapes, keys, strict=True))

    def loss(layers: Any, params: Any, x: Any, y: Any, key: Any) -> Any:
        hidden = layers[0].apply(params[0], x)
        pairs = zip(layers[1:-1], params[1:-1], strict=True)
        beside = [layer.apply(mine, hidden, training=True, key=key) for layer, mine in pairs]
        outputs = layers[-1].apply(params[-1], sum(np.cos(k) * h for k, h in enumerate(beside)))
        return CrossEntropy().per_example(outputs, y).mean()

    with jax.enable_x64(True):
        keys = jax.vmap(lambda n: member_key(0, n, 1))(jnp.arange(M))
        params = jax.jit(jax.vmap(begin))(keys)
        numbers = jax.tree.map(lambda leaf: leaf * jnp.linspace(0.9, 1.0, M), (first, *kinds, last))
        function = jax.value_and_grad(loss, argnums=1)
        expected = jax.jit(jax.vmap(function, (0, 0, own, own, 0)))(numbers, params, x, y, keys)
        axes = member_axes(jax.tree.map(lambda a: a[0], params), layout)
        mapped = jax.jit(over_members(function, layout, (0, axes, own, own, 0), (0, axes)))
        value, grads = mapped(numbers, placed(params, axes), x, y, keys)
        assert_same([value, *in_front(grads, axes)], jax.tree.leaves(expected))


@pytest.mark.parametrize("loss", [c for c in Loss.kinds.values() if c.__module__.startswith("seedbed.")], ids=str)
def test_every_loss(loss: Any) -> None:
    z = RNG.normal(size=(M, 6, 3))
    targets = np.full((6, 3), 0.5) if "regression" not in loss.tasks else RNG.normal(size=(6, 3))
    function = jax.value_and_grad(lambda z, t: loss().per_example(z, t).mean())
    with jax.enable_x64(True):
        ours = jax.jit(over_members(function, LANES, (2, None), (0, 2)))(jnp.moveaxis(z, 0, 2), jnp.asarray(targets))
        theirs = jax.jit(jax.vmap(function, (0, None)))(z, jnp.asarray(targets))
        assert_same([ours[0], np.moveaxis(np.asarray(ours[1]), 2, 0)], list(theirs))


def test_products() -> None:
    """Small and long, of matrices and vectors, with members on both sides or on one."""
    long = RNG.normal(size=(M, 3, lanes.MOST_TERMS + 1))
    matrix, other, vector = RNG.normal(size=(M, 3, 4)), RNG.normal(size=(M, 4, 2)), RNG.normal(size=(M, 4))
    shared = RNG.normal(size=(4, 2))

    def products(a: Any, b: Any, v: Any, long: Any, shared: Any) -> list[Any]:
        return [
            a @ b,
            a @ shared,
            shared.T @ b,
            long @ long.T,
            jnp.dot(v, v),
            v @ b,
            jnp.outer(v, v),
            jnp.einsum("ij,ij->i", a, a),
            jnp.einsum("ij,kj->ki", a, a),
        ]

    check(products, (matrix, other, vector, long, shared), (0, 0, 0, 0, None))


def test_shapes_and_selections() -> None:
    def operations(s: Any, i: Any) -> list[Any]:
        return [
            jnp.where(s > 0, s, 0.0),
            jnp.clip(s, -0.5, 0.5),
            s.reshape(2, 6).T[1:5:2],
            jnp.concatenate([s, jnp.ones((2, 4))]),
            jnp.argmax(s, axis=0),
            s.max(axis=1) + s.min() + s.sum(0).prod(),
            jnp.stack([s, s], axis=-1)[..., 0],
            jnp.broadcast_to(s[:, None], (3, 7, 4)),
            jnp.sort(s, axis=0),
            jnp.cumsum(s, axis=1),
            jnp.pad(s, ((1, 0), (0, 2))),
            jax.lax.scan(lambda c, r: (c + r, c * r), s[0], s)[1],
            jax.lax.cond(s[0, 0] > 0, lambda t: t, lambda t: -t, s),
            jax.nn.softmax(s, axis=-1),
            jnp.ones(3),  # the same for all
            s,
            s[i],
            s.at[i].add(1.0),
            jax.jit(lambda t: jnp.tanh(t) * 2)(s),
            jax.checkpoint(lambda t: t + jnp.sin(t))(s),
        ]

    check(operations, (RNG.normal(size=(M, 3, 4)), RNG.integers(0, 3, (M, 2)).astype(np.int32)), (0, 0))


def check(function: Any, arguments: tuple[Any, ...], axes: tuple[Any, ...]) -> None:
    """By lanes as by `jax.vmap`, and with the axis of members behind as well as in front."""
    with jax.enable_x64(True):
        arrays = [jnp.asarray(a) for a in arguments]
        expected = jax.jit(jax.vmap(function, axes))(*arrays)
        assert_same(jax.jit(lanes.over_lanes(function, axes, 0))(*arrays), expected)
        moved = [a if axis is None else jnp.moveaxis(a, 0, -1) for a, axis in zip(arrays, axes, strict=True)]
        behind = tuple(None if axis is None else a.ndim - 1 for a, axis in zip(arrays, axes, strict=True))
        out_axes = [a.ndim - 1 for a in expected]
        ours = jax.jit(lanes.over_lanes(function, behind, out_axes))(*moved)
        assert_same([np.moveaxis(np.asarray(a), -1, 0) for a in ours], expected)


def test_a_member_that_is_not_a_number_stays_in_its_lane() -> None:
    a, b = RNG.normal(size=(M, 3, 4)), RNG.normal(size=(M, 4, 2))
    for poison in (np.nan, np.inf):
        sick = a.copy()
        sick[2] = poison
        product = lanes.over_lanes(lambda s, w: jnp.tanh(s @ w).sum(), (0, 0), 0)
        sound = [0, 1, 3, 4]
        np.testing.assert_array_equal(product(sick, b)[jnp.asarray(sound)], product(a, b)[jnp.asarray(sound)])
        assert not np.isfinite(product(sick, b)[2]) or poison == np.inf


@pytest.mark.parametrize("layout", LAYOUTS)
def test_choosing_members(layout: str) -> None:
    network = Network([Linear(4), Linear(3)])
    one = jax.tree.map(lambda a: np.zeros(a.shape), network.params_shapes((2,)))
    axes = member_axes(one, layout)
    yes, no = (jax.tree.map(lambda a: RNG.normal(size=(M, *a.shape)), one) for _ in range(2))
    condition = np.array([True, False, False, True, True])
    chosen = in_front(choose(jnp.asarray(condition), placed(yes, axes), placed(no, axes), axes), axes)
    for mine, y, n in zip(chosen, jax.tree.leaves(yes), jax.tree.leaves(no), strict=True):
        shaped = condition.reshape(M, *[1] * (y.ndim - 1))
        np.testing.assert_array_equal(mine, np.where(shaped, y, n).astype(mine.dtype))
