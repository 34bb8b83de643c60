"""What signals and gradients come to in an infinitely wide network with random weights.

    q ← σw² E[φ(√q z)²] + σb²       mean square of a weighted sum, from one layer to the next; z is standard normal
    χ = σw² E[φ'(√q z)²]            mean squared singular value of a layer's Jacobian D W

χ is what a layer does to the squared length of a gradient on average: below 1 gradients vanish with the depth, above 1
they explode, both like χ^depth. Where q stays as it is and χ = 1, a network is critical.

Means over z are integrals, computed by Gauss and Legendre's rule on panels on either side of 0 that become finer
towards it. So a kink at 0 costs nothing, and a function that is steep against √q is still resolved; Gauss and Hermite's
rule with 201 points gives the same for tanh at q = 1, and an error of 5e-3 at q = 25. Estimating q by random numbers is
not good enough: χ - 1, which decides, comes out wrong in its first digit.

Poole et al. 2016, Exponential expressivity in deep neural networks through transient chaos, eqs. (3) and (8);
Pennington, Schoenholz and Ganguli 2017, Resurrecting the sigmoid in deep learning through dynamical isometry.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import UsageError
from seedbed.functions import Function, function

Steps = Sequence[tuple[Function, tuple[float, ...]]]  # functions one after the other, each with its numbers

FINEST, FAR = 2.0**-12, 12.0  # the density of the normal is 1e-32 at 12
NODES = 24  # in each panel
MOST_DOUBLINGS = 200


class Moments(NamedTuple):
    """Means of an activation over normal sums of mean square q.

    Attributes:
        signal: E[φ²], the mean square of the outputs.
        slope2, slope4: E[φ'²] and E[φ'⁴].
    """

    signal: float
    slope2: float
    slope4: float

    @property
    def spread(self) -> float:
        """The variance of φ'² in units of its mean squared: 0 where all units have the same slope."""
        return self.slope4 / self.slope2**2 - 1 if self.slope2 > 0 else np.nan


def moments(steps: Steps, q: float) -> Moments:
    """The moments of functions that are applied one after the other to normal sums of mean square `q`."""
    z, weight = _nodes()
    return moments_at(steps, math.sqrt(q) * z, weight)


def moments_at(steps: Steps, x: NDArray[np.float64], weight: NDArray[np.float64]) -> Moments:
    """The moments over the points `x`, each with its weight."""
    y, slope = x, np.ones_like(x)
    with jax.enable_x64(True):
        for one, numbers in steps:
            slope = slope * np.asarray(one.derivative(y, *numbers))
            y = np.asarray(one.value(y, *numbers))
    return Moments(float(weight @ y**2), float(weight @ slope**2), float(weight @ slope**4))


def fixed_point(name: str, weight_variance: float, bias_variance: float = 0.0) -> float:
    """The mean square q* of the weighted sums that settles after many layers: the largest; 0 where signals die out.

    Arguments:
        name: of the activation, such as `"tanh"`.
        weight_variance: σw², the variance of a weight times the inputs of a unit.
        bias_variance: σb².

    Raises:
        UsageError: there is no activation of that name, or signals do not settle.

    >>> round(fixed_point("tanh", 1.05, 2.01e-5), 5)
    0.02592
    """
    steps = _steps(name)

    def grows(q: float) -> bool:
        return weight_variance * moments(steps, q).signal + bias_variance > q

    high = 1.0
    for _ in range(MOST_DOUBLINGS):
        if not grows(high) and not _stays(steps, weight_variance, bias_variance, high):
            break
        high *= 2
    else:
        came = f"weight_variance {weight_variance:g} and bias_variance {bias_variance:g}"
        hint = "signals grow without end, or every length stays as it is"
        raise UsageError(f"{name}: expected variances with which signals settle, got {came}", hint)
    low = high
    for _ in range(MOST_DOUBLINGS):
        low /= 2
        if grows(low):
            break
    else:
        return 0.0
    while (middle := math.sqrt(low * high)) not in (low, high) and high / low - 1 > 4e-16:
        low, high = (middle, high) if grows(middle) else (low, middle)
    return low


def critical_point(name: str, q: float) -> tuple[float, float]:
    """The σw² and σb² at which `q` is the fixed point and χ = 1: a point of the critical line.

        σw² = 1 / E[φ'(√q z)²]      σb² = q - σw² E[φ(√q z)²]

    Raises:
        UsageError: there is no activation of that name, or no such point, since σb² would be negative.

    >>> [float(f"{variance:.4g}") for variance in critical_point("tanh", 1 / 50)]
    [1.039, 9.527e-06]
    """
    if not q > 0:
        raise UsageError(f"q: expected a number above 0, got {q!r}")
    found = moments(_steps(name), q)
    weight_variance = 1 / found.slope2 if found.slope2 > 0 else np.inf
    bias_variance = q - weight_variance * found.signal
    if not bias_variance > -1e-12 * q:
        came = f"q = {q:g}, which would take a bias variance of {bias_variance:.3g}"
        hint = "sigmoid units need a very large q, and step units, without slope, have none"
        raise UsageError(f"{name}: expected a mean square at which gradients can keep their length, got {came}", hint)
    return weight_variance, max(bias_variance, 0.0)


def _stays(steps: Steps, weight_variance: float, bias_variance: float, q: float) -> bool:
    signal = weight_variance * moments(steps, q).signal + bias_variance
    return bool(abs(signal - q) <= 1e-13 * q)


def _steps(name: str) -> Steps:
    record = function(name)
    if not record.is_elementwise:
        raise UsageError(f"{name}: expected a function of each number by itself, got one of a vector")
    return [(record, tuple(record.numbers.values()))]


@functools.cache
def _nodes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points and weights for means over a standard normal variable."""
    edges = np.array([0.0, *2.0 ** np.arange(np.log2(FINEST), 4), FAR])
    edges = edges[edges <= FAR]
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    z, weight = (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()
    weight = weight * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return np.concatenate([-z[::-1], z]), np.concatenate([weight[::-1], weight])
