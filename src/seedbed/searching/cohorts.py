"""Cohorts of a round: which of its trials train as one program, padded where another compilation would cost more.

Setups of one *skeleton* differ in widths and numbers alone. Skeletons that have as many widths and make one program
(another activation) are taken together, and their widths are cut into boxes, each padded to its largest, as long as
what is saved in training is more than another program costs; then boxes of different skeletons (a layer more) are
merged, as long as it is the other way round.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.value import Value, rebuild
from seedbed.data.dataset import Dataset
from seedbed.network import Network
from seedbed.network.convolution import Convolution
from seedbed.network.linear import Linear
from seedbed.searching.costs import Costs
from seedbed.searching.rungs import last_share, mean_epochs
from seedbed.training import devices
from seedbed.training.canonical import canonical
from seedbed.training.layout import LANES
from seedbed.training.plan import Plan, even
from seedbed.training.setup import Setup
from seedbed.training.sketch import sketch_of
from seedbed.training.supplies import Supplies
from seedbed.training.tuning import guess_for

PART, MOST_PARTS = 64, 16  # trials of a task; where so many tasks do not hold all of them, they grow
# That a core trains at a time, at most; or as many as are left at the last rung: larger waves would stand half empty
# there, or another program would have to be compiled.
MOST_IN_CHUNK = 16
# That an epoch of a wave takes at least, where it may: each wave costs the host some ten milliseconds.
WAVE_SECONDS, FEWEST_IN_CHUNK = 0.04, 4
FEWEST_IN_PART = 4  # trials that are worth a program of their own in another process
MOST_CUTS = 8  # places at which the widths of one layer may be cut
MOST_MERGED = 40  # groups that are compared with one another
WIDTH_STEP, WIDE = 8, 128  # padded widths are multiples of it, and from WIDE on of twice as much: programs recur


Sized = tuple[int, tuple[int, ...]]  # the place of a trial, and its widths
SecondsOf = Callable[[tuple[int, ...]], float]


@dataclass(frozen=True)
class Job:
    """What trials are trained on, as far as costs go."""

    data: Dataset
    supplies: Supplies
    rungs: Sequence[int]
    n_trials: int  # of the round
    n_folds: int
    costs: Costs

    @cached_property
    def epochs(self) -> float:
        """That a trial trains, in the mean."""
        return mean_epochs(self.rungs, self.n_trials)

    def most(self, n: int) -> int:
        """Trials that a core trains at a time at most, of a cohort of `n`."""
        n_last = n * self.n_folds * last_share(self.rungs, self.n_trials)
        return min(math.ceil(n_last / len(devices.devices())), MOST_IN_CHUNK)

    def shape(self, setup: Setup) -> tuple[int, ...]:
        """The shape of an example behind the preprocessing of a setup."""
        return self.supplies.preprocessor(setup, self.data).shape

    def in_shape(self, setup: Setup) -> tuple[int, ...]:
        """The shape in which the network of a setup reads an example."""
        return setup.network.input_shape(self.shape(setup))

    def seconds(self, setup: Setup, flops: float | None = None) -> float:
        """What one trial takes; `flops` of its network, where they are known."""
        flops = setup.network.flops(self.in_shape(setup)) if flops is None else flops
        return self.n_folds * self.costs.member_seconds(
            flops,
            batch_size=setup.batch_size,
            n_train=len(self.data.train),
            n_valid=len(self.data.valid),
            epochs=self.epochs,
        )

    def fewest(self, seconds: float) -> int:
        """Trials that a core trains at a time at least, where one of them takes so many seconds."""
        each = max(seconds / (self.n_folds * self.epochs), 1e-9)
        return min(math.ceil(WAVE_SECONDS / each), FEWEST_IN_CHUNK)

    def program_seconds(self, seconds: float, n_layers: int) -> float:
        """What a program costs before it trains anybody: compiling, and half a wave of empty places in every rung."""
        empty = self.fewest(seconds) * len(devices.devices()) / 2 * seconds * self.rungs[-1] / self.epochs
        return self.costs.compile_seconds(n_layers) + empty


@dataclass(frozen=True)
class Cohort:
    """Trials that train as one program.

    Attributes:
        places: of the trials among those that were grouped.
        setups: of the trials, as the program has them.
        data: what the first fold learns from.
        shape: of an example behind the preprocessing.
        trial_seconds, compile_seconds: what the cost model expects.
        fewest, most: trials that a core trains at a time.
        given: how the program was laid out in an earlier round, where it is one of those.
    """

    places: tuple[int, ...]
    setups: tuple[Setup, ...]
    data: Dataset
    shape: tuple[int, ...]
    trial_seconds: float = 0.0
    compile_seconds: float = 0.0
    fewest: int = 1
    most: int = MOST_IN_CHUNK
    given: Plan | None = None

    @property
    def structure(self) -> Any:
        """That all of them share."""
        return jax.tree.structure(self.setups[0])

    @cached_property
    def n_layers(self) -> int:
        """Of the program's network."""
        return len(self.setups[0].network.layers)

    @cached_property
    def plan(self) -> Plan:
        """How a part of them is laid out on this machine."""
        if self.given is not None:
            return self.given
        sketch = sketch_of(self.setups[0], self.data, self.shape)
        params = self.setups[0].network.params_shapes(sketch.in_shape)
        n = max(parts(len(self.places)))
        guessed = guess_for(sketch, n, params)
        if guessed.layout == LANES or not devices.is_cpu():
            return guessed
        chunk = max(min(guessed.chunk, self.most), self.fewest)
        return guessed if chunk == guessed.chunk else even(n, guessed.n_devices, chunk, guessed.layout)

    @cached_property
    def n_bytes(self) -> int:
        """Of the weights of one trial."""
        shapes = self.setups[0].network.params_shapes(self.setups[0].network.input_shape(self.shape))
        return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(shapes))


