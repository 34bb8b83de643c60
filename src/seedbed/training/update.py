"""One step of the optimizer for a whole population: Optax's rules, array by array.

A rule works element by element, so the population needs no `vmap` here: each number of the optimizer is lined up with
its member's slice of the array, wherever the member axis stands, and no array is moved in memory.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from seedbed.network.layer import is_running, role
from seedbed.training.layout import aligned
from seedbed.training.optimizers import Optimizer

Memory = list[list[Array]]  # for each array of the weights, what the rule remembers of it: arrays of the same shape


def remember(optimizer: Optimizer, params: Any) -> Memory:
    """What the rule remembers before the first step."""
    rule = optimizer.rule()
    leaves, _ = jax.tree.flatten_with_path(params)
    return [
        [] if is_running(path[-1].key) else [m for m in jax.tree.leaves(rule.init(p)) if jnp.ndim(m) > 0]
        for path, p in leaves
    ]


def rate(optimizer: Optimizer, progress: Float[Array, ""]) -> Float[Array, "*member"]:
    """The learning rate of each member when the share `progress` of the training is done."""
    lr = jnp.asarray(optimizer.lr)
    return lr if optimizer.schedule is None else lr * optimizer.schedule.factor(progress)


def update(
    optimizer: Optimizer,
    grads: Any,
    memory: Memory,
    params: Any,
    axes: Any,
    *,
    count: Int[Array, ""],
    progress: Float[Array, ""],
) -> tuple[Any, Memory]:
    """The weights and the memory after step number `count` (from 0), whose gradients are `grads`.

    Running numbers, which are not learned, stay.
    """
    leaves, tree = jax.tree.flatten_with_path(params)
    places = jax.tree.leaves(axes)
    slopes = _clipped(optimizer, jax.tree.leaves(grads), places)
    lr = rate(optimizer, progress)
    after = [
        _update_array(optimizer, lr, path, p, g, m, axis, count)
        for (path, p), g, m, axis in zip(leaves, slopes, memory, places, strict=True)
    ]
    return jax.tree.unflatten(tree, [p for p, _ in after]), [m for _, m in after]


def _update_array(
    optimizer: Optimizer, lr: Array, path: Any, p: Array, g: Array, m: list[Array], axis: int, count: Array
) -> tuple[Array, list[Array]]:
    name = path[-1].key
    if is_running(name):
        return p, m
    here = jax.tree.map(lambda number: aligned(number, p.ndim, axis), optimizer)
    rule = here.rule()
    # The only scalar that a rule's state holds is the number of steps, which the engine knows: it is not stored.
    before, structure = jax.tree.flatten(jax.eval_shape(rule.init, p))
    stored = iter(m)
    state = jax.tree.unflatten(structure, [next(stored) if b.ndim else count for b in before])
    direction, state = rule.update(g, state, p)
    if here.weight_decay is not None and role(name) == "weight":
        direction = direction + here.weight_decay * p
    kept = [s for s in jax.tree.leaves(state) if jnp.ndim(s) > 0]
    return p - aligned(jnp.broadcast_to(lr, _members(optimizer)), p.ndim, axis) * direction, kept


def _members(optimizer: Optimizer) -> tuple[int, ...]:
    return jnp.shape(optimizer.lr)


def _clipped(optimizer: Optimizer, grads: list[Array], axes: list[int]) -> list[Array]:
    """Each member's gradient, shortened to `clip_norm` over all its arrays together."""
    if optimizer.clip_norm is None:
        return grads
    rest = [tuple(a for a in range(g.ndim) if a != axis) for g, axis in zip(grads, axes, strict=True)]
    norm = jnp.sqrt(sum(jnp.sum(g * g, axis=r) for g, r in zip(grads, rest, strict=True)))
    # Chosen by the comparison, so that an infinite clip_norm changes no bit, also where the norm overflows.
    factor = jnp.where(norm > optimizer.clip_norm, optimizer.clip_norm / norm, 1.0)
    return [g * aligned(factor, g.ndim, axis) for g, axis in zip(grads, axes, strict=True)]
