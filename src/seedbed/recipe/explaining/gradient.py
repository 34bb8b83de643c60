"""The gradient: which way a function rises most steeply, and why −∇f is the steepest way down."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.calculus import angle, cauchy_schwarz, norm
from seedbed.functions.probe import float64
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.relief import Arrow, Relief
from seedbed.reporting.explained.words import say

POINT = np.array([2.0, 0.8])
H = 1e-5
DEGREES = np.arange(0.0, 360.0, 1.0)
ARROW = 0.35  # length of an arrow on the map, for a gradient of length 1


def sections(name: str) -> list[Section]:
    """The formula, the gradient at a point, the slope in every direction, and what the gradient does not say."""
    return [
        Section(
            "formula", [Equations(["∇f = (∂f/∂x, ∂f/∂y)", "∂f/∂u = ⟨∇f, u⟩ = ‖∇f‖ ‖u‖ cos θ", "f(x, y) = ½ x² + y²"])]
        ),
        _components(),
        _directions(),
        _map(),
    ]


def f(p: Any) -> Any:
    """½ x² + y², a bowl that is steeper along y."""
    return 0.5 * p[0] ** 2 + p[1] ** 2


def exact(point: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gradient of f by automatic differentiation, in float64."""
    with float64():
        return np.asarray(jax.grad(f)(point))


def along(point: NDArray[np.float64], direction: NDArray[np.float64]) -> float:
    """The slope of f in a direction, measured with a small step to both sides."""
    return float((f(point + H * direction) - f(point - H * direction)) / (2 * H))


def _components() -> Section:
    g = exact(POINT)
    rows = [(f"∂f/∂{axis}", g[n], along(POINT, np.eye(2)[n])) for n, axis in enumerate("xy")]
    return Section("at_a_point", [
        say("gradient.components", point=list(POINT)),
        Table("components", [say("column.derivative"), say("column.exact"), say("column.differences")], rows),
    ])  # fmt: skip


def _directions() -> Section:
    """The slope in 360 directions, and the cases of Cauchy and Schwarz."""
    g, turned = exact(POINT), np.radians(DEGREES)
    units = np.stack([np.cos(turned), np.sin(turned)], axis=1)
    measured = np.array([along(POINT, u) for u in units])
    theta = np.array([angle(g, u) for u in units])
    steepest = units[int(np.argmin(measured))]
    ways = {"rising": g, "falling": -g, "level": np.array([-g[1], g[0]]), "axis": np.array([-1.0, 0.0])}
    rows = []
    for key, way in ways.items():
        u = way / norm(way)
        law = cauchy_schwarz(g, u)
        rows.append(
            (
                say(f"gradient.{key}"),
                law.inner,
                along(POINT, u),
                law.bound,
                math.degrees(law.angle),
                say(f"case.{law.case}"),
            )
        )
    heads = ("direction", "inner", "differences", "bound", "degrees", "case")
    order = np.argsort(theta)
    lines = [
        Line(say("gradient.predicted"), np.degrees(theta[order]), norm(g) * np.cos(theta[order])),
        Line(say("gradient.measured"), np.degrees(theta[order[::15]]), measured[order[::15]], is_dots=True),
    ]
    told = {"count": len(DEGREES), "off": math.degrees(angle(steepest, -g)), "slope": measured.min(), "length": norm(g)}
    return Section("steepest", [
        say("gradient.law"),
        Table("cases", [say(f"column.{head}") for head in heads], rows, strong=1),
        say("gradient.searched", **told),
        Plot("directions", say("gradient.plot"), lines, say("gradient.angle")),
    ])  # fmt: skip


def _map() -> Section:
    """The map, and the angle between −∇f and the way to the lowest point."""
    x, y, g = np.linspace(-3, 3, 121), np.linspace(-2, 2, 81), exact(POINT)
    arrows = [Arrow(label, *POINT, *(sign * ARROW * g)) for label, sign in (("∇f", 1), ("−∇f", -1))]
    levels = np.array([0.25, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0])
    grid = np.asarray(f(np.meshgrid(x, y)))
    return Section("map", [
        say("gradient.map"),
        Relief("map", say("gradient.chart"), x, y, grid, levels, arrows=arrows),
        say("gradient.beside", degrees=math.degrees(angle(-g, -POINT))),
        Remedy(say("gradient.remedy")),
    ])  # fmt: skip
