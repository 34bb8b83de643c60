"""Moments and ranges of data of any type, in blocks: bytes and float32 never exist as float64 all at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 17  # numbers: 1 MB as float64, so that a block stays in cache through its few passes


@dataclass(frozen=True, eq=False)
class Moments:
    """What one pass over the rows of (n, *shape) learns about each feature: float64 arrays of `shape`.

    Blocks are merged by the formula of T. Chan, G. Golub, R. LeVeque (1979), "Updating formulae and a pairwise
    algorithm for computing sample variances", equation 2.1, which stays exact where the mean is large.

    Attributes:
        n: rows.
        squares: Σ(x - mean)².
        low, high: the smallest and the largest value.

    >>> part = Moments.empty((2,))
    >>> for block in np.split(np.arange(12.0).reshape(6, 2), 3):
    ...     part = part.add(block)
    >>> part.mean, part.variance, part.high
    (array([5., 6.]), array([11.66666667, 11.66666667]), array([10., 11.]))
    """

    n: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Moments:
        """The moments of no rows, to add to."""
        return cls(0, np.zeros(shape), np.zeros(shape), np.full(shape, np.inf), np.full(shape, -np.inf))

    @classmethod
    def of(cls, values: NDArray[Any]) -> Moments:
        """The moments of all rows of (n, *shape)."""
        return cls.empty(values.shape[1:]).add(values)

    @property
    def variance(self) -> NDArray[np.float64]:
        """The population's variance, Σ(x - mean)² / n."""
        return np.asarray(self.squares / self.n)

    def add(self, values: NDArray[Any]) -> Moments:
        """These moments with further rows."""
        total = self
        for block in blocks(values):
            low, high, mean = block.min(axis=0), block.max(axis=0), block.mean(axis=0)
            block -= mean
            squares = np.einsum("n...,n...->...", block, block)
            total = total.merge(Moments(len(block), mean, squares, low, high))
        return total

    def merge(self, other: Moments) -> Moments:
        """The moments of the rows of both."""
        n = self.n + other.n
        if n == 0:
            return self
        delta = other.mean - self.mean
        return Moments(
            n,
            self.mean + delta * (other.n / n),
            self.squares + other.squares + delta**2 * (self.n * other.n / n),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )

    def pooled(self, axes: tuple[int, ...]) -> Moments:
        """The moments of all values along some axes of an example, taken together."""
        mean = self.mean.mean(axis=axes, keepdims=True)
        # The squares of all values: within the features, and between their means.
        squares = (self.squares + self.n * (self.mean - mean) ** 2).sum(axis=axes)
        n = self.n * math.prod(self.mean.shape[axis] for axis in axes)
        low, high = self.low.min(axis=axes), self.high.max(axis=axes)
        return Moments(n, mean.squeeze(axes), np.asarray(squares), np.asarray(low), np.asarray(high))


def blocks(values: NDArray[Any], least: int = 1) -> Iterator[NDArray[np.float64]]:
    """The rows of (n, *shape) in order, a few at a time and at least so many, each block a float64 copy."""
    step = max(least, BLOCK // max(1, math.prod(values.shape[1:])))
    for start in range(0, len(values), step):
        yield values[start : start + step].astype(np.float64)


def scale_of(mean: Any, variance: Any, n: int) -> NDArray[np.float64]:
    """What to divide by: the deviation, or 1 where the variance is nothing but rounding.

    The bound on rounding is that of Chan, Golub and LeVeque, as scikit-learn's StandardScaler has it.
    """
    eps = np.finfo(np.float64).eps
    rounding = n * eps * variance + (n * mean * eps) ** 2
    return np.where(variance <= rounding, 1.0, np.sqrt(variance))
