"""One weight nudged: a perceptron's output jumps, a sigmoid neuron's changes as its slope says; and the digits."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.network import Network
from seedbed.network.nudge import LEAST, MOST, Nudge, nudge
from seedbed.network.steepness import as_perceptrons, distance, steeper
from seedbed.recipe.repairing import PERCEPTRON, SIGMOID, repair_digits
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.nudged import error_plot, nudge_plot
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Share, say

NETWORK = "linear 4 weight=normal(2) bias=normal(1), sigmoid, linear 1 weight=normal(3) bias=normal(1), sigmoid"
SEED, EXAMPLE, PLACE = 16, (0.6, -0.8), (0, "weight", 0, 3)
FAR, POINTS = 2.0, 401
STEEPNESS = (1.0, 4.0, 16.0, 64.0)
DRAWN = STEEPNESS[:3]
EXAMPLES = 200


class Pair(NamedTuple):
    """The same weight nudged in sigmoid neurons and in perceptrons with the same weights."""

    smooth: Nudge
    stepped: Nudge


def sections(name: str) -> list[Section]:
    """The linear prediction, the jump, the square law, the steeper sigmoid, and the digits."""
    lines = ["Δoutput ≈ Σ (∂output/∂w) Δw", "|Δoutput − prediction| ≈ ½ |∂²output/∂w²| Δw²"]
    source = "Nielsen, Neural Networks and Deep Learning, ch. 1, eq. (5)"
    return [Section("formula", [Equations(lines, source)]), _jump(), _square(), _steeper(), _digits(), _repairs()]


@functools.lru_cache(maxsize=1)
def pair() -> Pair:
    """The experiment that is drawn."""
    network = Network.parse(NETWORK)
    params = network.init((2,), key=jax.random.key(SEED))
    steps = np.linspace(-FAR, FAR, POINTS)
    both = (nudge(one, params, [EXAMPLE], PLACE, steps=steps) for one in (network, as_perceptrons(network)))
    return Pair(*both)


def _jump() -> Section:
    smooth, stepped = pair()
    told = {"weight": smooth.weight, "jump": stepped.jump, "moved": smooth.jump, "step": 2 * FAR / (POINTS - 1)}
    return Section("jump", [say("nudge.jump", **told), nudge_plot(smooth, stepped)])


def _square() -> Section:
    network = Network.parse(NETWORK)
    found = nudge(network, network.init((2,), key=jax.random.key(SEED)), [EXAMPLE], PLACE)
    told = {"order": found.order(), "least": LEAST, "most": MOST}
    return Section("square_law", [say("nudge.square", **told), error_plot(found)])


def _steeper() -> Section:
    """The distance of σ(kx) from the step, and that of a network of them from one of perceptrons."""
    x = np.linspace(-3, 3, 481)
    lines = [Line(f"k = {k:g}", x, 1 / (1 + np.exp(-k * x))) for k in reversed(DRAWN)]
    away = networks_apart()
    found = [distance(k) for k in STEEPNESS]
    rows = [(one.k, one.area, one.width, one.largest, far) for one, far in zip(found, away, strict=True)]
    columns = [say(f"nudge.{head}") for head in ("k", "area", "width", "largest", "apart")]
    return Section("steeper", [
        say("nudge.steeper", examples=EXAMPLES), Plot("steeper", "σ(k x)", lines), Table("steeper", columns, rows),
    ])  # fmt: skip


def networks_apart() -> list[float]:
    """For each steepness the mean distance between the outputs of sigmoid neurons and of perceptrons."""
    network = Network.parse(NETWORK)
    params = network.init((2,), key=jax.random.key(SEED))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(EXAMPLES, 2)), jnp.float32)
    steps = as_perceptrons(network).apply(params, x)
    return [float(jnp.abs(network.apply(steeper(network, params, k), x) - steps).mean()) for k in STEEPNESS]


def _digits() -> Section:
    """Small nudges of any weight of the first layer."""
    found = repair_digits()
    means = found.nudges.groupby(["neurons", "size"]).mean(numeric_only=True)
    sizes = sorted(set(found.nudges["size"]))
    rows = [
        (size, *(means.loc[(neurons, size), "flipped"] for neurons in (SIGMOID, PERCEPTRON)),
         *(means.loc[(neurons, size), "moved"] for neurons in (SIGMOID, PERCEPTRON)))
        for size in sizes
    ]  # fmt: skip
    columns = [say(f"nudge.{head}") for head in ("size", "flips", "flips_steps", "moved", "moved_steps")]
    accuracy = found.networks.groupby("neurons")["test_accuracy"].mean()
    told = {
        "networks": len(set(found.networks["member"])),
        "smooth": Share(accuracy[SIGMOID]), "stepped": Share(accuracy[PERCEPTRON]),
    }  # fmt: skip
    return Section("digits_nudged", [say("nudge.digits", **told), Table("digits", columns, rows)])


def _repairs() -> Section:
    """What the repair of one digit costs."""
    table = repair_digits().summary
    names = ("wrong", "repairable", "flipped", "silent", "gentlest")
    rows = [
        (say(f"nudge.{neurons}"), *(Share(line[one]) if one == "silent" else float(line[one]) for one in names))
        for neurons, line in table.iterrows()
    ]
    columns = [say("nudge.neurons"), *(say(f"nudge.{one}") for one in names)]
    smooth, stepped = table.loc[SIGMOID], table.loc[PERCEPTRON]
    told = {"stepped": stepped["flipped"], "smooth": smooth["flipped"]}
    gentle = {"stepped": stepped["gentlest"], "smooth": smooth["gentlest"]}
    return Section("digits_repaired", [
        say("nudge.repairs", **told), Table("repairs", columns, rows), say("nudge.gentle", **gentle),
        Remedy(say("nudge.remedy")),
    ])  # fmt: skip
