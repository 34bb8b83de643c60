"""The perceptron's own learning rule, which needs no gradient: only mistakes teach.

    z = w · x + b                      it says 1 where z > 0, else 0
    t z ≤ 0:   w ← w + η t x,   b ← b + η t       with t = 1 for class 1 and t = -1 for class 0

Several units that read the same rows learn side by side, each by itself: one for each class, where there are many.
A row on the line itself, z = 0, counts as a mistake for both classes, so that what is learned separates strictly.

Rosenblatt 1958, The perceptron; Novikoff 1962, On convergence proofs for perceptrons.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int


class Perceptrons(NamedTuple):
    """The weights of units that read the same rows: `weight` (features, units) and `bias` (units,)."""

    weight: Float[np.ndarray, "features units"]
    bias: Float[np.ndarray, " units"]

    def sums(self, x: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows units"]:
        """The weighted sums z, one for each row and unit."""
        return np.asarray(x @ self.weight + self.bias)


def unlearned(n_features: int, n_units: int) -> Perceptrons:
    """Units that know nothing: all weights 0. From there η changes the length of the weights, and no answer."""
    return Perceptrons(np.zeros((n_features, n_units)), np.zeros(n_units))


def learn_row(
    units: Perceptrons, x: Float[np.ndarray, " features"], signs: Float[np.ndarray, " units"], *, lr: float = 1.0
) -> tuple[Perceptrons, Bool[np.ndarray, " units"]]:
    """The units after one row, and which of them were wrong about it.

    Arguments:
        signs: for each unit the t that this row asks of it, 1 or -1.
        lr: η, how far a mistake moves the weights.
    """
    wrong = signs * (x @ units.weight + units.bias) <= 0
    if not wrong.any():
        return units, wrong
    change = lr * signs * wrong
    return Perceptrons(units.weight + np.outer(x, change), units.bias + change), wrong


def learn_rows(
    units: Perceptrons,
    x: Float[np.ndarray, "rows features"],
    signs: Float[np.ndarray, "rows units"],
    *,
    lr: float = 1.0,
) -> tuple[Perceptrons, Int[np.ndarray, " units"]]:
    """The units after all rows, one after the other, and how many mistakes each of them made."""
    mistakes = np.zeros(signs.shape[1], np.int64)
    for row, asked in zip(x, signs, strict=True):
        units, wrong = learn_row(units, row, asked, lr=lr)
        mistakes += wrong
    return units, mistakes


def mistake_bound(
    x: Float[np.ndarray, "rows features"],
    signs: Float[np.ndarray, " rows"],
    weight: Float[np.ndarray, " features"],
    bias: float,
) -> float:
    """The largest number of mistakes that one unit can make on these rows, in any order and however often they come.

        mistakes ≤ (R / γ)²      R = max |(x, 1)|,   γ = min t (w · x + b) / |(w, b)|

    for any `weight` and `bias` that separate the rows; infinite for those that do not. It holds for a unit that began
    with all weights 0. Novikoff 1962; the bias is the weight of an input that is always 1.
    """
    margin = (signs * (x @ weight + bias)).min() / np.sqrt(weight @ weight + bias**2)
    if not margin > 0:
        return np.inf
    return float((np.sum(x**2, axis=1) + 1.0).max() / margin**2)
