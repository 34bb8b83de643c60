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
from seedbed.network import CrossEntropy, Layer, Linear, Loss, Network
from seedbed.training import lanes
from seedbed.training.layout import LAYOUTS, choose, member_axes, over_members, take

RNG = np.random.default_rng(4)
KINDS = [c for c in Layer.kinds.values() if c.__module__.startswith("seedbed.")]
M = 5


def placed(tree: Any, axes: Any) -> Any:
    return jax.tree.map(lambda a, axis: jnp.moveaxis(a, 0, axis), tree, axes)


def in_front(tree: Any, axes: Any) -> list[Any]:
    return jax.tree.leaves(jax.tree.map(lambda a, axis: np.moveaxis(np.asarray(a), axis, 0), tree, axes))


def assert_same(ours: list[Any], theirs: list[Any]) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("has_own_batch", [False, True], ids=["shared", "own"])
def test_every_kind_of_layer(layout: str, has_own_batch: bool) -> None:
    """Loss and gradient of a network with all of them, each member with its own numbers and noise."""
    layers: list[Layer] = [Linear(4)]
    for cls in KINDS:
        arguments = {name: {"units": 4, "rate": 0.3}[name] for name in cls.specs if name in ("units", "rate")}
        layers += [cls(**arguments), Linear(4)]
    network = Network([*layers, Linear(3)])
    x, y = RNG.normal(size=(M, 6, 2)), RNG.integers(0, 3, (M, 6)).astype(np.int32)
    if not has_own_batch:
        x, y = x[0], y[0]
    with jax.enable_x64(True):
        keys = jax.vmap(lambda n: member_key(0, n, 1))(jnp.arange(M))
        init = jax.jit(jax.vmap(lambda key: network.init((2,), key=key, dtype=jnp.float64)))
        params = init(keys)
        numbers = jax.tree.map(lambda leaf: leaf * jnp.linspace(0.9, 1.0, M), network)

        def loss(network: Any, params: Any, x: Any, y: Any, key: Any) -> Any:
            return CrossEntropy().per_example(network.apply(params, x, training=True, key=key), y).mean()

        function, own = jax.value_and_grad(loss, argnums=1), 0 if has_own_batch else None
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
        ours = jax.jit(over_members(function, "lanes", (2, None), (0, 2)))(jnp.moveaxis(z, 0, 2), jnp.asarray(targets))
        theirs = jax.jit(jax.vmap(function, (0, None)))(z, jnp.asarray(targets))
        assert_same([ours[0], np.moveaxis(np.asarray(ours[1]), 2, 0)], list(theirs))


def test_products() -> None:
    """Small and long, of matrices, vectors and batches, both sides or one with members."""
    a, b = RNG.normal(size=(M, 3, 4)), RNG.normal(size=(M, 4, 2))
    long = RNG.normal(size=(M, 3, lanes.MOST_TERMS + 1))
    vector, shared = RNG.normal(size=(M, 4)), RNG.normal(size=(4, 2))
    cases: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = [
        (jnp.matmul, (a, b), (0, 0)),
        (jnp.matmul, (a, shared), (0, None)),
        (lambda s, w: s.T @ w, (shared, b), (None, 0)),
        (lambda s, t: s @ t.T, (long, long), (0, 0)),
        (jnp.dot, (vector, vector), (0, 0)),
        (lambda u, v: jnp.outer(u, v), (vector, vector), (0, 0)),
        (lambda s: jnp.einsum("ij,ij->i", s, s), (a,), (0,)),
        (lambda s: jnp.einsum("ij,kj->ki", s, s), (a,), (0,)),
    ]
    with jax.enable_x64(True):
        for function, arguments, axes in cases:
            check(function, arguments, axes)


def test_shapes_and_selections() -> None:
    a, i = RNG.normal(size=(M, 3, 4)), RNG.integers(0, 3, (M, 2)).astype(np.int32)
    functions: list[Any] = [
        lambda s: jnp.where(s > 0, s, 0.0),
        lambda s: jnp.clip(s, -0.5, 0.5),
        lambda s: s.reshape(2, 6).T[1:5:2],
        lambda s: jnp.concatenate([s, jnp.ones((2, 4))]),
        lambda s: jnp.argmax(s, axis=0),
        lambda s: s.max(axis=1) + s.min() + s.sum(0).prod(),
        lambda s: jnp.stack([s, s], axis=-1)[..., 0],
        lambda s: jnp.broadcast_to(s[:, None], (3, 7, 4)),
        lambda s: jnp.sort(s, axis=0),
        lambda s: jnp.cumsum(s, axis=1),
        lambda s: jnp.pad(s, ((1, 0), (0, 2))),
        lambda s: jax.lax.scan(lambda c, r: (c + r, c * r), s[0], s)[1],
        lambda s: jax.lax.cond(s[0, 0] > 0, lambda t: t, lambda t: -t, s),
        lambda s: jax.nn.softmax(s, axis=-1),
        lambda s: jnp.ones(3),  # the same for all
        lambda s: s,
    ]
    with jax.enable_x64(True):
        for function in functions:
            check(function, (a,), (0,))
            check(jax.jit(function), (a,), (0,))
        check(lambda s, j: s[j], (a, i), (0, 0))
        check(lambda s, j: s.at[j].add(1.0), (a, i), (0, 0))


def check(function: Any, arguments: tuple[Any, ...], axes: tuple[Any, ...]) -> None:
    """By lanes as by `jax.vmap`, and with the axis of members anywhere."""
    arrays = [jnp.asarray(a) for a in arguments]
    expected = np.asarray(jax.jit(jax.vmap(function, axes))(*arrays))
    ours = jax.jit(lanes.over_lanes(function, axes, 0))(*arrays)
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14)
    behind = [None if axis is None else a.ndim - 1 for a, axis in zip(arrays, axes, strict=True)]
    moved = [a if axis is None else jnp.moveaxis(a, 0, -1) for a, axis in zip(arrays, axes, strict=True)]
    ours = jax.jit(lanes.over_lanes(function, tuple(behind), expected.ndim - 1))(*moved)
    np.testing.assert_allclose(np.moveaxis(np.asarray(ours), -1, 0), expected, rtol=1e-12, atol=1e-14)


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
def test_choosing_and_taking_members(layout: str) -> None:
    network = Network([Linear(4), Linear(3)])
    one = jax.tree.map(lambda a: np.zeros(a.shape), network.params_shapes((2,)))
    axes = member_axes(one, layout)
    yes, no = (jax.tree.map(lambda a: RNG.normal(size=(M, *a.shape)), one) for _ in range(2))
    condition = np.array([True, False, False, True, True])
    chosen = in_front(choose(jnp.asarray(condition), placed(yes, axes), placed(no, axes), axes), axes)
    taken = in_front(take(placed(yes, axes), jnp.asarray([3, 0]), axes), axes)
    for mine, some, y, n in zip(chosen, taken, jax.tree.leaves(yes), jax.tree.leaves(no), strict=True):
        shaped = condition.reshape(M, *[1] * (y.ndim - 1))
        np.testing.assert_array_equal(mine, np.where(shaped, y, n).astype(mine.dtype))
        np.testing.assert_array_equal(some, y[[3, 0]].astype(some.dtype))
