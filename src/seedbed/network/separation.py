"""Whether one perceptron can tell two classes apart, with a proof either way.

Either there is a line with all of class 1 on its side, or there is a point that lies in the hulls of both classes: a
mean of rows of class 1, with some shares, that is also a mean of rows of class 0. Never both: a line that has all rows
of a class on one side has their means there too. For XOR the point is (½, ½), halfway between either pair.

One linear programme and its dual give whichever there is. With x̃ = (x, 1) and t = 1 or -1,

    maximise m   over -1 ≤ w ≤ 1     with t w · x̃ ≥ m for each row          m > 0: w separates
    minimise |Σ λ t x̃|₁   over λ ≥ 0, Σ λ = 1, one λ for each row          0: the λ are the shares

and the two are equal. Gordan 1873, the theorem of the alternative. (Least squares over λ ≥ 0 would do as well, but
SciPy's `nnls` gives a wrong answer without a word for rows as degenerate as a truth table's.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from seedbed.core.errors import DataError, ShapeError

CLOSE = 1e-13  # two means nearer than this, with every feature scaled to [-1, 1], are one point but for rounding


@dataclass(frozen=True, eq=False)
class Separation:
    """Whether a perceptron can tell two classes apart, and what proves it.

    Attributes:
        is_separable: whether one can.
        classes: the two classes; the unit says 1 for the second.
        weight, bias: of a perceptron that is right about every row; None where there is none.
        shares: for each row its share in the mean of its class that is also a mean of the other class, (rows,); the
            shares of each class sum to 1. None where a perceptron can.
        point: that mean, (features,).
    """

    is_separable: bool
    classes: tuple[object, object]
    weight: Float[np.ndarray, " features"] | None = None
    bias: float | None = None
    shares: Float[np.ndarray, " rows"] | None = None
    point: Float[np.ndarray, " features"] | None = None

    def __str__(self) -> str:
        if self.weight is not None and self.bias is not None:
            return f"one perceptron can: it says {self.classes[1]!r} where {_sum(self.weight, self.bias)} > 0"
        assert self.shares is not None and self.point is not None
        n = int((self.shares > 0).sum())
        return f"no perceptron can: {_tuple(self.point)} is a mean of both classes ({n} rows have a share in it)"


def separate(x: Any, y: Any) -> Separation:
    """Whether one perceptron can tell the two classes of `y` apart from the rows `x`, with a proof either way.

    Arguments:
        x: rows of numbers, (rows, features).
        y: the class of each row, (rows,), two different ones.

    Raises:
        ShapeError: x is no table, or y has not one class for each of its rows.
        DataError: there are not two classes, something is no finite number, or neither proof was found.

    >>> x = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> print(separate(x, [0, 0, 0, 1]))
    one perceptron can: it says 1 where 2 x0 + 2 x1 - 3 > 0
    >>> print(separate(x, [0, 1, 1, 0]))
    no perceptron can: (0.5, 0.5) is a mean of both classes (4 rows have a share in it)
    """
    x, classes, signs = _checked(x, y)
    middle, half = (x.max(axis=0) + x.min(axis=0)) / 2, (x.max(axis=0) - x.min(axis=0)) / 2
    half[half == 0] = 1.0  # a constant feature tells nothing, and does no harm
    rows = signs[:, None] * np.column_stack([(x - middle) / half, np.ones(len(x))])
    line, shares = _programme(rows)
    rounding = np.finfo(np.float64).eps * np.abs(rows) @ np.abs(line)
    if (rows @ line > rounding).all():
        weight = line[:-1] / half
        return Separation(True, classes, weight, float(line[-1] - weight @ middle))
    if (apart := np.abs(shares @ rows).max()) > CLOSE:
        came = f"a line that does not separate and means that are {apart:.1g} of the range apart"
        raise DataError(f"x: expected a proof either way, got {came}", "scale the features, and try again")
    shares = shares / shares[signs > 0].sum()
    return Separation(False, classes, shares=shares, point=shares[signs > 0] @ x[signs > 0])


def _programme(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The w with the largest m, and the λ of the dual."""
    from scipy.optimize import linprog  # half a second to import, for this alone

    n_weights = rows.shape[1]
    found = linprog(
        np.append(np.zeros(n_weights), -1.0),
        A_ub=np.column_stack([-rows, np.ones(len(rows))]),
        b_ub=np.zeros(len(rows)),
        bounds=[(-1, 1)] * n_weights + [(None, None)],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    shares = np.maximum(-found.ineqlin.marginals, 0.0)
    return found.x[:-1], shares / shares.sum()


def _checked(x: Any, y: Any) -> tuple[NDArray[np.float64], tuple[object, object], NDArray[np.float64]]:
    rows, labels = np.asarray(x), np.asarray(y)
    if rows.dtype.kind not in "biuf":
        raise DataError(f"x: expected numbers, got an array of type {rows.dtype}")
    rows = rows.astype(np.float64)
    if rows.ndim != 2 or labels.shape != rows.shape[:1]:
        hint = "write a single feature as x[:, None]" if rows.ndim == 1 else ""
        came = f"{rows.shape} and {labels.shape}"
        raise ShapeError(f"x and y: expected shapes (rows, features) and (rows,), got {came}", hint)
    if not np.isfinite(rows).all():
        place = np.argwhere(~np.isfinite(rows))[0]
        raise DataError(f"x: expected finite numbers, got {rows[tuple(place)]} in row {place[0]}, column {place[1]}")
    classes = np.unique(labels).tolist()
    if len(classes) != 2:
        hint = "for more classes ask for each against the rest: separate(x, y == 3)"
        raise DataError(f"y: expected two classes, got {len(classes)}", hint if len(classes) > 2 else "")
    return rows, (classes[0], classes[1]), np.where(labels == classes[1], 1.0, -1.0)


def _sum(weight: NDArray[np.float64], bias: float) -> str:
    words = [f"{w:.4g} x{i}" for i, w in enumerate(weight)]
    return " + ".join([*words, f"{bias:.4g}"]).replace("+ -", "- ")


def _tuple(point: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{p:.4g}" for p in point) + ")"
