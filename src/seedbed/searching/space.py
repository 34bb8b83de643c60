"""The search space: a setup in which distributions stand, seen as a list of dimensions.

A point of it is a dictionary from the dimensions' names to values: numbers as they are, options of a choice by their
label. Dimensions inside an option of a choice are there only in points that have this option.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from seedbed.core.distributions import Choice, Distribution, Integers, LogUniform, Uniform
from seedbed.core.draw import sampler, settle
from seedbed.core.errors import UsageError, place_of
from seedbed.core.plain import shown
from seedbed.core.value import Path, Value, children, walk
from seedbed.network.containers import Container
from seedbed.network.layer import Layer
from seedbed.network.network import Network
from seedbed.training.setup import Setup

Point = dict[str, Any]
Label = float | int | str | bool | None


@dataclass(frozen=True)
class Dimension:
    """One thing that differs between the points of a space.

    Attributes:
        name: the distribution's own, or its place: `optimizer.lr`.
        distribution: what stands there.
        needs: the choices and the labels of their options inside which the dimension is; it is there in points that
            have one of them, and where there are none, in all.
    """

    name: str
    distribution: Distribution
    needs: tuple[tuple[str, Label], ...] = ()

    def is_in(self, point: Mapping[str, Any]) -> bool:
        """Whether a point has it, as far as its choices are picked."""
        return not self.needs or any(name in point and point[name] == label for name, label in self.needs)

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """Of the options of a choice: numbers and words as they are, all else as a text says it."""
        assert isinstance(self.distribution, Choice)
        labels: list[Label] = []
        for option in self.distribution.values:
            label = _label(option)
            labels.append(label if label not in labels else f"{label} ({len(labels)})")
        return tuple(labels)

    @property
    def is_choice(self) -> bool:
        """Whether its values are options, in no order."""
        return isinstance(self.distribution, Choice)

    @property
    def is_log(self) -> bool:
        """Whether distances count by their ratio."""
        d = self.distribution
        return isinstance(d, LogUniform) or (isinstance(d, Integers) and d.log)

    def at(self, u: float) -> Label:
        """The value at a place in [0, 1), so that a uniform `u` gives the distribution."""
        d = self.distribution
        if isinstance(d, Choice):
            return self.labels[min(int(u * len(self.labels)), len(self.labels) - 1)]
        if isinstance(d, Integers):
            low, high = float(d.low), float(d.high + 1)
            drawn = math.exp(_between(math.log(low), math.log(high), u)) if d.log else _between(low, high, u)
            return min(max(int(drawn), d.low), d.high)
        if isinstance(d, LogUniform):
            return min(max(math.exp(_between(math.log(d.low), math.log(d.high), u)), d.low), d.high)
        assert isinstance(d, Uniform)
        return min(max(_between(d.low, d.high, u), d.low), d.high)


class Space:
    """A setup with distributions, and its dimensions.

    Raises:
        UsageError: nothing differs between its points, a choice has a single option, or places that share a draw differ
            in what they draw from.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        found = list(_dimensions(setup, (), ()))
        if not found:
            hint = "put a distribution where a value stands: lr = { log_uniform = [1e-4, 1.0] }; or train this setup"
            raise UsageError("search: expected a space, a setup with a distribution in it, got one without", hint)
        self._names = _named(found)
        drawn: dict[str, Distribution] = {}
        needs: dict[str, list[tuple[str, Label] | None]] = {}
        for path, distribution, options in found:
            name = self._names[path, options]
            _check(name, distribution)
            _check_shared(name, path, distribution, drawn.setdefault(name, distribution))
            own = (self._names[options[-1][0], options[:-1]], options[-1][1]) if options else None
            needs.setdefault(name, []).append(own)
        self._by_name = _by_name(drawn, needs)

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All of them, a choice before what stands inside its options."""
        return tuple(self._by_name.values())

    def __getitem__(self, name: str) -> Dimension:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def setup_at(self, point: Mapping[str, Any]) -> Setup:
        """The plain setup of a point.

        Raises:
            UsageError: a dimension has no value there, or one that it does not know.
        """

        def value(dimension: Dimension) -> Any:
            if dimension.name not in point:
                raise UsageError(f"{dimension.name}: expected a value for each dimension, got {sorted(point)}")
            return point[dimension.name]

        return self._settled(value)[0]

    def sampled(self, *, seed: int, number: int) -> Point:
        """The point that member `number` of a population draws: `draw` gives the setup at it."""
        pick = sampler(seed, number)

        def label(dimension: Dimension, path: Path) -> Any:
            drawn = pick(path, dimension.distribution)
            if not isinstance(dimension.distribution, Choice):
                return drawn
            return dimension.labels[next(i for i, v in enumerate(dimension.distribution.values) if v is drawn)]

        return self._settled(label, with_path=True)[1]

    def at(self, units: Callable[[Dimension], float]) -> Point:
        """The point with each of its dimensions at a place in [0, 1)."""
        return self._settled(lambda dimension: dimension.at(units(dimension)))[1]

    def _settled(self, value: Callable[..., Any], *, with_path: bool = False) -> tuple[Setup, Point]:
        point: Point = {}
        inside: dict[Path, Any] = {}  # the label of the option that was picked at a place

        def pick(path: Path, distribution: Distribution) -> Any:
            outer = sorted((at for at in inside if path[: len(at)] == at and path != at), key=len)
            dimension = self._by_name[self._names[path, tuple((at, inside[at]) for at in outer)]]
            if dimension.name not in point:
                point[dimension.name] = value(dimension, path) if with_path else value(dimension)
            picked = point[dimension.name]
            if not isinstance(dimension.distribution, Choice):
                return picked
            inside[path] = picked
            if picked not in dimension.labels:
                came = f"got {picked!r}"
                raise UsageError(f"{dimension.name}: expected one of {', '.join(map(str, dimension.labels))}, {came}")
            return dimension.distribution.values[dimension.labels.index(picked)]

        return settle(self.setup, pick), point

    def with_ranges(self, changed: Mapping[str, Distribution]) -> Space:
        """This space with other distributions at some of its dimensions.

        Raises:
            SetupError: one of them may not stand at its place.
        """

        def change(content: Any, path: Path, options: Options) -> Any:
            if isinstance(content, Distribution):
                content = changed.get(self._names[path, options], content)
                if not isinstance(content, Choice):
                    return content
                inside = [change(option, at, (*options, own)) for option, at, own in _options(content, path)]
                return Choice(tuple(inside), name=content.name)
            if isinstance(content, Value):
                return content.replace(**{n: change(getattr(content, n), (*path, n), options) for n in content.specs})
            if isinstance(content, tuple):
                return tuple(change(item, (*path, i), options) for i, item in enumerate(content))
            return content

        return Space(change(self.setup, (), ()))


Options = tuple[tuple[Path, Label], ...]  # the choices that a place is inside of, with the labels of their options
Found = tuple[Path, Distribution, Options]


def _dimensions(content: Any, path: Path, options: Options) -> Iterator[Found]:
    """Every place that may hold a distribution, outermost first."""
    if isinstance(content, Distribution):
        yield path, content, options
        if isinstance(content, Choice):
            for option, at, own in _options(content, path):
                yield from _dimensions(option, at, (*options, own))
        return
    for step, inner in children(content):
        yield from _dimensions(inner, (*path, step), options)


def _options(choice: Choice, path: Path) -> Iterator[tuple[Any, Path, tuple[Path, Label]]]:
    """The options of a choice, each with the path that `settle` gives it, and its place among the options."""
    for option, label in zip(choice.values, Dimension("", choice).labels, strict=True):
        yield option, (*path, "drawn") if isinstance(option, Distribution) else path, (path, label)


def _named(found: list[Found]) -> dict[tuple[Path, Options], str]:
    """A name for each: its own or its place; where several have that one, with the options it is inside of."""
    names: dict[tuple[Path, Options], str] = {}
    taken: dict[str, str] = {}
    for path, distribution, options in found:
        name = distribution.name or place_of(step for step in path if step != "drawn")
        said = repr(distribution)
        for _, label in reversed(options):
            if taken.get(name, said) != said:
                name = f"{name} ({label})"
        taken.setdefault(name, said)
        names[path, options] = name
    return names


def _by_name(
    drawn: Mapping[str, Distribution], needs: Mapping[str, Sequence[tuple[str, Label] | None]]
) -> dict[str, Dimension]:
    """The dimensions, a choice before what stands inside its options; what stands in all of them needs none."""
    found: dict[str, Dimension] = {}
    waiting = list(drawn)
    while waiting:
        ready = (name for name in waiting if all(need is None or need[0] in found for need in needs[name]))
        name = next(ready, waiting[0])
        waiting.remove(name)
        own = tuple(dict.fromkeys(need for need in needs[name] if need is not None))
        is_everywhere = None in needs[name] or any(_has_all(found[choice], own) for choice, _ in own if choice in found)
        found[name] = Dimension(name, drawn[name], () if is_everywhere else own)
    return found


def _has_all(choice: Dimension, needs: Sequence[tuple[str, Label]]) -> bool:
    """Whether a choice is in all points, and these are all of its options."""
    return not choice.needs and set(choice.labels) <= {label for name, label in needs if name == choice.name}


def _check_shared(name: str, path: Path, distribution: Distribution, first: Distribution) -> None:
    """Refuses another distribution at a place that shares a draw."""
    if distribution != first:
        hint = "give it another name, or the same distribution: places with one name share one draw"
        came = f"{distribution!r} at {place_of(path)}"
        raise UsageError(f"{name}: expected {first!r} at all places with that name, got {came}", hint)


def _check(name: str, distribution: Distribution) -> None:
    """Refuses a choice of one: it is a value."""
    if isinstance(distribution, Choice) and len(distribution.values) < 2:
        only = _label(distribution.values[0])
        hint = f"write the value itself, {only}, or add options"
        raise UsageError(f"{name}: expected a choice of two options at least, got {only} alone", hint)


def _label(option: Any) -> Label:
    """What an option is called; one that holds distributions by its kinds alone, so that narrower ones keep it."""
    if option is None or isinstance(option, bool | int | float | str):
        return option
    if isinstance(option, Distribution):
        return option.name or option.kind
    if not any(isinstance(content, Distribution) for _, content in walk(option)):
        return shown(option)
    if isinstance(option, Layer) and not isinstance(option, Container):
        return option.kind
    if isinstance(option, Network | Container):
        inside = [content for _, content in walk(option) if isinstance(content, Layer | Choice)]
        told = (one.name or one.kind if isinstance(one, Choice) else one.kind for one in inside if one is not option)
        return ", ".join(told)
    return getattr(option, "kind", "") or type(option).__name__.lower()


def _between(low: float, high: float, u: float) -> float:
    return low + u * (high - low)
