"""The perceptron: its rule, the gates that it learns, XOR that it cannot, and the two layers that can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from seedbed.network.gates import boolean_network, truth_rows
from seedbed.network.perceptron import Perceptrons, learn_rows, mistake_bound, unlearned
from seedbed.network.separation import separate
from seedbed.recipe.explaining.xor import NETWORKS, RATE, STEPS, XOR, learned_xor, n_solved
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import say

GATES = {"AND": (0, 0, 0, 1), "OR": (0, 1, 1, 1), "NAND": (1, 1, 1, 0)}
DRAWN = "NAND"
FEW, MANY = 2, 4  # hidden units of the networks that learn XOR
MOST_TIMES = 100


class Times(NamedTuple):
    """Going through the four rows again and again.

    Attributes:
        states: the units before each time and after the last.
        mistakes: of each time.
    """

    states: list[Perceptrons]
    mistakes: list[int]


def sections(name: str) -> list[Section]:
    """The rule, the gates, the proof that XOR is too much, and what is enough for it."""
    rule = ["z = w · x + b,   y = 1 if z > 0 else 0", "t z ≤ 0:   w ← w + η t x,   b ← b + η t,   t = ±1"]
    source = "Rosenblatt 1958, The perceptron; Novikoff 1962, On convergence proofs for perceptrons"
    return [Section("formula", [Equations(rule, source)]), _gates(), _xor(), _two_layers(), _sigmoids()]


def times(truth: tuple[int, ...], most: int = MOST_TIMES) -> Times:
    """One perceptron learns a Boolean function of two inputs: until it makes no mistake, or has been there before."""
    signs = np.where(np.asarray(truth) == 1, 1.0, -1.0)[:, None]
    states, mistakes = [unlearned(2, 1)], list[int]()
    while len(mistakes) < most:
        units, made = learn_rows(states[-1], truth_rows(2), signs)
        mistakes.append(int(made.sum()))
        is_known = any(_same(units, before) for before in states)
        states.append(units)
        if is_known:  # either there was no mistake, or it goes round in a circle
            break
    return Times(states, mistakes)


def _same(one: Perceptrons, other: Perceptrons) -> bool:
    return np.array_equal(one.weight, other.weight) and np.array_equal(one.bias, other.bias)


def _gates() -> Section:
    """Weights, mistakes, and the bound on them."""
    rows = []
    for gate, truth in GATES.items():
        found = times(truth)
        units, x = found.states[-1], truth_rows(2)
        signs = np.where(np.asarray(truth) == 1, 1.0, -1.0)
        best = separate(x, truth)
        assert best.weight is not None and best.bias is not None
        bound = mistake_bound(x, signs, best.weight, best.bias)
        rows.append((gate, list(units.weight[:, 0]), units.bias[0], len(found.mistakes), sum(found.mistakes), bound))
    columns = [say(f"perceptron.{head}") for head in ("gate", "weights", "bias", "times", "mistakes", "bound")]
    drawn = times(GATES[DRAWN]).states[-1]
    plane = [*_corners(GATES[DRAWN]), Line(say("perceptron.border"), *_border(drawn))]
    return Section("gates", [
        say("perceptron.gates"), Table("gates", columns, rows),
        Plot("plane", say("perceptron.plane", gate=DRAWN), plane, "x₁", "x₂"),
    ])  # fmt: skip


def _xor() -> Section:
    """The point in both hulls, and the circle in which the rule goes."""
    proof, found = separate(truth_rows(2), XOR), times(XOR)
    assert proof.point is not None
    first = next(i for i, before in enumerate(found.states) if _same(before, found.states[-1]))
    made = sum(found.mistakes[first:])
    point = Line(say("perceptron.middle"), proof.point[:1], proof.point[1:], is_dots=True)
    return Section("too_much", [
        say("perceptron.proof", point=list(proof.point)),
        say("perceptron.circle", first=first, last=len(found.mistakes), mistakes=made),
        Plot("square", say("perceptron.square"), [*_corners(XOR), point], "x₁", "x₂"),
    ])  # fmt: skip


def _two_layers() -> Section:
    """The weights of the two layers, and what they say."""
    network, params = boolean_network(XOR)
    first, _, second, _ = params
    rows = [
        (f"h{'₁₂'[i]}", "x₁, x₂", first["weight"][:, i].tolist(), float(first["bias"][i]))
        for i in range(len(first["bias"]))
    ]
    rows.append(("y", "h₁, h₂", second["weight"][:, 0].tolist(), float(second["bias"][0])))
    said = network.apply(params, jnp.asarray(truth_rows(2), jnp.float32))[:, 0].tolist()
    columns = [say(f"perceptron.{head}") for head in ("unit", "reads", "weights", "bias")]
    return Section("two_layers", [say("perceptron.two_layers", said=said), Table("two_layers", columns, rows)])


def _sigmoids() -> Section:
    """Sigmoid neurons learn what perceptrons in two layers have no rule for."""
    few, many = learned_xor(FEW), learned_xor(MANY)
    rows = [
        (hidden, n_solved(answers), float(np.abs(answers - np.asarray(XOR)).max(axis=1).min()))
        for hidden, answers in ((FEW, few), (MANY, many))
    ]
    columns = [say(f"perceptron.{head}") for head in ("hidden", "solved", "error")]
    told = {"networks": NETWORKS, "steps": STEPS, "rate": RATE}
    return Section("sigmoids", [
        say("perceptron.no_rule"), say("perceptron.sigmoids", **told), Table("sigmoids", columns, rows),
        Remedy(say("perceptron.remedy", hidden=MANY, solved=n_solved(many), networks=NETWORKS)),
    ])  # fmt: skip


def _corners(truth: tuple[int, ...]) -> Iterator[Line]:
    """The corners of the square, those of class 1 and those of class 0."""
    x, is_one = truth_rows(2), np.asarray(truth) == 1
    for label, rows in (("1", x[is_one]), ("0", x[~is_one])):
        yield Line(say("perceptron.class", label=label), rows[:, 0], rows[:, 1], is_dots=True)


def _border(units: Perceptrons) -> tuple[np.ndarray, np.ndarray]:
    """The line w · x + b = 0 inside a square a little larger than that of the corners."""
    (w1,), (w2,) = units.weight
    x = np.linspace(-0.25, 1.25, 61)
    y = -(units.bias[0] + w1 * x) / w2
    return x, np.where((y >= -0.25) & (y <= 1.25), y, np.nan)
