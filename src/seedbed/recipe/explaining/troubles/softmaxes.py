"""Softmax computed as it stands, on one number, and twice."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.functions import FUNCTIONS
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import Words, say, vector

LOGITS = np.array([0.0, 1.0, 2.0])
SHIFTS = (0.0, 50.0, 80.0, 90.0, 1000.0, -1000.0)
CLASSES = 10


def overflow(name: str) -> Section:
    """The naive softmax beside the stable one; adding the same number to all inputs should change nothing."""
    naive, stable = FUNCTIONS["naive_softmax"], FUNCTIONS["softmax"]
    rows = []
    for shift in SHIFTS:
        x = jnp.asarray(LOGITS + shift, jnp.float32)
        rows.append((vector(LOGITS + shift), *(_row(f(x)) for f in (naive, stable))))
    columns = [say("column.inputs"), say("overflow.naive"), say("overflow.stable")]
    return Section("overflow", [
        say("overflow.what", edge=largest_input(), largest=float(jnp.finfo(jnp.float32).max)),
        Table("overflow", columns, rows),
        Remedy(say("overflow.remedy")),
    ])  # fmt: skip


def largest_input() -> float:
    """The largest x whose exponential is finite in float32, found by halving."""
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if np.isfinite(FUNCTIONS["exponential"](jnp.float32(middle))) else (low, middle)
    return low


def single(name: str) -> Section:
    """Softmax of one number, which is 1 whatever it is, and the sigmoid, which is softmax of that number and 0."""
    softmax, sigmoid = FUNCTIONS["softmax"], FUNCTIONS["sigmoid"]
    x = jnp.asarray([[-5.0], [0.0], [3.0]], jnp.float32)
    slopes = jax.vmap(jax.grad(lambda one: softmax(one)[0]))(x)[:, 0]
    pairs = softmax(jnp.concatenate([x, jnp.zeros_like(x)], axis=1))[:, 0]
    rows = [
        tuple(map(float, row)) for row in zip(x[:, 0], softmax(x)[:, 0], slopes, pairs, sigmoid(x[:, 0]), strict=True)
    ]
    columns: list[Words] = ["x", "softmax((x))", say("column.slope"), "softmax((x, 0))", "σ(x)"]
    return Section("single", [
        say("single.what"),
        Table("single", columns, rows),
        Remedy(say("single.remedy", difference=max(abs(row[3] - row[4]) for row in rows))),
    ])  # fmt: skip


def twice(name: str) -> Section:
    """The highest probability that softmax can give when softmax stands before it already."""
    softmax = FUNCTIONS["softmax"]
    rows = []
    for logit in (0.0, 2.0, 5.0, 20.0):
        x = jnp.zeros(CLASSES, jnp.float32).at[0].set(logit)
        once, again = float(softmax(x)[0]), float(softmax(softmax(x))[0])
        rows.append((logit, once, again, -math.log(once), -math.log(again)))
    columns = [say("twice.logit"), say("twice.once"), say("twice.again"), say("twice.loss"), say("twice.loss_again")]
    return Section("twice", [
        say("twice.what", classes=CLASSES, highest=rows[-1][2], loss=rows[-1][4]),
        Table("twice", columns, rows),
        Remedy(say("twice.remedy")),
    ])  # fmt: skip


def _row(values: jax.Array) -> str:
    return ", ".join("NaN" if math.isnan(v) else f"{v:.3f}" for v in np.asarray(values, float))
