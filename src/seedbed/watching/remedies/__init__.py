"""Remedies by name. A new group is a file of its own and a line here; a new remedy a line in its group's file.

cured = REMEDIES["tanh"](setup, data.task)       # None where it has no place in that setup
"""

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

__all__ = ["FARTHER", "HOLD_BACK", "RANGE", "REMEDIES", "Cost", "Remedy", "at_rate", "early_stopping"]
