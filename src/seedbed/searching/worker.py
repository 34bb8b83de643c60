"""The worker: what a process does for a study, from its next task to the last.

All that it needs to know stands in the store; any number of workers may go through the same steps at the same time. A
round is proposed by whoever comes first; its tasks are taken one by one, and while one trains, the next is prepared and
what came of the one before is judged and written.
Whoever has nothing to do takes what another has only prepared, so that all of them end at about the same time.
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
from seedbed.core.errors import UsageError
from seedbed.data.dataset import Dataset
from seedbed.searching import blobs
from seedbed.searching.cohorts import Cohort, Form, Job, cohorts, grouped, parted
from seedbed.searching.config import Config
from seedbed.searching.costs import HOST, Costs
from seedbed.searching.crew import Crew
from seedbed.searching.narrowing import widest
from seedbed.searching.rungs import n_survivors, survivors
from seedbed.searching.space import Space
from seedbed.searching.store import Round, Store, Task
from seedbed.searching.trial import Trial
from seedbed.training.cohorts import bind
from seedbed.training.compiling import n_read
from seedbed.training.paused import Paused
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.training.supplies import Supplies
from seedbed.training.trainer import Progress

SEARCHING = 0.85  # of a budget by wall clock; the rest is for the winner
BEAT_SECONDS, WAIT_SECONDS = 2.0, 0.2
KEPT = 64  # trials whose weights and predictions are kept: the best


@dataclass(frozen=True)
class Told:
    """What a worker says between two device calls.

    Attributes:
        round, rung, n_rungs: where the study is.
        n_trials: that reached the rung.
        n_done: trials of the rung that are done, by this worker or another.
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


