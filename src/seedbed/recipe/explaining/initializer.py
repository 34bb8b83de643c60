"""An initialiser: which variance it gives, why, and what signal and gradient do with it layer by layer."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.core.plain import to_line
from seedbed.functions import FUNCTIONS
from seedbed.network import HeNormal, Initializer, LeCunNormal, Normal, XavierNormal
from seedbed.network.initializers import Scaled
from seedbed.recipe.explaining.depth import DEPTH, WIDTH, passage
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Share, say


class Meant(NamedTuple):
    """An initialiser, the function that it is meant for, and what to compare it with."""

    initializer: Scaled
    function: str
    beside: tuple[Initializer, ...]
    equation: str
    source: str


MEANT = {
    "he": Meant(
        HeNormal(), "relu", (XavierNormal(), Normal(0.01)), "Var w = 2 / fan_in",
        "He et al. 2015, Delving deep into rectifiers, eq. (10)",
    ),
    "xavier": Meant(
        XavierNormal(), "tanh", (Normal(1.0), Normal(0.01)), "Var w = 2 / (fan_in + fan_out)",
        "Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, eq. (12)",
    ),
    "lecun": Meant(
        LeCunNormal(), "selu", (HeNormal(), Normal(0.01)), "Var w = 1 / fan_in",
        "LeCun et al. 1998, Efficient BackProp, eq. (16)",
    ),
}  # fmt: skip
SHAPES = ((50, 50), (100, 100), (400, 100))
EXAMPLES, SEED = 400, 0


def sections(name: str) -> list[Section]:
    """The formula, one layer, ten layers forward and backward."""
    meant = MEANT[name]
    return [Section("formula", [Equations([meant.equation], meant.source)]), _layer(name), _layers(name)]


def one_layer(initializer: Initializer, function: str, shape: tuple[int, int]) -> tuple[float, float]:
    """The variance of the weights of a layer, and the mean square behind it, for inputs of the function of normal z."""
    weight = initializer.sample(shape, key=jax.random.key(SEED), dtype=jnp.float32)
    x = jnp.asarray(np.random.default_rng(SEED).normal(size=(EXAMPLES, shape[0])), jnp.float32)
    z = FUNCTIONS[function](x) @ weight
    return float(jnp.var(weight)), float(jnp.mean(z**2))


def _layer(name: str) -> Section:
    """Variances by formula and as drawn, and what a layer makes of a signal of mean square 1."""
    meant = MEANT[name]
    rows = []
    for shape in SHAPES:
        variance, square = one_layer(meant.initializer, meant.function, shape)
        rows.append((f"{shape[0]} × {shape[1]}", float(meant.initializer.variance(*shape)), variance, square))
    z = np.random.default_rng(SEED).normal(size=200_000)
    kept = float(np.mean(np.asarray(FUNCTIONS[meant.function](jnp.asarray(z, jnp.float32)), np.float64) ** 2))
    columns = [
        say("initializer.shape"),
        say("initializer.variance"),
        say("initializer.drawn"),
        say("initializer.square"),
    ]
    return Section("one_layer", [
        say("initializer.sum"),
        say(f"{name}.why", function=meant.function, kept=kept),
        Table("layer", columns, rows),
    ])  # fmt: skip


def _layers(name: str) -> Section:
    """Signal and gradient layer by layer, with this initialiser and with others."""
    meant = MEANT[name]
    tried = {to_line(one): passage(meant.function, one) for one in (meant.initializer, *meant.beside)}
    layers = [float(layer) for layer in range(1, DEPTH + 1)]
    rows = [(label, p.deviation[0], p.deviation[-1], p.ratio) for label, p in tried.items()]
    heads = ("initializer", "first_signal", "signal", "gradient")
    (_, fit), (other, unfit), *_ = tried.items()
    told = {"depth": DEPTH, "width": WIDTH, "function": meant.function}
    said = {"other": other, "ratio": unfit.ratio, "flat": Share(unfit.flat[-1])}
    said |= {key: p.deviation[-1] / p.deviation[0] for key, p in (("fit", fit), ("unfit", unfit))}
    plots = [
        Plot(key, say(f"initializer.{key}"), [Line(label, layers, getattr(p, key)) for label, p in tried.items()],
             say("axis.layer"), is_log_y=True)
        for key in ("deviation", "gradient")
    ]  # fmt: skip
    return Section("layer_by_layer", [
        say("initializer.layers", **told),
        Table("layers", [say(f"column.{head}") for head in heads], rows, strong=0),
        *plots,
        Remedy(say(f"{name}.remedy", **said)),
    ])  # fmt: skip
