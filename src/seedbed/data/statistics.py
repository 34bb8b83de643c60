"""Means and variances of data of any type, in blocks: bytes and float32 never exist as float64 all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 17  # numbers: 1 MB as float64, so that a block stays in cache through its few passes


def moments(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean and the population variance over the rows of (n, *shape), each of `shape`, float64.

    Blocks are merged by the formula of T. Chan, G. Golub, R. LeVeque (1979), "Updating formulae and a pairwise
    algorithm for computing sample variances", equation 2.1, which stays exact where the mean is large.
    """
    shape = values.shape[1:]
    mean, squares, n = np.zeros(shape), np.zeros(shape), 0
    step = max(1, BLOCK // max(1, int(np.prod(shape))))
    for start in range(0, len(values), step):
        block = values[start : start + step].astype(np.float64)
        m = len(block)
        block_mean = block.mean(axis=0)
        block -= block_mean
        squares += np.einsum("n...,n...->...", block, block)
        delta = block_mean - mean
        squares += delta**2 * (n * m / (n + m))
        mean += delta * (m / (n + m))
        n += m
    return mean, squares / n


def scale_of(mean: Any, variance: Any, n: int) -> NDArray[np.float64]:
    """What to divide by: the deviation, or 1 where the variance is nothing but rounding.

    The bound on rounding is that of Chan, Golub and LeVeque, as scikit-learn's StandardScaler has it.
    """
    eps = np.finfo(np.float64).eps
    rounding = n * eps * variance + (n * mean * eps) ** 2
    return np.where(variance <= rounding, 1.0, np.sqrt(variance))
