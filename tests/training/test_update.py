"""One step of the optimizer for a population: the same wherever the member axis stands, and per member."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.training import SGD, Adagrad, Adam, AdamW, Cosine, Optimizer, RMSProp, WarmUp
from seedbed.training.layout import LAYOUTS, STACKED, member_axes
from seedbed.training.update import rate, remember, update

RNG = np.random.default_rng(2)
OPTIMIZERS: list[tuple[Optimizer, ...]] = [
    tuple(SGD(lr, weight_decay=lr / 2) for lr in (0.1, 0.2, 0.3)),
    tuple(SGD(0.1, momentum=m, nesterov=True, clip_norm=m + 0.2) for m in (0.1, 0.5, 0.9)),
    tuple(RMSProp(0.1, decay=d, momentum=d / 2) for d in (0.5, 0.9, 0.99)),
    tuple(Adagrad(0.1, eps=e) for e in (1e-10, 1e-3, 0.1)),
    tuple(Adam(0.1, b1=b, schedule=WarmUp(b, Cosine(b))) for b in (0.2, 0.5, 0.9)),
    tuple(AdamW(0.1, weight_decay=d, clip_norm=1.0) for d in (0.0, 0.1, 1.0)),
]


@pytest.mark.parametrize("optimizers", OPTIMIZERS, ids=lambda o: o[0].kind)
def test_members_step_as_alone(optimizers: tuple[Optimizer, ...]) -> None:
    """Three steps, in every layout; 1e-12 for norms that are summed in another order."""
    with jax.enable_x64(True):
        params, all_grads = population(), [population() for _ in range(3)]
        alone = [
            jax.tree.leaves(steps(stacked([one]), pick(params, m), [pick(g, m) for g in all_grads], STACKED))
            for m, one in enumerate(optimizers)
        ]
        for layout in LAYOUTS:
            together = steps(stacked(optimizers), params, all_grads, layout)
            for m in range(3):
                for mine, other in zip(jax.tree.leaves(pick(together, m)), alone[m], strict=True):
                    np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-14)


def population() -> Any:
    """The weights of three members, a tree like those of a network, member axis in front."""
    make = lambda *shape: RNG.normal(size=(3, *shape))  # noqa: E731
    return ({"weight": make(4, 5), "bias": make(5)}, {}, {"slope": make()}, {"weight": make(5, 2), "bias": make(2)})


def stacked(optimizers: Any) -> Any:
    return jax.tree.map(lambda *leaves: jnp.asarray(leaves, jnp.float64), *optimizers)


def pick(tree: Any, m: int) -> Any:
    return jax.tree.map(lambda a: np.asarray(a)[m : m + 1], tree)


@functools.cache
def step_of(layout: str) -> Any:
    """The update, compiled once for each structure."""

    def step(optimizer: Any, grads: Any, memory: Any, params: Any, count: Any) -> Any:
        one = jax.tree.map(lambda a: a[0], population())
        return update(optimizer, grads, memory, params, member_axes(one, layout), count=count, progress=count / 3.0)

    return jax.jit(step)


def steps(optimizer: Any, params: Any, all_grads: list[Any], layout: str) -> Any:
    """The weights after one step for each of the gradients, member axis in front."""
    axes = member_axes(jax.tree.map(lambda a: a[0], params), layout)
    place = lambda tree: jax.tree.map(lambda a, axis: jnp.moveaxis(jnp.asarray(a), 0, axis), tree, axes)  # noqa: E731
    here = place(params)
    memory, step = remember(optimizer, here), step_of(layout)
    for count, grads in enumerate(all_grads):
        here, memory = step(optimizer, place(grads), memory, here, jnp.int32(count))
    return jax.tree.map(lambda a, axis: np.moveaxis(np.asarray(a), axis, 0), here, axes)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_clipping_is_of_each_member_over_all_its_arrays(layout: str) -> None:
    """g · min(1, c / |g|); a gradient of zero stays zero."""
    with jax.enable_x64(True):
        params, grads = population(), population()
        grads = jax.tree.map(lambda g: g * np.array([1.0, 0.0, 1e-3]).reshape(3, *[1] * (g.ndim - 1)), grads)
        clips = (0.5, 0.5, 0.5)
        after = steps(stacked([SGD(1.0, clip_norm=c) for c in clips]), params, [grads], layout)
    for m in range(3):
        flat = np.concatenate([g[m].ravel() for g in jax.tree.leaves(grads)])
        norm = np.linalg.norm(flat)
        moved = [p[m] - a[m] for p, a in zip(jax.tree.leaves(params), jax.tree.leaves(after), strict=True)]
        expected = flat * min(1.0, clips[m] / norm) if norm else flat
        np.testing.assert_allclose(np.concatenate([d.ravel() for d in moved]), expected, rtol=1e-9, atol=1e-15)


def test_decay_is_of_weights_alone() -> None:
    """Not of biases, nor of what an activation learns."""
    with jax.enable_x64(True):
        params = population()
        nothing = jax.tree.map(np.zeros_like, params)
        after = steps(stacked([SGD(lr, weight_decay=0.5) for lr in (0.1, 0.2, 0.3)]), params, [nothing], STACKED)
    for before, now in zip(params, after, strict=True):
        for name in before:
            kept = 1 - 0.5 * np.array([0.1, 0.2, 0.3]) if name == "weight" else np.ones(3)
            expected = before[name] * kept.reshape(3, *[1] * (before[name].ndim - 1))
            np.testing.assert_allclose(now[name], expected, rtol=1e-14)


def test_the_memory_is_no_more_than_the_rule_needs() -> None:
    """In arrays for each array of the weights; the number of steps is not among them."""
    params = ({"weight": jnp.zeros((3, 4))},)
    counts = {SGD(0.1): 0, SGD(0.1, momentum=0.9): 1, RMSProp(0.1): 1, RMSProp(0.1, momentum=0.9): 2, Adagrad(0.1): 1,
              Adam(0.1): 2, AdamW(0.1): 2}  # fmt: skip
    for optimizer, n in counts.items():
        assert [len(memory) for memory in remember(optimizer, params)] == [n]
        assert remember(optimizer, ({"running_mean": jnp.zeros(3)},)) == [[]]


def test_the_rate() -> None:
    three = jax.tree.map(lambda *leaves: jnp.asarray(leaves), *[SGD(lr, schedule=Cosine()) for lr in (1.0, 2.0, 3.0)])
    np.testing.assert_allclose(rate(three, jnp.float32(0.5)), [0.5, 1.0, 1.5], rtol=1e-6)
    np.testing.assert_allclose(rate(SGD(0.3), jnp.float32(0.5)), 0.3, rtol=1e-6)
