"""The scores of trials at the rungs that they reached; a trial itself keeps the last one only."""

from __future__ import annotations

import sqlalchemy as sql

from seedbed.searching import tables as t
from seedbed.searching.store import Store


def rung_scores(store: Store) -> list[tuple[int, int, float]]:
    """The number of a trial, the epochs of a rung that it reached, and its score there; in that order."""
    number, trial = t.trials.c.number, t.trials.c.trial_id
    at, score = t.intermediate.c.step, t.intermediate.c.intermediate_value
    query = sql.select(number, at, score).join_from(t.intermediate, t.trials, t.intermediate.c.trial_id == trial)
    query = query.where((t.trials.c.study_id == store.study_id) & score.is_not(None)).order_by(number, at)
    rows = store.db.read(lambda db: db.execute(query).all())
    return [(int(row[0]), int(row[1]), float(row[2])) for row in rows]
