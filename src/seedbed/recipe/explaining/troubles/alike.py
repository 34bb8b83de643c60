"""Outputs with a mean that is not 0 make all examples look alike, layer by layer."""

from __future__ import annotations

from seedbed.recipe.explaining.depth import DEPTH, fitting, passage
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import say

CENTRED = ("tanh", "selu")


def alike(name: str) -> Section:
    """The cosine between two examples layer by layer, for this function and for two that are zero-centred."""
    names = (name, *CENTRED)
    cosines = {one: passage(one, fitting(one)).likeness for one in names}
    layers = [float(layer) for layer in range(1, DEPTH + 1)]
    told = {"depth": DEPTH, "initializer": fitting(name).kind, "cosine": cosines[name][-1]}
    return Section("alike", [
        say("alike.what", **told),
        Plot("likeness", say("alike.plot"), [Line(one, layers, cosines[one]) for one in names], say("axis.layer")),
        Remedy(say("alike.remedy", **{one: cosines[one][-1] for one in CENTRED})),
    ])  # fmt: skip
