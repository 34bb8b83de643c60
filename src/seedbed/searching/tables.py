"""The tables of a study: Optuna's own, so that its tools open it, and beside them what Optuna has no place for.

A *search* says what is searched and how. A *round* holds trials that were proposed together, and how they are grouped.
A *task* is a part of a round's trials that one process trains from one rung to the next; it has an owner. A *worker* is
such an owner, whose beat goes on while it lives. A *result* is what came of a trial so far, with its curve, and of the
best, its weights. A *pause* is all that a trial needs to go on at the next rung.
"""

from __future__ import annotations

from optuna.storages._rdb import models
from optuna.study import StudyDirection
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()
study = Column("study_id", Integer, primary_key=True)


def _key(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


searches = Table(
    "seedbed_searches",
    metadata,
    _key("study_id"),
    Column("config", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("truth", Text),
)
rounds = Table(
    "seedbed_rounds",
    metadata,
    _key("study_id"),
    _key("round"),
    Column("plan", Text, nullable=False),
)
tasks = Table(
    "seedbed_tasks",
    metadata,
    _key("study_id"),
    _key("round"),
    _key("rung"),
    _key("task"),
    Column("numbers", Text, nullable=False),
    Column("owner", String(200)),
    Column("begun", Boolean, nullable=False),
    Column("done", Boolean, nullable=False),
)
workers = Table(
    "seedbed_workers",
    metadata,
    _key("study_id"),
    Column("owner", String(200), primary_key=True),
    Column("beat", BigInteger, nullable=False),
)
results = Table(
    "seedbed_results",
    metadata,
    _key("study_id"),
    _key("number"),
    Column("round", Integer, nullable=False),
    Column("point", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("rung", Integer, nullable=False),
    Column("score", Float(53)),
    Column("loss", Float(53)),
    Column("epochs", Integer, nullable=False),
    Column("best_epoch", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("finished", Float),
    Column("curve", LargeBinary),
    Column("weights", LargeBinary),
    Column("predictions", LargeBinary),
)
# By themselves: the largest that is written, of many trials, and soon dropped; a row beside it is read all the time.
pauses = Table(
    "seedbed_pauses",
    metadata,
    _key("study_id"),
    _key("number"),
    Column("content", LargeBinary, nullable=False),
)

# Optuna's, as far as rows are written here: it makes one trial in some five transactions, and a round has hundreds.
theirs = models.BaseModel.metadata
studies = models.StudyModel.__table__
directions = models.StudyDirectionModel.__table__
trials = models.TrialModel.__table__
params = models.TrialParamModel.__table__
values = models.TrialValueModel.__table__
intermediate = models.TrialIntermediateValueModel.__table__
user_attributes = models.TrialUserAttributeModel.__table__
FINITE = models.TrialValueModel.TrialValueType.FINITE
STEP_FINITE = models.TrialIntermediateValueModel.TrialIntermediateValueType.FINITE
MAXIMIZE = StudyDirection.MAXIMIZE
