"""Windows over images and signals in plain NumPy: convolution and pooling, as part of the forward pass.

Images are (n, height, width, channels); a signal, (n, length, channels), is an image of one row. Where the window
stands is said by the numbers of a layer under `window`: the fields of a `Geometry`, worked out when it was packed.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Numbers = Mapping[str, Any]


def convolved(numbers: Numbers, params: Mapping[str, Array], x: Array) -> Array:
    """The products of patches with the weights (*kernel, channels / groups, units), group by group, and the biases."""
    weight, n_groups = params["weight"], numbers["groups"]
    n_channels, n_units = weight.shape[-2], weight.shape[-1] // n_groups
    matrix = weight.reshape(-1, weight.shape[-1])  # (places of the window · channels of a group, units)
    parts = []
    for group in range(n_groups):
        own = x[..., group * n_channels : (group + 1) * n_channels]
        patches = _windowed(own, numbers["window"], 0.0, lambda slices: np.concatenate(slices, axis=-1))
        parts.append(np.tensordot(patches, matrix[:, group * n_units : (group + 1) * n_units], 1))
    y: Array = np.concatenate(parts, axis=-1)
    return y + params["bias"] if "bias" in params else y


def largest(numbers: Numbers, x: Array) -> Array:
    """The largest number of each window and channel."""
    return _windowed(x, numbers["window"], -np.inf, lambda slices: functools.reduce(np.maximum, slices))


def mean(numbers: Numbers, x: Array) -> Array:
    """The mean of each window and channel, over the places that are in the image."""
    total = lambda x: _windowed(x, numbers["window"], 0.0, lambda slices: functools.reduce(np.add, slices))  # noqa: E731
    return np.asarray(total(x) / total(np.ones((1, *x.shape[1:-1], 1), x.dtype)))


def global_mean(x: Array) -> Array:
    """The mean of each channel over the whole image or signal."""
    return np.asarray(x.mean(axis=tuple(range(1, x.ndim - 1))))


def as_images(numbers: Numbers, x: Array) -> Array:
    """The numbers of each example as an image of some rows and columns, with as many channels as that leaves."""
    rows, columns = numbers["size"]
    return x.reshape(len(x), rows, columns, math.prod(x.shape[1:]) // (rows * columns))


def _windowed(x: Array, window: Numbers, around: float, joined: Callable[[list[Array]], Array]) -> Array:
    """What `joined` makes of the numbers at each place of the window, for all its positions, padded by `around`."""
    images = x if x.ndim == 4 else x[:, None]
    padded = np.pad(images, [(0, 0), *window["padding"], (0, 0)], constant_values=around)
    (rows, columns), (down, right) = window["size"], window["dilation"]
    (step_down, step_right), (n_down, n_right) = window["stride"], window["out"]
    high, wide = (n_down - 1) * step_down + 1, (n_right - 1) * step_right + 1
    y = joined([
        padded[:, i : i + high : step_down, j : j + wide : step_right]
        for i in range(0, rows * down, down)
        for j in range(0, columns * right, right)
    ])  # fmt: skip
    return y if x.ndim == 4 else y[:, 0]
