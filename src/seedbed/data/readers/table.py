"""What a reader is told, and what a reader of tables gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.data.raw import shown

# What stands for a hole in a text unless `missing` names more: what pandas and Arrow take as one.
HOLES = (
    "", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None",
    "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
)  # fmt: skip

LARGEST_SIDE = 16_384


@dataclass(frozen=True)
class ReadOptions:
    """How a file is to be read.

    Attributes:
        missing: texts that stand for a hole, beside the usual ones.
        header: whether the first line names the columns; else they are named "0", "1", ...
        texts: columns whose values are to stay texts, also where all of them could be read as numbers.
        image_size: (height, width) that images are brought to; None for their own.
        colours: how many colours images are brought to, 1 or 3; None for their own.
        skip_broken: leave out images that cannot be read.
        decimal_comma: columns in which a comma stands before decimals, also where it could stand between thousands.
        as_arrow: give an Arrow table instead of a DataFrame where the reader has one, for pandas is slow to import.
    """

    missing: tuple[str, ...] = ()
    header: bool = True
    texts: tuple[str, ...] = ()
    image_size: tuple[int, int] | None = None
    colours: int | None = None
    skip_broken: bool = False
    decimal_comma: tuple[str, ...] = ()
    as_arrow: bool = False

    @property
    def remembered(self) -> dict[str, Any]:
        """What new rows have to be read with, too: the arguments of `read_options` that are not their defaults.

        Broken images are not skipped unasked: the n-th prediction is to be that of the n-th image.
        """
        given = {"missing": list(self.missing), "header": self.header, "decimal_comma": list(self.decimal_comma)}
        usual = {"missing": [], "header": True, "decimal_comma": []}
        return {name: value for name, value in given.items() if value != usual[name]}

    @property
    def holes(self) -> list[str]:
        """Every text that stands for a hole."""
        return list(dict.fromkeys((*HOLES, *(text.strip() for text in self.missing))))


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as a reader found it.

    Attributes:
        frame: a DataFrame: numbers as numbers, texts as texts, holes as holes.
        notices: what is worth saying about how it was read.
        name: short, for the run's folder.
        source: where it came from, for people.
        n_test: how many rows, the last ones, are the source's own test part.
        x: images, or arrays of another shape, that are the features, (n, ...); then the columns can only be targets.
        is_image: each of them is an image.
        decimal_comma: columns of texts in which commas stood before decimals; in other rows they mean the same.
    """

    frame: Any
    notices: tuple[str, ...] = ()
    name: str = "table"
    source: str = "a DataFrame"
    n_test: int = 0
    x: NDArray[Any] | None = None
    is_image: bool = False
    decimal_comma: tuple[str, ...] = ()

    def saying(self, *notices: str) -> RawTable:
        """The same table with more to say."""
        return replace(self, notices=(*self.notices, *notices))


def joined_arrays(tables: Sequence[RawTable]) -> NDArray[Any]:
    """The arrays beside tables one behind the other.

    Raises:
        DataError: one has none, or examples of another shape.
    """
    arrays = [table.x for table in tables if table.x is not None]
    if len(arrays) < len(tables) or len({array.shape[1:] for array in arrays}) > 1:
        shapes = " and ".join("none" if table.x is None else str(table.x.shape[1:]) for table in tables)
        raise DataError(f"{tables[-1].source}: expected images of one shape in every part, got {shapes}")
    return np.concatenate(arrays)


def column_names(cells: Sequence[str], path: Path, *, header: bool) -> tuple[str, ...]:
    """The names of the columns, given the cells of the first line; one without a name gets `Unnamed: 2`.

    Raises:
        DataError: the line holds values, or names a column twice.
    """
    if not header:
        return tuple(map(str, range(len(cells))))
    names = [cell.strip() or f"Unnamed: {i}" for i, cell in enumerate(cells)]
    if _are_values(names):
        raise DataError(
            f"{path}: expected the names of the columns in the first line, got {shown(names, 4)}",
            "if it has none, say header=False (on the command line --no-header): columns are named 0, 1, ...",
        )
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise DataError(f"{path}: expected each column once, got {twice!r} twice", "rename one of them")
    return tuple(names)


def _are_values(names: list[str]) -> bool:
    """Whether names look like values: numbers that are no counts or years, which only rise or only fall."""
    numbers = [name for name in names if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", name, re.IGNORECASE)]
    if not all(number.isdigit() for number in numbers):
        return True
    counts = list(map(int, numbers))
    return counts != sorted(counts) and counts != sorted(counts, reverse=True)


def read_options(
    *,
    missing: str | Sequence[str] = (),
    header: bool = True,
    image_size: Any = None,
    skip_broken: bool = False,
    decimal_comma: str | Sequence[str] = (),
) -> ReadOptions:
    """The options that a user's arguments ask for.

    Raises:
        UsageError: one is not sound.
    """
    said = (missing,) if isinstance(missing, str) else tuple(missing)
    if not all(isinstance(text, str) for text in said):
        raise UsageError(f"missing: expected a text or a list of texts, got {missing!r}", "quote it: missing='-999'")
    commas = (decimal_comma,) if isinstance(decimal_comma, str) else tuple(map(str, decimal_comma))
    return ReadOptions(said, header, image_size=_size(image_size), skip_broken=skip_broken, decimal_comma=commas)


def looking_like(shape: tuple[int, ...], options: ReadOptions) -> ReadOptions:
    """The options that bring images to a shape, (height, width) or (height, width, colours)."""
    height, width, *colours = shape
    return replace(options, image_size=(height, width), colours=colours[0] if colours else 1)


def _size(given: Any) -> tuple[int, int] | None:
    """The (height, width) that a user means by "32x48", 32 or (32, 48)."""
    if given is None:
        return None
    sizes = str(given).lower().replace("×", "x").split("x") if isinstance(given, str | int) else given
    try:
        numbers = [int(size) for size in sizes]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) not in (1, 2) or any(not 1 <= number <= LARGEST_SIDE for number in numbers):
        raise UsageError(f"image_size: expected height x width in pixels, as in 32x32, got {given!r}")
    return numbers[0], numbers[-1]
