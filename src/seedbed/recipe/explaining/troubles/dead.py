"""A step that is too large pushes units to where they are 0 for every example: no gradient brings them back."""

from __future__ import annotations

from seedbed.recipe.explaining.small import SOUND, STEPS, TOO_LARGE, UNITS, learned
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import Share, say

BESIDE = ("leaky_relu", "elu")


def dead(name: str) -> Section:
    """The share of units without any gradient, after steps that are too large, and after sound ones."""
    runs = [(name, TOO_LARGE), (name, SOUND), *((one, TOO_LARGE) for one in BESIDE)]
    found = [learned(one, rate) for one, rate in runs]
    rows = [(*run, Share(one.dead), Share(one.accuracy)) for run, one in zip(runs, found, strict=True)]
    columns = [say("column.function"), say("column.rate"), say("column.dead"), say("column.accuracy")]
    told = {"steps": STEPS, "rate": TOO_LARGE, "units": UNITS, "share": rows[0][2]}
    return Section("dead", [
        say("dead.what", **told),
        Table("dead", columns, rows, strong=0),
        Remedy(say("dead.remedy", rate=SOUND, share=rows[1][2], other=BESIDE[0], other_share=rows[2][2])),
    ])  # fmt: skip
