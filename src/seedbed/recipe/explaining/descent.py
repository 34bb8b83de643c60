"""Descent: the path of x ← x - η ∇f(x) on a round and on a stretched bowl, and what makes it short."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from seedbed.recipe.explaining.descents import path, steps_until
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.relief import Relief
from seedbed.reporting.explained.words import say

STRETCH, START = 10.0, (-4.5, 1.5)
FAST, SLOW, TOO_LARGE = 0.18, 0.05, 0.205  # on the bowl of that stretch descent holds for rates below 2 / 10
STEPS, GOAL = 25, 1e-6
STRETCHES = (1.0, 3.0, 10.0, 100.0)


def sections(name: str) -> list[Section]:
    """The rule, the map, what the learning rate does, and what the stretch of the bowl does."""
    return [
        Section(
            "formula", [Equations(["x ← x − η ∇f(x)", "f(x, y) = ½ x² + ½ κ y²"], "Cauchy 1847, Méthode générale")]
        ),
        Section("map", [say("descent.map", stretch=STRETCH), chart(STRETCH)]),
        _rates(),
        _stretched(),
    ]


def bowl(stretch: float):  # type: ignore[no-untyped-def]  # of JAX's arrays
    """½ x² + ½ κ y², κ times as steep along y as along x."""
    return lambda p: 0.5 * p[0] ** 2 + 0.5 * stretch * p[1] ** 2


def heights(points: NDArray[np.float64], stretch: float) -> NDArray[np.float64]:
    """The bowl at points, (n, 2)."""
    return np.asarray(bowl(stretch)(points.T))


def chart(stretch: float) -> Relief:
    """The map of the bowl with two paths, one with a learning rate near the limit and one with a small one."""
    x, y = np.linspace(-5, 5, 121), np.linspace(-2, 2, 61)
    grid = np.asarray(bowl(stretch)(np.meshgrid(x, y)))
    paths = [path(bowl(stretch), START, rate, STEPS) for rate in (FAST, SLOW)]
    lines = [
        Line(say("descent.path", rate=rate, steps=STEPS), p[:, 0], p[:, 1])
        for rate, p in zip((FAST, SLOW), paths, strict=True)
    ]
    levels = np.array([0.3, 1.0, 2.5, 5.0, 9.0, 15.0, 22.0, 30.0])
    return Relief("paths", say("descent.chart"), x, y, grid, levels, lines)


def _rates() -> Section:
    """The height step by step with a small learning rate, one near the limit, and one beyond."""
    lines = []
    for rate in (FAST, SLOW, TOO_LARGE):
        f = heights(path(bowl(STRETCH), START, rate, STEPS), STRETCH)
        lines.append(Line(f"η = {rate:g}", [float(n) for n in range(STEPS + 1)], f))
    far = heights(path(bowl(STRETCH), START, TOO_LARGE, 500), STRETCH)
    told = {"limit": 2 / STRETCH, "rate": TOO_LARGE, "grown": far[-1] / far[0]}
    return Section("rates", [
        say("descent.rates", **told),
        Plot("falling", "f(x)", lines, say("axis.step"), is_log_y=True),
    ])  # fmt: skip


def _stretched() -> Section:
    """How many steps a bowl takes at its best learning rate, by its stretch; and with momentum."""
    rows = []
    for stretch in STRETCHES:
        rate = 2 / (1 + stretch)
        plain, turns = steps_of(stretch, rate)
        root = math.sqrt(stretch)
        helped, _ = steps_of(stretch, (2 / (1 + root)) ** 2, ((root - 1) / (root + 1)) ** 2)
        rows.append((stretch, rate, (stretch - 1) / (stretch + 1), plain, turns, helped))
    heads = ("stretch", "best_rate", "factor", "steps", "turns", "momentum")
    told = {"stretch": rows[-1][0], "plain": rows[-1][3], "round": rows[0][3]}
    return Section("stretched", [
        say("descent.stretched", **told),
        Table("stretched", [say(f"descent.{head}") for head in heads], rows),
        Remedy(say("descent.remedy", helped=rows[-1][5], **told)),
    ])  # fmt: skip


def steps_of(stretch: float, rate: float, momentum: float = 0.0, most: int = 1000) -> tuple[int, int]:
    """The steps until f has fallen to a millionth from where both directions weigh alike, and how often y turns."""
    points = path(bowl(stretch), (1.0, 1.0 / math.sqrt(stretch)), rate, most, momentum)
    steps = steps_until(heights(points, stretch), GOAL)
    assert steps is not None, f"{most} steps are too few"
    return steps, int(np.sum(np.sign(points[:steps, 1]) * np.sign(points[1 : steps + 1, 1]) < 0))
