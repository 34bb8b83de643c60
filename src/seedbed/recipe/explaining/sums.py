"""The sum Σ: a linear map from many numbers to one, and what its derivative is."""

from __future__ import annotations

import numpy as np

from seedbed.calculus.derivatives import gradient, jacobian
from seedbed.calculus.linear import is_linear
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Table
from seedbed.reporting.explained.words import Explained, say, vector

U, V, FACTOR = np.array([1.0, 2.0, 3.0, 4.0]), np.array([5.0, 0.0, -2.0, 1.0]), 3.0
M = np.arange(6.0).reshape(2, 3)
UP_TO = (1, 2, 3, 10, 100)


def sections(name: str) -> list[Section]:
    """The formula, the laws, the derivative, and a sum that has a formula."""
    lines = ["Σᵢ xᵢ = x₁ + x₂ + … + xₙ = ⟨1, x⟩", "Σᵢ (a xᵢ + b yᵢ) = a Σᵢ xᵢ + b Σᵢ yᵢ", "∂(Σᵢ xᵢ) / ∂xⱼ = 1"]
    return [Section("formula", [Equations(lines)]), _laws(), _slope(), _gauss()]


def _laws() -> Section:
    """Both sides of the laws of linearity, and a sum that is none: of squares."""
    rows = [
        ("Σ (x + y) = Σ x + Σ y", (U + V).sum(), U.sum() + V.sum()),
        (f"Σ {FACTOR:g} x = {FACTOR:g} Σ x", (FACTOR * U).sum(), FACTOR * U.sum()),
        ("Σ x = ⟨1, x⟩", U.sum(), np.ones(4) @ U),
        ("Σ x² = (Σ x)² ?", (U**2).sum(), U.sum() ** 2),
    ]
    plain, squares = (is_linear(f, 4).kind for f in (lambda x: x.sum(), lambda x: (x**2).sum()))
    told = {"plain": say(f"affine.{plain}"), "squares": say(f"affine.{squares}")}
    vectors = {"x": vector(U), "y": vector(V)}
    return Section("laws", [
        say("sum.laws", **vectors),
        Table("laws", [say("sum.law"), say("sum.left"), say("sum.right")], rows),
        say("sum.kinds", **told),
    ])  # fmt: skip


def _slope() -> Section:
    """The gradient of a sum, and the Jacobian of sums along an axis with its structure."""
    g = np.asarray(gradient(lambda x: x.sum())(np.asarray(U, np.float32)))
    weighted = np.asarray(gradient(lambda x: (x * V).sum())(np.asarray(U, np.float32)))
    along = jacobian(lambda m: m.sum(axis=1))(np.asarray(M, np.float32))
    rows = [("Σ x", vector(g)), ("⟨x, y⟩", vector(weighted))]
    return Section("slope", [
        say("sum.slope"),
        Table("gradients", ["f", "∇f"], rows),
        say("sum.axis", rows=M.shape[0], columns=M.shape[1], structure=Explained(along)),
    ])  # fmt: skip


def _gauss() -> Section:
    """The sum of the numbers from 1 to n, added up and by formula."""
    rows = [(n, sum(range(1, n + 1)), n * (n + 1) // 2) for n in UP_TO]
    return Section("closed", [
        say("sum.closed"),
        Table("numbers", ["n", say("sum.added"), "n (n + 1) / 2"], rows),
    ])  # fmt: skip
