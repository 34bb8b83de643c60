"""A member that has paused: all that it needs to go on later, beside others, in another wave or another process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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


class Pauses(Mapping[int, Paused]):
    """Where members paused, by their places. Only what is asked for is taken apart: most members go no further."""

    def __init__(self) -> None:
        self._at: dict[int, tuple[_Resting, int]] = {}

    def add(self, places: Sequence[int], state: State, axes: State, epoch: int) -> None:
        """Notes the members of a wave, of which they are the first ones."""
        wave = _Resting(state, axes, epoch)
        self._at.update({place: (wave, i) for i, place in enumerate(places)})

    def __getitem__(self, place: int) -> Paused:
        wave, i = self._at[place]
        return Paused(wave.epoch, tuple(np.array(front[i]) for front in wave.fronts))

    def __iter__(self) -> Iterator[int]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)


@dataclass(frozen=True)
class _Resting:
    """A wave that has paused."""

    state: State
    axes: State
    epoch: int

    @cached_property
    def fronts(self) -> list[NDArray[Any]]:
        """Its arrays on the host, the member axis in front."""
        pairs = zip(jax.tree.leaves(self.state), jax.tree.leaves(self.axes), strict=True)
        return [np.moveaxis(np.asarray(leaf), axis, 0) for leaf, axis in pairs]


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
