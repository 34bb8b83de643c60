"""Cohorts of a round: which of its trials train as one program, padded where another compilation would cost more.

Setups of one *skeleton* differ in widths and numbers alone. Of each skeleton the widths are cut into groups that are
padded to their largest; then groups of different skeletons (another activation, a layer more) are merged, as long as
what is saved in compiling is more than what is added in training.
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

from seedbed.core.value import Value, rebuild
from seedbed.data.dataset import Dataset
from seedbed.network import Network
from seedbed.network.convolution import Convolution
from seedbed.network.linear import Linear
from seedbed.searching.costs import Costs
from seedbed.training.canonical import canonical
from seedbed.training.layout import LANES
from seedbed.training.plan import Plan, even
from seedbed.training.setup import Setup
from seedbed.training.sketch import sketch_of
from seedbed.training.supplies import Supplies
from seedbed.training.tuning import guess_for

PART, MOST_PARTS = 64, 16  # trials of a task; where so many tasks do not hold all of them, they grow
# That a device trains at a time, at most: smaller waves leave fewer places empty behind a rung, where few trials are
# left, and no other program has to be compiled for them.
MOST_IN_CHUNK = 16
# At least: each wave costs the host some ten milliseconds, more than a member of an early rung costs a device.
FEWEST_IN_CHUNK = 4
FEWEST_IN_PART = 4  # trials that are worth a program of their own in another process
MOST_WIDTHS = 24  # of one skeleton that are told apart; more are first brought together
MOST_MERGED = 40  # groups that are compared with one another
WIDTH_STEP, WIDE = 8, 128  # padded widths are multiples of it, and from WIDE on of twice as much: programs recur


@dataclass(frozen=True)
class Job:
    """What trials are trained on, as far as costs go."""

    data: Dataset
    supplies: Supplies
    epochs: float
    n_folds: int
    costs: Costs

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


@dataclass(frozen=True)
class Cohort:
    """Trials that train as one program.

    Attributes:
        places: of the trials among those that were grouped.
        setups: of the trials, as the program has them.
        data: what the first fold learns from.
        shape: of an example behind the preprocessing.
        trial_seconds, compile_seconds: what the cost model expects.
        given: how the program was laid out in an earlier round, where it is one of those.
    """

    places: tuple[int, ...]
    setups: tuple[Setup, ...]
    data: Dataset
    shape: tuple[int, ...]
    trial_seconds: float = 0.0
    compile_seconds: float = 0.0
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
        if guessed.layout == LANES:
            return guessed
        chunk = min(max(guessed.chunk, FEWEST_IN_CHUNK), MOST_IN_CHUNK)
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

    def cost(self, costs: Costs) -> float:
        return costs.compile_seconds(self.n_layers) + len(self.places) * self.seconds


def cohorts(
    setups: Sequence[Setup],
    data: Dataset,
    supplies: Supplies,
    *,
    epochs: float,
    n_folds: int,
    costs: Costs,
    known: Sequence[Form] = (),
) -> list[Cohort]:
    """The cohorts of bound setups.

    Arguments:
        epochs: that a trial trains in the mean.
        known: programs of earlier rounds.
    """
    job = Job(data, supplies, epochs, n_folds, costs)
    skeletons: dict[Any, list[tuple[int, tuple[int, ...]]]] = {}
    for place, setup in enumerate(setups):
        skeleton, widths = _skeleton(setup)
        skeletons.setdefault(skeleton, []).append((place, widths))
    drafts = [draft for own in skeletons.values() for draft in _cut(own, setups, job)]
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
    plan = form.plan if form else None
    return [Cohort(tuple(places), tuple(forms), job.data, job.shape(own[0]), job.seconds(forms[0]), compiling, plan)]


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


def _cut(own: Sequence[tuple[int, tuple[int, ...]]], setups: Sequence[Setup], job: Job) -> list[_Draft]:
    """The trials of one skeleton in groups of similar widths: the cheapest way to cut them, sorted by their size."""
    template = setups[own[0][0]]
    seconds = _seconds_of(template, job)
    by_widths: dict[tuple[int, ...], list[int]] = {}
    for place, widths in own:
        by_widths.setdefault(widths, []).append(place)
    if len(by_widths) > MOST_WIDTHS:
        by_widths = _coarser(by_widths)
    kinds = sorted(by_widths, key=seconds)
    n = len(kinds)
    compiling = job.costs.compile_seconds(len(template.network.layers))
    best, start = [0.0] + [np.inf] * n, [0] * (n + 1)
    for end in range(1, n + 1):
        widest, count = kinds[end - 1], 0
        for begin in range(end - 1, -1, -1):
            widest = tuple(map(max, widest, kinds[begin]))
            count += len(by_widths[kinds[begin]])
            cost = best[begin] + compiling + count * seconds(widest)
            if cost < best[end]:
                best[end], start[end] = cost, begin
    drafts, end = [], n
    while end > 0:
        group = kinds[start[end] : end]
        widest = tuple(map(max, *group)) if len(group) > 1 else group[0]
        places = [place for widths in group for place in by_widths[widths]]
        wide = template.replace(network=_with_widths(template.network, widest))
        drafts.append(_Draft(places, [wide], seconds(widest), len(template.network.layers)))
        end = start[end]
    return drafts


def _coarser(by_widths: dict[tuple[int, ...], list[int]]) -> dict[tuple[int, ...], list[int]]:
    """The same with every width rounded up to a step of a quarter more, or more where there are still too many.

    None becomes wider than the widest at its place: the outputs of all stay what they are, or nothing could be merged.
    """
    step, most = 1.25, tuple(map(max, *by_widths))
    while True:
        found: dict[tuple[int, ...], list[int]] = {}
        for widths, places in by_widths.items():
            rounded = tuple(min(_up(width, step), high) for width, high in zip(widths, most, strict=True))
            found.setdefault(rounded, []).extend(places)
        if len(found) <= MOST_WIDTHS:
            return found
        step *= step


def _up(width: int, step: float) -> int:
    size = 1.0
    while size < width:
        size = max(size + 1, size * step)
    return int(size)


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
    return a.cost(job.costs) + b.cost(job.costs) - one.cost(job.costs), one


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


def _seconds_of(template: Setup, job: Job) -> Callable[[tuple[int, ...]], float]:
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
