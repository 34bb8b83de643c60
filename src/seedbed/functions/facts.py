"""The facts about a function that decide how a network learns through it, measured and not retyped.

Measured on a grid over [-32, 32] with autodiff's slopes, so they hold for a function of your own as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from seedbed.functions.function import Function
from seedbed.functions.table import function as function_of

FLAT = 0.05  # a slope below this fraction of the largest one counts as saturated
CENTRED = 0.05  # a mean below this fraction of the deviation counts as zero
KINK = 0.02  # slopes to the left and right that differ by more are two slopes; the grid's own bend is below 0.005
FAR = 1e4
SPACING = 1 / 64
GRID = np.arange(-32, 32 + SPACING, SPACING, dtype=np.float32)


@dataclass(frozen=True)
class Facts:
    """What was measured of one function.

    Attributes:
        name: the function's.
        low, high: the smallest and largest output; infinite where it grows without end.
        mean: the mean output for inputs that are standard normal.
        is_zero_centred: whether that mean is nearly 0, so that the next layer's inputs have both signs.
        max_slope: the largest |f'|.
        saturation: the intervals, reaching to infinity, on which |f'| is at most `FLAT` of the largest.
        kinks: the points without derivative.
    """

    name: str
    low: float
    high: float
    mean: float
    is_zero_centred: bool
    max_slope: float
    saturation: tuple[tuple[float, float], ...]
    kinks: tuple[float, ...]


def facts(function: str | Function, **numbers: float) -> Facts:
    """The measured facts of a function, by name or record; `numbers` are its slope or alpha.

    For softmax: of the first of two outputs against the first input, with the other input at 0.

    Raises:
        UsageError: there is no function of that name.
    """
    record = function_of(function) if isinstance(function, str) else function
    return _measure(record, tuple(sorted((record.numbers | numbers).items())))


@lru_cache(maxsize=256)
def _measure(record: Function, numbers: tuple[tuple[str, float], ...]) -> Facts:
    f = _along_one_input(record, dict(numbers))
    outputs = np.asarray(jax.vmap(f)(GRID), np.float64)
    slopes = np.abs(np.asarray(jax.vmap(jax.grad(f))(GRID)))
    mean, deviation = _moments(outputs)
    low, high = _range(f, outputs)
    return Facts(
        name=record.name,
        low=low,
        high=high,
        mean=mean,
        is_zero_centred=abs(mean) <= CENTRED * deviation,
        max_slope=float(slopes.max()),
        saturation=_tails(slopes <= FLAT * slopes.max()),
        kinks=_kinks(f, outputs),
    )


def _along_one_input(record: Function, numbers: dict[str, float]) -> Callable[[Any], Array]:
    if record.is_elementwise:
        return lambda x: record.value(x, **numbers)
    return lambda x: record.value(jnp.stack([x, jnp.zeros_like(x)]), **numbers)[0]


def _moments(outputs: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the outputs for standard normal inputs, by the trapezoid rule."""
    density = np.exp(-0.5 * GRID.astype(np.float64) ** 2)
    density /= density.sum()
    mean = float(density @ outputs)
    return mean, math.sqrt(float(density @ (outputs - mean) ** 2))


def _range(f: Callable[[Any], Array], outputs: np.ndarray) -> tuple[float, float]:
    far = np.asarray(jax.vmap(f)(np.array([-FAR, -2 * FAR, FAR, 2 * FAR], np.float32)), np.float64)
    ends = [*outputs, *far]
    for near, further in (far[:2], far[2:]):
        if abs(further) > 1.5 * abs(near):  # doubled by doubling x: it grows without end
            ends.append(math.copysign(math.inf, further))
    return float(min(ends)), float(max(ends))


def _tails(flat: np.ndarray) -> tuple[tuple[float, float], ...]:
    """The flat stretches at both ends. One in the middle is an extremum, not a saturation."""
    if flat.all():
        return ((-math.inf, math.inf),)
    n_left, n_right = int(np.argmin(flat)), int(np.argmin(flat[::-1]))
    left = [(-math.inf, float(GRID[n_left - 1]))] if n_left else []
    right = [(float(GRID[-n_right]), math.inf)] if n_right else []
    return (*left, *right)


def _kinks(f: Callable[[Any], Array], outputs: np.ndarray) -> tuple[float, ...]:
    h = np.float32(SPACING / 8)  # a power of two, so that straight pieces are differenced without rounding
    right = (np.asarray(jax.vmap(f)(GRID + h), np.float64) - outputs) / h
    left = (outputs - np.asarray(jax.vmap(f)(GRID - h), np.float64)) / h
    return tuple(float(x) for x in GRID[np.abs(right - left) > KINK])
