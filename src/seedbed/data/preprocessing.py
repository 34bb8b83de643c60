"""Preprocessing: steps between the encoded features and the network. They are part of the setup.

Every step learns a few numbers from the training part, and from nothing else, and then treats all parts alike.
Features stay in single precision where they were bytes or float32, and in double where they were float64. Here stand
the family and its affine steps; the others are in `bending.py`, `projection.py` and `embedding.py`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import Fault, SetupError
from seedbed.core.fields import number, word
from seedbed.core.value import Value
from seedbed.data import scaling
from seedbed.data.statistics import Moments, scale_of

Fitted = dict[str, NDArray[np.float64]]


class Preprocessing(Value, family=True):
    """One step of preprocessing. A new step is one subclass with `fit`, `apply` and, for targets, `invert`.

    The steps of Seedbed keep the arithmetic of `apply` and `invert` in `scaling.py`.
    """

    on: ClassVar[str] = "x"  # "x": works on features; "y": on the targets of a regression
    is_for_columns: ClassVar[bool] = False  # it treats each column of a table, and images have none

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        """What the step learns from the training part, float64 arrays by name.

        Arguments:
            values: features (n, *shape), or targets (n, k).
            numeric: which of them are quantities rather than 0/1 indicators, a mask of one example's shape.

        Raises:
            SetupError: the step does not suit the values; places in it begin below the step.
        """
        raise NotImplementedError

    def apply(self, fitted: Fitted, values: NDArray[Any]) -> NDArray[Any]:
        """The values (n, *shape) behind this step, as floats."""
        return scaling.APPLY[self.kind](fitted, values)

    def invert(self, fitted: Fitted, values: NDArray[Any]) -> NDArray[Any]:
        """The values before this step, from those behind it. Steps on targets have it."""
        return scaling.INVERT[self.kind](fitted, values)

    def numeric_after(self, fitted: Fitted, numeric: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which features are quantities behind this step, a mask of the shape that an example has there."""
        return numeric

    def names_after(self, fitted: Fitted, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the features behind this step, from those in front of it."""
        return names


class Affine(Preprocessing):
    """(x - mean) / scale, whatever the two are fitted to: moments decide it, so one pass over the data is enough."""

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        return self.learn(Moments.of(values), numeric)

    def learn(self, known: Moments, numeric: NDArray[np.bool_]) -> Fitted:
        """As `fit`, from the moments of the training part alone."""
        raise NotImplementedError


PER = ("feature", "all", "channel")


def pooled(known: Moments, per: str) -> Moments:
    """The moments of what shares its numbers: each feature has its own, or all share them, or all of one colour.

    Raises:
        SetupError: the examples have no colours.
    """
    n_axes = known.mean.ndim
    if per == "channel" and n_axes != 3:
        came = f"{per!r} for examples of shape {known.mean.shape}"
        hint = "a channel is the last axis of images (height, width, colours)"
        raise SetupError([Fault(("per",), "feature or all where there are no colours", came, hint)])
    return known.pooled(tuple(range(n_axes if per == "all" else n_axes - 1 if per == "channel" else 0)))


class Center(Affine, kind="center"):
    """Features of zero mean: x - mean, the mean of the training part.

    With `per="feature"` each feature has its own mean (of images: the mean image is taken away), and 0/1 indicators
    are left alone; with "all" they share one; with "channel" each colour of an image has one.
    """

    per: str = word("feature", options=PER, doc="one mean per feature, for all, or per channel of an image")

    def learn(self, known: Moments, numeric: NDArray[np.bool_]) -> Fitted:
        mean = pooled(known, self.per).mean
        return {"mean": np.where(numeric, mean, 0.0) if self.per == "feature" else mean, "scale": np.ones_like(mean)}


class Standardize(Affine, kind="standardize"):
    """Features of zero mean and unit deviation: (x - mean) / deviation, both of the training part.

    With `per="feature"` each feature has its own mean and deviation, and 0/1 indicators are left alone. With
    `per="all"` all features share one mean and one deviation, as suits images, whose pixels have one unit; with
    "channel" each colour of an image has its own. The deviation is the population's, √(Σ(x - mean)² / n); a feature
    that is constant in training is only shifted. Sample weights play no part.
    """

    per: str = word("feature", options=PER, doc="one mean and deviation per feature, for all, or per channel")

    def learn(self, known: Moments, numeric: NDArray[np.bool_]) -> Fitted:
        one = pooled(known, self.per)
        scale = scale_of(one.mean, one.variance, one.n)
        if self.per != "feature":
            return {"mean": one.mean, "scale": scale}
        return {"mean": np.where(numeric, one.mean, 0.0), "scale": np.where(numeric, scale, 1.0)}


class MinMax(Affine, kind="min_max"):
    """Features from `low` to `high`: low + (high - low) · (x - min) / (max - min), both ends of the training part.

    With `per="feature"` 0/1 indicators are left alone. Values beyond those of the training part fall outside. A
    feature that is constant in training becomes `low`.
    """

    low: float = number(0.0, doc="where the smallest value of the training part comes to lie")
    high: float = number(1.0, doc="where the largest value comes to lie")
    per: str = word("feature", options=PER, doc="one range per feature, for all, or per channel of an image")

    def check(self) -> list[Fault]:
        if not (isinstance(self.low, float) and isinstance(self.high, float)) or self.low < self.high:
            return []
        return [Fault(("high",), f"a number above low, which is {self.low:g}", f"{self.high:g}")]

    def learn(self, known: Moments, numeric: NDArray[np.bool_]) -> Fitted:
        one = pooled(known, self.per)
        span = one.high - one.low
        scale = np.where(span > 0, span / (self.high - self.low), 1.0)
        mean = np.asarray(one.low - self.low * scale)  # what becomes 0
        if self.per != "feature":
            return {"mean": mean, "scale": scale}
        return {"mean": np.where(numeric, mean, 0.0), "scale": np.where(numeric, scale, 1.0)}


class Divide(Affine, kind="divide"):
    """All features by one number, which the data has no part in: x / by. Pixels from 0 to 255 by 256 or 255."""

    by: float = number(low=0.0, low_open=True, doc="what every feature is divided by")

    def learn(self, known: Moments, numeric: NDArray[np.bool_]) -> Fitted:
        return {"mean": np.zeros(()), "scale": np.asarray(float(self.by))}


class StandardizeTarget(Affine, kind="standardize_target"):
    """Targets of zero mean and unit deviation in a regression; other tasks are left alone.

    A network begins near zero with outputs near one: a price in the hundred thousands would have to be approached by
    the biases first. Predictions and scores come back in the target's own unit.
    """

    on = "y"

    def learn(self, known: Moments, numeric: NDArray[np.bool_]) -> Fitted:
        return {"mean": known.mean, "scale": scale_of(known.mean, known.variance, known.n)}
