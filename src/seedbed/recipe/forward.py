"""The forward pass in plain NumPy: what layers and losses make of a batch when nothing is learned.

It is for programs that only predict, and starts without JAX. The formulas are those of `functions` and of `network`,
and a test compares the two. A kind that is missing here is predicted by JAX.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Numbers = Mapping[str, float]
Params = Mapping[str, Array]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def linear(params: Params, x: Array) -> Array:
    """The product x W + b."""
    y: Array = x @ params["weight"]
    return y + params["bias"] if "bias" in params else y


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ), with the exponential that cannot overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def softmax(x: Array) -> Array:
    """The ratio e^xᵢ / Σⱼ e^xⱼ along the last axis."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def leaky_relu(x: Array, slope: Any) -> Array:
    """The input where it is above 0, else slope · x."""
    return np.where(x > 0, x, np.asarray(slope, x.dtype) * x)


def elu(x: Array, alpha: float) -> Array:
    """The input where it is above 0, else alpha · (eˣ - 1)."""
    return np.where(x > 0, x, np.asarray(alpha, x.dtype) * np.expm1(np.minimum(x, 0)))


def gelu(x: Array) -> Array:
    """The product x · Φ(x)."""
    from scipy.special import erf

    return np.asarray(0.5 * x * (1 + erf(x * math.sqrt(0.5))))


def batchnorm(numbers: Numbers, params: Params, x: Array) -> Array:
    """The input normalised by the running statistics, scaled and shifted."""
    factor = 1 / np.sqrt(params["running_variance"] + np.asarray(numbers["eps"], x.dtype))
    return _affine(params, (x - params["running_mean"]) * factor)


def layernorm(numbers: Numbers, params: Params, x: Array) -> Array:
    """Each vector along the last axis normalised by its own statistics, scaled and shifted."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    return _affine(params, centred / np.sqrt(variance + np.asarray(numbers["eps"], x.dtype)))


LAYERS: dict[str, Callable[[Numbers, Params, Array], Array]] = {
    "linear": lambda _, params, x: linear(params, x),
    "flatten": lambda _, __, x: x.reshape(len(x), math.prod(x.shape[1:])),
    "dropout": lambda _, __, x: x,
    "batchnorm": lambda numbers, params, x: batchnorm(numbers, params, x),
    "layernorm": lambda numbers, params, x: layernorm(numbers, params, x),
    "step": lambda _, __, x: (x > 0).astype(x.dtype),
    "identity": lambda _, __, x: x,
    "sigmoid": lambda _, __, x: sigmoid(x),
    "tanh": lambda _, __, x: np.tanh(x),
    "relu": lambda _, __, x: np.maximum(x, 0),
    "leaky_relu": lambda numbers, _, x: leaky_relu(x, numbers["slope"]),
    "prelu": lambda _, params, x: leaky_relu(x, params["slope"]),
    "elu": lambda numbers, _, x: elu(x, numbers["alpha"]),
    "selu": lambda _, __, x: SELU_SCALE * elu(x, SELU_ALPHA),
    "softmax": lambda _, __, x: softmax(x),
    "gelu": lambda _, __, x: gelu(x),
    "silu": lambda _, __, x: x * sigmoid(x),
    "softplus": lambda _, __, x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
}


def compared(outputs: Array, task: str) -> Array:
    """What outputs say that were compared with one-hot targets; see `Loss.predict`."""
    if task == "regression":
        return outputs
    return _normalised(np.maximum(outputs, 0)) if task == "classification" else np.clip(outputs, 0, 1)


def binary(outputs: Array, task: str) -> Array:
    """What the answers to yes-or-no questions say; see `BinaryCrossEntropy.predict`."""
    p = sigmoid(outputs)
    if task == "multilabel":
        return p
    return np.concatenate([sigmoid(-outputs), p], axis=-1) if p.shape[-1] == 1 else _normalised(p)


LOSSES: dict[str, Callable[[Array, str], Array]] = {
    "cross_entropy": lambda outputs, _: softmax(outputs),
    "binary_cross_entropy": binary,
    "mean_squared_error": compared,
    "quadratic": compared,
    "huber": compared,
}


def _affine(params: Params, x: Array) -> Array:
    x = x * params["scale"] if "scale" in params else x
    return x + params["shift"] if "shift" in params else x


def _normalised(parts: Array) -> Array:
    """Parts as shares of their sum; equal shares where all are 0."""
    total = parts.sum(axis=-1, keepdims=True)
    return np.where(total > 0, parts / np.where(total > 0, total, 1), np.asarray(1 / parts.shape[-1], parts.dtype))
