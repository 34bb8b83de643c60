"""Drawing: from a search space (a setup that holds distributions) to the plain setup of one member."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from seedbed.core.distributions import Distribution
from seedbed.core.errors import place_of
from seedbed.core.value import Path, Value, children, contains, rebuild, walk

V = TypeVar("V", bound=Value)


def distributions(value: Value) -> dict[str, Distribution]:
    """The distributions that stand in `value`, by their place. Those inside the options of a choice are not listed."""
    return {place_of(path): content for path, content in walk(value) if isinstance(content, Distribution)}


def is_plain(value: Value) -> bool:
    """Whether no distribution stands in `value`."""
    return not contains(value, lambda content: isinstance(content, Distribution))


def settle(space: V, pick: Callable[[Path, Distribution], Any]) -> V:
    """The value with what `pick(path, distribution)` gives where a distribution stands, outermost first.

    Where that is a distribution again, or holds some, they are picked in turn; one that stands right in the place of
    another has `drawn` as the last step of its path.
    """
    settled: V = rebuild(space, lambda path, content: _settled(path, content, pick))
    return settled


def sampler(seed: int, number: int) -> Callable[[Path, Distribution], Any]:
    """How member `number` picks: by a stream of its own at each place, or for each name."""

    def pick(path: Path, content: Distribution) -> Any:
        place = content.name if content.name is not None else f"@{place_of(path)}"
        return content.sample(np.random.default_rng([seed, number, zlib.crc32(place.encode())]))

    return pick


def draw(space: V, *, seed: int, number: int) -> V:
    """The plain value that member `number` draws from `space`.

    Each place has a stream of its own, folded from the seed, the member's number and the place (or the name that the
    distribution carries), so a draw depends neither on the other members nor on the other places.
    """
    return settle(space, sampler(seed, number))


class Drawn(NamedTuple):
    """What a member drew at one place.

    Attributes:
        content: the same as `draw` puts there.
        is_space: the option that was drawn holds distributions itself, and they are listed at their own places.
    """

    content: Any
    is_space: bool


def draws(space: Value, *, seed: int, number: int) -> dict[str, Drawn]:
    """What member `number` draws, by place, outermost first; a shared draw comes once, under its name.

    A place inside the options of a choice is there where its option was drawn.
    """
    found: dict[str, Drawn] = {}
    pick = sampler(seed, number)
    _note(found, space, (), lambda path, content: _settled(path, content, pick))
    return found


def _note(found: dict[str, Drawn], content: Any, path: Path, settle: Callable[[Path, Any], Any]) -> None:
    """Lists what is drawn at `path` and below it."""
    if isinstance(content, Distribution):
        name, option = content.name or place_of(path), settle(path, content)
        settled = rebuild(option, settle, path)
        found.setdefault(name, Drawn(settled, any(isinstance(inner, Distribution) for _, inner in walk(option))))
        content = option
    for step, inner in children(content):
        _note(found, inner, (*path, step), settle)


def _settled(path: Path, content: Any, pick: Callable[[Path, Distribution], Any]) -> Any:
    while isinstance(content, Distribution):
        content = pick(path, content)
        path = (*path, "drawn")  # a distribution inside a choice draws from a stream of its own
    return content
