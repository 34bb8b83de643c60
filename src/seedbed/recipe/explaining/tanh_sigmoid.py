"""tanh(x) = 2 σ(2x) - 1: one function is the other, stretched and moved, and so are their networks."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.functions import FUNCTIONS
from seedbed.functions.probe import float64
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Fact, Facts, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import say

SIZES, EXAMPLES, SEED = (4, 8, 3), 50, 0
SMALL = (1e-1, 1e-3, 1e-5, 1e-7)


def sections(name: str) -> list[Section]:
    """The equation, the picture, what it makes of a network, and where not to compute it so."""
    lines = ["tanh(x) = 2 σ(2x) − 1", "tanh′(x) = 4 σ′(2x)"]
    return [Section("formula", [Equations(lines)]), _picture(), _network(), _rounding()]


def _picture() -> Section:
    """Both functions, and the largest difference between the two sides of the equation."""
    x = np.linspace(-4, 4, 161)
    with float64():
        tanh, sigmoid = FUNCTIONS["tanh"], FUNCTIONS["sigmoid"]
        exact, half, made = (np.asarray(one) for one in (tanh(x), sigmoid(x), 2 * sigmoid(2 * x) - 1))
        slopes = [np.asarray(jax.vmap(jax.grad(f))(jnp.asarray(at))) for f, at in ((tanh, x), (sigmoid, 2 * x))]
    lines = [Line("tanh(x)", x, exact), Line("σ(x)", x, half), Line("2 σ(2x) − 1", x[::5], made[::5], is_dots=True)]
    facts = [
        Fact("identity_off", float(np.abs(exact - made).max())),
        Fact("slopes_off", float(np.abs(slopes[0] - 4 * slopes[1]).max())),
    ]
    return Section("picture", [Plot("functions", "f(x)", lines), Facts(facts)])


def _network() -> Section:
    """A network with tanh, and the one with sigmoid whose weights follow from it."""
    rng = np.random.default_rng(SEED)
    w, v = (rng.normal(size=size) for size in ((SIZES[0], SIZES[1]), (SIZES[1], SIZES[2])))
    b, c = rng.normal(size=SIZES[1]), rng.normal(size=SIZES[2])
    x = rng.normal(size=(EXAMPLES, SIZES[0]))
    with float64():
        one = np.asarray(FUNCTIONS["tanh"](x @ w + b)) @ v + c
        other = np.asarray(FUNCTIONS["sigmoid"](x @ (2 * w) + 2 * b)) @ (2 * v) + (c - v.sum(axis=0))
    told = {"n": EXAMPLES, "difference": float(np.abs(one - other).max()), "size": float(np.abs(one).max())}
    return Section("as_network", [
        say("tanh_sigmoid.network"),
        Equations(["tanh(x W + b) V + c  =  σ(x 2W + 2b) 2V + (c − Σ V)"]),
        say("tanh_sigmoid.same", **told),
    ])  # fmt: skip


def _rounding() -> Section:
    """Both sides in float32 near 0, where the right one takes off nearly equal numbers."""
    x = jnp.asarray(SMALL, jnp.float32)
    left, right = FUNCTIONS["tanh"](x), 2 * FUNCTIONS["sigmoid"](2 * x) - 1
    rows = [tuple(map(float, row)) for row in zip(x, left, right, jnp.abs(right / left - 1), strict=True)]
    return Section("rounding", [
        say("tanh_sigmoid.rounding"),
        Table("rounding", ["x", "tanh(x)", "2 σ(2x) − 1", say("column.relative")], rows),
        Remedy(say("tanh_sigmoid.remedy")),
    ])  # fmt: skip
