"""A slope of 0 everywhere: descent has nothing to go by."""

from __future__ import annotations

from seedbed.recipe.explaining.small import SOUND, STEPS, learned
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import Share, say

BESIDE = ("sigmoid", "tanh", "relu")


def no_gradient(name: str) -> Section:
    """The gradient by the weights before the function, and what descent makes of the network."""
    found = {one: learned(one) for one in (name, *BESIDE)}
    rows = [(one, run.gradient, run.cost, Share(run.accuracy)) for one, run in found.items()]
    columns = [say("column.function"), say("column.hidden_gradient"), say("column.cost"), say("column.accuracy")]
    return Section("no_gradient", [
        say("no_gradient.what", gradient=found[name].gradient),
        say("no_gradient.how", steps=STEPS, rate=SOUND),
        Table("no_gradient", columns, rows, strong=0),
        Remedy(say("no_gradient.remedy")),
    ])  # fmt: skip
