"""The pattern of a Jacobian: where its entries are large, small or nothing, on few cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.calculus.matrix import Jacobian
from seedbed.core.errors import UsageError

MOST_CELLS = 64  # to a side: what a chart takes
MAX_BYTES = 2**25  # of a matrix that is written out for it


@dataclass(frozen=True, eq=False)
class Pattern:
    """The largest |∂ output / ∂ input| in each cell of a grid over the matrix.

    Attributes:
        cells: (rows, columns), NaN where an entry is none.
        shape: of the matrix.
        is_sampled: whether of each column of cells one input alone was looked at, because the matrix is too large.
    """

    cells: NDArray[np.float64]
    shape: tuple[int, int]
    is_sampled: bool

    @property
    def largest(self) -> float:
        """The largest finite entry that was looked at; 0 where there is none."""
        return float(np.max(self.cells, where=np.isfinite(self.cells), initial=0.0))

    @property
    def shares(self) -> NDArray[np.float64]:
        """The cells as shares of the largest."""
        return self.cells / (self.largest or 1.0)

    def coarser(self, most: int) -> Pattern:
        """The same on at most so many cells to a side, each the largest of those that it is made of."""
        cells = self.cells
        for axis in (0, 1):
            n = cells.shape[axis]
            every = -(-n // most)
            cells = np.maximum.reduceat(cells, np.arange(0, n, every), axis=axis)
        return Pattern(cells, self.shape, self.is_sampled)


def pattern_of(jacobian: Jacobian, most: int = MOST_CELLS) -> Pattern:
    """The pattern on at most so many cells to a side.

    A matrix of more than 32 MB is not written out: the columns of the inputs in the middle of each cell stand for all.
    """
    try:
        matrix = np.abs(np.asarray(jacobian.as_matrix(MAX_BYTES), np.float64))
    except UsageError:
        return _sampled(jacobian, most)
    starts = _starts(matrix.shape[1], most)
    cells = np.maximum.reduceat(np.maximum.reduceat(matrix, _starts(matrix.shape[0], most)), starts, axis=1)
    return Pattern(cells, jacobian.shape, False)


def _sampled(jacobian: Jacobian, most: int) -> Pattern:
    m, n = jacobian.shape
    starts = _starts(n, most)
    middles = (starts + np.append(starts[1:], n)) // 2
    columns = [_column(jacobian, int(j), _starts(m, most)) for j in middles]
    return Pattern(np.stack(columns, axis=1), (m, n), True)


def _column(jacobian: Jacobian, j: int, starts: NDArray[np.int64]) -> Any:
    """The largest numbers of each stretch of one column."""
    one = jnp.zeros(jacobian.shape[1], jacobian.dtype).at[j].set(1)
    return np.maximum.reduceat(np.abs(np.asarray(jacobian @ one, np.float64)), starts)


def _starts(n: int, most: int) -> NDArray[np.int64]:
    """Where stretches begin that share n numbers evenly."""
    k = min(n, most)
    return np.arange(k) * n // k
