"""The affine function: a slope and an intercept, what makes it linear, and that a chain of them is one."""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp
import numpy as np

from seedbed.calculus.linear import is_linear
from seedbed.functions.polynomial import affine
from seedbed.functions.probe import float64
from seedbed.recipe.explaining.measured import basics
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import say

SLOPE, INTERCEPT = 2.0, 1.0
X, Y, FACTOR = 1.0, 2.0, 3.0
CHAIN = ((2.0, 1.0), (-0.5, 3.0), (4.0, -2.0))  # slopes and intercepts, the first applied first


def sections(name: str) -> list[Section]:
    """Formula, picture and facts, the two laws of linearity, and a chain of affine functions."""
    formula, _, measured = basics("affine", slope=SLOPE, intercept=INTERCEPT)
    x, said = np.linspace(-3, 3, 61), f"{SLOPE:g} x"
    lines = [Line(f"{said} + {INTERCEPT:g}", x, at(x, SLOPE, INTERCEPT)), Line(said, x, at(x, SLOPE, 0.0))]
    return [formula, Section("picture", [Plot("value", "f(x)", lines)]), measured, _laws(), _chain()]


def at(x: Any, slope: float, intercept: float) -> Any:
    """The function in float64: an array for an array, a number for a number."""
    with float64():
        return np.asarray(affine(x, slope, intercept))[()]


def _laws() -> Section:
    """Both sides of additivity and homogeneity, with the intercept and without it."""
    rows = []
    for intercept in (INTERCEPT, 0.0):
        f = functools.partial(at, slope=SLOPE, intercept=intercept)
        kind = is_linear(lambda x, b=intercept: affine(x, jnp.float32(SLOPE), jnp.float32(b)), ()).kind
        cells = (f(X + Y), f(X) + f(Y), f(FACTOR * X), FACTOR * f(X))
        rows.append((f"{SLOPE:g} x + {intercept:g}" if intercept else f"{SLOPE:g} x", *cells, say(f"affine.{kind}")))
    sides = [f"f({X:g} + {Y:g})", f"f({X:g}) + f({Y:g})", f"f({FACTOR:g} · {X:g})", f"{FACTOR:g} f({X:g})"]
    return Section("laws", [
        say("affine.laws", intercept=INTERCEPT),
        Table("laws", ["f", *sides, say("affine.so")], rows),
        say("affine.shift"),
    ])  # fmt: skip


def _chain() -> Section:
    """Affine functions one behind the other, and the one that does the same."""
    slope, intercept = functools.reduce(lambda a, b: (b[0] * a[0], b[0] * a[1] + b[1]), CHAIN)
    x = np.linspace(-10, 10, 201)
    one_by_one = functools.reduce(lambda value, one: at(value, *one), CHAIN, x)
    told = {"n": len(CHAIN), "slope": slope, "intercept": intercept}
    told["difference"] = float(np.abs(one_by_one - at(x, slope, intercept)).max())
    return Section("chain", [say("affine.chain", **told), Remedy(say("affine.remedy"))])
