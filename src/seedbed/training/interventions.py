"""Interventions: numbers of the setup that are changed while a population trains.

A change is bound to the beginning of an epoch, so that a run with the same interventions is the same run. Only numbers
can change: they are arrays in the state of a wave, and no program is compiled anew. What has no number there (None, or
another kind of optimizer) is another structure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from seedbed.core.errors import UsageError, nearest
from seedbed.training.setup import Setup


@dataclass(frozen=True)
class Intervention:
    """Some numbers of all members, changed from an epoch on.

    Attributes:
        epoch: from 0, before whose first step they are changed.
        changes: place in the setup, such as "optimizer.lr", and the number from then on.
    """

    epoch: int
    changes: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, epoch: int, changes: Mapping[str, float]) -> Intervention:
        """The intervention that a mapping says."""
        return cls(epoch, tuple((place, float(value)) for place, value in changes.items()))

    def __str__(self) -> str:
        return f"from epoch {self.epoch}: " + ", ".join(f"{place} = {value:g}" for place, value in self.changes)


def interventions_of(given: Any) -> tuple[Intervention, ...]:
    """Interventions as they are, or from a mapping of epochs to what changes there.

    >>> interventions_of({2: {"optimizer.lr": 0.1}})
    (Intervention(epoch=2, changes=(('optimizer.lr', 0.1),)),)

    Raises:
        UsageError: it is neither.
    """
    wanted = 'interventions: expected {epoch: {place: number}}, such as {2: {"optimizer.lr": 0.1}}, or those of a run'
    if isinstance(given, Mapping):
        try:
            given = [Intervention.of(epoch, changes) for epoch, changes in given.items()]
        except (AttributeError, TypeError, ValueError):
            raise UsageError(f"{wanted}, got {given!r}") from None
    is_list = isinstance(given, Sequence) and all(isinstance(one, Intervention) for one in given)
    for one in given if is_list else ():
        if isinstance(one.epoch, bool) or not isinstance(one.epoch, int | np.integer) or one.epoch < 0:
            raise UsageError(f"interventions: expected epochs from 0 on, got {one.epoch!r}")
    if not is_list:
        raise UsageError(f"{wanted}, got {given!r}")
    return tuple(given)


def numbers_of(setup: Any) -> dict[str, Any]:
    """The numbers of a setup by their places."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(setup)
    return {jax.tree_util.keystr(path).removeprefix("."): leaf for path, leaf in leaves}


def check(setup: Setup, interventions: Sequence[Intervention]) -> None:
    """Refuses changes of what is no number of the setup, or of what that number cannot be.

    Raises:
        UsageError: there is no such number.
        SetupError: the number is out of its range.
    """
    there = numbers_of(setup)
    for one in interventions:
        for place, value in one.changes:
            if place not in there:
                hint = nearest(place, there) or f"its numbers are {', '.join(there)}"
                raise UsageError(f"intervention: expected a number of the setup, got {place!r}", hint)
            leaves, tree = jax.tree.flatten(setup)
            leaves[list(there).index(place)] = float(value)
            _checked(jax.tree.unflatten(tree, leaves))


def _checked(setup: Setup) -> None:
    """Builds the setup from its text again, which looks at every number."""
    from seedbed.core.plain import from_plain, to_plain

    from_plain(to_plain(setup), Setup)


def applied(setup: Any, interventions: Sequence[Intervention], epoch: int) -> Any:
    """The setups of a wave, every leaf with a member axis, as they are from the beginning of an epoch on."""
    changes = {place: value for one in interventions if one.epoch == epoch for place, value in one.changes}
    if not changes:
        return setup
    leaves, tree = jax.tree.flatten(setup)
    for i, (place, leaf) in enumerate(zip(numbers_of(setup), leaves, strict=True)):
        if place in changes:
            leaves[i] = jax.device_put(np.full(leaf.shape, changes[place], leaf.dtype), leaf.sharding)
    return jax.tree.unflatten(tree, leaves)


def until(interventions: Sequence[Intervention], epoch: int) -> int | None:
    """The epoch of the next intervention after this one; None where there is none."""
    return min((one.epoch for one in interventions if one.epoch > epoch), default=None)