@dataclass(frozen=True)
class Form:
    """A program of an earlier round, which is compiled already.

    Attributes:
        templates: setups that together make it, one for each skeleton.
        structure: that its setups have.
        plan: how it is laid out.
    """

    templates: tuple[Setup, ...]
    structure: Any
    plan: Plan

    @classmethod
    def of(cls, cohort: Cohort, own: Sequence[Setup]) -> Form:
        """That of a cohort; `own` are its setups as they are by themselves."""
        return cls(tuple(_templates(own)), cohort.structure, cohort.plan)


@dataclass
class _Draft:
    """Trials that would train as one program, with a setup for each skeleton, as wide as the widest."""

    places: list[int]
    templates: list[Setup]
    seconds: float  # of a trial
    n_layers: int

    def cost(self, job: Job) -> float:
        return job.program_seconds(self.seconds, self.n_layers) + len(self.places) * self.seconds


def cohorts(
    setups: Sequence[Setup],
    data: Dataset,
    supplies: Supplies,
    *,
    rungs: Sequence[int],
    n_folds: int,
    costs: Costs,
    known: Sequence[Form] = (),
) -> list[Cohort]:
    """The cohorts of bound setups.

    Arguments:
        rungs: of their round.
        known: programs of earlier rounds.
    """
    job = Job(data, supplies, rungs, len(setups), n_folds, costs)
    drafts = [draft for pool in _pools(setups, job) for draft in _cut(pool, setups, job)]
    found = []
    for draft in _merged(drafts, job):
        found += grouped(setups, sorted(draft.places), job, known)
    return sorted(found, key=lambda cohort: cohort.places[0])


def parts(n: int) -> list[int]:
    """The sizes of the tasks that `n` trials of a cohort make for one process."""
    return [len(part) for part in parted(range(n), n, 1)]


def parted(numbers: Sequence[int], n_going: int, n_workers: int) -> list[tuple[int, ...]]:
    """The trials of a cohort in parts of nearly the same size.

    Arguments:
        n_going: trials of all cohorts; none of `n_workers` is to have more than its share in one part.

    >>> [len(part) for part in parted(range(29), n_going=29, n_workers=2)]
    [14, 15]
    >>> [len(part) for part in parted(range(2048), n_going=4096, n_workers=1)]
    [256, 256, 256, 256, 256, 256, 256, 256]
    """
    most = max(PART, math.ceil(n_going / MOST_PARTS))
    most = min(most, max(FEWEST_IN_PART, math.ceil(n_going / n_workers)))
    n_parts = math.ceil(len(numbers) / most)
    ends = [round(len(numbers) * i / n_parts) for i in range(n_parts + 1)] if n_parts else []
    return [tuple(numbers[a:b]) for a, b in itertools.pairwise(ends)]


