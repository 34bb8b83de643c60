"""What a reader hands on: raw rows and raw target columns, before anything is split or encoded."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError

# Leaves float32 room for a network's products. A NumPy number, so that float32 is compared in double precision.
LARGEST = np.float64(1e30)

SPELLING = "check the spelling and the folder"
LONGEST_NAME = 80  # of a path in a message


@dataclass(frozen=True, eq=False)
class Raw:
    """Data as a reader found it.

    Attributes:
        name: short, for the run's folder.
        source: where it came from, for people.
        rows: the features, a DataFrame or an array (n, ...).
        target: the target columns by name, each (n,).
        feature_names: the name of each column of an array, where the source knows them.
        class_names: the names behind the class numbers 0, 1, ..., where the source knows them.
        task: the task, where the source knows it.
        is_image: each row of the array is an image, (height, width) or (height, width, colours).
        image_shape: the shape of the image that each vector of the array stands for.
        n_test: how many rows, the last ones, are the source's own test part.
        weight: what each example counts, (n,), or None.
        group: the group of each row as text, (n,), or None; rows of one group stay in one part.
        time: the time of each row, (n,), float64 or datetime64, or None; the newest rows test.
        notices: what is worth saying about how it was read.
        types: the kinds of columns that the user names, as `evidence.read_types` takes them.
        reading: how it was read, as `Encoder.reading` keeps it.
        files: of new rows, where each is an image in a file of its own, that file.
        left_out: the files of images that could not be read.
    """

    name: str
    source: str
    rows: Any
    target: dict[str, NDArray[Any]]
    feature_names: tuple[str, ...] = ()
    class_names: tuple[Any, ...] = ()
    task: str | None = None
    is_image: bool = False
    image_shape: tuple[int, ...] | None = None
    n_test: int = 0
    weight: NDArray[np.float64] | None = None
    group: NDArray[Any] | None = None
    time: NDArray[Any] | None = None
    notices: tuple[str, ...] = ()
    types: Mapping[str, str] | str | None = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    left_out: tuple[Path, ...] = ()

    @property
    def n_targets(self) -> int:
        """How many examples have a target."""
        return len(next(iter(self.target.values())))


def is_frame(content: Any) -> bool:
    """Whether something is a pandas DataFrame. Costs no import: without pandas there can be none."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(content, pandas.DataFrame)


def take(rows: Any, index: NDArray[np.int64]) -> Any:
    """The rows with these numbers, of a DataFrame or an array."""
    return rows.iloc[index] if is_frame(rows) else rows[index]


def unsound(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which numbers are missing, infinite, or so large that their squares would be."""
    sound: NDArray[np.bool_] = np.abs(values) <= LARGEST
    return ~sound


def shown(names: Iterable[Any], most: int = 30) -> str:
    """Names in a sentence, the first few of them."""
    words = [str(name) for name in names]
    return ", ".join(words[:most]) + (f" and {len(words) - most:,} more" if len(words) > most else "")


def is_there(path: Path) -> bool:
    """Whether something stands at a path.

    Raises:
        DataError: the path cannot be looked at.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:  # a name that is too long; one with a zero byte
        name, reason = str(path), getattr(error, "strerror", None) or error
        name = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."
        raise DataError(f"{name!r}: expected a path, got one that cannot be looked at: {reason}", SPELLING) from None
    return True


def check_file(path: Path) -> None:
    """Refuses what is no readable file with something in it.

    Raises:
        DataError: naming the path.
    """
    if not is_there(path):
        raise DataError(f"{path}: expected a file, got none of that name", SPELLING)
    if path.is_dir():
        raise DataError(f"{path}: expected a file, got a folder", "give the file in it")
    if not path.is_file():
        raise DataError(
            f"{path}: expected a file, got a pipe or a device", "write what comes out of it to a file, and give that"
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path}: expected data, got an empty file", "write it again, or fetch it again")
    try:
        path.open("rb").close()
    except OSError as error:
        raise DataError(f"{path}: expected a file that can be read, got: {error.strerror}") from None


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: it is missing, empty or may not be read.
    """
    check_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: expected a file that can be read, got: {error.strerror}") from None
