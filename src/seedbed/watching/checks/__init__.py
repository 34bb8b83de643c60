"""Checks before training. A new dynamic one is a function of a subject and a line in `DYNAMIC`."""

from __future__ import annotations

from collections.abc import Callable

from seedbed.watching.checks.check import Check
from seedbed.watching.checks.few import overfits_few
from seedbed.watching.checks.slopes import gradient_check
from seedbed.watching.checks.start import (
    activations,
    gradient_reaches,
    initial_loss,
    penalty_raises_loss,
    units_differ,
)
from seedbed.watching.checks.subject import Subject

DYNAMIC: dict[str, Callable[[Subject], Check]] = {
    one.__name__: one
    for one in (
        initial_loss,
        penalty_raises_loss,
        units_differ,
        activations,
        gradient_reaches,
        gradient_check,
        overfits_few,
    )
}
