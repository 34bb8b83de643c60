"""Looking inside the program: what an `observe` function is shown, and room for what it gives.

The function is written for one member and mapped over the population; it is called at the last step of every epoch, and
what it returns is kept for each epoch. Without one nothing is computed and the program is the same as before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from seedbed.network.layer import Params
from seedbed.training.setup import Setup


class Observation(NamedTuple):
    """One member at one step."""

    setup: Setup
    x: Float[Array, "batch *shape"]  # the batch as the network reads it
    activations: tuple[Float[Array, "batch *out"], ...]  # behind each layer, in prediction, with the weights before
    params: tuple[Params, ...]  # the weights before the step
    gradients: tuple[Params, ...]
    updates: tuple[Params, ...]  # the weights after the step minus those before


Observe = Callable[[Observation], Any]


def look(
    observe: Observe, setup: Setup, x: Array, params: Any, gradients: Any, after: Any, axes: Any, x_axis: int | None
) -> Any:
    """What `observe` returns for every member of a chunk, member axis in front."""

    def one(setup: Setup, x: Array, params: Any, gradients: Any, after: Any) -> Any:
        updates = jax.tree.map(jnp.subtract, after, params)
        activations = setup.network.activations(params, x)
        return observe(Observation(setup, x, activations, params, gradients, updates))

    return jax.vmap(one, in_axes=(0, x_axis, axes, axes, axes))(setup, x, params, gradients, after)


def room_for(observe: Observe | None, setup: Setup, x: Any, params: Any, axes: Any, epochs: int) -> Any:
    """Empty arrays (member, epoch, ...) for what `observe` will return; NaN where nothing has been seen."""
    if observe is None:
        return ()

    def empty(shape: jax.ShapeDtypeStruct) -> Array:
        nothing = jnp.nan if jnp.issubdtype(shape.dtype, jnp.floating) else 0
        return jnp.full((shape.shape[0], epochs, *shape.shape[1:]), nothing, shape.dtype)

    shapes = jax.eval_shape(lambda s, x, p: look(observe, s, x, p, p, p, axes, None), setup, x, params)
    return jax.tree.map(empty, shapes)
