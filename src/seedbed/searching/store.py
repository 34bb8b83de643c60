"""The store: a study in a database, shared by all processes that work on it.

What one process does is written in a single transaction or not at all, and only while the task is its own. A process
whose beat stops loses its tasks to the others; what it then still writes is refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import optuna
import sqlalchemy as sql
from optuna.distributions import distribution_to_json
from optuna.trial import TrialState
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from seedbed.core.errors import UsageError
from seedbed.searching import tables as t
from seedbed.searching.config import Config
from seedbed.searching.parzen import as_optuna
from seedbed.searching.space import Dimension
from seedbed.searching.trial import COMPLETE, DIVERGED, PRUNED, RUNNING, WAITING, Trial

STALE_SECONDS = 20.0  # without a beat a process counts as dead
LOCK_SECONDS = 60.0  # that SQLite waits for another process
STATES = {
    WAITING: TrialState.WAITING,
    RUNNING: TrialState.RUNNING,
    COMPLETE: TrialState.COMPLETE,
    PRUNED: TrialState.PRUNED,
    DIVERGED: TrialState.PRUNED,
}


@dataclass(frozen=True)
class Round:
    """Trials that were proposed together.

    Attributes:
        number: from 0.
        first: the number of its first trial.
        size: how many there are.
        rungs: the epochs at which they are compared.
        space: they were drawn from it, as TOML.
        changes: from the space of the round before, as plain data.
        cohorts: the trials that train as one program, each a list of numbers.
    """

    number: int
    first: int
    size: int
    rungs: tuple[int, ...]
    space: str
    changes: tuple[dict[str, Any], ...]
    cohorts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Task:
    """A part of a round's trials that one process trains from one rung to the next."""

    round: int
    rung: int
    number: int
    trials: tuple[int, ...]
    owner: str | None = None
    beat: int = 0
    is_done: bool = False

    @property
    def key(self) -> tuple[int, int, int]:
        """What names it in its study."""
        return self.round, self.rung, self.number


@dataclass(frozen=True)
class Result:
    """What came of a trial at a rung: the trial as it is now, and what is kept of it.

    Attributes:
        curve: its history so far.
        paused: all that it needs to go on, or None.
        weights: the best ones, or None.
        predictions: on the validation part, or None.
    """

    trial: Trial
    curve: bytes
    paused: bytes | None = None
    weights: bytes | None = None
    predictions: bytes | None = None


