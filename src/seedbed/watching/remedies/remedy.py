"""The remedy: a function from setup to setup, with a name and a place in the order from small to large changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from seedbed.core.messages import message
from seedbed.core.value import same
from seedbed.training.setup import Setup


class Cost(IntEnum):
    """How large a change is: of two remedies that do the same, the smaller one is the better."""

    RATE = 1  # one number of the optimizer
    SCHEDULE = 2  # how the rate changes, or how long a gradient may be
    BATCH = 3
    PENALTY = 4  # what is added to the loss, or when training stops
    INPUTS = 5  # how inputs are prepared
    OPTIMIZER = 6
    INITIALIZER = 7
    OUTPUT = 8  # the last layer and the loss
    ACTIVATION = 9
    LAYER = 10  # layers that come in between
    STRUCTURE = 11  # how many layers there are, how wide, and how they hang together
    TIME = 12  # the same for longer


@dataclass(frozen=True)
class Remedy:
    """Something that may cure a setup.

    Attributes:
        name: as findings name it.
        apply: the changed setup, from the sick one and the task of the data; None where the remedy has no place in it.
        cost: how large the change is.
    """

    name: str
    apply: Callable[[Setup, str], Setup | None]
    cost: Cost

    def __call__(self, setup: Setup, task: str) -> Setup | None:
        """The changed setup; None where the remedy does not apply, or would change nothing."""
        changed = self.apply(setup, task)
        return None if changed is None or same(changed, setup) else changed

    @property
    def title(self) -> str:
        """What it does, in the reader's language."""
        return message(f"remedy.{self.name}")
