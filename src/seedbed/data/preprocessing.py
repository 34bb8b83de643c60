"""Preprocessing: steps between the encoded features and the network. They are part of the setup.

Every step learns a few numbers from the training part, and from nothing else, and then treats all parts alike.
Features stay in single precision where they were bytes or float32, and in double where they were float64.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seedbed.core.fields import word
from seedbed.core.value import Value
from seedbed.data.statistics import moments, scale_of

Fitted = dict[str, NDArray[np.float64]]


class Preprocessing(Value, family=True):
    """One step of preprocessing. A new step is one subclass with `fit`, `apply` and, for targets, `invert`."""

    on: ClassVar[str] = "x"  # "x": works on features; "y": on the targets of a regression

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        """What the step learns from the training part, float64 arrays by name.

        Arguments:
            values: features (n, *shape), or targets (n, k).
            numeric: which of them are quantities rather than 0/1 indicators, a mask of one example's shape.
        """
        raise NotImplementedError

    def apply(self, fitted: Fitted, values: NDArray[Any]) -> NDArray[Any]:
        """The values (n, *shape) behind this step, as floats."""
        raise NotImplementedError

    def invert(self, fitted: Fitted, values: NDArray[Any]) -> NDArray[Any]:
        """The values before this step, from those behind it. Steps on targets have it."""
        raise NotImplementedError


class _Affine(Preprocessing):
    """(v - mean) / scale, whatever the two are fitted to."""

    def apply(self, fitted: Fitted, values: NDArray[Any]) -> NDArray[Any]:
        dtype = float_type(values)
        shifted: NDArray[Any] = np.subtract(values, fitted["mean"].astype(dtype), dtype=dtype)
        shifted /= fitted["scale"].astype(dtype)
        return shifted

    def invert(self, fitted: Fitted, values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(values, dtype=np.float64) * fitted["scale"] + fitted["mean"]


class Standardize(_Affine, kind="standardize"):
    """Features of zero mean and unit deviation: (x - mean) / deviation, both of the training part.

    With `per="feature"` each feature has its own mean and deviation, and 0/1 indicators are left alone. With
    `per="all"` all features share one mean and one deviation, as suits images, whose pixels have one unit. The
    deviation is the population's, √(Σ(x - mean)² / n); a feature that is constant in training is only shifted.
    Sample weights play no part.
    """

    per: str = word("feature", options=("feature", "all"), doc="one mean and deviation per feature, or one for all")

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        mean, variance = moments(values)
        if self.per == "all":
            # The variance of all values: within the features, and between their means.
            together = mean.mean()
            variance = np.asarray((variance + (mean - together) ** 2).mean())
            return {"mean": np.asarray(together), "scale": scale_of(together, variance, values.size)}
        scale = scale_of(mean, variance, len(values))
        return {"mean": np.where(numeric, mean, 0.0), "scale": np.where(numeric, scale, 1.0)}


class StandardizeTarget(_Affine, kind="standardize_target"):
    """Targets of zero mean and unit deviation in a regression; other tasks are left alone.

    A network begins near zero with outputs near one: a price in the hundred thousands would have to be approached by
    the biases first. Predictions and scores come back in the target's own unit.
    """

    on = "y"

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        mean, variance = moments(values)
        return {"mean": mean, "scale": scale_of(mean, variance, len(values))}


def float_type(values: NDArray[Any]) -> np.dtype[Any]:
    """The float type in which values are processed: float64 stays, everything shorter becomes float32."""
    return np.dtype(np.float64 if values.dtype == np.float64 else np.float32)
