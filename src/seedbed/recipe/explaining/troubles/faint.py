"""A unit that is negative for every example still learns, but as much more slowly as its slope there is small."""

from __future__ import annotations

from seedbed.functions import facts
from seedbed.functions.piecewise import LEAKY_SLOPE
from seedbed.recipe.explaining.small import SOUND, STEPS, TOO_LARGE, learned
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Remedy, Table
from seedbed.reporting.explained.words import Share, say


def faint(name: str) -> Section:
    """The share of units that are negative for every example, and the slope that they have left."""
    runs = [(name, TOO_LARGE), (name, SOUND), ("elu", TOO_LARGE)]
    found = [learned(one, rate) for one, rate in runs]
    rows = [(*run, Share(one.negative), Share(one.dead)) for run, one in zip(runs, found, strict=True)]
    columns = [say("column.function"), say("column.rate"), say("column.negative"), say("column.dead")]
    told = {"steps": STEPS, "rate": TOO_LARGE, "share": rows[0][2], "slope": found[0].slope}
    return Section("faint", [
        say("faint.what", times=facts(name).max_slope / LEAKY_SLOPE, **told),
        Table("faint", columns, rows, strong=0),
        Remedy(say("faint.remedy", rate=SOUND, share=rows[1][2])),
    ])  # fmt: skip
