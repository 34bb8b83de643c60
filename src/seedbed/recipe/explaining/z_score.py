"""The z-score: mean 0 and deviation 1 by an affine map, which keeps the shape, and what that does for descent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seedbed.functions import FUNCTIONS
from seedbed.functions.probe import float64
from seedbed.recipe.explaining.descent import steps_of
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Share, Words, say

N, N_BINS, SEED = 3000, 40, 0
DIGITS = 12  # of a mean of 0, the rest of which is rounding
MOST_STEPS = 10_000
UNITS = (1.0, 20.0)  # deviations of two features, as in metres and in centimetres or so


def sections(name: str) -> list[Section]:
    """The formula, one sample before and after, and the bowl of a cost before and after."""
    record = FUNCTIONS["z_score"]
    lines = ["z = (x − μ) / σ = (1 / σ) x − μ / σ"]
    return [Section("formula", [Equations(lines, record.source)]), _shape(), _bowl()]


def sample() -> NDArray[np.float64]:
    """A skewed sample: prices, say, log-normal around 60."""
    return 60 * np.exp(0.5 * np.random.default_rng(SEED).normal(size=N))


def scored(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The z-scores of a sample in float64."""
    with float64():
        return np.asarray(FUNCTIONS["z_score"](x, x.mean(), x.std()))


def skewness(x: NDArray[np.float64]) -> float:
    """The mean cube of the z-scores: 0 for a symmetric shape."""
    return float(np.mean(((x - x.mean()) / x.std()) ** 3))


def _shape() -> Section:
    """Mean, deviation, skewness and tail before and after, and beside them a map that is not affine."""
    x = sample()
    z, logarithm = scored(x), scored(np.log(x))
    rows = [
        (label, round(one.mean(), DIGITS), one.std(), skewness(one), Share(np.mean(one > one.mean() + 2 * one.std())))
        for label, one in ((say("z_score.before"), x), ("z", z), (say("z_score.logarithm"), logarithm))
    ]
    columns: list[Words] = [
        "",
        say("z_score.mean"),
        say("z_score.deviation"),
        say("z_score.skewness"),
        say("z_score.tail"),
    ]
    panels = [
        Plot(name, label, [Line(label, edges, np.append(count, 0.0), is_steps=True)], label)
        for name, label, one in (("before", "x", x), ("after", "z", z))
        for count, edges in [np.histogram(one, N_BINS, density=True)]
    ]
    same = float(np.corrcoef(x, z)[0, 1])
    return Section("shape", [
        say("z_score.shape", correlation=same),
        Table("shape", columns, rows),
        *panels,
        say("z_score.other"),
    ])  # fmt: skip


def stretch(x: NDArray[np.float64]) -> float:
    """The largest curvature of a squared error in the weights of these features, divided by the smallest."""
    values = np.linalg.eigvalsh(x.T @ x / len(x))
    return float(values[-1] / values[0])


def _bowl() -> Section:
    """How stretched the cost is for features of different deviations, and how many steps descent takes."""
    raw = np.random.default_rng(SEED).normal(size=(N, 2)) * UNITS
    standard = np.column_stack([scored(column) for column in raw.T])
    rows = []
    for label, one in ((say("z_score.raw"), raw), (say("z_score.standard"), standard)):
        bend = stretch(one)
        rows.append((label, bend, steps_of(bend, 2 / (1 + bend), most=MOST_STEPS)[0]))
    columns: list[Words] = ["", say("z_score.stretch"), say("z_score.steps")]
    told = {"ratio": UNITS[1] / UNITS[0], "stretch": rows[0][1], "steps": rows[0][2]}
    return Section("bowl", [
        say("z_score.bowl", **told),
        Table("bowl", columns, rows),
        Remedy(say("z_score.remedy", steps=rows[1][2])),
    ])  # fmt: skip
