"""The arithmetic of preprocessing: what each kind of step does to values, from the numbers that it learned.

Plain NumPy functions, `APPLY[kind](fitted, values)`, which need neither the step itself nor JAX: everything that a
step's options decide stands in the fitted arrays. So a program that only predicts can use them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 16  # numbers
Arrays = Mapping[str, NDArray[np.float64]]


def affine(fitted: Arrays, values: NDArray[Any]) -> NDArray[Any]:
    """(x - mean) / scale; `mean` is whatever becomes 0, and `scale` what becomes 1."""
    dtype = float_type(values)
    shifted: NDArray[Any] = np.subtract(values, fitted["mean"].astype(dtype), dtype=dtype)
    shifted /= fitted["scale"].astype(dtype)
    return shifted


def affine_back(fitted: Arrays, values: NDArray[Any]) -> NDArray[Any]:
    """The values before `affine`, x · scale + mean, in double precision."""
    return np.asarray(values, dtype=np.float64) * fitted["scale"] + fitted["mean"]


def robust(fitted: Arrays, values: NDArray[Any]) -> NDArray[Any]:
    """Softly clipped, z / √(1 + (z / bound)²) with z = (x - mean) / scale; not at all where the bound is ∞."""
    z = affine(fitted, values)
    z /= np.sqrt(1 + (z / fitted["bound"].astype(z.dtype)) ** 2)
    return z


def log(fitted: Arrays, values: NDArray[Any]) -> NDArray[Any]:
    """The signed logarithm of the chosen columns of (n, k), sign(x) · ln(1 + |x| / scale)."""
    bent = values.astype(float_type(values))
    columns = fitted["columns"].astype(int)
    chosen = bent[:, columns]
    bent[:, columns] = np.sign(chosen) * np.log1p(np.abs(chosen) / fitted["scale"].astype(bent.dtype))
    return bent


def quantile(fitted: Arrays, values: NDArray[Any]) -> NDArray[Any]:
    """The level of each value among the learned quantiles, in between on a straight line; in the chosen columns."""
    bent = values.astype(float_type(values))
    for place, column in enumerate(fitted["columns"].astype(int)):
        bent[:, column] = np.interp(values[:, column], fitted["quantiles"][:, place], fitted["levels"][:, place])
    return bent


def project(fitted: Arrays, values: NDArray[Any]) -> NDArray[Any]:
    """The coordinates axes · (x - mean) of examples (n, *shape), read as vectors.

    Where there are as many coordinates as features, an example keeps the shape of the mean.
    """
    dtype, mean, axes = float_type(values), fitted["mean"], fitted["axes"]
    centred = np.subtract(values.reshape(len(values), -1), mean.ravel().astype(dtype), dtype=dtype)
    projected: NDArray[Any] = centred @ axes.T.astype(dtype)
    return projected.reshape(len(values), *(mean.shape if len(axes) == mean.size else (len(axes),)))


def piecewise_linear(fitted: Arrays, values: NDArray[Any]) -> NDArray[Any]:
    """(x - low) / width, kept between floor and ceiling, for each bin of each column of (n, k)."""
    source, dtype = fitted["source"].astype(int), float_type(values)
    low, width, floor, ceiling = (fitted[name].astype(dtype) for name in ("low", "width", "floor", "ceiling"))
    embedded = np.empty((len(values), len(source)), dtype)
    step = max(1, BLOCK // len(source))  # rows that stay in cache through the passes
    for at in range(0, len(values), step):
        block = embedded[at : at + step]
        np.subtract(values[at : at + step, source], low, out=block)
        block /= width
        np.minimum(np.maximum(block, floor, out=block), ceiling, out=block)
    return embedded


def float_type(values: NDArray[Any]) -> np.dtype[Any]:
    """The float type in which values are processed: float64 stays, everything shorter becomes float32."""
    return np.dtype(np.float64 if values.dtype == np.float64 else np.float32)


APPLY: dict[str, Callable[[Arrays, NDArray[Any]], NDArray[Any]]] = {
    "center": affine,
    "standardize": affine,
    "min_max": affine,
    "divide": affine,
    "robust": robust,
    "log": log,
    "quantile": quantile,
    "pca": project,
    "whiten": project,
    "piecewise_linear": piecewise_linear,
    "standardize_target": affine,
}
INVERT: dict[str, Callable[[Arrays, NDArray[Any]], NDArray[Any]]] = {"standardize_target": affine_back}
