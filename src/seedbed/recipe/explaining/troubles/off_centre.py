"""Outputs that all have one sign: the weights of a unit in the next layer can only all rise, or all fall."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.functions import FUNCTIONS, facts
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import Share, say

INPUTS, EXAMPLES, SEED = 20, 2000, 0
CENTRED = "tanh"


def off_centre(name: str) -> Section:
    """The share of examples whose gradient by a unit's weights has one sign, for this function and a centred one."""
    own, beside = outputs(name), outputs(CENTRED)
    rows = [
        (name, own.mean(), one_signed(own)),
        (say("off_centre.shifted", name=name), 0.0, one_signed(own - own.mean(axis=0))),
        (CENTRED, beside.mean(), one_signed(beside)),
    ]
    columns = [say("column.function"), say("column.mean"), say("column.one_sign")]
    told = {"mean": facts(name).mean, "share": rows[0][2], "inputs": INPUTS}
    return Section("off_centre", [
        say("off_centre.what", **told),
        Table("signs", columns, rows, strong=0),
        Remedy(say("off_centre.remedy", share=rows[2][2])),
    ])  # fmt: skip


def outputs(name: str) -> NDArray[np.float64]:
    """What a layer with this function hands on: (examples, inputs of the next layer), for standard normal z."""
    z = np.random.default_rng(SEED).normal(size=(EXAMPLES, INPUTS))
    return np.asarray(FUNCTIONS[name](jnp.asarray(z, jnp.float32)), np.float64)


def one_signed(a: NDArray[np.float64]) -> Share:
    """The share of examples whose gradient δ a by the weights has components of one sign only; a 0 fits either."""
    return Share(np.mean((a >= 0).all(axis=1) | (a <= 0).all(axis=1)))
