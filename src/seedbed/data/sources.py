"""Sources: from a name, a path, a table or arrays to what the reader for it finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seedbed.core.errors import DataError, UsageError, nearest, one_of
from seedbed.core.fields import describe
from seedbed.data.embedded import EMBEDDED, Entry
from seedbed.data.generated import GENERATED
from seedbed.data.idx import is_idx_folder, read_idx_folder
from seedbed.data.raw import Raw, is_frame, is_there
from seedbed.data.readers.folders import is_image_folder
from seedbed.data.readers.foreign import read_foreign
from seedbed.data.readers.images import read_folder
from seedbed.data.readers.items import read_items
from seedbed.data.readers.registry import need_reader, reader_of, stem_of
from seedbed.data.readers.table import RawTable, ReadOptions
from seedbed.data.stream.source import is_several, read_several
from seedbed.data.tables import frame_columns, named
from seedbed.data.target import array_columns

BY_NAME: dict[str, Entry] = EMBEDDED | GENERATED


def read_source(source: Any, options: ReadOptions) -> RawTable | Raw:
    """What the reader for this kind of source finds: a table, or rows that have their targets with them.

    Raises:
        DataError: the source is missing or damaged.
        UsageError: it is of no known kind.
    """
    if (table := read_foreign(source, options)) is not None:
        return table
    if (raw := read_items(source)) is not None:
        return raw
    if isinstance(source, str) and source in BY_NAME:
        return BY_NAME[source].read()
    if isinstance(source, str) and not source.strip():
        raise DataError(f"expected a path or the name of a data set, {one_of(BY_NAME)}; got {source!r}", "name one")
    if isinstance(source, str | Path):
        return read_path(Path(source).expanduser(), options, str(source))
    if isinstance(source, tuple | list) and len(source) == 2:
        return _read_pair(*source)
    raise UsageError(
        f"source: expected a name, a path, a table or a pair of arrays (x, y), got {describe(source)}",
        "give arrays as load((x, y))",
    )


def read_path(path: Path, options: ReadOptions, given: str = "") -> RawTable | Raw:
    """What the reader for a file or folder finds.

    Arguments:
        path: where it is.
        options: how it is to be read.
        given: what the user wrote, which may be a name with a slip in it.
    """
    if is_several(path):
        return replace(read_several(path, options), source=str(path))
    if not is_there(path) and reader_of(path) is None:
        hint = nearest(given, BY_NAME) or "for a file, check the spelling and the folder"
        raise DataError(f"expected a path or the name of a data set, {one_of(BY_NAME)}; got {given!r}", hint)
    if path.is_dir():
        return _read_folder(path, options)
    if reader_of(path) is None and "idx" in path.name:
        raise DataError(f"{path}: expected a folder with images and labels, got one file of it", f"give {path.parent}")
    found = need_reader(path).read(path, options)
    return replace(found, name=stem_of(path), source=str(path))


def _read_folder(path: Path, options: ReadOptions) -> Raw:
    if is_idx_folder(path):
        return read_idx_folder(path)
    if is_image_folder(path):
        return read_folder(path, options)
    files = sorted(file for file in path.iterdir() if reader_of(file) and file.is_file())
    raise DataError(
        f"{path}: expected a folder of images by class, or with train-images-idx3-ubyte and train-labels-idx1-ubyte "
        "(or .gz), got neither",
        f"give the file itself: {files[0]}" if files else "give the folder that holds the images themselves",
    )


def _read_pair(x: Any, y: Any) -> Raw:
    if is_frame(x) and not is_frame(y) and hasattr(y, "to_frame"):
        y = y.to_frame(y.name or "target")  # a Series keeps its name
    columns = frame_columns(named(y, "y")) if is_frame(y) else array_columns(_as_array(y))
    if is_frame(x):
        return Raw("table", "a DataFrame and an array", named(x, "x"), columns)
    return Raw("arrays", "a pair of arrays", x, columns)


def _as_array(y: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(y)
    except ValueError as error:
        raise DataError(f"y: expected an array, got rows of different lengths ({error})") from None
