"""Isometry: what the singular values of layers do to gradients, by initialiser and activation, beside the theory."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np

from seedbed.functions import FUNCTIONS
from seedbed.network import Network
from seedbed.network.isometry import Isometry, isometry
from seedbed.network.mean_field import critical_point, fixed_point, moments
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.isometric import gradient_plot, spectrum_plot
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.words import Words, say

DEPTH, WIDTH, SEED = 10, 200, 0
DEPTHS = (10, 50, 100, 200)
CRITICAL, GAUSSIAN, RELU, SIGMOID = "tanh_orthogonal", "tanh_gaussian", "relu", "sigmoid"


class Case(NamedTuple):
    """A network of equal layers.

    Attributes:
        activation: its kind.
        weight: how the weights begin.
        bias: how the biases begin.
        signal: the mean square of the example.
    """

    activation: str
    weight: str
    bias: str = "zeros"
    signal: float = 1.0


def cases() -> dict[str, Case]:
    """Tanh on its critical line with orthogonal and with Gaussian weights, ReLU with He's, sigmoid with LeCun's."""
    weight, bias = critical_point("tanh", 1 / DEPTH)
    gain, deviation, signal = f"gain={weight**0.5!r}", f"normal({bias**0.5!r})", (1 / DEPTH - bias) / weight
    return {
        CRITICAL: Case("tanh", f"orthogonal({gain})", deviation, signal),
        GAUSSIAN: Case("tanh", f"lecun_normal({gain})", deviation, signal),
        RELU: Case("relu", "he_normal"),
        SIGMOID: Case("sigmoid", "lecun_normal"),
    }


@functools.lru_cache(maxsize=8)
def measured(case: Case) -> Isometry:
    """The singular values of ten layers of 200 units."""
    layer = f"linear {WIDTH} weight={case.weight} bias={case.bias}, {case.activation}"
    x = np.random.default_rng(SEED).normal(size=WIDTH)
    x *= np.sqrt(case.signal / np.mean(x**2))
    network = Network.parse(", ".join([layer] * DEPTH))
    return isometry(network, (WIDTH,), x=x, key=jax.random.key(SEED))


def sections(name: str) -> list[Section]:
    """The formulas, what is left of a gradient, where the singular values lie, and where networks are critical."""
    lines = ["J = D W ⋯ D W", "χ = E[s²] = σw² E[φ′(√q z)²],   q = σw² E[φ(√q z)²] + σb²",
             "Var s² = L (E[φ′⁴] / E[φ′²]² − 1 − s₁),   χ = 1,   s₁ = −1, 0"]  # fmt: skip
    source = "Pennington, Schoenholz and Ganguli 2017, Resurrecting the sigmoid in deep learning"
    found = {one: measured(case) for one, case in cases().items()}
    return [
        Section("formula", [Equations(lines, source), say("isometry.symbols")]),
        _gradients(found), _spectra(found), _critical(),
    ]  # fmt: skip


def _gradients(found: Mapping[str, Isometry]) -> Section:
    """What is left of the squared length of a gradient."""
    rows = [
        (_label(name), one.chi.mean(), whole.mean, whole.expected.mean, whole.largest, whole.smallest)
        for name, one in found.items()
        for whole in (one.network,)
    ]
    columns = [say(f"isometry.{head}") for head in ("network", "chi", "mean", "mean_theory", "largest", "smallest")]
    told = {"depth": DEPTH, "width": WIDTH, "sigmoid": found[SIGMOID].network.mean, "chi": found[SIGMOID].chi[-1]}
    drawn = {name: found[name] for name in (SIGMOID, CRITICAL, RELU)}
    return Section("gradients", [
        say("isometry.gradients", **told), Table("gradients", columns, rows), gradient_plot(drawn, _labels(drawn)),
    ])  # fmt: skip


def _spectra(found: Mapping[str, Isometry]) -> Section:
    """Mean and variance apart: χ = 1 says nothing about single directions."""
    names = (CRITICAL, GAUSSIAN, RELU)
    rows = [
        (_label(name), whole.variance / whole.mean**2, whole.expected.spread)
        for name in names
        for whole in (found[name].network,)
    ]
    columns = [say(f"isometry.{head}") for head in ("network", "spread", "spread_theory")]
    drawn = {name: found[name] for name in names}
    return Section("directions", [
        say("isometry.directions"), Table("spread", columns, rows), spectrum_plot(drawn, _labels(drawn)),
        Remedy(say("isometry.remedy")),
    ])  # fmt: skip


def _critical() -> Section:
    """The points of tanh's critical line with q = 1 / depth, and how near to an isometry they come."""
    rows = []
    for depth in DEPTHS:
        weight, bias = critical_point("tanh", 1 / depth)
        spread = depth * tanh_spread(1 / depth)
        rows.append((depth, weight, bias, fixed_point("tanh", weight, bias), spread))
    columns = [say(f"isometry.{head}") for head in ("depth", "weight_variance", "bias_variance", "q", "at_depth")]
    return Section("critical", [say("isometry.critical"), Table("critical", columns, rows)])


def tanh_spread(q: float) -> float:
    """What a layer of tanh with orthogonal weights adds to the relative variance of s²."""
    return moments([(FUNCTIONS["tanh"], ())], q).spread


def _labels(names: Mapping[str, Isometry]) -> dict[str, Words]:
    return {name: _label(name) for name in names}


def _label(name: str) -> Words:
    return say(f"isometry.{name}")
