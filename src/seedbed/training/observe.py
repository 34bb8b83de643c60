"""Looking inside the program: what an `observe` function is shown, and room for what it gives.

The function is written for one member and mapped over the population. It looks at the last step of every epoch; with an
attribute `every` at the first step of the training and every so many steps after it. What it returns is kept for each
epoch: the sum over the looks in it; `n_looks` says how many there were. Without an observer nothing is computed
and the program is the same as before. A probe, some examples of the validation part, is the same at every look.

Where an epoch has two looks or more, an observer is told the number of the look in the whole training. It is the same
for all members, so that `lax.cond` on it stays a branch: what is dear can be looked at in turns, and every epoch has a
look of both kinds.

With an attribute `follows` that is true it is also shown what the step in front of the one looked at did. For that the
weights in front of that step are kept in the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Shaped

from seedbed.network.layer import Params
from seedbed.training.layout import STACKED, over_members
from seedbed.training.member import Batch
from seedbed.training.setup import Setup


class Observation(NamedTuple):
    """One member at one step."""

    setup: Setup
    x: Float[Array, "batch *shape"]  # the batch as the network reads it
    y: Shaped[Array, "batch *k"]
    weight: Float[Array, "batch"] | None  # of the examples in the loss; None: all the same
    key: Key[Array, ""] | None  # of what was random in the network in this step
    probe: Batch
    activations: tuple[Float[Array, "batch *out"], ...]  # behind each layer, in prediction, with the weights before
    params: tuple[Params, ...]  # the weights before the step
    gradients: tuple[Params, ...]
    updates: tuple[Params, ...]  # the weights after the step minus those before
    previous: tuple[Params, ...] | None = None  # the updates of the step before, 0 at the first; if `follows`
    look: Int[Array, ""] | None = None  # its number, from 0; None where an epoch has fewer than two
    # What the step was to make smaller, before it; None where the network read something else than x: varied examples,
    # fewer digits, or a batch that is filled up.
    objective: Float[Array, ""] | None = None


Observe = Callable[[Observation], Any]
PROBE = 32  # examples at least, if there are so many


class Shown(NamedTuple):
    """What there is to see of a step of a chunk."""

    batch: Batch
    key: Key[Array, "member"] | None
    probe: Batch
    before: Any  # the weights
    gradients: Any
    after: Any
    earlier: Any = None  # the weights in front of the step before; None where nobody asks
    look: Int[Array, ""] | None = None
    objective: Float[Array, "member"] | None = None


def cadence(observe: Observe, n_steps: int) -> tuple[int, int]:
    """Steps between two looks, and the first step, from 0, that is looked at, of `n_steps` in an epoch."""
    every = getattr(observe, "every", None)
    return (n_steps, n_steps - 1) if every is None else (every, 0)


def follows(observe: Observe | None) -> bool:
    """Whether an observer asks for what the step before did."""
    return bool(getattr(observe, "follows", False))


def look_at(observe: Observe, n_steps: int, step: Array) -> Array | None:
    """The number of the look at a step of the whole training; None where an epoch may have less than two."""
    every, first = cadence(observe, n_steps)
    return (step - first) // every if n_steps >= 2 * every else None


def n_looks(observe: Observe, n_steps: int, epoch: int) -> int:
    """How many looks fall into an epoch."""
    every, first = cadence(observe, n_steps)
    until = lambda step: -(-max(step - first, 0) // every)  # noqa: E731
    return until((epoch + 1) * n_steps) - until(epoch * n_steps)


def look(observe: Observe, setup: Setup, shown: Shown, axes: Any, batch_axes: Any) -> Any:
    """What `observe` returns for every member of a chunk, member axis in front."""

    def one(setup: Setup, shown: Shown) -> Any:
        (x, y, weight, _), key, probe, params, gradients, after, earlier, number, objective = shown
        updates = jax.tree.map(jnp.subtract, after, params)
        previous = None if earlier is None else jax.tree.map(jnp.subtract, params, earlier)
        activations = setup.network.activations(params, x)
        beside = (previous, number, objective)
        return observe(Observation(setup, x, y, weight, key, probe, activations, params, gradients, updates, *beside))

    key_axis, objective_axis = (None if each is None else 0 for each in (shown.key, shown.objective))
    earlier_axes = None if shown.earlier is None else axes
    in_axes = (0, Shown(batch_axes, key_axis, None, axes, axes, axes, earlier_axes, None, objective_axis))  # type: ignore[arg-type]
    return over_members(one, STACKED, in_axes, 0)(setup, shown)  # wherever the axes stand, they are mapped one by one


def room_for(
    observe: Observe | None, setup: Setup, batches: Any, params: Any, axes: Any, *, n_steps: int, has_objective: bool
) -> Any:
    """Empty arrays (member, epoch, ...) for what `observe` will return; NaN where nothing has been seen."""
    if observe is None:
        return ()

    def empty(shape: jax.ShapeDtypeStruct) -> Array:
        nothing = jnp.nan if jnp.issubdtype(shape.dtype, jnp.floating) else 0
        return jnp.full((shape.shape[0], setup.epochs, *shape.shape[1:]), nothing, shape.dtype)

    def first(setup: Setup, batch: Batch, probe: Batch, params: Any) -> Any:
        members = setup.optimizer.lr.shape  # type: ignore[attr-defined]
        key = jax.vmap(jax.random.key)(jnp.zeros(members, jnp.uint32)) if setup.network.is_noisy else None
        earlier = params if follows(observe) else None
        number = look_at(observe, n_steps, jnp.int32(0))
        objective = jnp.zeros(members, batch.x.dtype) if has_objective else None
        shown = Shown(batch, key, probe, params, params, params, earlier, number, objective)
        return look(observe, setup, shown, axes, None)

    shapes = jax.eval_shape(first, setup, *batches, params)
    return jax.tree.map(empty, shapes)
