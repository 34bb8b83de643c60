"""A column of images in an Arrow table: encoded, as Hugging Face's `Image` keeps them, or numbers in nested lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.raw import shown
from seedbed.data.readers.arrays import colours_last, is_image
from seedbed.data.readers.images import read_images
from seedbed.data.readers.pixels import Encoded
from seedbed.data.readers.table import ReadOptions


@dataclass(frozen=True, eq=False)
class Images:
    """What a column of images holds.

    Attributes:
        x: the examples that can be read, (n, height, width) or (n, height, width, colours); or arrays of another shape.
        is_image: they are images.
        is_sound: which rows of the column they are, (rows,).
        notices: what was done to them.
    """

    x: NDArray[Any]
    is_image: bool
    is_sound: NDArray[np.bool_]
    notices: tuple[str, ...] = ()


def image_columns(schema: Any) -> list[str]:
    """The columns that hold encoded images, or arrays of two or three axes."""
    return [field.name for field in schema if _is_encoded(field.type) or _n_axes(field.type) in (2, 3)]


def read_image_column(column: Any, name: str, options: ReadOptions) -> Images:
    """The images in an Arrow column.

    Raises:
        DataError: an image cannot be read and is not to be skipped, or arrays differ in shape or hold no numbers.
    """
    if _is_encoded(column.type):
        rows, is_sound, notices = read_images(_items(column, name), options)
        return Images(rows, True, is_sound, tuple(notices))
    x, has_colours_first = colours_last(_stacked(column, name))
    return Images(x, has_colours_first or is_image(x), np.ones(len(x), dtype=bool))


def _is_encoded(kind: Any) -> bool:
    """Whether a type is a structure with the bytes of a file, and perhaps its path."""
    import pyarrow as pa

    if not pa.types.is_struct(kind) or kind.get_field_index("bytes") < 0:
        return False
    of = kind.field("bytes").type
    return bool(pa.types.is_binary(of) or pa.types.is_large_binary(of) or pa.types.is_null(of))


def _n_axes(kind: Any) -> int:
    """How deep lists of numbers stand in lists; 0 for what is no list of numbers."""
    import pyarrow as pa

    kind, depth = _plain(kind), 0
    while _is_list(kind):
        kind, depth = kind.value_type, depth + 1
    return depth if pa.types.is_integer(kind) or pa.types.is_floating(kind) else 0


def _plain(kind: Any) -> Any:
    """The type in which an extension type keeps its values."""
    return getattr(kind, "storage_type", kind)


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _items(column: Any, name: str) -> list[Encoded | Path]:
    """Each image: its bytes, or where its file is; without bytes where the row is empty."""
    items: list[Encoded | Path] = []
    for row, cell in enumerate(column.to_pylist()):
        content, path = (cell or {}).get("bytes"), (cell or {}).get("path")
        items.append(Path(path) if content is None and path else Encoded(f"column {name!r}, row {row}", content or b""))
    return items


def _stacked(column: Any, name: str) -> NDArray[Any]:
    """Lists of numbers in lists as one array, (rows, ...); whole numbers from 0 to 255 as bytes."""
    chunks = [getattr(chunk, "storage", chunk) for chunk in column.chunks if len(chunk)]
    arrays = [_unnested(chunk, name) for chunk in chunks]
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) != 1:
        raise _of_several_shapes(name, shown(sorted(shapes)) or "none")
    x = np.concatenate(arrays)
    is_bytes = x.dtype.kind in "iu" and x.size > 0 and x.min() >= 0 and x.max() <= 255
    return x.astype(np.uint8) if is_bytes else x


def _unnested(values: Any, name: str) -> NDArray[Any]:
    """One chunk of lists in lists."""
    shape = [len(values)]
    while _is_list(values.type):
        lengths = np.unique(values.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))
        if len(lengths) != 1:
            raise _of_several_shapes(name, f"lists of {shown(lengths.tolist(), 3)} values")
        values = values.flatten()
        shape.append(int(lengths[0]))
    if values.null_count:
        raise DataError(
            f"source: column {name!r}: expected arrays without holes, got {values.null_count:,} empty cells"
        )
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(shape)


def _of_several_shapes(name: str, came: str) -> DataError:
    return DataError(
        f"source: column {name!r}: expected arrays of one shape, got {came}",
        "images that are kept encoded, as the feature Image does, are resized",
    )
