"""The worker: what a process does for a study, from its next task to the last.

All that it needs to know stands in the store; any number of workers may go through the same steps at the same time. A
round is proposed by whoever comes first; its tasks are taken one by one, and while one trains, the next is prepared.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from seedbed.core import toml
from seedbed.data.dataset import Dataset
from seedbed.searching import blobs
from seedbed.searching.cohorts import PART, Cohort, cohorts, grouped
from seedbed.searching.config import Config
from seedbed.searching.costs import Costs
from seedbed.searching.crew import Crew
from seedbed.searching.narrowing import widest
from seedbed.searching.rungs import mean_epochs, n_survivors, survivors
from seedbed.searching.space import Space
from seedbed.searching.store import Round, Store, Task
from seedbed.searching.trial import Trial
from seedbed.training.cohorts import bind
from seedbed.training.paused import Paused
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.training.supplies import Supplies
from seedbed.training.trainer import Progress

BEAT_SECONDS, WAIT_SECONDS = 2.0, 0.2
KEPT = 64  # trials whose weights and predictions are kept: the best


@dataclass(frozen=True)
class Told:
    """What a worker says between two device calls.

    Attributes:
        round, rung, n_rungs: where the study is.
        n_trials: of the round.
        n_done: trials of the rung that are done, by this worker or another.
        share: of the task that trains here.
        n_over: trials of the study that are over.
        best: the best score so far.
        seconds: since this worker began.
    """

    round: int
    rung: int
    n_rungs: int
    n_trials: int
    n_done: float
    n_over: int
    best: float | None
    seconds: float


@dataclass
class Worker:
    """A process at work on a study.

    Arguments:
        store: the study.
        config: what it searches.
        data: the data set, or one for each fold.
        on_told: is called between device calls.
        on_round: is called with each round that is begun.
        ends: asked between device calls whether to end now.
    """

    store: Store
    config: Config
    data: Sequence[Dataset]
    on_told: Callable[[Told], None] | None = None
    on_round: Callable[[Round], None] | None = None
    ends: Callable[[], bool] | None = None
    is_interrupted: bool = False
    compile_seconds: float = 0.0
    storing_seconds: float = 0.0
    n_trained: int = 0

    def __post_init__(self) -> None:
        self.space = self.config.to_space()
        self.method = self.config.to_method(self.space)
        self.supplies = Supplies()
        self.costs = Costs(*self.config.costs)
        self._began = time.perf_counter()
        self._before = max((t.finished or 0.0 for t in self.store.trials()), default=0.0)
        self._paused: dict[int, list[Paused]] = {}
        self._round_cache: dict[int, dict[int, tuple[Cohort, Setup, Setup]]] = {}
        self._pool = ThreadPoolExecutor(1)

    def run(self) -> None:
        """Works until the study is done, the budget is used up, or Ctrl-C."""
        try:
            while not self.is_interrupted and (round_ := self._round()) is not None:
                for rung in range(len(round_.rungs)):
                    if not self._rung(round_, rung):
                        return
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self.costs.keep()

    # Rounds

    def _round(self) -> Round | None:
        """The round to work on: the last, or where that is over, a new one; None at the end."""
        rounds, trials = self.store.rounds(), self.store.trials()
        if rounds and any(not trial.is_over for trial in trials[rounds[-1].first :]):
            return rounds[-1]
        if self._is_late():
            return None
        space = Space(toml.loads(rounds[-1].space, Setup)) if rounds else self.space
        proposal = self.method.propose(len(rounds), trials, space)
        if proposal is None:
            return None
        numbers = range(len(trials), len(trials) + len(proposal.points))
        setups = [self._bound(proposal.space, point) for point in proposal.points]
        epochs = mean_epochs(proposal.rungs, len(proposal.points))
        groups = cohorts(setups, self.data[0], self.supplies, epochs=epochs, n_folds=len(self.data), costs=self.costs)
        new = Round(
            number=len(rounds),
            first=len(trials),
            size=len(proposal.points),
            rungs=proposal.rungs,
            space=toml.dumps(proposal.space.setup),
            changes=tuple(change.__dict__ for change in proposal.changes),
            cohorts=tuple(tuple(numbers[place] for place in one.places) for one in groups),
        )
        with self._storing():
            self.store.add_round(new, proposal.points, self.space_seen(rounds, proposal.space))
        added = self.store.rounds()[new.number]  # another process may have been first
        if self.on_round is not None:
            self.on_round(added)
        return added

    def space_seen(self, rounds: Sequence[Round], space: Space) -> Any:
        """The dimensions of the study, each as wide as it has ever been."""
        return widest([self.space, *(Space(toml.loads(one.space, Setup)) for one in rounds), space])

    def _bound(self, space: Space, point: dict[str, Any]) -> Setup:
        setup = space.setup_at(point).replace(epochs=self.config.epochs)
        return bind(setup, self.data[0], self.supplies.preprocessor(setup, self.data[0]).shape)

    def _members(self, round_: Round) -> dict[int, tuple[Cohort, Setup, Setup]]:
        """Of each trial of a round its cohort, its setup as the program has it, and as it is by itself."""
        if round_.number not in self._round_cache:
            space = Space(toml.loads(round_.space, Setup))
            trials = self.store.trials()
            own = {t.number: self._bound(space, t.point) for t in trials[round_.first : round_.first + round_.size]}
            found = {}
            for numbers in round_.cohorts:
                [one] = grouped([own[n] for n in numbers], range(len(numbers)), self.data[0], self.supplies)
                found.update({n: (one, setup, own[n]) for n, setup in zip(numbers, one.setups, strict=True)})
            self._round_cache = {round_.number: found}
        return self._round_cache[round_.number]

    # Rungs

    def _rung(self, round_: Round, rung: int) -> bool:
        """Works on a rung until all its tasks are done; False where it was ended before."""
        tasks = self.store.tasks(round_.number, rung) or self._opened(round_, rung)
        coming: tuple[Task, Future[Crew]] | None = None
        while True:
            if self._ends():
                if coming is not None:
                    self.store.release(coming[0])
                return False
            current, coming = coming or self._claimed(round_, tasks), None
            if current is None:
                tasks = self.store.tasks(round_.number, rung)
                if all(task.is_done for task in tasks):
                    return True
                time.sleep(WAIT_SECONDS)
                continue
            tasks = [task for task in tasks if task.key != current[0].key]
            coming = self._claimed(round_, tasks)
            if not self._train(round_, *current, n_before=self._n_done(round_, rung)):
                for task, _ in filter(None, (current, coming)):
                    self.store.release(task)
                return False

    def _opened(self, round_: Round, rung: int) -> list[Task]:
        """Writes down the tasks of a rung: parts of the cohorts of the trials that reached it."""
        trials = [trial for trial in self.store.trials() if trial.round == round_.number]
        going = trials if rung == 0 else survivors(trials_at(trials, rung))
        there = {trial.number for trial in going}
        tasks: list[Task] = []
        for cohort in round_.cohorts:
            own = [number for number in cohort if number in there]
            for at in range(0, len(own), PART):
                tasks.append(Task(round_.number, rung, len(tasks), tuple(own[at : at + PART])))
        with self._storing():
            given_up = [trial for trial in trials if trial.number not in there and not trial.is_over]
            self.store.open_rung(tasks, given_up)
        return self.store.tasks(round_.number, rung)

    def _claimed(self, round_: Round, tasks: Sequence[Task]) -> tuple[Task, Future[Crew]] | None:
        """A task for this worker, being prepared."""
        with self._storing():
            task = self.store.claim(tasks)
        return None if task is None else (task, self._pool.submit(self._crew, round_, task))

    def _crew(self, round_: Round, task: Task) -> Crew:
        """The trials of a task, with their program compiled."""
        members = self._members(round_)
        trials = [trial for trial in self.store.trials() if trial.number in task.trials]
        if missing := [n for n in task.trials if task.rung > 0 and n not in self._paused]:
            kept = self.store.kept("paused", missing)
            self._paused |= {number: blobs.paused(content) for number, content in kept.items()}
        cohort = members[task.trials[0]][0]
        crew = Crew(
            trials,
            [members[trial.number][1] for trial in trials],
            [members[trial.number][2] for trial in trials],
            self.data,
            self.config.seed,
            until=round_.rungs[task.rung],
            is_last=task.rung == len(round_.rungs) - 1,
            paused={n: self._paused[n] for n in task.trials} if task.rung > 0 else {},
            plan=self._plan(round_, task, cohort),
            supplies=self.supplies,
            ends=self._ends,
        )
        crew.training.prepare()
        return crew

    def _plan(self, round_: Round, task: Task, cohort: Cohort) -> Plan:
        """The plan of a task: that of its cohort, with smaller waves where few trials are left."""
        before = round_.rungs[task.rung - 1] if task.rung else 0
        seconds = self._trial_seconds(cohort, round_.rungs[task.rung] - before)
        return self.costs.laddered(cohort.plan, len(task.trials), seconds, cohort.n_layers)

    def _trial_seconds(self, cohort: Cohort, epochs: int) -> float:
        setup, data = cohort.setups[0], self.data[0]
        sizes = {"batch_size": setup.batch_size, "n_train": len(data.train), "n_valid": len(data.valid)}
        flops = setup.network.flops(setup.network.input_shape(cohort.shape))
        return self.costs.member_seconds(flops, **sizes, epochs=epochs)

    def _train(self, round_: Round, task: Task, ready: Future[Crew], *, n_before: int) -> bool:
        """Trains a task and writes what came of it; False where it was ended before."""
        before = time.perf_counter()
        with self._beating(task):
            crew = ready.result()
            self.compile_seconds += time.perf_counter() - before
            crew.training.on_progress = lambda now: self._tell(round_, task, n_before, now)
            if not crew.train():
                return False
        seconds = time.perf_counter() - before
        trials = [trial for trial in self.store.trials() if trial.round == round_.number]
        finished = self._before + time.perf_counter() - self._began
        n_reach = len(trials_at(trials, task.rung)) if task.rung else round_.size
        found = crew.results(seconds, finished, n_survivors(n_reach), KEPT)
        self.compile_seconds += crew.training.compile_seconds
        with self._storing():
            is_ours = self.store.finish(task, found)
        if is_ours:
            self.n_trained += len(found)
            going = {one.trial.number: i for i, one in enumerate(found) if one.paused is not None}
            self._paused = {n: p for n, p in self._paused.items() if n not in task.trials}
            self._paused |= {number: crew.pauses(i) for number, i in going.items()}
        return True

    # Around it

    def _n_done(self, round_: Round, rung: int) -> int:
        return sum(len(task.trials) for task in self.store.tasks(round_.number, rung) if task.is_done)

    def _tell(self, round_: Round, task: Task, n_before: int, now: Progress) -> None:
        if self.on_told is None:
            return
        done = n_before + len(task.trials) * now.share_done
        best = now.best_score if now.best_score > -1e300 else None
        self.on_told(
            Told(
                round_.number,
                task.rung,
                len(round_.rungs),
                round_.size,
                done,
                round_.first,
                best,
                time.perf_counter() - self._began,
            )
        )

    def _ends(self) -> bool:
        """Whether to end now: the budget is used up, or the user wants it."""
        self.is_interrupted = self.is_interrupted or (self.ends is not None and self.ends())
        return self.is_interrupted or self._is_late()

    def _is_late(self) -> bool:
        budget = self.config.seconds
        return budget is not None and self._before + time.perf_counter() - self._began > budget

    @contextlib.contextmanager
    def _beating(self, task: Task) -> Iterator[None]:
        """Inside, the store is told that this process lives."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_SECONDS):
                self.store.beat(task)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @contextlib.contextmanager
    def _storing(self) -> Iterator[None]:
        before = time.perf_counter()
        try:
            yield
        finally:
            self.storing_seconds += time.perf_counter() - before


def trials_at(trials: Sequence[Trial], rung: int) -> list[Trial]:
    """The trials that have so many rungs behind them."""
    return [trial for trial in trials if trial.rung >= rung]
