"""Small slopes multiply: the gradient that reaches the first layers of a deep network is next to nothing."""

from __future__ import annotations

import math

from seedbed.functions import facts
from seedbed.recipe.explaining.depth import DEPTH, WIDTH, fitting, passage
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import say

HARDLY = 1e-3  # a first layer with a smaller share of the gradient stays as it began
LINES = 3  # in the picture
BESIDE = ("sigmoid", "tanh", "relu", "selu")  # the first is the textbook's trouble, the others its remedies


def vanishing(name: str) -> Section:
    """The gradient layer by layer, for this function and for those that pass it on."""
    names = list(dict.fromkeys((name, *BESIDE)))[: len(BESIDE)]
    passages = {one: passage(one, fitting(one)) for one in names}
    rows = [(one, fitting(one).kind, p.deviation[-1], p.ratio) for one, p in passages.items()]
    layers = [float(layer) for layer in range(1, DEPTH + 1)]
    lines = [Line(one, layers, p.gradient / p.gradient[-1]) for one, p in passages.items() if p.ratio][:LINES]
    columns = [say("column.function"), say("column.initializer"), say("column.signal"), say("column.gradient")]
    best = min(names[1:], key=lambda one: abs(math.log(passages[one].ratio)))  # the nearest to 1
    told = {"depth": DEPTH, "width": WIDTH, "initializer": fitting(name).kind, "ratio": passages[name].ratio}
    return Section("vanishing", [
        say("vanishing.what", slope=facts(name).max_slope, **told),
        *([say("vanishing.hardly")] if passages[name].ratio < HARDLY else []),
        Table("passage", columns, rows, strong=0),
        Plot("gradient", say("vanishing.plot"), lines, say("axis.layer"), is_log_y=True),
        Remedy(say("vanishing.remedy", best=best, initializer=fitting(best).kind, ratio=passages[best].ratio)),
    ])  # fmt: skip
