"""The patient: the setup that is treated, with its data and what was found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seedbed.core.draw import distributions
from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.data.dataset import Dataset
from seedbed.data.loading import load
from seedbed.recipe.diagnose import Diagnosis, diagnose
from seedbed.recipe.resume import the_data_of
from seedbed.recipe.run import Run
from seedbed.training.setup import Setup
from seedbed.watching.case import Case
from seedbed.watching.finding import Finding


@dataclass(frozen=True)
class Patient:
    """What is treated.

    Attributes:
        name: of the run, or of the data.
        setup: a plain one.
        data: what it learns from.
        findings: what was found in it, the roots first.
        cases: what they were made from; empty where that is not known.
    """

    name: str
    setup: Setup
    data: Dataset
    findings: tuple[Finding, ...]
    cases: tuple[Case, ...] = ()


def patient(
    given: Any,
    data: Any,
    findings: Sequence[Finding | str] | None,
    *,
    seed: int = 0,
    needs_findings: bool = True,
    **shown: Any,
) -> Patient:
    """The setup with its data and findings, those that are given, or those of `diagnose`.

    Arguments:
        needs_findings: whether to diagnose where none are given.
        shown: how the training for it is, as `diagnose` takes it.

    Raises:
        UsageError: it is neither a run nor a setup, or what goes with it is missing.
        RunError: the data of the run has changed, or cannot be read.
    """
    is_told = findings is not None and all(isinstance(one, Finding) for one in findings)
    is_asked = not is_told and (needs_findings or findings is not None)
    if isinstance(given, Run):
        dataset = the_data_of(given, data)
        own = diagnose(given, dataset, **shown) if is_asked else Diagnosis((), 0)
        found = _chosen(own.findings, findings)
        return Patient(given.name, _sick(given, found), dataset, found, own.cases)
    if not isinstance(given, Setup):
        hint = "such as sb.treat(run), or sb.treat(setup, data)"
        raise UsageError(f"treat: expected a run or a setup, got {given!r}", hint)
    if data is None:
        raise UsageError("treat: expected the data that the setup learns from, got none", "sb.treat(setup, data)")
    if drawn := distributions(given):
        place, what = next(iter(drawn.items()))
        message = f"treat: expected a setup without distributions, got {what!r} at {place}"
        raise UsageError(message, "draw(setup, seed=..., number=...) first, or give the run")
    dataset = load(data)
    own = diagnose(given, dataset, seed=seed, **shown) if is_asked else Diagnosis((), 0)
    return Patient(dataset.name, given, dataset, _chosen(own.findings, findings), own.cases)


def _chosen(own: Sequence[Finding], asked: Sequence[Finding | str] | None) -> tuple[Finding, ...]:
    """The findings that are given, and those that are named among the own ones; all own ones where none are asked for.

    Raises:
        UsageError: a name is not among them.
    """
    if asked is None:
        return tuple(own)
    codes = [finding.code for finding in own]
    for name in asked:
        if isinstance(name, str) and name not in codes:
            expected = one_of(codes) if codes else "none, as nothing was found"
            raise UsageError(f"findings: expected {expected}, got {name!r}", nearest(name, codes))
    given = tuple(one for one in asked if isinstance(one, Finding))
    return given + tuple(finding for finding in own if finding.code in asked)


def _sick(run: Run, findings: Sequence[Finding]) -> Setup:
    """The plain setup of a run: that of the first member in which something was found, else of the best one."""
    if not distributions(run.setup):
        return run.setup
    numbers = [number for finding in findings for number in finding.members]
    there = {member.number: member for member in run.members}
    chosen = next((there[number] for number in numbers if number in there), run.best.members[0])
    return chosen.setup
