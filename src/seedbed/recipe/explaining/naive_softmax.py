"""Softmax as its equation stands, and as it is computed; and the logarithm of it, which cross-entropy needs."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from seedbed.functions import FUNCTIONS
from seedbed.network import CrossEntropy
from seedbed.recipe.explaining.measured import equations
from seedbed.recipe.explaining.troubles.softmaxes import overflow
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.words import Words, say

GAPS = (1.0, 10.0, 50.0, 120.0, 1000.0)


def sections(name: str) -> list[Section]:
    """Both equations, where the first fails, and the loss by both."""
    naive = FUNCTIONS["naive_softmax"]
    lines = [*equations(naive.equation), "f(x)ᵢ = exp(xᵢ − m) / Σⱼ exp(xⱼ − m),  m = max x"]
    return [Section("formula", [Equations(lines, naive.source)]), overflow(name), _logarithm()]


def _logarithm() -> Section:
    """The loss of a class whose input lies below the other's by a gap: −ln of softmax, and by log-sum-exp."""
    rows = []
    for gap in GAPS:
        x = jnp.asarray([[0.0, gap]], jnp.float32)
        p = float(FUNCTIONS["softmax"](x)[0, 0])
        with np.errstate(divide="ignore"):
            by_log = float(-np.log(np.float32(p)))
        rows.append((gap, p, by_log, float(CrossEntropy().compare(x, jnp.asarray([[1.0, 0.0]]))[0])))
    columns: list[Words] = [say("naive_softmax.gap"), say("naive_softmax.p"), "−ln p", "ln Σ exp(x) − x₁"]
    return Section("logarithm", [
        say("naive_softmax.logarithm"),
        Table("losses", columns, rows),
        Remedy(say("naive_softmax.remedy")),
    ])  # fmt: skip
