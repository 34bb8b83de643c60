"""Repairs: one weight changed so that a row that was named wrongly is named right, and what that does to the others.

For two layers of units. A weight w_ij of the first layer changes what a row says through one hidden unit j alone, so
the changes of that unit's activation that repair the row are known exactly:

    sigmoid neurons    an interval: the smallest change in it is taken. A row is named by its largest output.
    perceptrons        all or nothing: 0 becomes 1, or 1 becomes 0. A row is named by the one output that fires; where
                       none does, or several do, it has no name.

From the change of the activation follows that of the sum z_j, and so the smallest change of each weight, Δw = Δz / x_i.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

Rows = Float[np.ndarray, "rows features"]

NAMELESS = -1
BEYOND = 1e-6  # how far behind the border a repair goes, in units of the activation, or of z for a step


@dataclass(frozen=True, eq=False)
class Units:
    """Two layers of units, in float64.

    Attributes:
        weight, bias: of the hidden units, (features, hidden) and (hidden,).
        out_weight, out_bias: of the output units, (hidden, outputs) and (outputs,).
        has_steps: whether they are perceptrons; else they are sigmoid neurons.
    """

    weight: Float[np.ndarray, "features hidden"]
    bias: Float[np.ndarray, " hidden"]
    out_weight: Float[np.ndarray, "hidden outputs"]
    out_bias: Float[np.ndarray, " outputs"]
    has_steps: bool

    def activation(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """What units make of their sums."""
        if self.has_steps:
            return (z > 0).astype(np.float64)
        small = np.exp(-np.abs(z))  # the exponential that cannot overflow
        return np.where(z >= 0, 1, small) / (1 + small)

    def sums(self, x: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The sums of the hidden units and of the output units."""
        z = x @ self.weight + self.bias
        return z, self.activation(z) @ self.out_weight + self.out_bias

    def named(self, out: NDArray[np.float64]) -> NDArray[np.int64]:
        """The class that each row of output sums (..., outputs) names; `NAMELESS` where perceptrons give none."""
        named = out.argmax(axis=-1)
        return np.where((out > 0).sum(axis=-1) == 1, named, NAMELESS) if self.has_steps else named


@dataclass(frozen=True, eq=False)
class Repairs:
    """All the ways to repair a row by changing one weight of the first layer.

    Attributes:
        row: which row each way repairs.
        unit: of which hidden unit it changes a weight.
        feature: which weight; `NAMELESS` for the bias.
        change: by how much.
        flipped: how many other rows are named otherwise after it.
        broken: how many of those had been named right.
        n_wrong: rows that were named wrongly, those without a way among them.
        accuracy: the share of rows that were named right.
    """

    row: Int[np.ndarray, " ways"]
    unit: Int[np.ndarray, " ways"]
    feature: Int[np.ndarray, " ways"]
    change: Float[np.ndarray, " ways"]
    flipped: Int[np.ndarray, " ways"]
    broken: Int[np.ndarray, " ways"]
    n_wrong: int
    accuracy: float

    @property
    def n_repaired(self) -> int:
        """How many rows can be repaired so."""
        return len(set(self.row.tolist()))

    @property
    def gentlest(self) -> Bool[np.ndarray, " ways"]:
        """For each row the way with the smallest change."""
        order = np.lexsort((np.abs(self.change), self.row))
        first = np.flatnonzero(np.diff(self.row[order], prepend=-1))
        is_gentlest = np.zeros(len(self.row), bool)
        is_gentlest[order[first]] = True
        return is_gentlest


class Nudges(NamedTuple):
    """What raising one weight did, for each weight of the first layer; the last row is of the biases.

    Attributes:
        flipped: how many rows are named otherwise, (features + 1, hidden).
        moved: the largest change of an output of any row, (features + 1, hidden).
    """

    flipped: Float[np.ndarray, "inputs hidden"]
    moved: Float[np.ndarray, "inputs hidden"]


