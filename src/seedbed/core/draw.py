"""Drawing: from a search space (a setup that holds distributions) to the plain setup of one member."""

from __future__ import annotations

import zlib
from typing import TypeVar

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

    def settle(path: Path, content: object) -> object:
        while isinstance(content, Distribution):
            place = content.name if content.name is not None else f"@{place_of(path)}"
            stream = np.random.default_rng([seed, number, zlib.crc32(place.encode())])
            content = content.sample(stream)
            path = (*path, "drawn")  # a distribution inside a choice draws from a stream of its own
        return content

    drawn: V = rebuild(space, settle)
    return drawn
