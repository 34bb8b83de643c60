"""The mirror: what Seedbed's tables hold of trials, written into Optuna's as well, so that its tools open a study.

All functions work inside a transaction of the caller's. Optuna makes one trial in some five transactions, and asks for
all trials to make the next; here a round or a task is a few statements.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sql
from optuna.distributions import distribution_to_json
from optuna.trial import TrialState

from seedbed.searching import tables as t
from seedbed.searching.parzen import as_optuna
from seedbed.searching.space import Dimension
from seedbed.searching.trial import COMPLETE, DIVERGED, PRUNED, RUNNING, WAITING, Trial

STATES = {
    WAITING: TrialState.WAITING,
    RUNNING: TrialState.RUNNING,
    COMPLETE: TrialState.COMPLETE,
    PRUNED: TrialState.PRUNED,
    DIVERGED: TrialState.PRUNED,
}


def add(
    db: sql.Connection, study_id: int, points: Mapping[int, Mapping[str, Any]], dimensions: Sequence[Dimension]
) -> None:
    """New trials by their numbers. Ranges that became wider become so for all trials."""
    now = datetime.now()  # Optuna's tables have local time without a zone
    rows = [
        {"study_id": study_id, "number": number, "state": STATES[WAITING], "datetime_start": now} for number in points
    ]
    db.execute(sql.insert(t.trials), rows)
    known = {dimension.name: as_optuna(dimension) for dimension in dimensions}
    texts = {name: distribution_to_json(one) for name, one in known.items()}
    ids = ids_of(db, study_id, list(points))
    values = [
        {"trial_id": ids[number], "param_name": name, "distribution_json": texts[name]}
        | {"param_value": known[name].to_internal_repr(value)}
        for number, point in points.items()
        for name, value in point.items()
    ]
    if values:
        db.execute(sql.insert(t.params), values)
    if min(points) > 0:
        _widen(db, study_id, texts)


def _widen(db: sql.Connection, study_id: int, texts: Mapping[str, str]) -> None:
    """The ranges of dimensions, the same for all trials: Optuna takes a dimension with two ranges for two."""
    of_study = t.params.c.trial_id.in_(sql.select(t.trials.c.trial_id).where(t.trials.c.study_id == study_id))
    query = sql.select(t.params.c.param_name, t.params.c.distribution_json).where(of_study).distinct()
    for name, text in db.execute(query).all():
        if (new := texts.get(name, text)) != text:
            where = of_study & (t.params.c.param_name == name) & (t.params.c.distribution_json == text)
            db.execute(sql.update(t.params).where(where).values(distribution_json=new))


def ids_of(db: sql.Connection, study_id: int, numbers: Sequence[int]) -> dict[int, int]:
    """Optuna's keys of trials, by their numbers."""
    query = sql.select(t.trials.c.number, t.trials.c.trial_id).where(t.trials.c.study_id == study_id)
    between = query.where(t.trials.c.number.between(min(numbers), max(numbers)))
    return {row[0]: row[1] for row in db.execute(between)}


def note(db: sql.Connection, study_id: int, trials: Sequence[Trial]) -> None:
    """A rung of trials: their scores, and what they are now."""
    ids = ids_of(db, study_id, [trial.number for trial in trials])
    rows = [
        {"trial_id": ids[trial.number], "step": trial.epochs, "intermediate_value": trial.score}
        | {"intermediate_value_type": t.STEP_FINITE}
        for trial in trials
        if trial.score is not None
    ]
    if rows:
        db.execute(sql.insert(t.intermediate), rows)
    for state in (RUNNING, COMPLETE, DIVERGED):
        settle(db, ids, [trial for trial in trials if trial.state == state], state)


def settle(db: sql.Connection, ids: Mapping[int, int], trials: Sequence[Trial], state: str) -> None:
    """The state of trials, and where they are over, their value and why."""
    if not trials:
        return
    values: dict[str, Any] = {"state": STATES[state]}
    if state != RUNNING:
        values["datetime_complete"] = datetime.now()
        said = [
            {"trial_id": ids[trial.number], "key": "outcome", "value_json": json.dumps(_reason(trial, state))}
            for trial in trials
        ]
        db.execute(sql.insert(t.user_attributes), said)
        rows = [
            {"trial_id": ids[trial.number], "objective": 0, "value": trial.score, "value_type": t.FINITE}
            for trial in trials
            if trial.score is not None
        ]
        if rows:
            db.execute(sql.insert(t.values), rows)
    own = [ids[trial.number] for trial in trials]
    db.execute(sql.update(t.trials).where(t.trials.c.trial_id.in_(own)).values(values))


def _reason(trial: Trial, state: str) -> str:
    if state == PRUNED:
        return f"not among the best at epoch {trial.epochs}"
    if state == DIVERGED:
        return "diverged: its loss was no number any more"
    return f"best at epoch {trial.best_epoch + 1} of {trial.epochs}"
