"""The forward pass in plain NumPy: what layers and losses make of a batch when nothing is learned.

It is for programs that only predict, and starts without JAX. The formulas are those of `functions` and of `network`,
and a test compares the two. A kind that is missing here is predicted by JAX.

What a layer is made with comes as its `numbers`: numbers, sizes and words by name, for a block also the kind and the
numbers of each layer inside. Its arrays are named as in `network`: `2.weight` is the weight of the third inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.categories import check_categories
from seedbed.recipe.windows import as_images, convolved, global_mean, largest, mean

Array = NDArray[Any]
Numbers = Mapping[str, Any]
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


def groupnorm(numbers: Numbers, params: Params, x: Array) -> Array:
    """Each example normalised by its own statistics over space and the channels of a group, scaled and shifted."""
    n_groups = numbers["groups"]
    parts = x.reshape(len(x), math.prod(x.shape[1:-1]), n_groups, x.shape[-1] // n_groups)
    centred = parts - parts.mean(axis=(1, 3), keepdims=True)
    variance = np.square(centred).mean(axis=(1, 3), keepdims=True)
    return _affine(params, (centred / np.sqrt(variance + np.asarray(numbers["eps"], x.dtype))).reshape(x.shape))


def embedding(params: Params, x: Array) -> Array:
    """The row of the table for each category.

    Raises:
        ShapeError: a number is no category.
    """
    check_categories("embedding", x, len(params["weight"]))
    return params["weight"][x.astype(np.int64)]


def chain(numbers: Numbers, params: Params, x: Array) -> Array:
    """The layers of a block in a row."""
    for i, (kind, own) in enumerate(numbers["inside"]):
        x = LAYERS[kind](own, _under(params, i), x)
    return x


def parallel(numbers: Numbers, params: Params, x: Array) -> Array:
    """What the branches of a block say of the same input, side by side or added."""
    said = [LAYERS[kind](own, _under(params, i), x) for i, (kind, own) in enumerate(numbers["inside"])]
    return sum(said[1:], said[0]) if numbers["join"] == "add" else np.concatenate(said, axis=-1)


def repeat(numbers: Numbers, params: Params, x: Array) -> Array:
    """One block again and again, each time with its slice of the arrays."""
    ((kind, own),) = numbers["inside"]
    for i in range(numbers["n"]):
        x = LAYERS[kind](own, {name: array[i] for name, array in params.items()}, x)
    return x


LAYERS: dict[str, Callable[[Numbers, Params, Array], Array]] = {
    "linear": lambda _, params, x: linear(params, x),
    "conv": convolved,
    "conv1d": convolved,
    "maxpool": lambda numbers, _, x: largest(numbers, x),
    "avgpool": lambda numbers, _, x: mean(numbers, x),
    "global_avgpool": lambda _, __, x: global_mean(x),
    "embedding": lambda _, params, x: embedding(params, x),
    "reshape": lambda numbers, _, x: as_images(numbers, x),
    "flatten": lambda _, __, x: x.reshape(len(x), math.prod(x.shape[1:])),
    "dropout": lambda _, __, x: x,
    "batchnorm": batchnorm,
    "layernorm": layernorm,
    "groupnorm": groupnorm,
    "chain": chain,
    "residual": lambda numbers, params, x: x + chain(numbers, params, x),
    "parallel": parallel,
    "repeat": repeat,
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


def _under(params: Params, place: int) -> Params:
    """The arrays of the layer at a place inside a block."""
    prefix = f"{place}."
    return {name.removeprefix(prefix): array for name, array in params.items() if name.startswith(prefix)}


def _affine(params: Params, x: Array) -> Array:
    x = x * params["scale"] if "scale" in params else x
    return x + params["shift"] if "shift" in params else x


def _normalised(parts: Array) -> Array:
    """Parts as shares of their sum; equal shares where all are 0."""
    total = parts.sum(axis=-1, keepdims=True)
    return np.where(total > 0, parts / np.where(total > 0, total, 1), np.asarray(1 / parts.shape[-1], parts.dtype))
