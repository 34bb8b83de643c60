"""The host's side of a cohort: members in waves, each device call bounded, so that progress and Ctrl-C are real."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import RunError
from seedbed.training import devices, orders
from seedbed.training.checkpoint import Block, WavePoint
from seedbed.training.compiling import compiled
from seedbed.training.feed import Feed
from seedbed.training.interventions import Intervention, applied, until
from seedbed.training.observe import follows
from seedbed.training.paused import Paused, gathered
from seedbed.training.program import EVERYWHERE, SPLIT, Program
from seedbed.training.state import Span, State

CALL_SECONDS = 0.25  # what one device call aims at, so that none is longer than about half a second
FIRST_STEPS, GROWTH = 8, 8  # a call does at most so many steps at first, then so many times those of the call before


# Of members that train together: their places among all, how many epochs each has behind it, and their history
# (member, epoch, column); it says of each whether it may be given up.
IsHopeless = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[Any]], NDArray[np.bool_]]


@dataclass
class Wave:
    """Members that train at a time, and how far they are."""

    numbers: NDArray[np.int32]  # of the members
    state: State  # with ghosts behind the members, where these do not fill the wave
    epoch: int = 0
    step: int = 0
    is_over: bool = False
    seconds: list[float] = field(default_factory=list)  # since the start of the training, at the end of each epoch
    is_given_up: bool = False  # before its end, because its members are of no interest any more


class Cohort:
    """Members of one structure in training.

    Arguments:
        program: the program for that structure.
        setups: the numbers of the members' setups, every leaf with a member axis.
        numbers: the members' own numbers.
        feed: the examples of the training and the validation part.
        seed: of the run.
        start: weights to begin with instead of new ones, every array with a member axis in front; or None.
        points: where the waves stood when a checkpoint was written, to go on from there; or None.
        interventions: numbers of the setups that change on the way.
        members: where the members paused, to go on from there; or None.
    """

    def __init__(
        self,
        program: Program,
        setups: Any,
        numbers: NDArray[np.int32],
        feed: Feed,
        seed: int,
        start: Any = None,
        points: Sequence[WavePoint] | None = None,
        interventions: Sequence[Intervention] = (),
        members: Sequence[Paused] | None = None,
    ) -> None:
        self.program, self.blueprint = program, program.blueprint
        self.feed, self.seed, self.interventions = feed, seed, tuple(interventions)
        self.epochs = self._until = self.blueprint.setup.epochs
        self.n_steps_done = 0  # steps of the optimizer, over all members
        self.best_score = -np.inf
        self._step_seconds = 0.0
        self._most_steps = FIRST_STEPS
        self._orders: tuple[tuple[int, ...], Any] | None = None
        self._begin, self._train = compiled(program, (feed.train(0, 0), feed.valid))
        if points is not None:
            self.waves = [restored(program, point) for point in points]
        elif members is not None:
            self.waves = [self._going_on(numbers, members, at) for at in range(0, len(numbers), self.blueprint.wave)]
        else:
            self.waves = [self._wave(setups, numbers, start, at) for at in range(0, len(numbers), self.blueprint.wave)]

    def run(self, started: float, until: int | None = None) -> Iterator[None]:
        """Trains all waves in turn to the end; yields between two device calls.

        Arguments:
            started: when the training began, by `time.perf_counter`.
            until: the epoch to pause at, or None.
        """
        self._until = min(self.epochs, until or self.epochs)
        while waiting := [wave for wave in self.waves if not self._rests(wave)]:
            first = min(self._place(wave) for wave in waiting)  # a superbatch is read once, for all waves
            for wave in waiting:
                if self._place(wave) == first:
                    self._advance(wave, started)
                    yield

    def seconds_per_step(self, seconds: float) -> float:
        """What a step takes for one member, measured over some seconds; the cohort is used up by it."""
        wave, started, best = self.waves[0], time.perf_counter(), np.inf
        while not wave.is_over and (time.perf_counter() - started < seconds or not np.isfinite(best)):
            self._advance(wave, started)
            best = min(best, self._step_seconds)
        return float(best) / len(wave.numbers)

    def _rests(self, wave: Wave) -> bool:
        return wave.is_over or wave.is_given_up or wave.epoch >= self._until

    @property
    def is_over(self) -> bool:
        """Whether all waves are."""
        return all(wave.is_over for wave in self.waves)

    @property
    def epochs_done(self) -> float:
        """Epochs that a member has behind it, in the mean; a wave that is over counts as whole."""
        per_wave = [
            self.epochs if wave.is_over else wave.epoch + wave.step / self.blueprint.n_steps for wave in self.waves
        ]
        sizes = [len(wave.numbers) for wave in self.waves]
        return float(np.average(per_wave, weights=sizes))

    def give_up(self, is_hopeless: IsHopeless, places: NDArray[np.int64]) -> None:
        """Gives up the waves whose members are all hopeless.

        Arguments:
            places: of the cohort's members, in their order.
        """
        histories = [np.asarray(wave.state.history)[: len(wave.numbers)] for wave in self.waves]
        epochs = [np.full(len(wave.numbers), wave.epoch) for wave in self.waves]
        n = sum(map(len, epochs))
        said = is_hopeless(places[:n], np.concatenate(epochs), np.concatenate(histories))
        ends = np.cumsum([len(one) for one in epochs])
        for wave, own in zip(self.waves, np.split(said, ends[:-1]), strict=True):
            wave.is_given_up = not wave.is_over and bool(own.all())

    def block(self, cohort: int, first: int) -> Block:
        """Where the waves stand, on the host."""
        return Block(cohort, first, tuple(_point(wave) for wave in self.waves))

    def _wave(self, setups: Any, numbers: NDArray[np.int32], start: Any, at: int) -> Wave:
        here = np.arange(at, min(at + self.blueprint.wave, len(numbers)))
        filled = np.resize(here, self.blueprint.wave) if len(here) < self.blueprint.wave else here
        members = jax.tree.map(lambda leaf: leaf[filled], setups)
        state = self._begin(members, numbers[filled], np.int32(self.seed))
        if start is not None:
            state = self._started_from(state, jax.tree.map(lambda a: a[filled], start))
        return Wave(numbers[here], state)

    def _going_on(self, numbers: NDArray[np.int32], members: Sequence[Paused], at: int) -> Wave:
        """A wave of members that paused; all at the same epoch."""
        here = slice(at, at + self.blueprint.wave)
        state = gathered(self.program, members[here], self.blueprint.wave)
        epoch = members[at].epoch
        return Wave(numbers[here], state, epoch, seconds=[np.nan] * epoch)

    def _started_from(self, state: State, start: Any) -> State:
        """The state with given weights in place of the drawn ones."""

        def placed(a: Any, axis: int, like: Any) -> Any:
            return jax.device_put(np.moveaxis(np.asarray(a), 0, axis).astype(like.dtype), like.sharding)

        weights = [jax.tree.map(placed, start, self.program.axes.params, state.params) for _ in range(3)]
        earlier = weights[2] if follows(self.blueprint.observe) else ()
        return state._replace(params=weights[0], best=weights[1], earlier=earlier)

    def _advance(self, wave: Wave, started: float) -> None:
        """One device call for one wave."""
        if wave.step == 0 and self.interventions:
            setup = applied(wave.state.setup, self.interventions, wave.epoch)
            wave.state = wave.state._replace(setup=setup)
        span, n_steps = self._span(wave), self.blueprint.n_steps
        order = self._orders_for(wave, span)
        train = self.feed.train(*self._place(wave))
        before = time.perf_counter()
        state = self._train(wave.state, train, self.feed.valid, order, span)
        wave.state = jax.block_until_ready(state)
        after = time.perf_counter()
        n_done = int(span.n_epochs) * int(span.last - span.first)
        self._step_seconds = (after - before) / n_done
        self._most_steps = max(self._most_steps, GROWTH * n_done)
        self.n_steps_done += n_done * len(wave.numbers)
        wave.step = int(span.last) % n_steps
        if wave.step == 0:
            ends = before + (after - before) * np.arange(1, int(span.n_epochs) + 1) / int(span.n_epochs)
            wave.seconds += list(ends - started)
            wave.epoch += int(span.n_epochs)
            self._note(wave, int(span.n_epochs))

    def _span(self, wave: Wave) -> Span:
        """As many steps as fit in one call: whole epochs, or some steps of one."""
        n_steps, n_held = self.blueprint.n_steps, self.blueprint.n_held_steps
        affordable = max(1, min(self._most_steps, int(CALL_SECONDS / max(self._step_seconds, 1e-9))))
        if wave.step == 0 and affordable >= n_steps == n_held:
            last = until(self.interventions, wave.epoch) or self.epochs
            n_epochs = min(affordable // n_steps, min(last, self._until) - wave.epoch, self._n_orders)
            return _span(self.seed, wave.epoch, n_epochs, 0, n_steps, 0)
        held = wave.step // n_held * n_held
        last = min(n_steps, held + n_held, wave.step + affordable)
        return _span(self.seed, wave.epoch, 1, wave.step, last, held)

    def _place(self, wave: Wave) -> tuple[int, int]:
        """The epoch and the superbatch that a wave is at; where all examples are held, it does not matter."""
        if self.blueprint.n_held is None:
            return 0, 0
        return wave.epoch, wave.step // self.blueprint.n_held_steps

    def _note(self, wave: Wave, n_epochs: int) -> None:
        """Whether the wave is over, and the best validation score so far."""
        n = len(wave.numbers)
        wave.is_over = wave.epoch == self.epochs or not np.asarray(wave.state.active)[:n].any()
        scores = np.asarray(wave.state.history)[:n, wave.epoch - n_epochs : wave.epoch, 3]
        self.best_score = max([self.best_score, *scores[np.isfinite(scores)].tolist()])

    @property
    def _n_orders(self) -> int:
        """For how many epochs a call brings the orders of the examples."""
        return orders.shape(self.blueprint)[-2]

    def _orders_for(self, wave: Wave, span: Span) -> Any:
        """The orders of the examples for a call, on the devices; kept in case the next does the same epochs."""
        b = self.blueprint
        is_own = b.setup.data_order == "own"
        asked = (int(span.epoch), int(span.n_epochs), id(wave) if is_own else 0)
        if self._orders is None or self._orders[0] != asked:
            numbers = np.asarray(wave.state.number)
            drawn = orders.for_call(b, self.seed, numbers, int(span.epoch), int(span.n_epochs))
            sharding = jax.sharding.NamedSharding(devices.mesh(b.n_devices), SPLIT if is_own else EVERYWHERE)
            self._orders = (asked, jax.device_put(drawn, sharding))
        return self._orders[1]


def restored(program: Program, point: WavePoint) -> Wave:
    """The wave that stood at a point.

    Raises:
        RunError: the arrays are not those of this program.
    """
    wanted, tree = jax.tree.flatten(program.shapes)
    if [(a.shape, a.dtype) for a in point.leaves] != [(a.shape, a.dtype) for a in wanted]:
        raise RunError(
            "checkpoint: expected the arrays of this setup, got others",
            "it was written by another version of seedbed, or the run's setup was changed: train anew",
        )
    placed = [jax.device_put(a, like.sharding) for a, like in zip(point.leaves, wanted, strict=True)]
    numbers = np.asarray(point.numbers, np.int32)
    state = jax.tree.unflatten(tree, placed)
    return Wave(numbers, state, point.epoch, point.step, point.is_over, list(point.seconds))


def _point(wave: Wave) -> WavePoint:
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(wave.state)]
    numbers, seconds = tuple(wave.numbers.tolist()), tuple(float(s) for s in wave.seconds)
    return WavePoint(numbers, wave.epoch, wave.step, wave.is_over, seconds, leaves)


def _span(*numbers: int) -> Span:
    return Span(*(np.int32(number) for number in numbers))  # type: ignore[arg-type]
