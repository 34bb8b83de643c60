"""Steps that bend each column of a table: by its logarithm, by its quantiles, or softly at both ends.

Each keeps the order of the values of a column, and leaves 0/1 indicators alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.fields import number, whole, word
from seedbed.data.preprocessing import Fitted, Preprocessing
from seedbed.data.statistics import Moments, scale_of


class Log(Preprocessing, kind="log"):
    """Skewed columns by their logarithm, sign(x) · log(1 + |x| / scale); the others stay as they are.

    A column is skewed when |Σ(x - mean)³ / n| / deviation³ of the training part is above `threshold`, and its
    logarithm is less so: that of a column with a long tail to the left is not. The scale is the median of |x| where
    x is not 0, so that the unit of a column plays no part. A step such as `standardize` should follow.
    """

    is_for_columns = True
    threshold: float = number(1.0, low=0.0, doc="columns of a larger skewness are treated")

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        fitted: list[tuple[int, float]] = []
        for column in np.flatnonzero(numeric):
            x = values[:, column].astype(np.float64)
            size = np.abs(x[x != 0])
            scale = float(np.median(size)) if size.size else 1.0
            bent = np.sign(x) * np.log1p(np.abs(x) / scale)
            before, after = abs(_skewness(x)), abs(_skewness(bent))
            if before > self.threshold and after < before:
                fitted.append((int(column), scale))
        return {
            "columns": np.asarray([column for column, _ in fitted], np.float64),
            "scale": np.asarray([scale for _, scale in fitted], np.float64),
        }


class Quantile(Preprocessing, kind="quantile"):
    """Each column by the rank of its values: as even as a uniform distribution from 0 to 1, or as a normal one.

    A value that is the p-quantile of the training part becomes p, or Φ⁻¹(p); between two quantiles it lies on a
    straight line. Equal values become their middle rank, so a constant column becomes 1/2, or 0. Values beyond those
    of the training part count as its ends. With m quantiles the ends of a normal distribution are Φ⁻¹(1 / 2m) and
    Φ⁻¹(1 - 1 / 2m), ±3.3 for 1,000: scikit-learn has ±5.2 there, which makes the two extremes of the training part
    outliers that they need not have been.
    """

    is_for_columns = True
    output: str = word("normal", options=("normal", "uniform"), doc="the distribution that a column gets")
    n_quantiles: int = whole(1000, low=2, doc="how many are learned; the training rows where those are fewer")

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        columns = np.flatnonzero(numeric)
        n = max(2, min(self.n_quantiles, len(values)))
        pairs = [self._of(values[:, column].astype(np.float64), n) for column in columns]
        longest = max((len(quantiles) for quantiles, _ in pairs), default=1)
        # Columns with ties have fewer quantiles: the last is repeated, which changes nothing.
        padded = [[np.pad(a, (0, longest - len(a)), mode="edge") for a in pair] for pair in pairs]
        stacked = np.asarray(padded, np.float64).reshape(len(pairs), 2, longest)
        return {
            "columns": columns.astype(np.float64),
            "quantiles": np.ascontiguousarray(stacked[:, 0].T),
            "levels": np.ascontiguousarray(stacked[:, 1].T),
        }

    def _of(self, x: NDArray[np.float64], n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The different quantiles of a column, and the level of each."""
        from scipy.special import ndtri

        p = np.linspace(0, 1, n)
        quantiles, first, count = np.unique(np.quantile(x, p), return_index=True, return_counts=True)
        levels = (p[first] + p[first + count - 1]) / 2
        return quantiles, levels if self.output == "uniform" else ndtri(np.clip(levels, 0.5 / n, 1 - 0.5 / n))


class Robust(Preprocessing, kind="robust"):
    """Columns that outliers neither scale nor leave: z / √(1 + (z / 3)²) with z = (x - median) / (q₃ - q₁).

    q₁ and q₃ are the quartiles of the training part. Where they are equal, half the range takes the place of their
    distance; a constant column is only shifted. The result lies between -3 and 3.

    Source: D. Holzmüller, L. Grinsztajn, I. Steinwart (2024), "Better by Default: Strong Pre-Tuned MLPs and Boosted
    Trees on Tabular Data", section 3.1 and appendix A.1 (robust scaling and smooth clipping).
    """

    is_for_columns = True

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        low, first, middle, third, high = _quartiles(values)
        span = np.where(third > first, third - first, (high - low) / 2)
        return {
            "mean": np.where(numeric, middle, 0.0),
            "scale": np.where(numeric & (span > 0), span, 1.0),
            "bound": np.where(numeric, 3.0, np.inf),
        }


def _quartiles(values: NDArray[Any]) -> NDArray[np.float64]:
    """The quartiles of each column, with both ends: (5, k). A column at a time, in double precision."""
    quarters = np.linspace(0, 1, 5)
    columns = [np.quantile(values[:, k].astype(np.float64), quarters) for k in range(values.shape[1])]
    return np.stack(columns, axis=1)


def _skewness(x: NDArray[np.float64]) -> float:
    """Σ(x - mean)³ / n / deviation³; 0 for a constant."""
    known = Moments.of(x[:, None])
    z = (x - known.mean) / scale_of(known.mean, known.variance, known.n)
    return float(np.mean(z**3))
