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


def curve_of(histories: Sequence[NDArray[Any]], epochs: int) -> bytes:
    """The mean history over folds, (epoch, column), as far as it goes."""
    return save({"curve": np.mean(histories, axis=0)[:epochs].astype(np.float32)})


def curve(content: bytes) -> NDArray[Any]:
    """The history, (epoch, column); columns as in `training.state.COLUMNS`."""
    return load(content)["curve"]


def of_paused(members: Sequence[Paused]) -> bytes:
    """The networks of a trial that paused, one for each fold."""
    leaves = [(fold, i, a) for fold, one in enumerate(members) for i, a in enumerate(one.leaves)]
    arrays = {f"{fold}.{i}": np.array(a, order="C") for fold, i, a in leaves}
    arrays["epochs"] = np.asarray([one.epoch for one in members])
    return save(arrays)


def paused(content: bytes) -> list[Paused]:
    """The networks of a trial that paused."""
    arrays = load(content)
    epochs = arrays.pop("epochs")
    leaves: list[dict[int, NDArray[Any]]] = [{} for _ in epochs]
    for name, array in arrays.items():
        fold, i = name.split(".")
        leaves[int(fold)][int(i)] = array
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
