"""Methods: which points a search tries next. Each proposes a whole round, from the trials of the rounds before.

A proposal follows from the seed, the numbers of the trials and what came of those before, and from nothing else: a
search that was killed goes on as if nothing had happened.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from seedbed.core.distributions import Integers
from seedbed.core.errors import UsageError
from seedbed.searching.narrowing import Change, narrowed
from seedbed.searching.rungs import brackets, rungs_of
from seedbed.searching.space import Dimension, Label, Point, Space
from seedbed.searching.trial import Trial

LARGEST_GRID = 100_000
FEW_INTEGERS = 12  # so many a grid takes without being told in how many steps
WIDE_SHARE, FINE_ROUNDS = 0.5, 2  # of coarse to fine: the first round's share of the trials, and how many follow
STARTUP_SHARE, TPE_ROUNDS = 0.25, 6
OPEN_ROUND = 64  # trials of a round where the clock is the budget


@dataclass(frozen=True)
class Proposal:
    """A round of a search.

    Attributes:
        points: of its trials.
        rungs: the epochs at which they are compared; the last is the end.
        space: they were drawn from it.
        changes: from the space of the round before.
    """

    points: list[Point]
    rungs: tuple[int, ...]
    space: Space
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class Method:
    """How points are chosen. `halves`: whether trials that fall behind are given up at rungs.

    Attributes:
        trials: how many in all; None: until the clock ends it.
        steps: into how many values a grid cuts a range.
        compared: the epochs at which trials are compared, where they are given.
    """

    given: Space
    epochs: int
    seed: int
    trials: int | None
    halves: bool
    steps: int | None = None
    open_round: int = OPEN_ROUND
    compared: tuple[int, ...] | None = None

    def sizes(self) -> Iterator[int]:
        """How many trials each round has."""
        yield from [self.trials] if self.trials is not None else itertools.repeat(self.open_round)

    def n_in(self, number: int) -> int:
        """How many trials round `number` has; 0 behind the last."""
        return next(itertools.islice(self.sizes(), number, None), 0)

    def rungs(self, number: int, n: int) -> tuple[int, ...]:
        """The rungs of a round of `n` trials."""
        del number
        return self.compared or (rungs_of(self.epochs, n) if self.halves else (self.epochs,))

    def propose(self, number: int, trials: Sequence[Trial], space: Space) -> Proposal | None:
        """Round `number`, or None where there are no more; `space` is that of the round before."""
        n = self.n_in(number)
        if n == 0:
            return None
        points = self.points(len(trials), n, space, trials)
        return Proposal(points, self.rungs(number, n), space) if points else None

    def points(self, first: int, n: int, space: Space, trials: Sequence[Trial]) -> list[Point]:
        """The points of trials `first` to `first + n - 1`."""
        raise NotImplementedError


class Random(Method):
    """Every trial draws for itself, as the member of its number does."""

    def points(self, first: int, n: int, space: Space, trials: Sequence[Trial]) -> list[Point]:
        del trials
        return [space.sampled(seed=self.seed, number=number) for number in range(first, first + n)]


class Hyperband(Random):
    """Random points in brackets: many with few epochs at first, few with many.  (Li et al. 2018)"""

    def sizes(self) -> Iterator[int]:
        shares = [share for _, share in brackets(self.epochs)]
        if self.trials is None:
            yield from itertools.cycle([max(1, round(len(shares) * self.open_round * share)) for share in shares])
            return
        ends = [round(self.trials * total) for total in itertools.accumulate(shares)]
        yield from (b - a for a, b in itertools.pairwise([0, *ends]) if b > a)

    def rungs(self, number: int, n: int) -> tuple[int, ...]:
        del n
        all_brackets = brackets(self.epochs)
        return all_brackets[number % len(all_brackets)][0]


class Quasi(Method):
    """A scrambled Sobol sequence over all dimensions: more evenly spread than chance.  (Owen 1998)"""

    def points(self, first: int, n: int, space: Space, trials: Sequence[Trial]) -> list[Point]:
        del trials
        from scipy.stats import qmc

        names = [dimension.name for dimension in space.dimensions]
        sequence = qmc.Sobol(len(names), scramble=True, rng=np.random.default_rng([self.seed, 0x50B01]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # its balance holds for powers of two, and helps for others
            if first:
                sequence.fast_forward(first)
            units = sequence.random(n)
        return [space.at(lambda d, row=row: float(row[names.index(d.name)])) for row in units]  # type: ignore[misc]


class Grid(Method):
    """Every combination of values: of options all, of ranges `steps` values with equal distances."""

    def sizes(self) -> Iterator[int]:
        n = grid_size(self.given, self.steps)
        yield n if self.trials is None else min(n, self.trials)

    def points(self, first: int, n: int, space: Space, trials: Sequence[Trial]) -> list[Point]:
        del trials
        points = grid(space, self.steps)
        if n < len(points):  # some of it: spread over the whole, not the first corner
            chosen = np.random.default_rng([self.seed, 0x6419]).permutation(len(points))[: first + n]
            points = [points[i] for i in sorted(chosen)]
        return points[first : first + n]


class CoarseToFine(Method):
    """A wide round, then rounds in ranges that close in on what did well; see `narrowing`."""

    def sizes(self) -> Iterator[int]:
        if self.trials is None:
            yield 2 * self.open_round
            yield from itertools.repeat(self.open_round)
        else:
            rest = self.trials - math.ceil(WIDE_SHARE * self.trials)
            fine = [(rest + i) // FINE_ROUNDS for i in range(FINE_ROUNDS)]
            yield from (n for n in (self.trials - rest, *reversed(fine)) if n)

    def propose(self, number: int, trials: Sequence[Trial], space: Space) -> Proposal | None:
        n = self.n_in(number)
        changes: list[Change] = []
        if n == 0:
            return None
        if number > 0:
            space, changes = narrowed(space, self.given, trials)
        points = [space.sampled(seed=self.seed, number=number) for number in range(len(trials), len(trials) + n)]
        return Proposal(points, self.rungs(number, n), space, changes)


class TPE(Method):
    """Optuna's tree-structured Parzen estimator; a round is asked for at once, each point beside the others."""

    def sizes(self) -> Iterator[int]:
        if self.trials is None:
            yield from itertools.repeat(self.open_round)
        else:
            first = max(1, math.ceil(STARTUP_SHARE * self.trials))
            ends = [first + round((self.trials - first) * i / TPE_ROUNDS) for i in range(TPE_ROUNDS + 1)]
            yield from (b - a for a, b in itertools.pairwise([0, *ends]) if b > a)

    def points(self, first: int, n: int, space: Space, trials: Sequence[Trial]) -> list[Point]:
        if not trials:
            return [space.sampled(seed=self.seed, number=number) for number in range(first, first + n)]
        from seedbed.searching.parzen import ask

        return ask(space, trials, n, seed=self.seed + first)


