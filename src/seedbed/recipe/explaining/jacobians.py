"""The Jacobian: four shapes of a derivative, the structure that it has, and what it predicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.calculus.derivatives import derivative, gradient, jacobian
from seedbed.calculus.linearization import linearize
from seedbed.calculus.matrix import Jacobian
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.matrix import Matrix
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Explained, say, vector

POINT = jnp.array([1.0, -0.5, 2.0])
W = jnp.asarray(np.random.default_rng(0).normal(size=(4, 3)), jnp.float32)
X = jnp.asarray(np.random.default_rng(1).normal(size=(3, 3)), jnp.float32)
BY_WEIGHTS = "W x, ∂W"
LARGE, BATCH, WIDTH = 1000, 64, 256
STEPS = 10.0 ** np.arange(-2.5, 0.51, 0.25)
DIRECTION = jnp.array([0.6, 0.0, 0.8])


def sections(name: str) -> list[Section]:
    """The four shapes, structures with their pictures and sizes, and the linearisation."""
    lines = ["J[i, j] = ∂fᵢ / ∂xⱼ", "f(x + Δx) ≈ f(x) + J Δx"]
    return [Section("formula", [Equations(lines)]), _shapes(), _structures(), _sizes(), _linearised()]


def layer(x: Any) -> Any:
    """A layer of four units on three numbers: tanh(W x)."""
    return jnp.tanh(W @ x)


def _shapes() -> Section:
    """Scalar or vector function of a scalar or vector variable, each with an example."""
    curve = lambda t: jnp.stack([jnp.cos(t), jnp.sin(t)])  # noqa: E731
    bowl = lambda x: jnp.sum(x**2)  # noqa: E731
    slope, column = derivative(lambda x: x**3)(2.0), derivative(curve)(0.5)
    rows = [
        (say("jacobian.scalar"), say("jacobian.scalar"), "x³, x = 2", "1 × 1", f"{float(slope):g}"),
        (say("jacobian.vector"), say("jacobian.scalar"), "(cos t, sin t), t = ½", "2 × 1", vector(np.round(column, 3))),
        (say("jacobian.scalar"), say("jacobian.vector"), "Σ xᵢ²", "1 × 3", vector(gradient(bowl)(POINT))),
        (say("jacobian.vector"), say("jacobian.vector"), "tanh(W x)", "4 × 3", say("jacobian.below")),
    ]
    heads = ("function", "variable", "example", "shape", "value")
    J = jacobian(layer)(POINT)
    return Section("four_shapes", [
        say("jacobian.shapes"),
        Table("four", [say(f"jacobian.{head}") for head in heads], rows),
        Matrix("layer", "tanh(W x)", np.asarray(J, np.float64)),
    ])  # fmt: skip


def examples() -> dict[str, Jacobian]:
    """Jacobians of the operations of a network, each at a small point."""
    x = jnp.linspace(-1.0, 1.5, 6)
    functions: dict[str, tuple[Callable[[Any], Any], Any]] = {
        "tanh(x)": (jnp.tanh, x),
        "softmax(x)": (jax.nn.softmax, x),
        "W x": (lambda x: W @ x, POINT),
        BY_WEIGHTS: (lambda w: w @ POINT, W),
        "tanh(X Wᵀ)": (lambda x: jnp.tanh(x @ W.T), X),
    }
    return {label: jacobian(f)(at) for label, (f, at) in functions.items()}


def _structures() -> Section:
    """What structure the operations of a network have, as it is found, and how that looks."""
    found = examples()
    rows = [(label, Explained(J)) for label, J in found.items()]
    panels = [Matrix(f"pattern_{n}", label, np.asarray(J, np.float64)) for n, (label, J) in enumerate(found.items())]
    return Section("structures", [
        say("jacobian.structures"),
        Table("structures", [say("jacobian.f"), say("jacobian.found")], rows),
        *panels,
    ])  # fmt: skip


def _sizes() -> Section:
    """How many bytes the structure takes and how many all entries would."""
    weights = jnp.ones((WIDTH, WIDTH)) / WIDTH
    large = {
        f"tanh, n = {LARGE:,}": jacobian(jnp.tanh)(jnp.linspace(-1.0, 1.0, LARGE)),
        f"softmax, n = {LARGE:,}": jacobian(jax.nn.softmax)(jnp.linspace(-1.0, 1.0, LARGE)),
        f"tanh(X Wᵀ), {BATCH} × {WIDTH}": jacobian(lambda x: jnp.tanh(x @ weights.T))(jnp.ones((BATCH, WIDTH))),
    }
    rows = [
        (label, Explained(J.structure), J.nbytes, J.dense_bytes, J.dense_bytes / J.nbytes) for label, J in large.items()
    ]
    heads = ("f", "kind", "stored", "dense", "times")
    return Section("sizes", [
        say("jacobian.sizes"),
        Table("sizes", [say(f"jacobian.{head}") for head in heads], rows),
        Remedy(say("jacobian.remedy")),
    ])  # fmt: skip


def _linearised() -> Section:
    """What J Δx predicts beside what happens, for smaller and smaller steps."""
    with jax.enable_x64(True):
        near = linearize(lambda x: jnp.tanh(jnp.asarray(W, jnp.float64) @ x))(jnp.asarray(POINT, jnp.float64))
        found = [near.predict(jnp.asarray(step * np.asarray(DIRECTION, np.float64))) for step in STEPS]
        errors = np.array([one.error for one in found])
        changes = np.array([float(jnp.linalg.norm(one.true)) for one in found])
    power = float(np.polyfit(np.log(STEPS[:6]), np.log(errors[:6]), 1)[0])
    lines = [Line(say("jacobian.error"), STEPS, errors), Line(say("jacobian.change"), STEPS, changes)]
    return Section("linearised", [
        say("jacobian.linearised", power=power),
        Plot("errors", say("jacobian.plot"), lines, "|Δx|", is_log_x=True, is_log_y=True),
    ])  # fmt: skip
