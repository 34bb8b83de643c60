"""Layers without a bent function between them are one layer, whatever their number."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from seedbed.functions import FUNCTIONS
from seedbed.functions.probe import float64
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import say

SIZES, EXAMPLES, SEED = (8, 20, 20, 20, 3), 100, 0
XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])


def collapse(name: str) -> Section:
    """Several layers against their product, and XOR, which one layer cannot do and two with ReLU can."""
    (difference, size), shape = one_for_all(name), f"{SIZES[0]} × {SIZES[-1]}"
    x, y = XOR
    with_one = np.column_stack([x, np.ones(4)])
    best = with_one @ np.linalg.lstsq(with_one, y, rcond=None)[0]
    with float64():
        relu = np.asarray(FUNCTIONS["relu"](x @ np.array([[1.0, -1.0], [-1.0, 1.0]]))).sum(axis=1)
    columns = [say("column.inputs"), say("column.truth"), say("collapse.best"), say("collapse.bent")]
    rows = [(f"{a:g}, {b:g}", *cells) for (a, b), *cells in zip(x, y, best + 0.0, relu, strict=True)]
    return Section("collapse", [
        say("collapse.what", layers=len(SIZES) - 1, shape=shape, difference=difference, size=size),
        say("collapse.xor", cost=np.mean((best - y) ** 2)),
        Table("xor", columns, rows),
        Remedy(say("collapse.remedy")),
    ])  # fmt: skip


def one_for_all(name: str) -> tuple[float, float]:
    """The largest difference between layers in a row and the matrix that is their product, and the largest output."""
    rng = np.random.default_rng(SEED)
    weights = [rng.normal(size=shape) / np.sqrt(shape[0]) for shape in itertools.pairwise(SIZES)]
    x = rng.normal(size=(EXAMPLES, SIZES[0]))
    with float64():
        deep = functools.reduce(lambda a, w: np.asarray(FUNCTIONS[name](a @ w)), weights, x)
    product = functools.reduce(np.matmul, weights)
    return float(np.abs(deep - x @ product).max()), float(np.abs(deep).max())
