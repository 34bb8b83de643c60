"""Numeric features as several: their place among bins of the training part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.fields import whole, word
from seedbed.data.preprocessing import Fitted, Preprocessing


class PiecewiseLinear(Preprocessing, kind="piecewise_linear"):
    """Each number as `bins` components, one a bin: 0 below it, 1 above it, and on a straight line within.

    With edges b₀ < b₁ < ... < b_T the component of bin t is (x - b_{t-1}) / (b_t - b_{t-1}), at least 0 unless t = 1,
    and at most 1 unless t = T, so that values beyond the training part go on along the line. The edges are quantiles
    of the training part; equal ones are merged, so a feature of few values has fewer bins. A constant feature is only
    shifted, and 0/1 indicators pass unchanged.

    A linear layer behind it can learn any piecewise linear function of each feature; x itself is among those, b₀ plus
    the components times the widths of their bins, so it need not be kept beside them.

    With `ties="capped"` equal values count together as one bin's share of the rows at most: where nine in ten are 0, as
    in the capital gains of a census, plain quantiles leave two or three bins. The edges are then values that occur.

    Source: Y. Gorishniy, I. Rubachev, A. Babenko (2022), "On Embeddings for Numerical Features in Tabular Deep
    Learning", section 3.2, equation 1, with the quantile bins of section 3.2.1.
    """

    is_for_columns = True
    bins: int = whole(16, low=1, doc="for each numeric feature; fewer where quantiles are equal")
    ties: str = word("full", options=("full", "capped"), doc="equal rows count in full, or as one bin at most")

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        p = np.linspace(0, 1, self.bins + 1)
        sources, edges = [], []
        for column, is_number in enumerate(numeric):
            own = self._edges(values[:, column].astype(np.float64), p) if is_number else np.asarray([0, 1.0])
            edges.append(own if len(own) > 1 else np.asarray([own[0], own[0] + 1]))
            sources.append(np.full(len(edges[-1]) - 1, column))
        last = [np.arange(len(own) - 1) == len(own) - 2 for own in edges]
        first = [np.arange(len(own) - 1) == 0 for own in edges]
        return {
            "source": np.concatenate(sources).astype(np.float64),
            "low": np.concatenate([own[:-1] for own in edges]),
            "width": np.concatenate([np.diff(own) for own in edges]),
            "floor": np.where(np.concatenate(first), -np.inf, 0.0),
            "ceiling": np.where(np.concatenate(last), np.inf, 1.0),
        }

    def _edges(self, x: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
        """The different quantiles of a column at the levels `p`."""
        if self.ties == "full":
            return np.unique(np.quantile(x, p))
        values, counts = np.unique(x, return_counts=True)
        level = np.cumsum(np.minimum(counts, len(x) / self.bins))
        at = np.searchsorted(level / level[-1], p)
        return np.unique(values[np.minimum(at, len(values) - 1)])

    def numeric_after(self, fitted: Fitted, numeric: NDArray[np.bool_]) -> NDArray[np.bool_]:
        after: NDArray[np.bool_] = numeric[fitted["source"].astype(int)]
        return after

    def names_after(self, fitted: Fitted, names: tuple[str, ...]) -> tuple[str, ...]:
        sources = fitted["source"].astype(int)
        first, n_bins = np.searchsorted(sources, sources), np.bincount(sources)[sources]
        within = np.arange(len(sources)) - first + 1
        each = zip(sources, within, n_bins, strict=True)
        return tuple(names[source] if n == 1 else f"{names[source]}, bin {t}" for source, t, n in each)
