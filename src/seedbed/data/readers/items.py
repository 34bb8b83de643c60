"""Data sets of PyTorch that are in memory: of `torch.utils.data`, with a length and an example `(x, y)` at each place.

PyTorch is not imported: whoever has such a data set has imported it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.core.fields import describe
from seedbed.data.raw import Raw
from seedbed.data.readers.arrays import colours_last, is_image
from seedbed.data.target import array_columns


def read_items(source: Any) -> Raw | None:
    """The examples of a PyTorch data set; None where the source is none.

    Images (n, colours, height, width) get their colours last.

    Raises:
        DataError: it has no length, or an example is no pair (x, y) of numbers, or unlike the first.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(source, torch.utils.data.Dataset):
        return None
    if not (hasattr(source, "__len__") and hasattr(source, "__getitem__")):
        raise DataError(
            f"source: expected a data set with a length, got {type(source).__name__}, which is read as it goes",
            "gather its examples into arrays: load((x, y))",
        )
    if not len(source):
        raise DataError(f"source: expected examples, got an empty {type(source).__name__}")
    x, y = _columns(source)
    x, has_colours_first = colours_last(x)
    return Raw(
        type(source).__name__.lower(), f"a {type(source).__name__} of PyTorch", x, array_columns(y),
        class_names=_classes(source, y), is_image=has_colours_first or is_image(x),
    )  # fmt: skip


def _columns(source: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """The examples side by side."""
    if hasattr(source, "tensors") and len(source.tensors) == 2:  # a TensorDataset: no need to take it to pieces
        return _array(source.tensors[0], "x"), _array(source.tensors[1], "y")
    pairs = [_pair(source[i], i) for i in range(len(source))]
    return _stacked([x for x, _ in pairs], "x"), _stacked([y for _, y in pairs], "y")


def _pair(item: Any, i: int) -> tuple[NDArray[Any], NDArray[Any]]:
    if not isinstance(item, tuple | list) or len(item) != 2:
        came = f"{len(item)} values" if isinstance(item, tuple | list) else describe(item)
        raise DataError(f"source: example {i}: expected a pair (x, y), got {came}", "give arrays: load((x, y))")
    return _array(item[0], f"example {i}: x"), _array(item[1], f"example {i}: y")


def _array(value: Any, where: str) -> NDArray[Any]:
    """A number, a tensor on any device, an array or an image of Pillow as an array."""
    array = np.asarray(value.detach().cpu().numpy() if hasattr(value, "detach") else value)
    if array.dtype.kind not in "biufU":
        hint = "a transform such as torchvision.transforms.ToTensor makes tensors of them"
        raise DataError(f"source: {where}: expected numbers, got {describe(value)}", hint)
    return array


def _stacked(arrays: list[NDArray[Any]], what: str) -> NDArray[Any]:
    odd = next((i for i, array in enumerate(arrays) if array.shape != arrays[0].shape), None)
    if odd is not None:
        expected = f"{arrays[0].shape} as in example 0"
        raise DataError(
            f"source: example {odd}: expected {what} of shape {expected}, got {arrays[odd].shape}",
            "a transform that resizes and pads makes them alike",
        )
    return np.stack(arrays)


def _classes(source: Any, y: NDArray[Any]) -> tuple[str, ...]:
    """The names of the classes, as data sets of torchvision have them, also beneath a `Subset`."""
    while hasattr(source, "dataset"):
        source = source.dataset
    names = tuple(map(str, getattr(source, "classes", ()) or ()))
    fits = y.ndim == 1 and y.dtype.kind in "iu" and y.min() >= 0 and y.max() < len(names)
    return names if fits else ()