@dataclass(frozen=True)
class Recorded:
    """What is written of a task.

    Attributes:
        rung: that its trials go on with.
        n_trials: of the task.
        paused: where those that may go on stand, by trial and rung.
    """

    rung: int
    n_trials: int
    paused: dict[tuple[int, int], list[Paused]]


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
        n_workers: how many will work on the study, as far as is known; more are counted when they come. A rung is cut
            into as many parts at least, and the parts decide how a trial is rounded.
    """

    store: Store
    config: Config
    data: Sequence[Dataset]
    on_told: Callable[[Told], None] | None = None
    on_round: Callable[[Round], None] | None = None
    ends: Callable[[], bool] | None = None
    n_workers: int = 1
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
        self._before = self.store.seconds()
        self._paused: dict[tuple[int, int], list[Paused]] = {}  # by trial and the rung that it goes on with
        self._round_cache: dict[int, dict[int, tuple[Cohort, Setup, Setup]]] = {}
        self._forms: dict[int, list[Form]] = {}  # by the round that came with them
        self._pool, self._recorder = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._recording: Future[Recorded | None] | None = None

    def run(self) -> None:
        """Works until the study is done, the budget is used up, or Ctrl-C."""
        self.store.join()
        try:
            with self._beating():
                try:
                    self._work()
                finally:
                    self._settle()
        finally:
            for pool in (self._pool, self._recorder):
                pool.shutdown(wait=False, cancel_futures=True)
            with contextlib.suppress(UsageError):  # then its beat is missed
                self.store.leave()
            self.costs.keep()

    def _work(self) -> None:
        while not self.is_interrupted and (round_ := self._round()) is not None:
            if not all(self._rung(round_, rung) for rung in range(len(round_.rungs))):
                return

    # Rounds

    def _round(self) -> Round | None:
        """The round to work on: the last, or where that is over, a new one; None at the end."""
        rounds = self.store.rounds()
        if rounds and any(not trial.is_over for trial in self.store.trials(rounds[-1].numbers)):
            return rounds[-1]
        if self._is_late():
            return None
        trials = self.store.trials(range(rounds[-1].numbers.stop)) if rounds else []  # another may add some meanwhile
        space = Space(toml.loads(rounds[-1].space, Setup)) if rounds else self.space
        proposal = self.method.propose(len(rounds), trials, space)
        if proposal is None:
            return None
        numbers = range(len(trials), len(trials) + len(proposal.points))
        setups = [self._bound(proposal.space, point) for point in proposal.points]
        known = self._known(rounds)
        groups = cohorts(setups, self.data[0], self.supplies, rungs=proposal.rungs, known=known, **self._job())
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
        if added == new:
            pairs = [(place, one, setup) for one in groups for place, setup in zip(one.places, one.setups, strict=True)]
            own = {numbers[place]: (one, setup, setups[place]) for place, one, setup in pairs}
            self._note_members(added, own, known)
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
            known = self._known(self.store.rounds()[: round_.number])
            space = Space(toml.loads(round_.space, Setup))
            own = {t.number: self._bound(space, t.point) for t in self.store.trials(round_.numbers)}
            job = Job(self.data[0], self.supplies, round_.rungs, round_.size, **self._job())
            found = {}
            for numbers in round_.cohorts:
                [one] = grouped([own[n] for n in numbers], range(len(numbers)), job, known)
                found.update({n: (one, setup, own[n]) for n, setup in zip(numbers, one.setups, strict=True)})
            self._note_members(round_, found, known)
        return self._round_cache[round_.number]

    def _note_members(
        self, round_: Round, found: dict[int, tuple[Cohort, Setup, Setup]], known: Sequence[Form]
    ) -> None:
        """Keeps the members of a round, and the programs that came with it."""
        self._round_cache = {round_.number: found}
        there, new = {form.structure for form in known}, []
        for numbers in round_.cohorts:
            cohort = found[numbers[0]][0]
            if cohort.structure not in there:
                there.add(cohort.structure)
                new.append(Form.of(cohort, [found[n][2] for n in numbers]))
        self._forms[round_.number] = new

    def _known(self, rounds: Sequence[Round]) -> list[Form]:
        """The programs of some rounds, the first ones first."""
        for round_ in rounds:
            if round_.number not in self._forms:
                self._members(round_)
        return [form for round_ in rounds for form in self._forms[round_.number]]

    def _job(self) -> dict[str, Any]:
        return {"n_folds": len(self.data), "costs": self.costs}

    # Rungs

    def _rung(self, round_: Round, rung: int) -> bool:
        """Works on a rung until all its tasks are done; False where it was ended before."""
        if not self.store.tasks(round_.number, rung):
            self._open(round_, rung)
        coming: tuple[Task, Future[Crew]] | None = None
        while True:
            if self._ends():
                return False
            if coming is not None and not self._started(coming[0]):
                coming = None
            current, coming = coming or self._claimed(round_, rung), None
            if current is None:
                self._settle()
                if all(task.is_done for task in self.store.tasks(round_.number, rung)):
                    return True
                time.sleep(WAIT_SECONDS)
                continue
            coming = self._claimed(round_, rung, ahead=True)
            if not self._train(round_, *current):
                return False

    def _open(self, round_: Round, rung: int) -> None:
        """Writes down the tasks of a rung: parts of the cohorts of the trials that reached it, the largest first."""
        trials = self.store.trials(round_.numbers)
        going = trials if rung == 0 else survivors(trials_at(trials, rung))
        there = {trial.number for trial in going}
        self.store.bury()
        n_workers = max(self.n_workers, len(self.store.workers()))
        parts = [
            part
            for cohort in round_.cohorts
            for part in parted([number for number in cohort if number in there], len(there), n_workers)
        ]
        tasks = [Task(round_.number, rung, i, part) for i, part in enumerate(sorted(parts, key=len, reverse=True))]
        with self._storing():
            given_up = [trial for trial in trials if trial.number not in there and not trial.is_over]
            self.store.open_rung(tasks, given_up)

    def _claimed(self, round_: Round, rung: int, *, ahead: bool = False) -> tuple[Task, Future[Crew]] | None:
        """A task for this worker, being prepared."""
        with self._storing():
            task = self.store.claim(round_.number, rung, ahead=ahead)
        return None if task is None else (task, self._pool.submit(self._crew, round_, task))

    def _started(self, task: Task) -> bool:
        """Whether a task that was claimed ahead is still this worker's; then it is begun."""
        with self._storing():
            return self.store.start(task)

    def _crew(self, round_: Round, task: Task) -> Crew:
        """The trials of a task, with their program compiled."""
        members = self._members(round_)
        trials = self.store.trials(task.trials)
        cohort = members[task.trials[0]][0]
        crew = Crew(
            trials,
            [members[trial.number][1] for trial in trials],
            [members[trial.number][2] for trial in trials],
            self.data,
            self.config.seed,
            until=round_.rungs[task.rung],
            is_last=task.rung == len(round_.rungs) - 1,
            paused=self._paused_of(task) if task.rung > 0 else {},
            plan=self._plan(round_, task, cohort),
            supplies=self.supplies,
            ends=self._ends,
        )
        crew.training.prepare()
        return crew

    def _paused_of(self, task: Task) -> dict[int, list[Paused]]:
        """Where the trials of a task stand: as this worker left them, or as another wrote it down."""
        own = {n: one for n in task.trials if (one := self._paused.get((n, task.rung))) is not None}
        missing = [n for n in task.trials if n not in own]
        kept = self.store.pauses(missing) if missing else {}
        return own | {number: blobs.paused(content) for number, content in kept.items()}

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

    def _train(self, round_: Round, task: Task, ready: Future[Crew]) -> bool:
        """Trains a task and writes what came of it; False where it was ended before."""
        before = time.perf_counter()
        crew = ready.result()
        self.compile_seconds += time.perf_counter() - before
        self._follow(round_, task, crew)
        if not crew.train():
            self.is_interrupted = not self._is_late()  # Ctrl-C, which is noted inside alone
            return False
        self.compile_seconds += crew.training.compile_seconds
        now = time.perf_counter()
        self._settle()
        self._measure(round_, task, crew)
        self._recording = self._recorder.submit(
            self._record, round_, task, crew, now - before, self._before + now - self._began
        )
        return True

    def _follow(self, round_: Round, task: Task, crew: Crew) -> None:
        """Lets a crew tell how far it is."""
        tasks = self.store.tasks(round_.number, task.rung)
        others = [one for one in tasks if one.number != task.number]
        # What this worker has begun before is over, and being written.
        over = [one for one in others if one.is_done or (one.is_begun and one.owner == self.store.owner)]
        n_before = sum(len(one.trials) for one in over)
        n_trials = sum(len(one.trials) for one in tasks)
        crew.training.on_progress = lambda now: self._tell(round_, task, n_trials, n_before, now)

    def _record(self, round_: Round, task: Task, crew: Crew, seconds: float, finished: float) -> Recorded | None:
        """Judges what came of a task and writes it; None where the task is not this worker's any more."""
        n_reached = sum(len(one.trials) for one in self.store.tasks(round_.number, task.rung))
        rivals, kept = self.store.behind(round_.numbers, task.rung), self.store.heavy(but=task.trials)
        found = crew.results(seconds, finished, n_going=n_survivors(n_reached), rivals=rivals, n_kept=KEPT, kept=kept)
        if not self.store.finish(task, found, KEPT):
            return None
        going = [i for i, one in enumerate(found) if one.paused is not None]
        rung = task.rung + 1
        return Recorded(rung, len(found), {(found[i].trial.number, rung): crew.pauses(i) for i in going})

    def _settle(self) -> None:
        """Waits until what came of the last task is written, and takes over where its trials stand."""
        if self._recording is None:
            return
        recording, self._recording = self._recording, None
        with self._storing():
            recorded = recording.result()
        if recorded is not None:
            self.n_trained += recorded.n_trials
            # What waits for earlier rungs is of no more use; the pool reads it meanwhile.
            later = {key: one for key, one in self._paused.items() if key[1] >= recorded.rung}
            self._paused = later | recorded.paused

    def _measure(self, round_: Round, task: Task, crew: Crew) -> None:
        """Holds what the cost model expected against what it was, for the next study."""
        cohort, training = self._members(round_)[task.trials[0]][0], crew.training
        expected = self.costs.compile_seconds(cohort.n_layers)
        if self.n_trained == 0 and not n_read():  # the first has the machine for itself
            self.costs.note("compiling", expected, training.program_seconds)
        before = round_.rungs[task.rung - 1] if task.rung else 0
        each = self._trial_seconds(cohort, round_.rungs[task.rung] - before)
        waves = [(one.plan.wave, -(-len(one.places) // one.plan.wave)) for one in training.results]
        seconds = training.wall_seconds - training.compile_seconds - HOST * sum(n for _, n in waves)
        self.costs.note("training", each * sum(size * n for size, n in waves), seconds)

    # Around it

    def _tell(self, round_: Round, task: Task, n_trials: int, n_before: int, now: Progress) -> None:
        if self.on_told is None:
            return
        done = n_before + len(task.trials) * now.share_done
        best = now.best_score if now.best_score > -1e300 else None
        self.on_told(
            Told(
                round_.number,
                task.rung,
                len(round_.rungs),
                n_trials,
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
        return budget is not None and self._before + time.perf_counter() - self._began > SEARCHING * budget

    @contextlib.contextmanager
    def _beating(self) -> Iterator[None]:
        """Inside, the store is told that this process lives, whatever it does."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_SECONDS):
                with contextlib.suppress(UsageError):  # the next may come through
                    self.store.beat()

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
