"""Where the member axis of a population's arrays stands: the choice that decides how fast a program is.

stacked   in front, everywhere: every product is a batch of products, one for each member
wide      in the first layer's weights between inputs and units, (in, member, units): when all members see the same
          batch, the first layer of the whole population is one large product
lanes     behind all others, so that members fill the lanes of vector registers: for networks of a few units
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Shaped

from seedbed.training.lanes import over_lanes, spread

STACKED, WIDE, LANES = "stacked", "wide", "lanes"
LAYOUTS = (STACKED, WIDE, LANES)


def member_axes(params: Any, layout: str) -> Any:
    """For each array of one member's weights the place of the member axis in the population's array."""
    if layout == WIDE:
        first = first_product(params)
        return tuple({name: int(i == first and name == "weight") for name in layer} for i, layer in enumerate(params))
    if layout == LANES:
        return jax.tree.map(lambda a: a.ndim, params)  # behind the axes of one member
    return jax.tree.map(lambda _: 0, params)


def over_members(function: Callable[..., Any], layout: str, in_axes: Any, out_axes: Any) -> Callable[..., Any]:
    """`function`, written for one member, for a population laid out like this; axes as for `jax.vmap`."""
    if layout == LANES:
        return over_lanes(function, in_axes, out_axes)
    mapped, single = jax.vmap(function, in_axes, out_axes), over_one(function, in_axes, out_axes)
    return lambda *arguments: (single if _count(arguments, in_axes) == 1 else mapped)(*arguments)


def over_one(function: Callable[..., Any], in_axes: Any, out_axes: Any) -> Callable[..., Any]:
    """As `jax.vmap` where there is one member: without a member axis inside.

    A product with a batch axis of 1 gives its weight gradients transposed, and XLA then copies them in every step:
    784-512-512-10 took a fifth longer.
    """

    def mapped(*arguments: Any) -> Any:
        leaves, tree = jax.tree.flatten(arguments)
        pairs = zip(leaves, spread(in_axes, arguments), strict=True)
        one = [leaf if axis is None else jnp.squeeze(leaf, axis) for leaf, axis in pairs]
        result = function(*jax.tree.unflatten(tree, one))
        leaves, tree = jax.tree.flatten(result)
        axes = [0 if axis is None else axis for axis in spread(out_axes, result)]
        return jax.tree.unflatten(tree, [jnp.expand_dims(a, axis) for a, axis in zip(leaves, axes, strict=True)])

    return mapped


def _count(arguments: Any, in_axes: Any) -> int:
    """How many members there are."""
    pairs = zip(jax.tree.leaves(arguments), spread(in_axes, arguments), strict=True)
    return next(int(leaf.shape[axis]) for leaf, axis in pairs if axis is not None)


def first_product(params: Any) -> int:
    """The number of the first layer that has weights; -1 where none has."""
    return next((i for i, layer in enumerate(params) if "weight" in layer), -1)


def aligned(number: Shaped[Array, "member"], ndim: int, axis: int) -> Shaped[Array, "..."]:
    """One number a member, shaped so that it meets that member's slice of an array with `ndim` axes."""
    return jnp.reshape(number, (1,) * axis + (-1,) + (1,) * (ndim - axis - 1))


def choose(condition: Shaped[Array, "member"], yes: Any, no: Any, axes: Any) -> Any:
    """Member by member the arrays of `yes` where the condition holds, else those of `no`."""
    return jax.tree.map(lambda y, n, axis: jnp.where(aligned(condition, y.ndim, axis), y, n), yes, no, axes)
