"""Training a population: cohort by cohort, part by part where memory asks for it, with the results on the host."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import RunError, UsageError
from seedbed.data.dataset import Dataset
from seedbed.data.preprocessor import Preprocessor
from seedbed.training import devices
from seedbed.training.broken import broken
from seedbed.training.checkpoint import Block, Checkpoints, Point
from seedbed.training.cohorts import Group, bind, check_drawn, counted_as_in, group
from seedbed.training.compiling import compiled
from seedbed.training.feed import Feed
from seedbed.training.interventions import Intervention, check
from seedbed.training.observe import Observe
from seedbed.training.paused import Paused, Pauses
from seedbed.training.plan import Plan, checked, fitting
from seedbed.training.preparation import image_shape, n_held
from seedbed.training.program import Program, build
from seedbed.training.scopes import ctrl_c, precision
from seedbed.training.selftest import check_back_end
from seedbed.training.setup import Setup
from seedbed.training.sketch import sketch_of
from seedbed.training.state import Blueprint
from seedbed.training.supplies import Supplies
from seedbed.training.trained import Trained, collected, on_host
from seedbed.training.tuning import best_plan
from seedbed.training.waves import Cohort, IsHopeless, Wave
from seedbed.training.weighting import example_weights

COMPILERS = 2  # programs that are compiled at the same time


@dataclass(frozen=True)
class Progress:
    """What is told between two device calls."""

    n_members: int
    epochs: int
    epochs_done: float  # mean over the members
    share_done: float
    best_score: float
    n_steps: int  # steps of the optimizer so far, over all members
    wall_seconds: float


@dataclass
class Training:
    """A population in training, and what came of it.

    Arguments:
        setups: one plain setup for each member.
        numbers: the members' own numbers; their random streams follow from these and the seed.
        data: the data set, or one for each member; its test part is not touched.
        seed: of the run.
        plans: one plan for each cohort, to repeat a run to the bit; chosen anew when None.
        observe: looks inside the program, see `observe.py`.
        start: weights of each member to begin with, or None.
        fitted: preprocessing to keep, where the steps are the same, in place of fitting it to the data.
        on_progress: called between device calls.
        checkpoints: where to write how far the training is, or None.
        point: where to go on from, or None to begin.
        interventions: numbers of all setups that change on the way.
        is_hopeless: says of members in training which may be given up, see `waves.py`; where all are that train at
            the same time, they go no further, and their outcome is "interrupted".
        supplies: what is shared with other trainings on the same data, or None.
        until: the epoch at which all members pause, or None; where they stood is in `pauses`, by their places.
        paused: where each member paused before, to go on from there, or None.
        ends: asked between device calls whether to end now, as Ctrl-C does; or None.
    """

    setups: Sequence[Setup]
    numbers: Sequence[int]
    data: Dataset | Sequence[Dataset]
    seed: int = 0
    plans: Sequence[Plan] | None = None
    observe: Observe | None = None
    start: Sequence[Any] | None = None
    fitted: Sequence[Preprocessor] = ()
    on_progress: Callable[[Progress], None] | None = None
    checkpoints: Checkpoints | None = None
    point: Point | None = None
    is_hopeless: IsHopeless | None = None
    interventions: Sequence[Intervention] = ()
    supplies: Supplies | None = None
    until: int | None = None
    paused: Sequence[Paused] | None = None
    ends: Callable[[], bool] | None = None
    pauses: Pauses = field(default_factory=Pauses)
    results: list[Trained] = field(default_factory=list)
    is_interrupted: bool = False
    wall_seconds: float = 0.0
    compile_seconds: float = 0.0  # that training waited for plans and programs
    program_seconds: float = 0.0  # that programs took, also while others trained
    n_steps: int = 0
    best_score: float = -np.inf

    def __post_init__(self) -> None:
        self._supplies = self.supplies or Supplies(self.fitted)
        for name in dict.fromkeys(setup.precision for setup in self.setups if isinstance(setup.precision, str)):
            devices.check_precision(name)
        for setup in self.setups if self.interventions else ():
            check(check_drawn(setup), self.interventions)
        own = [self.data] * len(self.setups) if isinstance(self.data, Dataset) else list(self.data)
        self.bound = [self._bound(setup, data) for setup, data in zip(self.setups, own, strict=True)]
        self.groups = group(self.bound, own)
        for one in self.groups:  # before anything trains
            shape = self.preprocessor(one.setup, one.data).shape
            image_shape(one.setup, one.data, shape), n_held(one.setup, one.data, shape)
            example_weights(one.setup, one.data, one.data.valid.y, one.data.valid.weight)
        self._n_done = 0  # members whose training is over
        self._pool = ThreadPoolExecutor(COMPILERS)
        self._waiting: list[Future[tuple[Program, Feed]]] = []
        self._chosen: list[Plan | None] = [None] * len(self.groups)

    def run(self) -> list[Trained]:
        """Trains all cohorts. Ctrl-C ends it between two device calls and keeps what there is.

        Raises:
            BackendError: this back end computes wrong numbers.
            UsageError: the plans are not one for each cohort, or ask for more devices than there are.
            RunError: the point to go on from is not one of this training.
        """
        self._started = time.perf_counter()
        if self.point is not None:
            self._started -= self.point.wall_seconds
            self.compile_seconds, self.n_steps = self.point.compile_seconds, self.point.n_steps
        if self.plans is not None and len(self.plans) != len(self.groups):
            came = f"{len(self.plans)} for {len(self.groups)} cohorts"
            raise UsageError(f"plans: expected one for each cohort, got {came}", "they are those of another setup")
        try:
            with ctrl_c() as noted:
                interrupted = lambda: noted() or (self.ends is not None and self.ends())  # noqa: E731
                self._run(interrupted)
                self.is_interrupted = interrupted()
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)  # who leaves early does not wait for compilations
        self.wall_seconds = time.perf_counter() - self._started
        return self.results

    def prepare(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Begins to compile the programs of all cohorts; `run` then finds them ready, or waits for them."""
        for i in range(len(self._waiting), len(self.groups)):
            if not interrupted():
                self._waiting.append(self._pool.submit(self._prepared, self.groups[i], self._blueprint(i)))

    def _run(self, interrupted: Callable[[], bool]) -> None:
        """All cohorts in turn; while one trains, the programs of the next are compiled."""
        before = time.perf_counter()
        self.prepare(interrupted)
        self.compile_seconds += time.perf_counter() - before
        for i, ready in enumerate(self._waiting):
            if not interrupted():
                before = time.perf_counter()
                program, feed = ready.result()
                self.compile_seconds += time.perf_counter() - before
                self._train(i, program, feed, interrupted)

    def _blueprint(self, i: int) -> Blueprint:
        """How a cohort runs: as the given plan says, or the best one."""
        members = self.groups[i]
        setup = members.setup
        shape = self.preprocessor(setup, members.data).shape
        sketch = sketch_of(setup, members.data, shape, self.observe)
        in_shape = sketch.in_shape
        reached = self.point.plans[i] if self.point else None
        given = self.plans[i] if self.plans is not None else None if reached is None else fitting(reached)
        if given is None:
            with precision(setup.storage):
                shapes = setup.network.params_shapes(in_shape)
                feeds = lambda n: self._feed(members, replace(sketch, n_devices=n))  # noqa: E731
                with counted_as_in(self.setups[members.places[0]].network, setup.network):
                    given = best_plan(sketch, members.numbers, shapes, feeds)
        self._chosen[i] = checked(given)
        return replace(sketch, **given.to_dict())

    def _prepared(self, members: Group, blueprint: Blueprint) -> tuple[Program, Feed]:
        """The program of a cohort, compiled, and the data that it reads."""
        with precision(members.setup.storage):
            program = build(blueprint)
            feed = self._feed(members, blueprint)
            before = time.perf_counter()
            with (
                ThreadPoolExecutor(1) as beside,
                counted_as_in(self.setups[members.places[0]].network, members.setup.network),
            ):
                sound = beside.submit(check_back_end, blueprint.layout)
                compiled(program, (feed.train(0, 0), feed.valid))
                self.program_seconds += time.perf_counter() - before
                sound.result()
            return program, feed

    def _train(self, i: int, program: Program, feed: Feed, interrupted: Callable[[], bool]) -> None:
        members = self.groups[i]
        waves: list[dict[str, Any]] = []
        with precision(members.setup.storage):
            for cohort, first in self._blocks(i, program, feed):
                if waves and interrupted():
                    break
                for _ in cohort.run(self._started, self.until):
                    self._tell(cohort)
                    if interrupted():
                        break
                    if self.is_hopeless is not None:
                        cohort.give_up(self.is_hopeless, members.places[first:])
                    self._keep(i, first, cohort)
                self._keep(i, first, cohort, is_last=interrupted())
                self.n_steps += cohort.n_steps_done
                self._n_done += sum(len(wave.numbers) for wave in cohort.waves)
                waves += [self._kept(wave, program, feed) for wave in cohort.waves]
                if self.until is not None:
                    self._pause(members.places[first:], cohort)
            preprocessor = self.preprocessor(members.setup, members.data)
            self.results.append(collected(waves, members, program.blueprint, preprocessor))

    def _kept(self, wave: Wave, program: Program, feed: Feed) -> dict[str, Any]:
        return on_host(wave, program.axes) | {"broken": broken(wave, program, feed, self.seed)}

    def _blocks(self, i: int, program: Program, feed: Feed) -> Iterator[tuple[Cohort, int]]:
        """The members of a cohort that train at the same time, block by block, with the place of their first.

        Blocks of a checkpoint come as they were; the rest are all members, or as many whole waves as memory holds.
        """
        members = self.groups[i]
        numbers = np.asarray(self.numbers, np.int32)[members.places]
        leaves = jax.tree.map(lambda leaf: leaf.astype(program.blueprint.dtype), members.numbers)
        first, changes = 0, self.interventions
        for block in [] if self.point is None else self.point.blocks:
            if block.cohort == i:
                _check_numbers(block, numbers)
                yield (
                    Cohort(program, None, numbers, feed, self.seed, points=block.waves, interventions=changes),
                    block.first,
                )
                first = block.first + block.n_members
        while first < len(numbers):
            at = np.arange(first, min(first + _at_once(program), len(numbers)))
            start = None if self.start is None else _stacked([self.start[p] for p in members.places[at]])
            paused = None if self.paused is None else [self.paused[p] for p in members.places[at]]
            here = jax.tree.map(lambda leaf, at=at: leaf[at], leaves)
            yield Cohort(program, here, numbers[at], feed, self.seed, start, None, changes, paused), first
            first = int(at[-1]) + 1

    def _keep(self, i: int, first: int, cohort: Cohort, *, is_last: bool = False) -> None:
        """Writes a checkpoint where it is time for one; in any case where it is the last."""
        kept = self.checkpoints
        if kept is None:
            return
        if cohort.is_over and not kept.has(i, first):
            kept.finished(cohort.block(i, first))
        if kept.is_due or (is_last and self._has_result(cohort)):
            present = None if cohort.is_over else cohort.block(i, first)
            kept.save(
                self._chosen,
                present,
                wall_seconds=time.perf_counter() - self._started,
                compile_seconds=self.compile_seconds,
                n_steps=self.n_steps + cohort.n_steps_done,
            )

    def _has_result(self, cohort: Cohort) -> bool:
        """Whether any member has an epoch behind it."""
        return bool(self.results) or any(wave.epoch > 0 for wave in cohort.waves)

    def _feed(self, members: Group, blueprint: Blueprint) -> Feed:
        return self._supplies.feed(members, blueprint, self.seed)

    def _pause(self, places: NDArray[np.int64], cohort: Cohort) -> None:
        """Notes where the members of some waves stand."""
        ends = np.cumsum([len(wave.numbers) for wave in cohort.waves])
        for wave, own in zip(cohort.waves, np.split(places[: ends[-1]], ends[:-1]), strict=True):
            self.pauses.add(own.tolist(), wave.state, cohort.program.axes, wave.epoch)

    def _bound(self, setup: Setup, data: Dataset) -> Setup:
        return bind(setup, data, self.preprocessor(check_drawn(setup), data).shape)

    def preprocessor(self, setup: Setup, data: Dataset) -> Preprocessor:
        """The steps of a setup, fitted to the training part, or as they were given."""
        return self._supplies.preprocessor(setup, data)

    def _tell(self, cohort: Cohort) -> None:
        if self.on_progress is None:
            return
        n_here = sum(len(wave.numbers) for wave in cohort.waves)
        epochs = min(self.until or cohort.epochs, cohort.epochs)
        done = min(cohort.epochs_done, epochs)  # a wave that is over counts as whole
        share = (self._n_done + n_here * done / epochs) / len(self.numbers)
        self.best_score = max(self.best_score, cohort.best_score)
        self.on_progress(
            Progress(
                len(self.numbers),
                epochs,
                done,
                share,
                self.best_score,
                self.n_steps + cohort.n_steps_done,
                time.perf_counter() - self._started,
            )
        )


def _at_once(program: Program) -> int:
    """How many members can train at the same time: as many whole waves as memory holds."""
    wave = program.blueprint.wave
    return wave * max(1, devices.memory_bytes() // max(1, program.bytes_per_member * wave))


def _check_numbers(block: Block, numbers: NDArray[np.int32]) -> None:
    """Refuses a checkpoint of other members.

    Raises:
        RunError: they are not the members that train here.
    """
    own = [number for wave in block.waves for number in wave.numbers]
    if own != numbers[block.first : block.first + len(own)].tolist():
        raise RunError("checkpoint: expected the members of this run, got others", "train anew, in another folder")


def _stacked(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *arrays: np.stack(arrays), *trees)
