"""The patient: the setup that is treated, with its data and what was found in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seedbed.core.draw import distributions
from seedbed.core.errors import DataError, RunError, UsageError, nearest, one_of
from seedbed.data.dataset import Dataset
from seedbed.data.loading import load
from seedbed.recipe.run import Run
from seedbed.training.setup import Setup
from seedbed.watching.finding import Finding


@dataclass(frozen=True)
class Patient:
    """What is treated.

    Attributes:
        name: of the run, or of the data.
        setup: a plain one.
        data: what it learns from.
        findings: what was found in it, the roots first.
    """

    name: str
    setup: Setup
    data: Dataset
    findings: tuple[Finding, ...]


def patient(given: Any, data: Any, findings: Sequence[Finding | str] | None, *, needs_findings: bool) -> Patient:
    """The setup of a run with its data and findings, or those that are given.

    Raises:
        UsageError: it is neither a run nor a setup, or what goes with it is missing.
        RunError: the data of the run has changed, or cannot be read.
    """
    if isinstance(given, Run):
        found = _findings_of(given, findings, needed=needs_findings)
        return Patient(given.name, _sick(given, found), _data_of(given, data), found)
    if not isinstance(given, Setup):
        hint = "such as sb.treat(run), or sb.treat(setup, data, findings=...)"
        raise UsageError(f"treat: expected a run or a setup, got {given!r}", hint)
    if data is None:
        raise UsageError("treat: expected the data that the setup learns from, got none", "treat(setup, data, ...)")
    if drawn := distributions(given):
        place, what = next(iter(drawn.items()))
        message = f"treat: expected a setup without distributions, got {what!r} at {place}"
        raise UsageError(message, "draw(setup, seed=..., number=...) first, or give the run")
    if findings is None and needs_findings:
        hint = "findings=sb.check(setup, data), or arms=['tanh', ...] to try remedies by name"
        raise UsageError("treat: expected findings, or arms, beside a setup, got none", hint)
    there = tuple(one for one in findings or () if isinstance(one, Finding))
    if len(there) < len(findings or ()):
        raise UsageError("findings: expected findings beside a setup, got names", "names choose among those of a run")
    dataset = load(data)
    return Patient(dataset.name, given, dataset, there)


def _findings_of(run: Run, asked: Sequence[Finding | str] | None, *, needed: bool) -> tuple[Finding, ...]:
    """The findings of a run, those that are named among them, or those that are given."""
    given = tuple(one for one in asked or () if isinstance(one, Finding))
    names = [one for one in asked or () if isinstance(one, str)]
    if asked is not None and not names:
        return given
    if not names and not needed:
        return ()
    own = tuple(getattr(run, "findings", ()))
    codes = [finding.code for finding in own]
    for name in names:
        if name not in codes:
            expected = one_of(codes) if codes else "none, as nothing was found"
            raise UsageError(f"findings: expected {expected}, got {name!r}", nearest(name, codes))
    return given + tuple(finding for finding in own if not names or finding.code in names)


def _sick(run: Run, findings: Sequence[Finding]) -> Setup:
    """The plain setup of a run: that of the first member in which something was found, else of the best one."""
    if not distributions(run.setup):
        return run.setup
    numbers = [number for finding in findings for number in finding.members]
    there = {member.number: member for member in run.members}
    chosen = next((there[number] for number in numbers if number in there), run.best.members[0])
    return chosen.setup


def _data_of(run: Run, data: Any) -> Dataset:
    """The data of a run again, given or from where it came.

    Raises:
        UsageError: it came from memory and is not given.
        RunError: it cannot be read, or is not what it was.
    """
    try:
        found = load(data) if data is not None else _again(run)
    except DataError as error:
        where = run.folder or run.name
        raise RunError(f"{where}: the data of the run cannot be read: {error.message}", error.hint) from None
    if found.fingerprint != run.data["fingerprint"]:
        raise RunError(f"{run.folder or run.name}: expected the data of the run, but {_differences(run, found)}", "put the data back as it was, or train a new run on what there is now")  # fmt: skip  # noqa: E501
    return found


def _again(run: Run) -> Dataset:
    path = None if run.folder is None else run.folder / "job.json"
    origin = None
    if path is not None and path.is_file():
        origin = json.loads(path.read_text(encoding="utf-8")).get("origin")
    if origin is None:
        hint = "give it again: treat(run, data); --data DATA on the command line"
        raise UsageError(f"{run.name}: expected the data, which came from memory and is not on disk, got none", hint)
    return load(origin["source"], **origin["options"])


def _differences(run: Run, found: Dataset) -> str:
    """What differs between the data of a run and what was found in its place."""
    before, now = run.data, found.describe()
    names = ("task", "shape", "rows", "split_seed", "features", "targets")
    differing = [name for name in names if before.get(name) != now[name]]
    told = [f"{name} {before[name]} is now {now[name]}" for name in differing if name not in ("features", "targets")]
    told += [f"the ranges of the {name} differ" for name in differing if name in ("features", "targets")]
    fingerprints = f"fingerprint {before['fingerprint']} is now {now['fingerprint']}"
    return "; ".join([*told, fingerprints]) if told else f"its values differ: {fingerprints}"
