"""The normal density: the areas below it, why sums follow it, and the first weights that are drawn from it."""

from __future__ import annotations

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.functions import FUNCTIONS
from seedbed.functions.probe import float64
from seedbed.network import HeNormal
from seedbed.recipe.explaining.measured import basics
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Share, say

DEVIATIONS = (1.0, 2.0, 3.0)
SUMMANDS = (1, 2, 12)
DRAWN = (12, 1)  # in the picture
N_SUMS, N_BINS, SEED = 100_000, 40, 0
FAN_IN, UNITS = 100, 200


def sections(name: str) -> list[Section]:
    """Formula, picture and facts, areas, sums, and first weights."""
    return [*basics("normal", -5.0, 5.0), _areas(), _sums(), _weights()]


def density(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard normal density in float64."""
    with float64():
        return np.asarray(FUNCTIONS["normal"](x))


def area(low: float, high: float) -> Share:
    """The area below the density, by Simpson's rule."""
    x = np.linspace(low, high, 2001)
    weights = np.where(np.arange(len(x)) % 2, 4.0, 2.0)
    weights[[0, -1]] = 1.0
    return Share(weights @ density(x) * (x[1] - x[0]) / 3)


def _areas() -> Section:
    rows = [(f"μ ± {k:g} σ", area(-k, k), Share(1 - area(-k, k))) for k in DEVIATIONS]
    columns = [say("normal.within"), say("normal.area"), say("normal.outside")]
    return Section("areas", [say("normal.areas", whole=float(area(-12.0, 12.0))), Table("areas", columns, rows)])


def sums(n: int) -> NDArray[np.float64]:
    """Sums of n uniform numbers, less their mean n / 2 and divided by their deviation √(n / 12)."""
    drawn = np.random.default_rng(SEED).uniform(size=(N_SUMS, n)).sum(axis=1)
    return (drawn - n / 2) / np.sqrt(n / 12)


def furthest(values: NDArray[np.float64]) -> float:
    """The largest distance between the share of values below a number and the area of the density below it."""
    ordered, x = np.sort(values), np.linspace(-12, 12, 24_001)
    below = (np.cumsum(density(x)) - 0.5 * density(x)) * (x[1] - x[0])
    steps = np.arange(len(ordered) + 1) / len(ordered)
    expected = np.interp(ordered, x, below)
    return float(np.maximum(np.abs(steps[1:] - expected), np.abs(steps[:-1] - expected)).max())


def _sums() -> Section:
    """Histograms of sums of uniform numbers, and how near they come to the density."""
    found = {n: sums(n) for n in SUMMANDS}
    lines = []
    for n in DRAWN:
        heights, edges = np.histogram(found[n], N_BINS, (-4, 4), density=True)
        lines.append(Line(say("normal.summands", n=n), edges, np.append(heights, 0.0), is_steps=True))
    x = np.linspace(-4, 4, 161)
    rows = [(n, furthest(values)) for n, values in found.items()]
    return Section("sums", [
        say("normal.sums", n=SUMMANDS[-1], distance=rows[-1][1]),
        Table("sums", [say("normal.n"), say("normal.distance")], rows),
        Plot("sums", say("normal.plot"), [Line("φ(x)", x, density(x)), *lines], "x"),
    ])  # fmt: skip


def _weights() -> Section:
    """The first weights of a layer: their deviation, and how many are further out than two of them."""
    drawn = np.asarray(HeNormal().sample((FAN_IN, UNITS), key=jax.random.key(SEED), dtype=np.float32), np.float64)
    meant = np.sqrt(2 / FAN_IN)
    told = {"inputs": FAN_IN, "count": drawn.size, "meant": meant, "deviation": drawn.std(), "mean": drawn.mean()}
    outside = Share(np.mean(np.abs(drawn) > 2 * meant))
    return Section("weights", [say("normal.weights", outside=outside, expected=Share(1 - area(-2.0, 2.0)), **told)])