def grouped(setups: Sequence[Setup], places: Sequence[int], job: Job, known: Sequence[Form] = ()) -> list[Cohort]:
    """The cohort of some of the setups; several where they are no one program after all.

    Arguments:
        known: programs of earlier rounds; one is taken where to train as it costs less than another compilation.
    """
    own = [setups[place] for place in places]
    in_shape = job.in_shape(own[0])
    forms = canonical(own, in_shape, widths=_rounded)
    if forms is None:
        exact: dict[Any, list[int]] = {}
        for place in places:
            key = (jax.tree.structure(setups[place]), tuple(jax.tree.leaves(setups[place].preprocessing)))
            exact.setdefault(key, []).append(place)
        return [one for group in exact.values() for one in grouped(setups, group, job, known)]
    form = _fitting(own, forms[0], job, known)
    if form is not None:
        made = canonical([*form.templates, *own], in_shape, widths=_rounded)
        assert made is not None
        forms = made[len(form.templates) :]
    compiling = 0.0 if form else job.costs.compile_seconds(len(forms[0].network.layers))
    plan, seconds = form.plan if form else None, job.seconds(forms[0])
    bounds = job.fewest(seconds), job.most(len(places))
    return [Cohort(tuple(places), tuple(forms), job.data, job.shape(own[0]), seconds, compiling, *bounds, plan)]


def _fitting(own: Sequence[Setup], alone: Setup, job: Job, known: Sequence[Form]) -> Form | None:
    """The known program as which some setups train; `alone` is one of them as it would be without."""
    costs: list[tuple[float, int]] = []
    templates = _templates(own) if known else []
    for i, one in enumerate(known):
        made = canonical([*one.templates, *templates], job.in_shape(alone), widths=_rounded)
        if made is not None and jax.tree.structure(made[0]) == one.structure:
            costs.append((len(own) * (job.seconds(made[0]) - job.seconds(alone)), i))
    cost, best = min(costs, default=(math.inf, 0))
    return known[best] if cost < job.costs.compile_seconds(len(alone.network.layers)) else None


def _templates(setups: Sequence[Setup]) -> list[Setup]:
    """One setup for each skeleton, as wide as the widest at each place."""
    found: dict[Any, tuple[Setup, tuple[int, ...]]] = {}
    for setup in setups:
        skeleton, widths = _skeleton(setup)
        first, widest = found.get(skeleton, (setup, widths))
        found[skeleton] = (first, tuple(map(max, widest, widths)))
    return [one.replace(network=_with_widths(one.network, widest)) for one, widest in found.values()]


def _rounded(width: int) -> int:
    """A width of a padded program."""
    step = WIDTH_STEP if width < WIDE else 2 * WIDTH_STEP
    return math.ceil(width / step) * step


def _pools(setups: Sequence[Setup], job: Job) -> list[list[Sized]]:
    """The trials by their skeletons, where several of these make one program all of theirs together."""
    skeletons: dict[Any, list[Sized]] = {}
    for place, setup in enumerate(setups):
        skeleton, widths = _skeleton(setup)
        skeletons.setdefault(skeleton, []).append((place, widths))
    alike: dict[Any, list[list[Sized]]] = {}
    for own in skeletons.values():
        place, widths = own[0]
        alike.setdefault((len(widths), _outside(setups[place])), []).append(own)
    pools = []
    for some in alike.values():
        firsts = [setups[own[0][0]] for own in some]
        makes_one = canonical(firsts, job.in_shape(firsts[0]), widths=_rounded) is not None
        pools += [list(itertools.chain(*some))] if makes_one else some
    return pools


def _cut(pool: Sequence[Sized], setups: Sequence[Setup], job: Job) -> list[_Draft]:
    """The trials of a pool in boxes of similar widths."""
    first = setups[pool[0][0]]
    seconds, n_layers = _seconds_of(first, job), len(first.network.layers)
    drafts = []
    for box in _boxes(pool, seconds, lambda each: job.program_seconds(each, n_layers)):
        widest = tuple(map(max, zip(*(widths for _, widths in box), strict=True)))
        templates = {_skeleton(setups[place])[0]: setups[place] for place, _ in box}.values()
        wide = [one.replace(network=_with_widths(one.network, widest)) for one in templates]
        drafts.append(_Draft([place for place, _ in box], wide, seconds(widest), n_layers))
    return drafts


def _boxes(own: Sequence[Sized], seconds: SecondsOf, program: Callable[[float], float]) -> list[Sequence[Sized]]:
    """Trials cut in two where that saves most, and so on, as long as it saves anything.

    Arguments:
        seconds: what a trial takes, by its widths.
        program: what another program costs, by the seconds of a trial.
    """
    cut = _best_cut(own, seconds, program)
    return [own] if cut is None else [box for side in cut for box in _boxes(side, seconds, program)]


