"""Narrowing: from a coarse round to a finer one, the ranges close in on what did well.

Of each range the next round keeps the part that the best trials of all rounds so far span, with a margin. Where the
best of them stand at an end of the range as it was given, it is widened beyond that end instead. An option of a choice
that no good trial has is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seedbed.core.distributions import Choice, Distribution, Integers, LogUniform, Uniform
from seedbed.core.errors import SetupError, UsageError
from seedbed.searching.space import Dimension, Space
from seedbed.searching.trial import Trial, ranked

SHARE, FEWEST = 0.15, 6  # of the trials whose values a range is narrowed to
MARGIN = 0.15  # of the range that is kept, added on either side
EDGE = 0.1  # the part of a range that is its end
WIDER = (0.5, 0.25, 0.125, 0.0625)  # of the range, added beyond an end at which the best stand: what is allowed there
EXPECTED = 3  # good trials that an option should have had to be dropped for having none


@dataclass(frozen=True)
class Change:
    """What became of one dimension.

    Attributes:
        name: of the dimension.
        before, after: the ends of a range, or the labels of the options.
        kind: narrowed, widened or dropped (options).
    """

    name: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]
    kind: str


def narrowed(space: Space, given: Space, trials: Sequence[Trial]) -> tuple[Space, list[Change]]:
    """The space of the next round, and what changed.

    Arguments:
        space: of the last round.
        given: as the user gave it: only beyond its ends is a range widened.
        trials: of all rounds so far.
    """
    sound = [trial for trial in ranked(trials) if math.isfinite(trial.order[0])]
    good = sound[: max(FEWEST, math.ceil(SHARE * len(sound)))]
    changes = []
    for dimension in space.dimensions:
        own = [trial.point[dimension.name] for trial in good if dimension.name in trial.point]
        n_all = sum(dimension.name in trial.point for trial in sound)
        wanted = (
            _options(dimension, own, n_all, len(good), len(sound))
            if dimension.is_choice
            else _ranges(dimension, given[dimension.name], own)
        )
        for new, kind in wanted:
            if (changed := _changed(space, dimension, new)) is not None:
                space = changed
                changes.append(Change(dimension.name, ends(dimension), ends(Dimension("", new)), kind))
                break
    return space, changes


def _changed(space: Space, dimension: Dimension, new: Distribution) -> Space | None:
    """The space with another distribution, or None where that may not stand there, as a momentum of 1.

    None also where another dimension would take over a name: that of a place in one option may be told from that of the
    same place in another only as long as both are there.
    """
    try:
        changed = space.with_ranges({dimension.name: new})
    except (SetupError, UsageError):
        return None
    others = (one for one in changed.dimensions if one.name != dimension.name and not one.is_choice)
    is_same = all(one.name in space and one.distribution == space[one.name].distribution for one in others)
    return changed if is_same else None


def widest(spaces: Sequence[Space]) -> list[Dimension]:
    """The dimensions of several forms of one space, each range as wide as it has ever been."""
    found: dict[str, Dimension] = {}
    for space in spaces:
        for dimension in space.dimensions:
            known = found.setdefault(dimension.name, dimension)
            d: Any = known.distribution
            if known.is_choice:
                continue
            low, high = (pick(a, b) for pick, a, b in zip((min, max), ends(known), ends(dimension), strict=True))
            found[known.name] = Dimension(known.name, replace(d, low=low, high=high), known.needs)
    return list(found.values())


def ends(dimension: Dimension) -> tuple[Any, ...]:
    """The ends of a range, or the labels of the options."""
    d = dimension.distribution
    return dimension.labels if isinstance(d, Choice) else (d.low, d.high)  # type: ignore[attr-defined]


def _options(
    dimension: Dimension, own: list[Any], n_all: int, n_good: int, n_sound: int
) -> Iterator[tuple[Distribution, str]]:
    """The choice without the options that should have had some good trials and have none."""
    assert isinstance(dimension.distribution, Choice)
    if n_all * n_good / max(1, n_sound) / len(dimension.labels) < EXPECTED:
        return
    kept = [label for label in dimension.labels if label in own]
    if len(kept) < 2 or len(kept) == len(dimension.labels):  # a choice of one is no choice: the runner-up stays
        return
    pairs = zip(dimension.labels, dimension.distribution.values, strict=True)
    new = Choice(tuple(option for label, option in pairs if label in kept), name=dimension.distribution.name)
    # Options of the same kinds are told apart by their place among them: none may take the label of another.
    if list(Dimension("", new).labels) == kept:
        yield new, "dropped"


def _ranges(dimension: Dimension, given: Dimension, own: list[Any]) -> Iterator[tuple[Distribution, str]]:
    """What a range may become, the first choice first.

    More than the given range where the good trials stand at its end, less and less of it; or the part that they span.
    """
    if len(own) < FEWEST:
        return
    d: Any = given.distribution
    step = 1 if isinstance(d, Integers) else 0
    places = np.asarray([(_place(given, value) + _place(given, value + step)) / 2 for value in own])
    low, high = np.quantile(places, [0.1, 0.9])
    margin = MARGIN * (high - low) + 0.02
    begin, end = (_place(given, one + more) for one, more in zip(ends(dimension), (0, step), strict=True))
    low, high, middle = max(low - margin, begin), min(high + margin, end), float(np.median(places))
    # Of few whole numbers one alone is more of the range than what counts as its end.
    at_low, at_high = (middle < EDGE or np.median(own) == d.low), (middle > 1 - EDGE or np.median(own) == d.high)
    wider: list[tuple[float, float]] = []
    if at_low and begin >= -1e-9:
        wider = [(-more, high) for more in WIDER]
    elif at_high and end <= 1 + 1e-9:
        wider = [(low, 1 + more) for more in WIDER]
    for pair in wider:
        new = _between(dimension, given, *pair)
        if new is not None and (new.low < d.low or new.high > d.high):  # type: ignore[attr-defined]
            yield new, "widened"
    if high - low <= 0.9 * (end - begin):
        new = _between(dimension, given, low, high)
        if new is not None and new != dimension.distribution:
            yield new, "narrowed"


def _between(dimension: Dimension, given: Dimension, low: float, high: float) -> Distribution | None:
    """The distribution between two places of the given range; they may lie beyond its ends."""
    d = given.distribution
    a, b = (_value(given, place) for place in (low, high))
    if isinstance(d, Integers):
        first, last = math.floor(a + 1e-9 * abs(a)), math.ceil(b - 1e-9 * abs(b)) - 1
        first = max(first, 1 if d.log or d.low >= 1 else 0 if d.low >= 0 else first)
        if first == last:  # a number alone is no range: with the one beside it
            first, last = (first, last + 1) if last < ends(dimension)[1] else (first - 1, last)
        return Integers(first, last, d.log, name=d.name) if first < last else None
    if isinstance(d, LogUniform):
        return LogUniform(a, b, name=d.name) if a < b else None
    assert isinstance(d, Uniform)
    a = max(a, 0.0) if d.low >= 0 else a
    return Uniform(a, b, name=d.name) if a < b else None


def _place(given: Dimension, value: float) -> float:
    """Where a number stands between the ends of a range, 0 and 1; a whole number begins there and ends at the next."""
    d: Any = given.distribution
    count = math.log if given.is_log else float
    low, high = count(d.low), count(d.high + 1 if isinstance(d, Integers) else d.high)
    return (count(value) - low) / (high - low)


def _value(given: Dimension, place: float) -> float:
    """The number at a place of a range, also beyond its ends."""
    d: Any = given.distribution
    low, high = float(d.low), float(d.high + 1 if isinstance(d, Integers) else d.high)
    return low * (high / low) ** place if given.is_log else low + place * (high - low)
