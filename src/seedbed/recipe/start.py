"""Training that begins with the weights of another run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from seedbed.core.errors import UsageError
from seedbed.core.plain import to_line
from seedbed.recipe.member import Member
from seedbed.recipe.run import Run
from seedbed.training.trainer import Training


def first_weights(start: Run | Member | None, numbers: Sequence[int], training: Training) -> list[Any] | None:
    """For each member the weights to begin with; None to draw them.

    Raises:
        UsageError: there are none for a member, or they are those of another network.
    """
    if start is None:
        return None
    givers = _givers(start, numbers)
    for group in training.groups:
        network = group.setup.network
        preprocessor = training.preprocessor(group.setup, group.data)
        wanted = _shapes(network.params_shapes(network.input_shape(preprocessor.shape)))
        for place in group.places:
            if _shapes(givers[place].params) != wanted:
                theirs, ours = to_line(givers[place].network.layers), to_line(network.layers)
                hint = "weights fit a network of the same layers, on data of the same shape"
                raise UsageError(f"start: expected weights for {ours}, got those of {theirs}", hint)
    return [giver.params for giver in givers]


def _givers(start: Run | Member, numbers: Sequence[int]) -> list[Member]:
    """For each member the one whose weights it begins with."""
    if isinstance(start, Member):
        return [start] * len(numbers)
    if not isinstance(start, Run):
        raise UsageError(f"start: expected a run or a member of one, got {start!r}", "such as start=run.best")
    there = {member.number: member for member in start.members}
    if missing := [number for number in numbers if number not in there]:
        hint = "start=run.best begins all members with the same weights"
        raise UsageError(f"start: expected a run with members {list(numbers)}, but it has no {missing}", hint)
    return [there[number] for number in numbers]


def _shapes(params: Any) -> Any:
    return jax.tree.map(lambda a: tuple(a.shape), params)
