"""A function and an initialiser belong together: with another, signal and gradient grow or shrink layer by layer."""

from __future__ import annotations

from seedbed.core.plain import to_line
from seedbed.network import HeNormal, Normal
from seedbed.recipe.explaining.depth import DEPTH, fitting, passage
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import say

SMALL = 0.01


def kept(name: str) -> Section:
    """The deviation behind the last layer with the initialiser that is meant and with others."""
    tried = (fitting(name), HeNormal(), Normal(SMALL))
    passages = {to_line(one): passage(name, one) for one in tried}
    rows = [(label, p.deviation[0], p.deviation[-1], p.ratio) for label, p in passages.items()]
    columns = [say("column.initializer"), say("column.first_signal"), say("column.signal"), say("column.gradient")]
    (first, fit), (other, unfit) = list(passages.items())[:2]
    told = {"depth": DEPTH, "other": other, "unfit": unfit.deviation[-1] / unfit.deviation[0]}
    return Section("kept", [
        say("kept.what", **told),
        Table("kept", columns, rows, strong=0),
        Remedy(say("kept.remedy", initializer=first, fit=fit.deviation[-1] / fit.deviation[0])),
    ])  # fmt: skip