def _best_cut(
    own: Sequence[Sized], seconds: SecondsOf, program: Callable[[float], float]
) -> list[Sequence[Sized]] | None:
    """The two sides of the width of a layer at which trials are best cut; None where they better stay together."""
    widths = np.asarray([one for _, one in own])
    whole = len(own) * seconds(_widest(widths))
    if whole <= program(0.0):
        return None
    best, found = 0.0, None
    for axis in range(widths.shape[1]):
        ends = np.unique(widths[:, axis])[:-1]
        for end in ends[np.unique(np.linspace(0, len(ends) - 1, MOST_CUTS).astype(int))] if len(ends) else ():
            sides = [widths[:, axis] <= end, widths[:, axis] > end]
            each = [seconds(_widest(widths[side])) for side in sides]
            saved = whole - sum(side.sum() * one for side, one in zip(sides, each, strict=True)) - program(min(each))
            if saved > best:
                best, found = saved, sides
    return None if found is None else [list(itertools.compress(own, side)) for side in found]


def _widest(widths: NDArray[Any]) -> tuple[int, ...]:
    return tuple(widths.max(axis=0).tolist())


def _merged(drafts: list[_Draft], job: Job) -> list[_Draft]:
    """Groups of different skeletons merged, the pair first that saves most."""
    if len(drafts) > MOST_MERGED:
        return drafts
    known: dict[tuple[int, int], tuple[float, _Draft] | None] = {}
    while True:
        best: tuple[float, _Draft, _Draft, _Draft] | None = None
        for a, b in itertools.combinations(drafts, 2):
            key = (id(a), id(b))
            if key not in known:
                known[key] = _together(a, b, job)
            if (tried := known[key]) is not None and (best is None or tried[0] > best[0]):
                best = (tried[0], tried[1], a, b)
        if best is None or best[0] <= 0:
            return drafts
        drafts = [*(one for one in drafts if one is not best[2] and one is not best[3]), best[1]]


def _together(a: _Draft, b: _Draft, job: Job) -> tuple[float, _Draft] | None:
    """What is saved when two groups become one, and that one; None where they cannot."""
    templates = [*a.templates, *b.templates]
    if _outside(templates[0]) != _outside(templates[-1]):
        return None
    in_shape = job.in_shape(templates[0])
    forms = canonical(templates, in_shape, widths=_rounded)
    if forms is None:
        return None
    flops = forms[0].network.flops(in_shape)
    one = _Draft(a.places + b.places, templates, job.seconds(forms[0], flops), len(forms[0].network.layers))
    return a.cost(job) + b.cost(job) - one.cost(job), one


def _outside(setup: Setup) -> Any:
    """What no padding can make the same: all but the network, and numbers that are there or not."""
    return (
        type(setup.optimizer),
        type(setup.optimizer.schedule),
        setup.batch_size,
        setup.epochs,
        setup.patience,
        setup.precision,
        setup.data_order,
        type(setup.loss),
        setup.preprocessing,
        tuple(jax.tree.leaves(setup.preprocessing)),
    )


def _seconds_of(template: Setup, job: Job) -> SecondsOf:
    """What a trial of that skeleton takes, by its widths."""
    known: dict[tuple[int, ...], float] = {}
    in_shape = job.in_shape(template)

    def seconds(widths: tuple[int, ...]) -> float:
        if widths not in known:
            known[widths] = job.seconds(template, _with_widths(template.network, widths).flops(in_shape))
        return known[widths]

    return seconds


def _skeleton(setup: Setup) -> tuple[Any, tuple[int, ...]]:
    """What is the same for setups that differ in widths and numbers alone; and the widths."""
    widths: list[int] = []

    def bare(content: Any, name: str = "", *, is_number: bool = False) -> Any:
        if isinstance(content, Value):
            kept = content.specs.items()
            return (type(content), *(bare(getattr(content, n), n, is_number=spec.is_leafy) for n, spec in kept))
        if isinstance(content, tuple):
            return tuple(bare(item, is_number=is_number) for item in content)
        if name == "units" and isinstance(content, int):
            widths.append(content)
            return "units"
        return "number" if is_number and content is not None else content

    key = (bare(setup), tuple(jax.tree.leaves(setup.preprocessing)))
    return key, tuple(widths)


def _with_widths(network: Network, widths: Sequence[int]) -> Network:
    """The network with other widths, in the order in which they stand in it."""
    coming = iter(widths)

    def change(_: Any, content: Any) -> Any:
        return content.replace(units=next(coming)) if isinstance(content, Linear | Convolution) else content

    changed: Network = rebuild(network, change)
    return changed
