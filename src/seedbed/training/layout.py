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

from seedbed.training.lanes import over_lanes

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
    return over_lanes(function, in_axes, out_axes) if layout == LANES else jax.vmap(function, in_axes, out_axes)


def first_product(params: Any) -> int:
    """The number of the first layer that has weights."""
    return next(i for i, layer in enumerate(params) if "weight" in layer)


def aligned(number: Shaped[Array, "member"], ndim: int, axis: int) -> Shaped[Array, "..."]:
    """One number a member, shaped so that it meets that member's slice of an array with `ndim` axes."""
    return jnp.reshape(number, (1,) * axis + (-1,) + (1,) * (ndim - axis - 1))


def choose(condition: Shaped[Array, "member"], yes: Any, no: Any, axes: Any) -> Any:
    """Member by member the arrays of `yes` where the condition holds, else those of `no`."""
    return jax.tree.map(lambda y, n, axis: jnp.where(aligned(condition, y.ndim, axis), y, n), yes, no, axes)


def take(arrays: Any, members: Any, axes: Any) -> Any:
    """The arrays of some members, by their places."""
    return jax.tree.map(lambda a, axis: a.take(members, axis=axis), arrays, axes)
