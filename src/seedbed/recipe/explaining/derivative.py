"""The derivative: its sign is a direction, and how exactly differences can measure it."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.functions.probe import float64
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Words, say

PLACES = (-2.0, -1.0, -0.5, 0.5, 1.0, 1.8)
STEP = 0.1
AT = 0.7
STEPS = 10.0 ** np.arange(-15.0, 0.0, 0.25)
SHOWN = (1e-2, 1e-5, 1e-8, 1e-12)


def sections(name: str) -> list[Section]:
    """The formula, the picture, the sign as a direction, and differences against the exact value."""
    x = np.linspace(-2.2, 2.2, 221)
    equations = ["f′(x) = lim (f(x + h) − f(x)) / h  for h → 0", "f(x) = x³ − 3x, f′(x) = 3x² − 3"]
    plots = [Plot("value", "f(x)", [Line("f(x)", x, f(x))]), Plot("derivative", "f′(x)", [Line("f′(x)", x, slopes(x))])]
    return [Section("formula", [Equations(equations)]), Section("picture", plots), _sign(), _differences()]


def f(x: Any) -> Any:
    """x³ - 3x, with a hill at -1 and a valley at 1."""
    return x**3 - 3 * x


def slopes(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The derivative by automatic differentiation, in float64."""
    with float64():
        return np.asarray(jax.vmap(jax.grad(f))(x))


def _sign() -> Section:
    """Where a step against the sign of the derivative leads."""
    x = np.array(PLACES)
    slope = slopes(x)
    after = x - STEP * np.sign(slope)
    ways = {1.0: say("derivative.left"), -1.0: say("derivative.right"), 0.0: say("derivative.stay")}
    rows = [(at, d, ways[float(np.sign(d))], f(at), f(to)) for at, d, to in zip(x, slope, after, strict=True)]
    columns: list[Words] = ["x", "f′(x)", say("derivative.way"), say("derivative.before"), say("derivative.after")]
    fallen = int(np.sum(f(after) < f(x)))
    return Section(
        "sign",
        [say("derivative.sign", step=STEP, fallen=fallen, n=int(np.sum(slope != 0))), Table("sign", columns, rows)],
    )


def differences(x: float, h: Any) -> tuple[Any, Any]:
    """The derivative by a difference forward and by one to both sides."""
    return (f(x + h) - f(x)) / h, (f(x + h) - f(x - h)) / (2 * h)


def _differences() -> Section:
    """The error of differences by their step: too large a step bends, too small a one rounds."""
    exact = float(slopes(np.array([AT]))[0])
    forward, central = (np.abs(one - exact) for one in differences(AT, STEPS))
    rows = [(h, *(abs(one - exact) for one in differences(AT, h))) for h in SHOWN]
    best = STEPS[int(np.argmin(central))]
    lines = [Line(say("derivative.forward"), STEPS, forward), Line(say("derivative.central"), STEPS, central)]
    return Section("differences", [
        say("derivative.differences", x=AT, exact=exact, best=best, error=central.min()),
        Table("differences", ["h", say("derivative.forward"), say("derivative.central")], rows),
        Plot("errors", say("derivative.plot"), lines, "h", is_log_x=True, is_log_y=True),
        Remedy(say("derivative.remedy")),
    ])  # fmt: skip
