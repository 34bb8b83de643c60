"""The exponential: its own derivative, sums that become products, and the end of float32."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.functions import FUNCTIONS
from seedbed.functions.probe import float64
from seedbed.recipe.explaining.measured import basics
from seedbed.recipe.explaining.troubles.softmaxes import overflow
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Table
from seedbed.reporting.explained.words import say

PAIRS = ((0.0, 1.0), (1.0, 1.0), (1.5, -1.5), (-2.0, -3.0))


def sections(name: str) -> list[Section]:
    """Formula, picture and facts, its two laws, and where it overflows."""
    return [*basics("exponential", -3.0, 3.0), _laws(), overflow(name)]


def _laws() -> Section:
    """The derivative against the value, and the product of two values against the value of the sum."""
    f, x = FUNCTIONS["exponential"], np.linspace(-20, 20, 401)
    with float64():
        values, slopes = (np.asarray(one) for one in jax.vmap(jax.value_and_grad(f))(jnp.asarray(x)))
        rows = [(a, b, *(float(one) for one in (f(a), f(b), f(a) * f(b), f(a + b)))) for a, b in PAIRS]
        doubled = float(f(1.0 + math.log(2)) / f(1.0))
    told = {"difference": float(np.abs(slopes / values - 1).max()), "step": math.log(2), "times": doubled}
    return Section("laws", [
        say("exponential.laws", **told),
        Table("products", ["a", "b", "eᵃ", "eᵇ", "eᵃ · eᵇ", "eᵃ⁺ᵇ"], rows),
    ])  # fmt: skip