METHODS: dict[str, tuple[type[Method], bool]] = {  # whether it halves unless told otherwise
    "coarse-to-fine": (CoarseToFine, True),
    "random": (Random, False),
    "quasi-random": (Quasi, False),
    "grid": (Grid, False),
    "tpe": (TPE, False),
    "halving": (Random, True),
    "hyperband": (Hyperband, True),
}


def grid(space: Space, steps: int | None) -> list[Point]:
    """All points of the grid, the last dimension fastest.

    Raises:
        UsageError: a range has no steps, or there are too many points.
    """
    checked_grid(space, steps)
    points: list[Point] = [{}]
    for dimension in space.dimensions:
        values = grid_values(dimension, steps)
        points = [
            {**point, **({dimension.name: value} if value is not ABSENT else {})}
            for point in points
            for value in (values if dimension.is_in(point) else (ABSENT,))
        ]
    return points


ABSENT = object()
Picked = tuple[tuple[str, Label], ...]


def checked_grid(space: Space, steps: int | None) -> int:
    """How many points the grid has.

    Raises:
        UsageError: a range has no steps, or there are too many points.
    """
    if (n := grid_size(space, steps)) > LARGEST_GRID:
        sizes = " · ".join(f"{len(grid_values(d, steps))} ({d.name})" for d in space.dimensions)
        hint = "take fewer steps or options, or --method random, which does not grow with dimensions"
        raise UsageError(f"grid: expected at most {LARGEST_GRID:,} points, got {n:,}: {sizes}", hint)
    return n


def grid_size(space: Space, steps: int | None) -> int:
    """How many points the grid has, without listing them."""
    return grid_growth(space, steps)[-1][2]


def grid_growth(space: Space, steps: int | None) -> list[tuple[str, int, int]]:
    """Of each dimension its name, the number of its values, and that of the points of all dimensions so far."""
    dimensions, growth = space.dimensions, []
    counted: dict[Picked, int] = {(): 1}  # points, by what was picked of the choices that later dimensions need
    for i, dimension in enumerate(dimensions):
        values = grid_values(dimension, steps)
        needed = {name for later in dimensions[i + 1 :] for name, _ in later.needs}
        grown: Counter[Picked] = Counter()
        for picked, n in counted.items():
            kept = tuple(pair for pair in picked if pair[0] in needed)
            if not dimension.is_in(dict(picked)):
                grown[kept] += n
            elif dimension.name in needed:
                grown.update({(*kept, (dimension.name, value)): n for value in values})
            else:
                grown[kept] += n * len(values)
        counted = grown
        growth.append((dimension.name, len(values), sum(counted.values())))
    return growth


def grid_values(dimension: Dimension, steps: int | None) -> Sequence[Label]:
    """The values of a dimension in a grid.

    Raises:
        UsageError: it is a range, and nothing says in how many steps.
    """
    d = dimension.distribution
    if dimension.is_choice:
        return dimension.labels
    if isinstance(d, Integers) and d.high - d.low < (steps or FEW_INTEGERS):
        return range(d.low, d.high + 1)
    if steps is None:
        hint = "say in how many: --steps 5 (steps=5 in Python); or put a choice of values there"
        raise UsageError(f"{dimension.name}: expected steps for a grid over a range, got {d!r}", hint)
    ends = (d.low, d.high)  # type: ignore[attr-defined]
    even = np.geomspace(*ends, steps) if dimension.is_log else np.linspace(*ends, steps)
    if isinstance(d, Integers):
        return list(dict.fromkeys(round(float(value)) for value in even))
    return [min(max(float(value), ends[0]), ends[1]) for value in even]
