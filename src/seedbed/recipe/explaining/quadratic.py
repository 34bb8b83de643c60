"""The quadratic function: its lowest point by formula and by descent, and least squares, whose cost it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.functions.polynomial import quadratic, vertex
from seedbed.recipe.explaining.descents import path
from seedbed.recipe.explaining.measured import basics
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Words, say

A, B, C = 0.5, -1.0, 2.0
START, STEPS = 5.0, 20
RATES = (0.3, 1.8, 2.05)  # descent holds for rates below 1 / a
N_POINTS, SEED, TRUE = 30, 0, (1.5, -0.5)  # slope and intercept behind the noise
FIT_RATE, FIT_STEPS = 0.3, 60


def sections(name: str) -> list[Section]:
    """Formula, picture and facts, the minimum by formula and by descent, and a line through points."""
    formula, *rest = basics("quadratic", -4.0, 6.0, a=A, b=B, c=C)
    by_vertex = "f(x) = a (x − x₀)² + y₀, x₀ = −b / 2a, y₀ = c − b² / 4a"
    return [Section("formula", [*formula.parts, Equations([by_vertex])]), *rest, _minimum(), _least_squares()]


def f(x: Any) -> Any:
    """The sum a x² + b x + c with the numbers of this explanation."""
    return quadratic(x, A, B, C)


def _minimum() -> Section:
    """The lowest point by formula, and how far from it descent is after each step."""
    x0, y0 = vertex(A, B, C)
    paths = {rate: path(f, START, rate, STEPS) for rate in RATES}
    rows = [(step, *(paths[rate][step] for rate in RATES)) for step in (0, 1, 2, 5, 10, STEPS)]
    lines = [Line(f"η = {rate:g}", [float(n) for n in range(STEPS + 1)], np.abs(p - x0)) for rate, p in paths.items()]
    told = {"x": x0, "y": y0, "rate": RATES[0], "steps": STEPS, "found": paths[RATES[0]][-1], "limit": 1 / A}
    return Section("minimum", [
        say("quadratic.minimum", **told),
        Table("descent", [say("column.step"), *(f"η = {rate:g}" for rate in RATES)], rows),
        Plot("distance", "|x − x₀|", lines, say("axis.step"), is_log_y=True),
        Remedy(say("quadratic.rate", limit=1 / A, best=1 / (2 * A))),
    ])  # fmt: skip


def points() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points around a line, with normal noise."""
    rng = np.random.default_rng(SEED)
    x = np.sort(rng.uniform(-2, 2, N_POINTS))
    return x, TRUE[0] * x + TRUE[1] + 0.6 * rng.normal(size=N_POINTS)


def cost(line: Any, x: NDArray[np.float64], y: NDArray[np.float64]) -> Any:
    """The mean squared error of the line with that slope and intercept."""
    return ((line[0] * x + line[1] - y) ** 2).mean()


def _least_squares() -> Section:
    """The line of the least squared error, by the normal equations and by descent."""
    x, y = points()
    inputs = np.column_stack([x, np.ones_like(x)])
    solved = np.linalg.solve(inputs.T @ inputs, inputs.T @ y)  # Xᵀ X w = Xᵀ y: where the gradient is 0
    descended = path(lambda line: cost(line, x, y), np.zeros(2), FIT_RATE, FIT_STEPS)[-1]
    ways = (("solved", solved), ("descended", descended), ("true", np.array(TRUE)))
    rows = [(say(f"quadratic.{way}", steps=FIT_STEPS), *line, cost(line, x, y)) for way, line in ways]
    ends = np.array([-2.0, 2.0])
    lines = [
        Line(say("quadratic.line"), ends, solved[0] * ends + solved[1]),
        Line(say("quadratic.points"), x, y, is_dots=True),
    ]
    columns: list[Words] = ["", say("quadratic.slope"), say("quadratic.intercept"), say("quadratic.cost")]
    return Section("least_squares", [
        say("quadratic.squares", n=N_POINTS),
        Table("lines", columns, rows),
        Plot("fit", "y", lines),
    ])  # fmt: skip
