"""What a study keeps of trials as bytes: curves, members that paused, weights, predictions. Nothing in it runs code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from seedbed.training.paused import Paused

Arrays = dict[str, NDArray[Any]]
SHAPE = "shape"  # behind the name of an array whose ends were cut off
WORTH_CUTTING = 256  # numbers


def curve_of(histories: Sequence[NDArray[Any]], epochs: int) -> bytes:
    """The mean history over folds, (epoch, column), as far as it goes."""
    return save({"curve": np.mean(histories, axis=0)[:epochs].astype(np.float32)})


def curve(content: bytes) -> NDArray[Any]:
    """The history, (epoch, column); columns as in `training.state.COLUMNS`."""
    return load(content)["curve"]


def of_paused(members: Sequence[Paused]) -> bytes:
    """The networks of a trial that paused, one for each fold."""
    leaves = [(fold, i, a) for fold, one in enumerate(members) for i, a in enumerate(one.leaves)]
    arrays = {f"{fold}.{i}": _cropped(a) for fold, i, a in leaves}
    # What padding added is zero from the first step to the last, and often most of it.
    cut = [(f"{fold}.{i}", a.shape) for fold, i, a in leaves if arrays[f"{fold}.{i}"].shape != a.shape]
    arrays |= {f"{name}.{SHAPE}": np.asarray(shape) for name, shape in cut}
    arrays["epochs"] = np.asarray([one.epoch for one in members])
    return save(arrays)


def paused(content: bytes) -> list[Paused]:
    """The networks of a trial that paused."""
    arrays = load(content)
    epochs = arrays.pop("epochs")
    leaves: list[dict[int, NDArray[Any]]] = [{} for _ in epochs]
    for name, array in arrays.items():
        fold, i, *is_shape = name.split(".")
        if not is_shape:
            leaves[int(fold)][int(i)] = _filled(array, arrays.get(f"{name}.{SHAPE}"))
    pairs = zip(epochs, leaves, strict=True)
    return [Paused(int(epoch), tuple(own[i] for i in range(len(own)))) for epoch, own in pairs]


def of_weights(folds: Sequence[Sequence[Arrays]]) -> bytes:
    """The weights of a trial's networks, one for each fold, layer by layer."""
    arrays = {
        f"{fold}.{layer}.{name}": np.array(array, order="C")
        for fold, layers in enumerate(folds)
        for layer, own in enumerate(layers)
        for name, array in own.items()
    }
    return save(arrays, metadata={"layers": json.dumps([len(layers) for layers in folds])})


def weights(content: bytes, n_layers: Sequence[int]) -> list[tuple[Arrays, ...]]:
    """The weights of a trial's networks; `n_layers` says how many layers the network of each fold has."""
    found: list[tuple[Arrays, ...]] = [tuple({} for _ in range(n)) for n in n_layers]
    for key, array in load(content).items():
        fold, layer, name = key.split(".", 2)
        found[int(fold)][int(layer)][name] = array
    return found


def of_predictions(predicted: NDArray[Any], task: str) -> bytes:
    """What a trial predicts for the validation part (n, k): probabilities in half precision, values in single."""
    return save({"predictions": predicted.astype(np.float32 if task == "regression" else np.float16)})


def predictions(content: bytes) -> NDArray[Any]:
    """What a trial predicts for the validation part, (n, k)."""
    return load(content)["predictions"].astype(np.float32)


def _cropped(a: NDArray[Any]) -> NDArray[Any]:
    """The array without what is zero to the bit at the end of each axis; small ones as they are."""
    if a.size < WORTH_CUTTING:
        return np.array(a, order="C")
    bits = np.ascontiguousarray(a).view(f"u{a.dtype.itemsize}") != 0
    others = [tuple(other for other in range(a.ndim) if other != axis) for axis in range(a.ndim)]
    ends = [int(np.flatnonzero(bits.any(axis=other))[-1:].sum()) + 1 for other in others]
    return np.array(a[tuple(slice(end) for end in ends)], order="C")


def _filled(a: NDArray[Any], shape: NDArray[Any] | None) -> NDArray[Any]:
    """The array with zeros behind it, up to that shape."""
    if shape is None:
        return a
    full = np.zeros(tuple(shape), a.dtype)
    full[tuple(map(slice, a.shape))] = a
    return full
