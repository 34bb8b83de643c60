"""The facts about a function that decide how a network learns through it, measured and not retyped.

Measured in float64 on a grid over [-32, 32] and far outside, with autodiff's slopes, so they hold for a function of
your own as well. Places between the points of the grid are found by looking closer there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from seedbed.functions.breaks import breaks
from seedbed.functions.function import Function
from seedbed.functions.probe import FAR, GRID, SPACING, Probe, float64
from seedbed.functions.table import function as function_of

FLAT = 0.01  # a slope below this fraction of the largest one counts as saturated
CENTRED = 0.05  # a mean below this fraction of the deviation counts as zero
ROUNDING = 1e-12  # a smaller step up or down is the arithmetic's, not the function's
PEAK, WIDTH = 1e-3, 1.0  # slopes that are this near to the largest are a peak, and a wider one is a plateau
INCREASING, DECREASING, CONSTANT, NEITHER = "increasing", "decreasing", "constant", "neither"


class Cost(NamedTuple):
    """Operations for one number, as XLA counts them: exp, log, tanh, erf and their like apart from + - x / < max.

    NaN where the back end does not count.
    """

    arithmetic: float
    transcendental: float


@dataclass(frozen=True)
class Facts:
    """What was measured of one function.

    Attributes:
        name: the function's.
        low, high: the smallest and largest output; infinite where it grows without end.
        mean: the mean output for inputs that are standard normal.
        is_zero_centred: whether that mean is nearly 0, so that the next layer's inputs have both signs.
        monotone: increasing, decreasing, constant, or neither; level stretches do not count against it.
        max_slope: the largest |f'|; infinite where it grows without end.
        max_slope_at: where it has that slope, if that is at one place alone; else None.
        saturation: the intervals, reaching to infinity, on which |f'| is below `FLAT` of the largest; none where there
            is no largest.
        kinks: the points without derivative.
        cost: operations for a value, for one number.
        training_cost: operations for a value and its derivative.
    """

    name: str
    low: float
    high: float
    mean: float
    is_zero_centred: bool
    monotone: str
    max_slope: float
    max_slope_at: float | None
    saturation: tuple[tuple[float, float], ...]
    kinks: tuple[float, ...]
    cost: Cost
    training_cost: Cost


def facts(function: str | Function, **numbers: float) -> Facts:
    """The measured facts of a function, by name or record; `numbers` are its slope or alpha.

    For softmax: of the first of two outputs against the first input, with the other input at 0.

    Raises:
        UsageError: there is no function of that name, or it gives NaN somewhere.
    """
    record = function_of(function) if isinstance(function, str) else function
    return _measure(record, tuple(sorted((record.numbers | numbers).items())))


def along_one_input(record: Function, **numbers: float) -> Callable[[Any], Array]:
    """The function of one number: itself, or for softmax the first of two outputs, with the other input at 0."""
    if record.is_elementwise:
        return lambda x: record.value(x, **numbers)
    return lambda x: record.value(jnp.stack([x, jnp.zeros_like(x)]), **numbers)[0]


@lru_cache(maxsize=256)
def _measure(record: Function, numbers: tuple[tuple[str, float], ...]) -> Facts:
    f = along_one_input(record, **dict(numbers))
    with float64():
        probe = Probe(f, record.name)
        values, slopes = probe.on_grid
        mean, deviation = _moments(probe)
        max_slope, at = _largest(probe, np.abs(slopes), lambda x: np.abs(probe(x)[1]))
        return Facts(
            name=record.name,
            low=-_largest(probe, -values, lambda x: -probe(x)[0])[0],
            high=_largest(probe, values, lambda x: probe(x)[0])[0],
            mean=mean,
            is_zero_centred=abs(mean) <= CENTRED * deviation,
            monotone=_monotone(values, probe.scale),
            max_slope=max_slope,
            max_slope_at=at if _is_one_peak(np.abs(slopes), max_slope) else None,
            saturation=_saturation(probe, max_slope),
            kinks=breaks(probe),
            cost=_cost(record, numbers, lambda f, x: f(x)),
            training_cost=_cost(record, numbers, _value_and_derivative),
        )


def _moments(probe: Probe) -> tuple[float, float]:
    """Mean and standard deviation of the outputs for standard normal inputs, by the midpoint rule."""
    middles = GRID[:-1] + 0.5 * SPACING  # a jump at a point of the grid is halved rightly
    outputs, density = probe(middles)[0], np.exp(-0.5 * middles**2)
    density /= density.sum()
    mean = float(density @ outputs)
    return mean, math.sqrt(float(density @ (outputs - mean) ** 2))


def _largest(
    probe: Probe, on_grid: NDArray[np.float64], at: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> tuple[float, float]:
    """The largest of a quantity and where it is; infinite where it grows from one distance to the next."""
    far = np.nan_to_num(at(FAR), nan=-math.inf, posinf=math.inf, neginf=-math.inf)
    for near, further, furthest in (far[:3], far[3:]):
        if math.isfinite(near) and math.isfinite(further) and furthest - further > 0.5 * (further - near) > 0:
            return math.inf, math.nan
    x = probe.closer(at, float(GRID[int(np.argmax(on_grid))]))
    return max(float(at(np.array([x]))[0]), float(far.max())), x


def _is_one_peak(slopes: NDArray[np.float64], largest: float) -> bool:
    places = np.flatnonzero(slopes > (1 - PEAK) * largest)
    return bool(len(places)) and len(places) == 1 + int(np.ptp(places)) <= WIDTH / SPACING  # one run, and a short one


def _monotone(values: NDArray[np.float64], scale: float) -> str:
    steps = np.diff(values)
    tolerance = ROUNDING * np.maximum(np.abs(values[1:]), scale)
    rises, falls = bool((steps > tolerance).any()), bool((steps < -tolerance).any())
    return {(True, False): INCREASING, (False, True): DECREASING, (False, False): CONSTANT}.get((rises, falls), NEITHER)


def _saturation(probe: Probe, max_slope: float) -> tuple[tuple[float, float], ...]:
    """The flat stretches at both ends. One in the middle is an extremum, not a saturation."""
    if max_slope == 0:
        return ((-math.inf, math.inf),)
    flat = np.abs(probe.on_grid[1]) < FLAT * max_slope
    if math.isinf(max_slope) or flat.all():
        return ()
    is_flat = lambda x: np.abs(probe(x)[1]) < FLAT * max_slope  # noqa: E731
    n_left, n_right = int(np.argmin(flat)), int(np.argmin(flat[::-1]))
    left = [(-math.inf, probe.last(is_flat, GRID[n_left - 1], GRID[n_left]))] if n_left else []
    right = [(probe.last(is_flat, GRID[-n_right], GRID[-n_right - 1]), math.inf)] if n_right else []
    return (*left, *right)


def _value_and_derivative(f: Callable[[Any], Array], x: Array) -> tuple[Array, Any]:
    y, pull_back = jax.vjp(f, x)
    return y, pull_back(jnp.ones_like(x))


def _cost(
    record: Function, numbers: tuple[tuple[str, float], ...], work: Callable[[Callable[[Any], Array], Any], Any]
) -> Cost:
    """What XLA counts for an array, for each of its numbers."""
    n, names = 64, [name for name, _ in numbers]
    one, many = (jax.ShapeDtypeStruct(shape, jnp.float32) for shape in ((), (n,)))
    whole = jax.jit(lambda x, *given: work(lambda x: record.value(x, **dict(zip(names, given, strict=True))), x))
    counted = whole.lower(many, *[one] * len(names)).compile().cost_analysis()
    if counted is None:  # a back end that does not count
        return Cost(math.nan, math.nan)
    return Cost(*(round(counted.get(name, 0.0) / n, 1) for name in ("flops", "transcendentals")))
