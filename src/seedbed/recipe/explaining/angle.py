"""The angle between vectors: the law of Cauchy and Schwarz with its three cases, and what high dimensions do to it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from seedbed.calculus import cauchy_schwarz
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Fact, Facts, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Share, Words, say, vector

U = (3.0, 4.0)
PAIRS = {"parallel": (6.0, 8.0), "opposite": (-1.5, -2.0), "perpendicular": (-4.0, 3.0), "between": (5.0, 0.0)}
DIMENSIONS = (2, 10, 100, 1000)
N_PAIRS, N_BINS, SEED = 4000, 60, 0


def sections(name: str) -> list[Section]:
    """The formula, the cases, the law on random pairs, and the angles of random vectors."""
    lines = ["⟨u, v⟩ = Σᵢ uᵢ vᵢ = ‖u‖ ‖v‖ cos θ", "|⟨u, v⟩| ≤ ‖u‖ ‖v‖"]
    source = "Cauchy 1821, Cours d’analyse, note II; Schwarz 1888"
    return [Section("formula", [Equations(lines, source)]), _cases(), _random()]


def _cases() -> Section:
    rows = []
    for v in PAIRS.values():
        law = cauchy_schwarz(U, v)
        rows.append(
            (
                vector(v),
                law.inner,
                law.bound,
                law.inner / law.bound,
                math.degrees(law.angle),
                say(f"case.{law.case}"),
            )
        )
    columns: list[Words] = [
        "v",
        say("column.inner"),
        say("column.bound"),
        "cos θ",
        say("column.degrees"),
        say("column.case"),
    ]
    return Section("cases", [say("angle.cases", u=vector(U)), Table("cases", columns, rows), say("angle.unit")])


def _random() -> Section:
    """The law on random pairs, and how their angles crowd around 90 degrees as the dimension grows."""
    found = {n: degrees(n) for n in DIMENSIONS}
    rng = np.random.default_rng(SEED)
    laws = [cauchy_schwarz(*rng.normal(size=(2, 1 + n % 9))) for n in range(1000)]
    lines = [Line(say("angle.dimension", n=n), *_histogram(angles)) for n, angles in found.items()]
    rows = [(n, angles.mean(), angles.std(), Share(np.mean(np.abs(angles - 90) < 10))) for n, angles in found.items()]
    columns: list[Words] = [say("angle.n"), say("angle.mean"), say("angle.deviation"), say("angle.near")]
    n_held = sum(law.holds for law in laws)
    return Section("random", [
        Facts([Fact("law_holds", n_held, say("angle.holds", n=n_held, of=len(laws)))]),
        say("angle.random", n=DIMENSIONS[-1], near=rows[-1][3]),
        Table("random", columns, rows),
        Plot("angles", say("angle.plot"), lines, say("column.degrees")),
        Remedy(say("angle.remedy")),
    ])  # fmt: skip


def degrees(n: int) -> NDArray[np.float64]:
    """The angles of random pairs of n normal numbers each."""
    u, v = np.random.default_rng(SEED).normal(size=(2, N_PAIRS, n))
    cosines = np.sum(u * v, axis=1) / np.sqrt(np.sum(u * u, axis=1) * np.sum(v * v, axis=1))
    return np.degrees(np.arccos(np.clip(cosines, -1, 1)))


def _histogram(angles: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The density of angles, at the middles of bins."""
    density, edges = np.histogram(angles, N_BINS, (0, 180), density=True)
    return 0.5 * (edges[:-1] + edges[1:]), density