def repairs(units: Units, x: Rows, y: Int[np.ndarray, " rows"]) -> Repairs:
    """Every way to repair a wrongly named row of `x` by changing one weight of the first layer, and its price.

    Arguments:
        x: rows as the units read them.
        y: the class of each row, its number.
    """
    z, out = units.sums(x)
    named = units.named(out)
    wrong = np.flatnonzero(named != y)
    found: list[tuple[Any, ...]] = []
    for row in wrong:
        features = np.flatnonzero(x[row])
        own = np.append(x[row, features], 1.0)  # the last is the input of the bias
        reach = np.column_stack([x[:, features], np.ones(len(x))]) / own  # Δz of each row, in units of this one's
        for unit, rise in _rises(units, z[row], out[row], int(y[row])):
            change = units.activation(z[:, [unit]] + rise * reach) - units.activation(z[:, [unit]])
            flips = units.named(out + change.T[..., None] * units.out_weight[unit]) != named
            counts = zip(flips.sum(axis=1) - 1, (flips & (named == y)).sum(axis=1), strict=True)
            places = zip([*features, NAMELESS], rise / own, strict=True)
            found += [(row, unit, *place, *count) for place, count in zip(places, counts, strict=True)]
    columns = np.array(found, np.float64).reshape(-1, 6).T
    row_of, unit_of, feature_of, flipped, broken = (columns[i].astype(np.int64) for i in (0, 1, 2, 4, 5))
    accuracy = float((named == y).mean())
    return Repairs(row_of, unit_of, feature_of, columns[3], flipped, broken, len(wrong), accuracy)


def nudged(units: Units, x: Rows, size: float) -> Nudges:
    """What it does to the rows of `x` to raise one weight of the first layer by `size`, for each weight in turn."""
    z, out = units.sums(x)
    named, before = units.named(out), units.activation(out)
    inputs = np.column_stack([x, np.ones(len(x))])
    flipped, moved = np.zeros((2, inputs.shape[1], z.shape[1]))
    for unit in range(z.shape[1]):
        now = units.activation(z[:, unit])
        for feature in range(inputs.shape[1]):
            change = units.activation(z[:, unit] + size * inputs[:, feature]) - now
            rows = np.flatnonzero(change)  # few, for perceptrons
            after = out[rows] + change[rows, None] * units.out_weight[unit]
            flipped[feature, unit] = (units.named(after) != named[rows]).sum()
            moved[feature, unit] = np.abs(units.activation(after) - before[rows]).max(initial=0.0)
    return Nudges(flipped, moved)


def _rises(units: Units, z: NDArray[np.float64], out: NDArray[np.float64], label: int) -> list[tuple[int, float]]:
    """The hidden units by which a row can be repaired, each with the smallest change of its sum that does it."""
    if units.has_steps:
        flipped = np.where(z > 0, -1.0, 1.0)
        is_right = units.named(out + flipped[:, None] * units.out_weight) == label
        return [(int(j), float(-z[j] + flipped[j] * BEYOND)) for j in np.flatnonzero(is_right)]
    now = units.activation(z)
    others = np.arange(len(out)) != label
    missing = (out - out[label])[others]  # each other output has to fall behind: gain · Δ > missing
    gain = (units.out_weight[:, [label]] - units.out_weight)[:, others]
    with np.errstate(divide="ignore", invalid="ignore"):
        border = missing / gain
    low = np.maximum(np.where(gain > 0, border, -np.inf).max(axis=1), -now)
    high = np.minimum(np.where(gain < 0, border, np.inf).min(axis=1), 1 - now)
    high = np.where(((gain == 0) & (missing >= 0)).any(axis=1), -np.inf, high)
    rises = []
    for j in np.flatnonzero(high - low > 2 * BEYOND):
        wanted = now[j] + (low[j] + BEYOND if low[j] > 0 else high[j] - BEYOND)
        rises.append((int(j), float(np.log(wanted / (1 - wanted)) - z[j])))
    return rises
