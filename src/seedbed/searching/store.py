"""The store: a study in a database, shared by all processes that work on it.

What one process does is written in a single transaction or not at all, and only while the task is its own. A process
whose beat stops loses its tasks to the others; what it then still writes is refused.
"""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from seedbed.searching import mirror
from seedbed.searching import tables as t
from seedbed.searching.config import Config
from seedbed.searching.database import Database, address, options
from seedbed.searching.names import check_ours, key_of
from seedbed.searching.owners import is_gone, new_owner
from seedbed.searching.space import Dimension
from seedbed.searching.trial import DIVERGED, PRUNED, WAITING, Trial, ranked

STALE_SECONDS = 20.0  # without a beat a process counts as dead
CREATION_TRIES, CREATION_PAUSE = 20, 0.1  # while other processes create the same tables
AT_ONCE = 10_000  # trials in one statement: PostgreSQL takes 65,535 values, SQLite as many as it was built for
HEAVY = ("weights", "predictions")  # what is kept of the best trials alone


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

    @property
    def numbers(self) -> range:
        """Of its trials."""
        return range(self.first, self.first + self.size)


@dataclass(frozen=True)
class Task:
    """A part of a round's trials that one process trains from one rung to the next.

    Attributes:
        owner: the process that has taken it, or None.
        is_begun: whether that process trains it already; until then it may be taken away by one that has nothing to do.
    """

    round: int
    rung: int
    number: int
    trials: tuple[int, ...]
    owner: str | None = None
    is_begun: bool = False
    is_done: bool = False


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

    Attributes:
        is_new: whether this process has made it.
        owner: the name under which this process takes tasks.

    Raises:
        UsageError: the database cannot be reached; passwords are not shown.
    """

    url: str = field(repr=False)
    name: str
    is_new: bool = False
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.db = Database(self.url)
        self.shown, self.owner = self.db.shown, new_owner()
        for left in reversed(range(CREATION_TRIES)):
            try:
                self.study_id = self._found() or self._created()
                break
            except (SQLAlchemyError, optuna.exceptions.StorageInternalError, RuntimeError) as error:
                # Two that create the same tables at the same time: one of them finds what it did not see before.
                if not left:
                    raise self.db.unusable(error) from None
                time.sleep(CREATION_PAUSE)

    def _found(self) -> int | None:
        """The study's key, where it is there."""
        if not self.db.read(lambda db: set(t.metadata.tables) <= set(sql.inspect(db).get_table_names())):
            return None

        def found(db: sql.Connection) -> int | None:
            check_ours(db, self.name, self.shown)
            return db.execute(key_of(self.name)).scalar()

        return self.db.read(found)

    def _created(self) -> int:
        """The key of the study, which is made; so are tables that are not there, Optuna's first.

        Raises:
            IntegrityError: another process has made it.
        """
        self.db.write_ahead(True)
        # In one transaction each: SQLite waits for the disk behind every table otherwise.
        self.db.write(t.theirs.create_all)
        stamped(self.db)

        def write(db: sql.Connection) -> int:
            t.metadata.create_all(db)
            check_ours(db, self.name, self.shown)
            db.execute(sql.insert(t.studies), {"study_name": self.name})
            key: int = db.execute(key_of(self.name)).scalar_one()
            db.execute(sql.insert(t.directions), {"study_id": key, "objective": 0, "direction": t.MAXIMIZE})
            for table in t.metadata.sorted_tables:  # of a study with that key that was deleted by Optuna
                db.execute(sql.delete(table).where(table.c.study_id == key))
            return key

        key = self.db.write(write)
        self.is_new = True
        return key

    # What is searched

    def config(self) -> Config | None:
        """What the study searches and how; None as long as nothing was written."""
        query = sql.select(t.searches.c.config).where(t.searches.c.study_id == self.study_id)
        found = self.db.read(lambda db: db.execute(query).scalar())
        return None if found is None else Config.from_text(found)

    def begin(self, config: Config) -> Config:
        """Writes down what is searched, unless it is there; gives what is there."""
        row = {"study_id": self.study_id, "config": config.to_text(), "created": time.time()}
        with contextlib.suppress(IntegrityError):
            self.db.write(lambda db: db.execute(sql.insert(t.searches), row))
        found = self.config()
        assert found is not None
        return found

    def tell(self, truth: str) -> None:
        """Writes down what the winner turned out to be worth."""
        change = sql.update(t.searches).where(t.searches.c.study_id == self.study_id).values(truth=truth)
        self.db.write(lambda db: db.execute(change))

    def told(self) -> str | None:
        """What the winner turned out to be worth, or None where the search did not come to its end."""
        query = sql.select(t.searches.c.truth).where(t.searches.c.study_id == self.study_id)
        found: str | None = self.db.read(lambda db: db.execute(query).scalar())
        return found

    # Rounds and trials

    def rounds(self) -> list[Round]:
        """The rounds so far."""
        query = sql.select(t.rounds.c.plan).where(t.rounds.c.study_id == self.study_id).order_by(t.rounds.c.round)
        return [_round(json.loads(plan)) for plan in self.db.read(lambda db: db.execute(query).scalars().all())]

    def add_round(self, new: Round, points: Sequence[Mapping[str, Any]], dimensions: Sequence[Dimension]) -> bool:
        """Writes a round and its trials; False where another process has written it."""
        plan = json.dumps(new.__dict__)
        own = [
            {"study_id": self.study_id, "number": number, "round": new.number, "point": json.dumps(point)}
            | {"state": WAITING, "rung": 0, "epochs": 0, "best_epoch": -1, "seconds": 0.0}
            for number, point in zip(new.numbers, points, strict=True)
        ]

        def write(db: sql.Connection) -> None:
            db.execute(sql.insert(t.rounds), {"study_id": self.study_id, "round": new.number, "plan": plan})
            db.execute(sql.insert(t.results), own)
            mirror.add(db, self.study_id, dict(zip(new.numbers, points, strict=True)), dimensions)

        try:
            self.db.write(write)
        except IntegrityError:
            return False
        return True

    def trials(self, numbers: Sequence[int] | None = None) -> list[Trial]:
        """Trials in the order of their numbers: all, or these."""
        c = t.results.c
        columns = (c.number, c.round, c.point, c.state, c.rung, c.score, c.loss, c.epochs, c.best_epoch, c.seconds)
        query = sql.select(*columns, c.finished).where(c.study_id == self.study_id).order_by(c.number)
        if numbers is not None:
            query = query.where(c.number.between(min(numbers), max(numbers)))
        rows = self.db.read(lambda db: db.execute(query).all())
        wanted = None if numbers is None else set(numbers)
        return [
            Trial(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows if wanted is None or row[0] in wanted
        ]

    def seconds(self) -> float:
        """How long the study has been worked on, up to its last rung that is written."""
        query = sql.select(sql.func.max(t.results.c.finished)).where(t.results.c.study_id == self.study_id)
        return self.db.read(lambda db: db.execute(query).scalar()) or 0.0

    def kept(self, column: str, numbers: Sequence[int] | None = None) -> dict[int, bytes]:
        """What is kept of trials (curve, weights or predictions), where it is there."""
        c = t.results.c
        return self._kept(c, c[column], numbers)

    def pauses(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """Where trials stand that wait for their next rung."""
        return self._kept(t.pauses.c, t.pauses.c.content, numbers)

    def _kept(self, c: Any, content: Any, numbers: Sequence[int] | None) -> dict[int, bytes]:
        query = sql.select(c.number, content).where((c.study_id == self.study_id) & content.is_not(None))
        if numbers is not None:
            query = query.where(c.number.in_(list(numbers)))
        rows = self.db.read(lambda db: db.execute(query.order_by(c.number)).all())
        return {row[0]: row[1] for row in rows}

    # Workers

    def join(self) -> None:
        """Counts this process among those that work on the study, and buries those that are no more."""
        self.db.write_ahead(True)
        self.beat()
        self.bury()

    def beat(self) -> None:
        """Says that this process lives."""
        c = t.workers.c
        own = (c.study_id == self.study_id) & (c.owner == self.owner)

        def write(db: sql.Connection) -> None:
            if db.execute(sql.update(t.workers).where(own).values(beat=c.beat + 1)).rowcount == 0:
                db.execute(sql.insert(t.workers), {"study_id": self.study_id, "owner": self.owner, "beat": 0})

        self.db.write(write)

    def leave(self) -> None:
        """Gives back what this process has not finished, and counts it no more."""
        self.db.write(lambda db: self._lose(db, self.owner))
        self.db.write_ahead(False)

    def workers(self) -> dict[str, int]:
        """The owners that are there, and their beats."""
        c = t.workers.c
        query = sql.select(c.owner, c.beat).where(c.study_id == self.study_id)
        rows = self.db.read(lambda db: db.execute(query).all())
        return {row[0]: row[1] for row in rows}

    def bury(self) -> bool:
        """Takes their tasks from owners that are no more; whether there was one."""
        dead = [owner for owner, beat in self.workers().items() if owner != self.owner and self._is_dead(owner, beat)]
        for owner in dead:
            self.db.write(functools.partial(self._lose, owner=owner))
        return bool(dead)

    def _is_dead(self, owner: str, beat: int) -> bool:
        """Whether an owner is gone: a process of this machine that is no more, or one without a beat."""
        if is_gone(owner):
            return True
        if self._seen.get(owner, (-1, 0.0))[0] != beat:
            self._seen[owner] = beat, time.monotonic()
        return time.monotonic() - self._seen[owner][1] > STALE_SECONDS

    def _lose(self, db: sql.Connection, owner: str) -> None:
        """Makes the tasks of an owner free, and forgets it."""
        w, c = t.workers.c, t.tasks.c
        db.execute(sql.delete(t.workers).where((w.study_id == self.study_id) & (w.owner == owner)))
        own = (c.study_id == self.study_id) & (c.owner == owner) & c.done.is_(False)
        db.execute(sql.update(t.tasks).where(own).values(owner=None, begun=False))

    # Tasks

    def tasks(self, round_: int, rung: int) -> list[Task]:
        """The tasks of a rung; none before they are written."""
        c = t.tasks.c
        query = sql.select(c.round, c.rung, c.task, c.numbers, c.owner, c.begun, c.done)
        query = query.where((c.study_id == self.study_id) & (c.round == round_) & (c.rung == rung)).order_by(c.task)
        rows = self.db.read(lambda db: db.execute(query).all())
        return [Task(*row[:3], tuple(json.loads(row[3])), row[4], bool(row[5]), bool(row[6])) for row in rows]

    def open_rung(self, new: Sequence[Task], given_up: Sequence[Trial]) -> None:
        """Writes the tasks of a rung and gives up the trials that do not reach it; unless another process has."""
        rows = [
            {"study_id": self.study_id, "round": task.round, "rung": task.rung, "task": task.number}
            | {"numbers": json.dumps(task.trials), "owner": None, "begun": False, "done": False}
            for task in new
        ]
        losers = [trial for trial in given_up if trial.state != DIVERGED]
        c = t.results.c

        def write(db: sql.Connection) -> None:
            db.execute(sql.insert(t.tasks), rows)
            for at in range(0, len(losers), AT_ONCE):
                some = losers[at : at + AT_ONCE]
                numbers = [trial.number for trial in some]
                own = (c.study_id == self.study_id) & c.number.in_(numbers)
                db.execute(sql.update(t.results).where(own).values(state=PRUNED))
                self._no_more(db, numbers)
                mirror.settle(db, mirror.ids_of(db, self.study_id, numbers), some, PRUNED)

        if rows:
            with contextlib.suppress(IntegrityError):
                self.db.write(write)

    def claim(self, round_: int, rung: int, *, ahead: bool = False) -> Task | None:
        """A task of a rung that is the caller's own now, or None.

        One that nobody has; if there is none, one whose owner is dead, or that another process has taken ahead and not
        begun, so that nobody waits while there is something to do.

        Arguments:
            ahead: to begin it later, see `start`; then it has to be one that nobody has.
        """
        while True:
            left = [task for task in self.tasks(round_, rung) if not task.is_done]
            free = [task for task in left if task.owner is None]
            if not (free or ahead):
                if self.bury():
                    continue
                there = self.workers()
                others = [task for task in left if task.owner != self.owner]
                free = [task for task in others if not task.is_begun or task.owner not in there]
            if not free:
                return None
            if self._take(free[0], is_begun=not ahead):
                return free[0]

    def _take(self, task: Task, *, is_begun: bool) -> bool:
        """Makes a task the caller's own, unless it has changed since it was read."""
        c = t.tasks.c
        is_same = (c.owner.is_(None) if task.owner is None else c.owner == task.owner) & c.begun.is_(task.is_begun)
        is_own = c.owner == self.owner  # already: the answer to a first try was lost
        where = self._is(task) & (is_same | is_own) & c.done.is_(False)
        return self.db.changed(sql.update(t.tasks).where(where).values(owner=self.owner, begun=is_begun)) == 1

    def start(self, task: Task) -> bool:
        """Begins a task that was claimed ahead; False where another process has taken it meanwhile."""
        change = sql.update(t.tasks).where(self._is(task) & self._is_own()).values(begun=True)
        return self.db.changed(change) == 1

    def _is_own(self) -> Any:
        return (t.tasks.c.owner == self.owner) & t.tasks.c.done.is_(False)

    def _is(self, task: Task) -> Any:
        c = t.tasks.c
        at = (c.study_id == self.study_id) & (c.round == task.round)
        return at & (c.rung == task.rung) & (c.task == task.number)

    def finish(self, task: Task, found: Sequence[Result], n_kept: int | None = None) -> bool:
        """Writes what came of a task's trials; False, and nothing written, where it is not the caller's any more.

        Arguments:
            n_kept: of how many trials of the study weights and predictions are kept, the best; None: of all.
        """
        c = t.results.c
        change = sql.update(t.results).where((c.study_id == self.study_id) & (c.number == sql.bindparam("of")))
        names = ("state", "rung", "score", "loss", "epochs", "best_epoch", "seconds", "finished")
        blobs = ("curve", *HEAVY)
        rows = [
            {"of": one.trial.number}
            | {name: getattr(one.trial, name) for name in names}
            | {name: getattr(one, name) for name in blobs}
            for one in found
        ]
        done = sql.update(t.tasks).where(self._is(task) & self._is_own()).values(done=True)
        is_ours = sql.select(t.tasks.c.task).where(self._is(task) & (t.tasks.c.owner == self.owner))

        def write(db: sql.Connection) -> bool:
            if db.execute(done).rowcount != 1:  # of another; or done, and only the answer to a first try was lost
                return db.execute(is_ours.where(t.tasks.c.done.is_(True))).first() is not None
            db.execute(change.values({name: sql.bindparam(name) for name in (*names, *blobs)}), rows)
            self._pause(db, found)
            mirror.note(db, self.study_id, [one.trial for one in found])
            if n_kept is not None and any(one.weights is not None for one in found):
                self._drop(db, n_kept)
            return True

        return self.db.write(write)

    def _pause(self, db: sql.Connection, found: Sequence[Result]) -> None:
        """Writes where trials stand, in the place of where they stood before."""
        if any(one.trial.rung > 1 for one in found):
            self._no_more(db, [one.trial.number for one in found])
        rows = [
            {"study_id": self.study_id, "number": one.trial.number, "content": one.paused}
            for one in found
            if one.paused is not None
        ]
        if rows:
            db.execute(sql.insert(t.pauses), rows)

    def _no_more(self, db: sql.Connection, numbers: Sequence[int]) -> None:
        """Drops where trials stood."""
        c = t.pauses.c
        db.execute(sql.delete(t.pauses).where((c.study_id == self.study_id) & c.number.in_(numbers)))

    def behind(self, numbers: range, rung: int) -> list[Trial]:
        """Of these trials those that have rung `rung` behind them, the best first; without their points."""
        c = t.results.c
        return self.db.read(lambda db: self._ranked(db, c.number.between(numbers[0], numbers[-1]) & (c.rung > rung)))

    def heavy(self, but: Sequence[int] = ()) -> list[Trial]:
        """The trials whose weights and predictions are kept, the best first, but these; without their points."""
        found = self.db.read(lambda db: self._ranked(db, t.results.c.weights.is_not(None)))
        return [trial for trial in found if trial.number not in but]

    def _ranked(self, db: sql.Connection, which: Any) -> list[Trial]:
        c = t.results.c
        query = sql.select(c.number, c.state, c.score, c.loss).where((c.study_id == self.study_id) & which)
        rows = db.execute(query).all()
        return ranked(Trial(row[0], 0, {}, state=row[1], score=row[2], loss=row[3]) for row in rows)

    def _drop(self, db: sql.Connection, n_kept: int) -> None:
        """Drops weights and predictions of all but the best, to save room."""
        losers = [trial.number for trial in self._ranked(db, t.results.c.weights.is_not(None))[n_kept:]]
        if losers:
            c = t.results.c
            change = sql.update(t.results).where((c.study_id == self.study_id) & c.number.in_(losers))
            db.execute(change.values(dict.fromkeys(HEAVY)))


def stamped(database: Database) -> None:
    """Lets Optuna write down, or check, which version of its tables is there."""
    pool = {"poolclass": sql.pool.NullPool}  # it keeps connections in a session, and closes none where it fails
    made = options(address(database.url)) | pool
    made.pop("pool_pre_ping", None)
    optuna.storages.RDBStorage(database.url, made, skip_table_creation=True).remove_session()


def _round(plain: dict[str, Any]) -> Round:
    plain["rungs"], plain["changes"] = tuple(plain["rungs"]), tuple(plain["changes"])
    plain["cohorts"] = tuple(tuple(cohort) for cohort in plain["cohorts"])
    return Round(**plain)
