"""A slope on the negative side near that on the positive: the function is a line, and a line adds nothing."""

from __future__ import annotations

import numpy as np

from seedbed.functions import FUNCTIONS
from seedbed.functions.probe import GRID, SPACING, float64
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import Share, say

SLOPES = (0.0, 0.25, 0.5, 0.75, 1.0)


def straight(name: str) -> Section:
    """The share of the output's variance that a straight line does not explain, for some slopes."""
    rows = [(slope, bent(name, slope=slope)) for slope in SLOPES]
    start = FUNCTIONS[name].numbers["slope"]
    return Section("straight", [
        say("straight.what", share=bent(name, slope=start), slope=start),
        Table("straight", [say("straight.slope"), say("straight.share")], rows, strong=SLOPES.index(start)),
        Remedy(say("straight.remedy")),
    ])  # fmt: skip


def bent(name: str, **numbers: float) -> Share:
    """The share of the variance of f(x) that a x + b leaves, for standard normal x: 1 less the squared correlation."""
    x = GRID[:-1] + 0.5 * SPACING
    density = np.exp(-0.5 * x**2)
    density /= density.sum()
    with float64():
        y = np.asarray(FUNCTIONS[name].value(x, **numbers))
    y = y - density @ y
    return Share(1.0 - (density @ (x * y)) ** 2 / ((density @ y**2) * (density @ x**2)))
