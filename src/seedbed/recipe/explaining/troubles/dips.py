"""A function that falls before it rises: for inputs on the falling side a larger weight gives a smaller output."""

from __future__ import annotations

import math

import numpy as np

from seedbed.functions import FUNCTIONS, facts
from seedbed.functions.probe import GRID, Probe, float64
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import Share, say

BESIDE = (-3.0, -2.0, -1.0, -0.5, 0.0)


def dips(name: str) -> Section:
    """Where the lowest point is, and how many standard normal inputs lie on its falling side."""
    with float64():
        probe = Probe(FUNCTIONS[name].value, name)
        lowest = probe.closer(lambda x: -probe(x)[0], float(GRID[np.argmin(probe.on_grid[0])]))
        points = np.sort(np.array([*BESIDE, lowest]))
        values, slopes = probe(points)
    share = Share(0.5 * math.erfc(-lowest / math.sqrt(2)))  # Φ(x), the normal distribution up to there
    columns = ["x", "f(x)", "f′(x)"]
    place = int(np.searchsorted(points, lowest))
    rows = [
        (x, y, slope if n != place else 0.0) for n, (x, y, slope) in enumerate(zip(points, values, slopes, strict=True))
    ]
    return Section("dips", [
        say("dips.what", x=lowest, low=facts(name).low, share=share),
        Table("dip", columns, rows, strong=place),
        Remedy(say("dips.remedy")),
    ])  # fmt: skip
