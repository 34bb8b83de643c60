"""Remedies by name. A new group is a file of its own and a line here; a new remedy a line in its group's file.

cured = REMEDIES["tanh"](setup, data.task)       # None where it has no place in that setup
"""

from seedbed.training.setup import Setup
from seedbed.watching.remedies import (
    activation,
    initialisation,
    inputs,
    learning,
    outputs,
    regularisation,
    structure,
)
from seedbed.watching.remedies.learning import FARTHER, HOLD_BACK, RANGE, at_rate
from seedbed.watching.remedies.regularisation import early_stopping
from seedbed.watching.remedies.remedy import Cost, Remedy

REMEDIES: dict[str, Remedy] = {
    remedy.name: remedy
    for group in (
        learning,
        inputs,
        initialisation,
        activation,
        outputs,
        regularisation,
        structure,
    )
    for remedy in group.REMEDIES
}

__all__ = ["FARTHER", "HOLD_BACK", "RANGE", "REMEDIES", "Cost", "Remedy", "at_rate", "early_stopping", "has_place"]


def has_place(name: str, setup: Setup, task: str) -> bool:
    """Whether a remedy changes the setup, as far as can be told without the data.

    More rows held back change what is learned by heart where the setup does not choose its epoch by them already.
    """
    if name == HOLD_BACK:
        return setup.patience is None
    return name == RANGE or REMEDIES[name](setup, task) is not None
