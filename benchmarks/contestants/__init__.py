"""The contestants: each trains a task in its own way, in a process of its own.

A contestant is a class that is built from a task, does its preparation and its first steps there, and then trains in
blocks of a given length. `info` tells what the preparation found out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol


class Block(NamedTuple):
    """Some work, and how long it took."""

    n_steps: float  # of one network: a population of m does m in one step of the optimizer
    seconds: float


class Contestant(Protocol):
    """One way to train a task."""

    info: Mapping[str, Any]

    def block(self, seconds: float) -> Block:
        """Trains for about `seconds`, in whole epochs."""
        ...


def repeated(work: Callable[[], float], seconds: float) -> Block:
    """Does `work`, which returns the number of its steps, until the time is over."""
    n_steps, started = 0.0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds or not n_steps:
        n_steps += work()
    return Block(n_steps, elapsed)
