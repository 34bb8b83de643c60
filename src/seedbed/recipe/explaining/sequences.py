"""A sequence by its general term and by its recurrence; and descent, which is one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seedbed.recipe.explaining.descents import path
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Said, Words, say

N = 12
RATIOS = (0.8, -0.9, 1.1)
CURVATURE, RATE, START = 2.0, 0.35, 5.0  # of ½ λ x², on which descent is a geometric sequence


class Sequence(NamedTuple):
    """A sequence said twice.

    Attributes:
        name: what it is called.
        general, recurrence: both as a reader writes them.
        term: aₙ for n.
        first: the terms that the recurrence begins with.
        follow: the next term from the last ones.
    """

    name: Said
    general: str
    recurrence: str
    term: Callable[[int], float]
    first: tuple[float, ...]
    follow: Callable[..., float]


ROOT = math.sqrt(5)
SEQUENCES = (
    Sequence(say("sequence.arithmetic"), "aₙ = 3 + 2 n", "aₙ₊₁ = aₙ + 2", lambda n: 3 + 2 * n, (3.0,), lambda a: a + 2),
    Sequence(
        say("sequence.geometric"), "aₙ = 9 · 0.5ⁿ", "aₙ₊₁ = 0.5 aₙ", lambda n: 9 * 0.5**n, (9.0,), lambda a: a / 2
    ),
    Sequence(
        say("sequence.fibonacci"), "aₙ = (((1 + √5) / 2)ⁿ − ((1 − √5) / 2)ⁿ) / √5", "aₙ₊₂ = aₙ₊₁ + aₙ",
        lambda n: (((1 + ROOT) / 2) ** n - ((1 - ROOT) / 2) ** n) / ROOT, (0.0, 1.0), lambda a, b: a + b,
    ),
)  # fmt: skip


def sections(name: str) -> list[Section]:
    """The two forms, what decides the end of a geometric sequence, and descent as one."""
    return [_forms(), _ends(), _descent()]


def by_recurrence(sequence: Sequence, n: int) -> list[float]:
    """The first n terms, each from those before it."""
    terms = list(sequence.first)
    while len(terms) < n:
        terms.append(sequence.follow(*terms[-len(sequence.first) :]))
    return terms[:n]


def _forms() -> Section:
    equations, rows = [], []
    for sequence in SEQUENCES:
        terms, general = by_recurrence(sequence, N), [sequence.term(n) for n in range(N)]
        equations += [f"{sequence.general};  {sequence.recurrence}"]
        off = max(abs(a - b) for a, b in zip(terms, general, strict=True))
        rows.append((sequence.name, *terms[:4], terms[-1], general[-1], off))
    columns: list[Words] = ["", "a₀", "a₁", "a₂", "a₃", "a₁₁", say("sequence.by_formula"), say("sequence.off")]
    return Section("forms", [
        Equations(equations),
        say("sequence.forms", n=N),
        Table("forms", columns, rows),
    ])  # fmt: skip


def _ends() -> Section:
    """Where geometric sequences go: to 0 for a ratio below 1 in size, and away for one above."""
    n = np.arange(0, 31, dtype=float)
    lines = [Line(f"r = {ratio:g}".replace("-", "−"), n, ratio**n) for ratio in RATIOS]
    rows = [(ratio, ratio**10, ratio**100) for ratio in RATIOS]
    return Section("ends", [
        say("sequence.ends"),
        Table("ends", ["r", "r¹⁰", "r¹⁰⁰"], rows),
        Plot("powers", "rⁿ", lines, "n"),
    ])  # fmt: skip


def descended() -> NDArray[np.float64]:
    """The points of descent on ½ λ x²."""
    return path(lambda x: 0.5 * CURVATURE * x**2, START, RATE, N)


def _descent() -> Section:
    """Descent by its recurrence, against the general term of the geometric sequence that it is."""
    ratio, points = 1 - RATE * CURVATURE, descended()
    general = START * ratio ** np.arange(N + 1)
    rows = [(n, points[n], general[n]) for n in (0, 1, 2, 5, N)]
    told = {"rate": RATE, "curvature": CURVATURE, "ratio": ratio, "limit": 2 / CURVATURE}
    return Section("as_sequence", [
        say("sequence.descent", **told),
        Table("descent", ["n", "xₙ₊₁ = xₙ − η λ xₙ", "xₙ = (1 − η λ)ⁿ x₀"], rows),
        Remedy(say("sequence.remedy", **told)),
    ])  # fmt: skip
