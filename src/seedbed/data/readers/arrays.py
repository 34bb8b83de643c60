"""NumPy files: `.npz` with x and y, or x_train, y_train, x_test, y_test; and `.npy` with one array."""

from __future__ import annotations

import re
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.raw import Raw, check_file, shown
from seedbed.data.readers.bytes import kind_of
from seedbed.data.readers.table import RawTable, ReadOptions
from seedbed.data.target import array_columns

ROLES = {"x": ("x", "data", "features", "images", "inputs"), "y": ("y", "target", "targets", "labels", "label")}
COLOURS = (1, 3)
PARTS = {"train": ("train", "training"), "valid": ("val", "valid", "validation"), "test": ("test", "testing")}
BROKEN = (  # what reading a damaged file may raise: the head of an array is Python's own text
    ValueError, EOFError, OSError, KeyError, SyntaxError, NotImplementedError, zipfile.BadZipFile, zlib.error,
    tokenize.TokenError,
)  # fmt: skip


def read_npz(path: Path, options: ReadOptions) -> Raw:
    """The examples and targets in an `.npz` file.

    Arrays named for a test part are the test part; those named for validation join the training rows, out of which
    the validation part is drawn.

    Raises:
        DataError: the file is missing, damaged, holds Python objects, or no array of examples.
    """
    del options
    arrays = _arrays(path)
    found: dict[str, dict[str, str]] = {role: {} for role in ROLES}
    for name in arrays:
        role, part = _meaning(name)
        if role and part not in found[role]:
            found[role][part] = name
    parts = [part for part in ("", *PARTS) if part in found["x"]]
    if not parts:
        raise DataError(
            f"{path}: expected arrays named x and y, or x_train, y_train, x_test and y_test, got {shown(arrays)}",
            "numpy.savez(path, x=..., y=...) writes such a file",
        )
    parts = [""] if "" in parts else parts
    x = _joined(path, [arrays[found["x"][part]] for part in parts])
    labels = [arrays[found["y"][part]] for part in parts if part in found["y"]]
    y = array_columns(_joined(path, [_flat(label) for label in labels])) if len(labels) == len(parts) else {}
    n_test = len(arrays[found["x"]["test"]]) if "test" in parts and len(parts) > 1 else 0
    notices = ("its validation part joins the training rows, out of which one is drawn",) if "valid" in parts else ()
    return Raw(path.stem, str(path), x, y, is_image=is_image(x), n_test=n_test, notices=notices)


def read_npy(path: Path, options: ReadOptions) -> RawTable:
    """The table in an `.npy` file of shape (n, k), its columns named "0", "1", ...

    Raises:
        DataError: the file is missing, damaged, holds Python objects, or no table.
    """
    del options
    import pandas as pd

    array = _arrays(path)[""]
    if array.ndim != 2 or array.dtype.kind not in "biufU":
        raise DataError(
            f"{path}: expected a table of shape (n, k), got {array.dtype} of shape {array.shape}",
            "numpy.savez(path, x=..., y=...) writes examples of any shape with their targets",
        )
    return RawTable(pd.DataFrame(array, columns=list(map(str, range(array.shape[1])))))


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays in a NumPy file by their names; that of an `.npy` file has none."""
    check_file(path)
    try:
        with path.open("rb") as file:
            is_known = bool(kind_of(file.read(8)))  # else it would be taken as a pickle
            file.seek(0)
            content = np.load(file)
            return {"": content} if isinstance(content, np.ndarray) else {name: content[name] for name in content.files}
    except BROKEN as error:
        if is_known and "allow_pickle" in str(error):
            came = "Python objects, which could run code when they are read"
            raise DataError(f"{path}: expected arrays of numbers or texts, got {came}", "save plain arrays") from None
        came = f"a damaged one ({error})" if is_known else "another"
        raise DataError(f"{path}: expected a whole NumPy file, got {came}", "write it again") from None


def _meaning(name: str) -> tuple[str, str]:
    """The role and the part that an array's name says, each empty where it says none."""
    words = re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    role = next((role for role, names in ROLES.items() if any(word in names for word in words)), "")
    part = next((part for part, names in PARTS.items() if any(word in names for word in words)), "")
    return role, part


def _joined(path: Path, arrays: list[NDArray[Any]]) -> NDArray[Any]:
    if len({array.shape[1:] for array in arrays}) > 1:
        shapes = " and ".join(str(array.shape) for array in arrays)
        raise DataError(f"{path}: expected parts with examples of one shape, got {shapes}")
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _flat(labels: NDArray[Any]) -> NDArray[Any]:
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def is_image(x: NDArray[Any]) -> bool:
    """Whether examples are images: bytes, (n, height, width) or (n, height, width, 1 or 3 colours)."""
    return x.dtype == np.uint8 and (x.ndim == 3 or (x.ndim == 4 and x.shape[3] in COLOURS))


def colours_last(x: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Images (n, colours, height, width) with their colours last, and whether they were; other arrays as they are."""
    has_colours_first = x.ndim == 4 and x.shape[1] in COLOURS and x.shape[3] not in COLOURS
    return (np.moveaxis(x, 1, 3) if has_colours_first else x), has_colours_first
