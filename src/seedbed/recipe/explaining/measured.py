"""The parts that every explanation of a function begins with: formula, picture, and what was measured."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np

from seedbed.functions import FUNCTIONS, Facts, facts
from seedbed.functions.facts import FLAT, along_one_input
from seedbed.functions.probe import float64
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Fact
from seedbed.reporting.explained.parts import Facts as Shown
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Words, say

POINTS = 481


def basics(name: str, low: float = -8.0, high: float = 8.0, **numbers: float) -> list[Section]:
    """Formula, picture and facts of a function; the picture from `low` to `high`."""
    record, measured = FUNCTIONS[name], facts(name, **numbers)
    return [
        Section("formula", [Equations(equations(record.equation), record.source)]),
        Section("picture", curves(name, low, high, **numbers)),
        Section("measured", [Shown(rows(measured))]),
    ]


def equations(line: str) -> list[str]:
    """An equation and that of its derivative, one a line, with the signs of print.

    >>> equations("f(x) = exp(-x); f'(x) = -f(x)")
    ['f(x) = exp(−x)', 'f′(x) = −f(x)']
    """
    return line.replace("-", "−").replace("'", "′").split("; ")


def curves(name: str, low: float, high: float, **numbers: float) -> list[Plot]:
    """Value and derivative in float64, over one axis; flat stretches are shaded, and a kink or jump is a gap."""
    record, measured = FUNCTIONS[name], facts(name, **numbers)
    f = along_one_input(record, **(record.numbers | numbers))
    x = np.unique(np.concatenate([np.linspace(low, high, POINTS), [k - 1e-9 for k in measured.kinks], measured.kinks]))
    with float64():
        y, slope = (np.array(a, np.float64) for a in jax.jit(jax.vmap(jax.value_and_grad(f)))(x))
    slope = np.where(np.isin(x, measured.kinks), np.nan, slope)
    jumps = [n for n in range(len(x) - 1) if x[n + 1] in measured.kinks and abs(y[n + 1] - y[n]) > 1e-3]
    y[jumps] = np.nan
    shade: dict[str, Any] = {"bands": measured.saturation, "bands_label": say("picture.flat", share=f"{FLAT:.0%}")}
    return [
        Plot("value", "f(x)", [Line("f(x)", x, y)], **shade),
        Plot("derivative", "f′(x)", [Line("f′(x)", x, slope)], **shade),
    ]


def rows(measured: Facts) -> list[Fact]:
    """The facts, one line each."""
    costs = [
        Fact(
            key, cost._asdict(), say("fact.operations", arithmetic=cost.arithmetic, transcendental=cost.transcendental)
        )
        for key, cost in (("cost", measured.cost), ("training_cost", measured.training_cost))
    ]
    return [
        Fact("range", [measured.low, measured.high], say("fact.from_to", low=measured.low, high=measured.high)),
        Fact("monotone", measured.monotone, say(f"monotone.{measured.monotone}")),
        Fact("is_zero_centred", measured.is_zero_centred, _centre(measured)),
        Fact("max_slope", measured.max_slope, _slope(measured)),
        Fact("saturation", [list(ends) for ends in measured.saturation], _flat(measured)),
        Fact("kinks", list(measured.kinks), _kinks(measured)),
        *costs,
    ]


def _centre(measured: Facts) -> Words:
    mean = 0.0 if abs(measured.mean) < 1e-4 else measured.mean  # the measurement's own error is below that
    return say("fact.centred" if measured.is_zero_centred else "fact.not_centred", mean=mean)


def _slope(measured: Facts) -> Words:
    if measured.max_slope_at is None:
        return say("fact.unbounded") if math.isinf(measured.max_slope) else say("fact.just", value=measured.max_slope)
    at = round(measured.max_slope_at, 6)
    return say("fact.at", value=measured.max_slope, at=at)


def _flat(measured: Facts) -> Words:
    if math.isinf(measured.max_slope):
        return say("fact.no_largest")
    if not measured.saturation:
        return say("fact.nowhere")
    if measured.saturation == ((-math.inf, math.inf),):
        return say("fact.everywhere")
    sides = [
        say("fact.below", x=high) if math.isinf(low) else say("fact.above", x=low) for low, high in measured.saturation
    ]
    return sides[0] if len(sides) == 1 else say("fact.both", one=sides[0], other=sides[1])


def _kinks(measured: Facts) -> Words:
    return say("fact.places", places=list(measured.kinks)) if measured.kinks else say("fact.everywhere_smooth")
