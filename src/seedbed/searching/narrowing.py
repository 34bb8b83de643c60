"""Narrowing: from a coarse round to a finer one, the ranges close in on what did well.

Of each range the next round keeps the part that the best trials of all rounds so far span, with a margin. Where the
best of them stand at an end of the range as it was given, it is widened beyond that end instead. An option of a choice
that no good trial has is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
WIDER = 0.5  # of the range, added beyond an end at which the best stand
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
        new, kind = (
            (_options(dimension, own, n_all, len(good), len(sound)), "dropped")
            if dimension.is_choice
            else _range(dimension, given[dimension.name], own)
        )
        if new is None:
            continue
        try:
            space = space.with_ranges({dimension.name: new})
        except (SetupError, UsageError):  # beyond what may stand there, as a momentum of 1
            continue
        after = Dimension(dimension.name, new)
        changes.append(Change(dimension.name, ends(dimension), ends(after), kind))
    return space, changes


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


def _options(dimension: Dimension, own: list[Any], n_all: int, n_good: int, n_sound: int) -> Distribution | None:
    """The choice without the options that should have had some good trials and have none."""
    assert isinstance(dimension.distribution, Choice)
    expected = n_all * n_good / max(1, n_sound) / len(dimension.labels)
    if expected < EXPECTED:
        return None
    pairs = zip(dimension.labels, dimension.distribution.values, strict=True)
    kept = tuple(option for label, option in pairs if label in own)
    if len(kept) < 2 or len(kept) == len(dimension.labels):  # a choice of one is no choice: the runner-up stays
        return None
    return Choice(kept, name=dimension.distribution.name)


def _range(dimension: Dimension, given: Dimension, own: list[Any]) -> tuple[Distribution | None, str]:
    """The part that the good trials span, or more than the given range where they stand at its end."""
    if len(own) < FEWEST:
        return None, ""
    places = np.asarray([given.place(value) for value in own])
    low, high = np.quantile(places, [0.1, 0.9])
    margin = MARGIN * (high - low) + 0.02
    low, high, middle = low - margin, high + margin, float(np.median(places))
    now = [given.place(end) for end in ends(dimension)]
    kind = "narrowed"
    if middle < EDGE and now[0] >= -1e-9:
        low, kind = -WIDER, "widened"
    elif middle > 1 - EDGE and now[1] <= 1 + 1e-9:
        high, kind = 1 + WIDER, "widened"
    low = max(low, now[0]) if kind == "narrowed" or low >= 0 else low
    high = min(high, now[1]) if kind == "narrowed" or high <= 1 else high
    if kind == "narrowed" and high - low > 0.9 * (now[1] - now[0]):
        return None, ""
    return _between(given, low, high), kind


def _between(given: Dimension, low: float, high: float) -> Distribution | None:
    """The distribution between two places of the given range; they may lie beyond its ends."""
    d = given.distribution
    a, b = (_value(given, place) for place in (low, high))
    if isinstance(d, Integers):
        first, last = math.floor(a), math.ceil(b)
        least = 1 if d.log or d.low >= 1 else 0 if d.low >= 0 else first
        first = max(first, least)
        return Integers(first, last, d.log, name=d.name) if first < last else None
    if not a < b:
        return None
    if isinstance(d, LogUniform):
        return LogUniform(a, b, name=d.name)
    assert isinstance(d, Uniform)
    return Uniform(max(a, 0.0) if d.low >= 0 else a, b, name=d.name)


def _value(given: Dimension, place: float) -> float:
    """The number at a place of a range, also beyond its ends."""
    d: Any = given.distribution
    if given.is_log:
        return math.exp(math.log(d.low) + place * (math.log(d.high) - math.log(d.low)))
    return float(d.low + place * (d.high - d.low))
