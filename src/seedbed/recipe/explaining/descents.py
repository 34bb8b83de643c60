"""The path of descent on a function, and how many steps it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.functions.probe import float64


def path(f: Callable[[Any], Any], start: Any, rate: float, steps: int, momentum: float = 0.0) -> NDArray[np.float64]:
    """The points of descent in float64, (steps + 1, ...), the start first: v ← momentum · v - rate · ∇f, x ← x + v."""

    def step(carry: Any, _: Any) -> Any:
        x, v = carry
        v = momentum * v - rate * gradient(x)
        return (x + v, v), x + v

    with float64():
        gradient, first = jax.grad(f), np.asarray(start, np.float64)
        _, points = jax.lax.scan(step, (first, np.zeros_like(first)), length=steps)
        return np.concatenate([first[None], np.asarray(points)])


def steps_until(heights: NDArray[np.float64], share: float) -> int | None:
    """The first step at which a function has fallen to that share of what it was; None where it never has."""
    below = np.flatnonzero(heights <= share * heights[0])
    return int(below[0]) if len(below) else None
