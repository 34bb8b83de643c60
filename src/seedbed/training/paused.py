"""A member that has paused: all that it needs to go on later, beside others, in another wave or another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import RunError
from seedbed.training.program import Program
from seedbed.training.state import State


@dataclass(frozen=True)
class Paused:
    """Where a member stands behind an epoch.

    Attributes:
        epoch: how many it has behind it.
        leaves: its part of a wave's state, leaf by leaf, without member axes.
    """

    epoch: int
    leaves: tuple[NDArray[Any], ...]

    def of(self, program: Program) -> State:
        """The leaves under their names, as a program of the member's cohort has them."""
        state: State = jax.tree.unflatten(jax.tree.structure(program.shapes), self.leaves)
        return state


def paused(state: State, axes: State, n: int, epoch: int) -> list[Paused]:
    """The first `n` members of a wave's state, each by itself, on the host."""
    pairs = zip(jax.tree.leaves(state), jax.tree.leaves(axes), strict=True)
    fronts = [np.moveaxis(np.asarray(leaf), axis, 0) for leaf, axis in pairs]
    return [Paused(epoch, tuple(np.array(front[i]) for front in fronts)) for i in range(n)]


def gathered(program: Program, members: Sequence[Paused], size: int) -> State:
    """The state of a wave of `size` places that goes on with these members; the first of them fill it up.

    Raises:
        RunError: the arrays are not as many as this program's.
    """
    if any(len(member.leaves) != len(jax.tree.leaves(program.shapes)) for member in members):
        hint = "it paused in another version of seedbed: train it anew"
        raise RunError("paused member: expected the arrays of this setup, got others", hint)
    filled = [members[i % len(members)] for i in range(size)]
    shapes, tree = jax.tree.flatten(program.shapes)
    axes = jax.tree.leaves(program.axes)
    leaves = []
    for i, (like, axis) in enumerate(zip(shapes, axes, strict=True)):
        stacked = np.stack([member.leaves[i] for member in filled], axis=axis)
        leaves.append(jax.device_put(stacked.astype(like.dtype), like.sharding))
    state: State = jax.tree.unflatten(tree, leaves)
    return state