@dataclass
class Store:
    """A study in a database.

    Arguments:
        url: of the database, as SQLAlchemy reads it; or the path of a file of SQLite.
        name: of the study.

    Raises:
        UsageError: the database cannot be reached; passwords are not shown.
    """

    url: str
    name: str
    is_new: bool = False
    _seen: dict[tuple[int, int, int], tuple[str | None, int, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shown, self.engine = connected(self.url)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}"
        with self._reached():
            storage = optuna.storages.RDBStorage(
                self.engine.url.render_as_string(hide_password=False), _engine_options(self.engine.url)
            )
            t.metadata.create_all(self.engine)
            with contextlib.suppress(optuna.exceptions.DuplicatedStudyError):
                storage.create_new_study([optuna.study.StudyDirection.MAXIMIZE], self.name)
                self.is_new = True
            self.study_id = storage.get_study_id_from_name(self.name)
            storage.engine.dispose()

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            hint = "see that the server runs and lets this user in; or leave --study away for a file of SQLite"
            raise UsageError(f"study: the database {self.shown} cannot be used: {reason}", hint) from None

    # What is searched

    def config(self) -> Config | None:
        """What the study searches and how; None as long as nothing was written."""
        query = sql.select(t.searches.c.config).where(t.searches.c.study_id == self.study_id)
        with self._reached(), self.engine.connect() as db:
            found = db.execute(query).scalar()
        return None if found is None else Config.from_text(found)

    def begin(self, config: Config) -> Config:
        """Writes down what is searched, unless it is there; gives what is there."""
        row = {"study_id": self.study_id, "config": config.to_text(), "created": time.time()}
        with self._reached(), contextlib.suppress(IntegrityError), self.engine.begin() as db:
            db.execute(sql.insert(t.searches), row)
        found = self.config()
        assert found is not None
        return found

    # Rounds

    def rounds(self) -> list[Round]:
        """The rounds so far."""
        query = sql.select(t.rounds.c.plan).where(t.rounds.c.study_id == self.study_id).order_by(t.rounds.c.round)
        with self._reached(), self.engine.connect() as db:
            return [_round(json.loads(plan)) for plan in db.execute(query).scalars()]

    def add_round(self, new: Round, points: Sequence[Mapping[str, Any]], dimensions: Sequence[Dimension]) -> bool:
        """Writes a round and its trials; False where another process has written it."""
        plan = json.dumps(new.__dict__)
        now = datetime.now(UTC).replace(tzinfo=None)
        numbers = range(new.first, new.first + new.size)
        own = [
            {"study_id": self.study_id, "number": number, "round": new.number, "point": json.dumps(point)}
            | {"state": WAITING, "rung": 0, "epochs": 0, "best_epoch": -1, "seconds": 0.0}
            for number, point in zip(numbers, points, strict=True)
        ]
        theirs = [
            {"study_id": self.study_id, "number": number, "state": STATES[WAITING], "datetime_start": now}
            for number in numbers
        ]
        try:
            with self._reached(), self.engine.begin() as db:
                db.execute(sql.insert(t.rounds), {"study_id": self.study_id, "round": new.number, "plan": plan})
                db.execute(sql.insert(t.results), own)
                db.execute(sql.insert(t.trials), theirs)
                self._write_params(db, dict(zip(numbers, points, strict=True)), dimensions)
        except UsageError:
            if new.number < len(self.rounds()):
                return False
            raise
        return True

    def _write_params(
        self, db: sql.Connection, points: Mapping[int, Mapping[str, Any]], dimensions: Sequence[Dimension]
    ) -> None:
        """The values of new trials as Optuna keeps them. Ranges that became wider become so for all trials."""
        known = {dimension.name: as_optuna(dimension) for dimension in dimensions}
        texts = {name: distribution_to_json(one) for name, one in known.items()}
        ids = self._trial_ids(db, points)
        rows = [
            {"trial_id": ids[number], "param_name": name, "distribution_json": texts[name]}
            | {"param_value": known[name].to_internal_repr(value)}
            for number, point in points.items()
            for name, value in point.items()
        ]
        db.execute(sql.insert(t.params), rows)
        of_study = sql.select(t.trials.c.trial_id).where(t.trials.c.study_id == self.study_id)
        for name, text in texts.items():
            where = (t.params.c.param_name == name) & (t.params.c.distribution_json != text)
            db.execute(
                sql.update(t.params).where(where & t.params.c.trial_id.in_(of_study)).values(distribution_json=text)
            )

    def _trial_ids(self, db: sql.Connection, numbers: Iterable[int]) -> dict[int, int]:
        """Optuna's keys of trials, by their numbers."""
        query = sql.select(t.trials.c.number, t.trials.c.trial_id).where(t.trials.c.study_id == self.study_id)
        wanted = list(numbers)
        between = query.where(t.trials.c.number.between(min(wanted), max(wanted)))
        return {row.number: row.trial_id for row in db.execute(between)}

    # Trials

    def trials(self) -> list[Trial]:
        """All trials, in the order of their numbers."""
        c = t.results.c
        columns = (c.number, c.round, c.point, c.state, c.rung, c.score, c.loss, c.epochs, c.best_epoch, c.seconds)
        query = sql.select(*columns, c.finished).where(c.study_id == self.study_id).order_by(c.number)
        with self._reached(), self.engine.connect() as db:
            rows = db.execute(query).all()
        return [Trial(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]

    def kept(self, column: str, numbers: Sequence[int] | None = None) -> dict[int, bytes]:
        """What is kept of trials (curve, paused, weights or predictions), where it is there."""
        c = t.results.c
        query = sql.select(c.number, c[column]).where((c.study_id == self.study_id) & c[column].is_not(None))
        if numbers is not None:
            query = query.where(c.number.in_(list(numbers)))
        with self._reached(), self.engine.connect() as db:
            return {row[0]: row[1] for row in db.execute(query)}

    # Tasks

    def tasks(self, round_: int, rung: int) -> list[Task]:
        """The tasks of a rung; none before they are written."""
        c = t.tasks.c
        query = sql.select(c.round, c.rung, c.task, c.numbers, c.owner, c.beat, c.done)
        query = query.where((c.study_id == self.study_id) & (c.round == round_) & (c.rung == rung)).order_by(c.task)
        with self._reached(), self.engine.connect() as db:
            rows = db.execute(query).all()
        return [Task(*row[:3], tuple(json.loads(row[3])), row[4], row[5], bool(row[6])) for row in rows]

    def open_rung(self, new: Sequence[Task], given_up: Sequence[Trial]) -> None:
        """Writes the tasks of a rung and gives up the trials that do not reach it; unless another process has."""
        rows = [
            {
                "study_id": self.study_id,
                "round": task.round,
                "rung": task.rung,
                "task": task.number,
                "numbers": json.dumps(task.trials),
                "owner": None,
                "beat": 0,
                "done": False,
            }
            for task in new
        ]
        with self._reached(), contextlib.suppress(IntegrityError), self.engine.begin() as db:
            db.execute(sql.insert(t.tasks), rows)
            numbers = [trial.number for trial in given_up if trial.state != DIVERGED]
            if numbers:
                c = t.results.c
                own = (c.study_id == self.study_id) & c.number.in_(numbers)
                db.execute(sql.update(t.results).where(own).values(state=PRUNED, paused=None))
                self._settle(db, [trial for trial in given_up if trial.state != DIVERGED], PRUNED)

    def claim(self, open_tasks: Sequence[Task]) -> Task | None:
        """The first of the tasks that is free, or whose owner is dead; it is the caller's own then."""
        for task in open_tasks:
            if task.is_done or not (task.owner is None or self._is_dead(task)):
                continue
            c = t.tasks.c
            free = (c.owner.is_(None) if task.owner is None else c.owner == task.owner) & (c.beat == task.beat)
            change = sql.update(t.tasks).where(self._is(task) & free & c.done.is_(False))
            with self._reached(), self.engine.begin() as db:
                if db.execute(change.values(owner=self.owner, beat=task.beat + 1)).rowcount == 1:
                    return task
        return None

    def beat(self, task: Task) -> None:
        """Says that the owner of a task lives."""
        change = sql.update(t.tasks).where(self._is(task) & (t.tasks.c.owner == self.owner))
        with contextlib.suppress(UsageError), self._reached(), self.engine.begin() as db:
            db.execute(change.values(beat=t.tasks.c.beat + 1))

    def release(self, task: Task) -> None:
        """Gives a task back that was not finished."""
        change = sql.update(t.tasks).where(self._is(task) & (t.tasks.c.owner == self.owner))
        with self._reached(), self.engine.begin() as db:
            db.execute(change.values(owner=None))

    def _is_dead(self, task: Task) -> bool:
        """Whether a task's owner is gone: a process of this machine that is no more, or one without a beat."""
        host, pid, _ = (task.owner or "").rsplit(":", 2)
        if host == socket.gethostname() and not _lives(int(pid)):
            return True
        owner, beat, since = self._seen.get(task.key, (None, -1, 0.0))
        if (owner, beat) != (task.owner, task.beat):
            self._seen[task.key] = (task.owner, task.beat, time.monotonic())
            return False
        return time.monotonic() - since > STALE_SECONDS

    def _is(self, task: Task) -> Any:
        c = t.tasks.c
        at = (c.study_id == self.study_id) & (c.round == task.round)
        return at & (c.rung == task.rung) & (c.task == task.number)

    def finish(self, task: Task, found: Sequence[Result]) -> bool:
        """Writes what came of a task's trials; False, and nothing written, where it is not the caller's any more."""
        own = self._is(task) & (t.tasks.c.owner == self.owner) & t.tasks.c.done.is_(False)
        c = t.results.c
        change = sql.update(t.results).where((c.study_id == self.study_id) & (c.number == sql.bindparam("of")))
        names = ("state", "rung", "score", "loss", "epochs", "best_epoch", "seconds", "finished")
        blobs = ("curve", "paused", "weights", "predictions")
        rows = [
            {
                "of": one.trial.number,
                **{name: getattr(one.trial, name) for name in names},
                **{name: getattr(one, name) for name in blobs},
            }
            for one in found
        ]
        with self._reached(), self.engine.begin() as db:
            if db.execute(sql.update(t.tasks).where(own).values(done=True)).rowcount != 1:
                return False
            db.execute(change.values({name: sql.bindparam(name) for name in (*names, *blobs)}), rows)
            self._note(db, [one.trial for one in found])
        return True

    def _note(self, db: sql.Connection, trials: Sequence[Trial]) -> None:
        """A rung of trials as Optuna keeps it."""
        ids = self._trial_ids(db, [trial.number for trial in trials])
        rows = [
            {"trial_id": ids[trial.number], "step": trial.epochs, "intermediate_value": trial.score}
            | {"intermediate_value_type": t.STEP_FINITE}
            for trial in trials
            if trial.score is not None
        ]
        if rows:
            db.execute(sql.insert(t.intermediate), rows)
        for state in (RUNNING, COMPLETE, DIVERGED):
            self._settle(db, [trial for trial in trials if trial.state == state], state, ids)

    def _settle(
        self, db: sql.Connection, trials: Sequence[Trial], state: str, ids: Mapping[int, int] | None = None
    ) -> None:
        """The state of trials as Optuna keeps it, and where they are over, their value and why."""
        if not trials:
            return
        ids = ids or self._trial_ids(db, [trial.number for trial in trials])
        values: dict[str, Any] = {"state": STATES[state]}
        if state != RUNNING:
            values["datetime_complete"] = datetime.now(UTC).replace(tzinfo=None)
            reasons = {
                PRUNED: lambda trial: f"not among the best at epoch {trial.epochs}",
                DIVERGED: lambda trial: "diverged: its loss was no number any more",
                COMPLETE: lambda trial: f"best at epoch {trial.best_epoch + 1} of {trial.epochs}",
            }
            said = [
                {"trial_id": ids[trial.number], "key": "outcome", "value_json": json.dumps(reasons[state](trial))}
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

    def forget(self, column: str, numbers: Sequence[int]) -> None:
        """Drops what is kept of trials, to save room."""
        c = t.results.c
        change = sql.update(t.results).where((c.study_id == self.study_id) & c.number.in_(list(numbers)))
        with self._reached(), self.engine.begin() as db:
            db.execute(change.values({column: None}))


def connected(url: str) -> tuple[str, sql.Engine]:
    """The engine of a database, and its address as it may be shown.

    Raises:
        UsageError: the address is none, or its driver is not installed.
    """
    if "://" not in url:
        url = f"sqlite:///{url}"
    try:
        made = sql.make_url(url)
    except sql.exc.ArgumentError:
        hint = "such as sqlite:///study.db or postgresql://user@host/database"
        raise UsageError("study: expected the address of a database, got one that cannot be read", hint) from None
    if made.drivername in ("postgresql", "postgres"):
        made = made.set(drivername="postgresql+psycopg")
    shown = made.render_as_string(hide_password=True)
    try:
        return shown, sql.create_engine(made, **_engine_options(made))
    except (ImportError, sql.exc.NoSuchModuleError) as error:
        hint = "for PostgreSQL: pip install 'seedbed[cluster]'"
        raise UsageError(f"study: no driver for the database {shown}: {error}", hint) from None


def names_in(url: str) -> list[str]:
    """The names of the studies of Seedbed in a database.

    Raises:
        UsageError: it cannot be reached, or holds none.
    """
    shown, engine = connected(url)
    studies = optuna.storages._rdb.models.StudyModel.__table__
    query = sql.select(studies.c.study_name).join(t.searches, t.searches.c.study_id == studies.c.study_id)
    try:
        with engine.connect() as db:
            return list(db.execute(query).scalars())
    except SQLAlchemyError:
        hint = "name the file or the address that `seedbed search --study` was given"
        raise UsageError(f"study: expected a database with a study in it, got {shown}", hint) from None
    finally:
        engine.dispose()


def _engine_options(url: sql.URL) -> dict[str, Any]:
    return (
        {"connect_args": {"timeout": LOCK_SECONDS}} if url.get_backend_name() == "sqlite" else {"pool_pre_ping": True}
    )


def _round(plain: dict[str, Any]) -> Round:
    plain["rungs"], plain["changes"] = tuple(plain["rungs"]), tuple(plain["changes"])
    plain["cohorts"] = tuple(tuple(cohort) for cohort in plain["cohorts"])
    return Round(**plain)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
