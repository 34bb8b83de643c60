"""Inputs so large that the function is flat there: the unit answers, but does not learn."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.functions import FUNCTIONS, facts
from seedbed.functions.facts import FLAT
from seedbed.network import Initializer, Normal
from seedbed.recipe.explaining.depth import fitting
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import Share, say

INPUTS, UNITS, EXAMPLES, SEED = 100, 100, 200, 0
LARGE = 5.0  # inputs in another unit


def saturated(name: str) -> Section:
    """The share of units that are flat, with wide weights, with large inputs, and with neither."""
    wide, fit = Normal(1.0), fitting(name)
    rows = [
        (say("saturated.wide"), flat(name, wide, 1.0)),
        (say("saturated.large", factor=LARGE), flat(name, fit, LARGE)),
        (say("saturated.fit", initializer=fit.kind), flat(name, fit, 1.0)),
    ]
    told = {
        "limit": FLAT * facts(name).max_slope,
        "wide": rows[0][1],
        "large": rows[1][1],
        "factor": LARGE,
        "inputs": INPUTS,
    }
    return Section("saturated", [
        say("saturated.what", **told),
        Table("saturated", [say("column.layer"), say("column.flat")], rows),
        Remedy(say("saturated.remedy", initializer=fit.kind, fit=rows[2][1])),
    ])  # fmt: skip


def flat(name: str, initializer: Initializer, scale: float) -> Share:
    """The share of units and examples with |f'| below 1 % of its largest, one layer behind inputs of that deviation."""
    x = scale * np.random.default_rng(SEED).normal(size=(EXAMPLES, INPUTS))
    weight = initializer.sample((INPUTS, UNITS), key=jax.random.key(SEED), dtype=jnp.float32)
    slope = FUNCTIONS[name].derivative(jnp.asarray(x, jnp.float32) @ weight)
    return Share(jnp.mean(jnp.abs(slope) < FLAT * facts(name).max_slope))
