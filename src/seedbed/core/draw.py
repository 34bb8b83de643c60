"""Drawing: from a search space (a setup that holds distributions) to the plain setup of one member."""

from __future__ import annotations

import zlib
from typing import Any, TypeVar

import numpy as np

from seedbed.core.distributions import Distribution
from seedbed.core.errors import place_of
from seedbed.core.value import Path, Value, rebuild, walk

V = TypeVar("V", bound=Value)


def distributions(value: Value) -> dict[str, Distribution]:
    """The distributions that stand in `value`, by their place. Those inside the options of a choice are not listed."""
    return {place_of(path): content for path, content in walk(value) if isinstance(content, Distribution)}


def draw(space: V, *, seed: int, number: int) -> V:
    """The plain value that member `number` draws from `space`.

    Each place has a stream of its own, folded from the seed, the member's number and the place (or the name that the
    distribution carries), so a draw depends neither on the other members nor on the other places.
    """
    drawn: V = rebuild(space, lambda path, content: _settled(path, content, seed, number))
    return drawn


def draws(space: Value, *, seed: int, number: int) -> dict[str, Any]:
    """What member `number` draws, by place; the same as `draw` puts there. A shared draw comes once, under its name."""
    found = [(path, content) for path, content in walk(space) if isinstance(content, Distribution)]
    return {content.name or place_of(path): _settled(path, content, seed, number) for path, content in found}


def _settled(path: Path, content: Any, seed: int, number: int) -> Any:
    while isinstance(content, Distribution):
        place = content.name if content.name is not None else f"@{place_of(path)}"
        stream = np.random.default_rng([seed, number, zlib.crc32(place.encode())])
        content = content.sample(stream)
        path = (*path, "drawn")  # a distribution inside a choice draws from a stream of its own
    return content
