"""How closely arms are to be watched, so that what was found in the sick setup would be seen in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from seedbed.recipe.treating.experiment import named
from seedbed.watching.case import Case
from seedbed.watching.finding import Finding
from seedbed.watching.findings import findings_of
from seedbed.watching.levels import ECONOMY, FULL


def level_for(findings: Sequence[Finding], cases: Sequence[Case]) -> str:
    """Economy where it would have told the same of these findings, in each of the cases that they were made from.

    A finding that is in none of the cases asks for full, for nothing shows that less would do.
    """
    codes = {finding.code for finding in findings}
    told = [codes.intersection(named(findings_of(case))) for case in cases]
    if set().union(*told) != codes:
        return FULL
    fewer = [codes.intersection(named(findings_of(_in_economy(case)))) for case in cases]
    return ECONOMY if fewer == told else FULL


def _in_economy(case: Case) -> Case:
    return case if case.series is None else replace(case, series=case.series.in_economy)
