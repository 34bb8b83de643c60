"""New raw rows from a file, whole or in pieces. It imports no more than the readers, so that prediction starts fast."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seedbed.data.idx import read_idx
from seedbed.data.raw import Raw, is_frame
from seedbed.data.readers.registry import need_reader, reader_of
from seedbed.data.readers.table import RawTable, ReadOptions, looking_like, read_options

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?|\(missing\)")  # as a number that was read is written again


def read_rows(
    path: str | Path,
    like: Any = None,
    *,
    missing: str | Sequence[str] | None = None,
    header: bool | None = None,
    skip_broken: bool = False,
) -> Any:
    """New raw rows from a file, without a target: what `Encoder.transform` and `predict` take.

    Arguments:
        path: a file of any kind that `load` reads, an IDX file of images, an image, or a folder of images in any depth.
        like: the encoder that is to take the rows, so that they are read as it knows them; None if there is none.
        missing: as for `load`; None for what the training data of `like` were loaded with.
        header: likewise.
        skip_broken: likewise.

    Raises:
        DataError: the file is missing, damaged, or of no known kind.
    """
    options = options_like(like, missing=missing, header=header, skip_broken=skip_broken)
    return _whole(Path(path), like, options)


def iter_rows(
    path: str | Path,
    size: int,
    like: Any = None,
    *,
    missing: str | Sequence[str] | None = None,
    header: bool | None = None,
    skip_broken: bool = False,
    as_arrow: bool = False,
) -> Iterator[Any]:
    """The same rows in pieces of about `size`, so that a file larger than memory can be predicted.

    Texts, Parquet, Feather and images are read in pieces, other files whole. With `as_arrow` tables that are read in
    pieces come as Arrow's.

    Raises:
        DataError: the file is missing, damaged, or of no known kind; also while it is being read.
    """
    options = options_like(like, missing=missing, header=header, skip_broken=skip_broken)
    yield from (piece.rows for piece in iter_pieces(path, size, like, replace(options, as_arrow=as_arrow)))


@dataclass(frozen=True, eq=False)
class Piece:
    """Some of the rows of a file.

    Attributes:
        files: where each row is an image in a file of its own, that file.
        left_out: the files of images that could not be read.
    """

    rows: Any
    files: tuple[Path, ...] = ()
    left_out: tuple[Path, ...] = ()


def iter_pieces(path: str | Path, size: int, like: Any, options: ReadOptions) -> Iterator[Piece]:
    """What `iter_rows` gives, with where it is from; for `options` see `options_like`."""
    file = Path(path)
    batches = None if _is_idx(file) else need_reader(file).batches
    if batches is None:
        rows = _whole(file, like, replace(options, as_arrow=False))
        yield from (Piece(rows[start : start + size]) for start in range(0, len(rows), size))
        return
    for found in batches(file, options, size):
        origin = (found.files, found.left_out) if isinstance(found, Raw) else ()
        yield Piece(_rows(found, like, options), *origin)


def _whole(path: Path, like: Any, options: ReadOptions) -> Any:
    return read_idx(path) if _is_idx(path) else _rows(need_reader(path).read(path, options), like, options)


def _is_idx(path: Path) -> bool:
    return reader_of(path) is None and "idx" in path.name


def _rows(found: RawTable | Raw, like: Any, options: ReadOptions) -> Any:
    """The rows; where they have no names and are all features, with the names of these, wherever the target stood."""
    if isinstance(found, Raw):
        return found.rows
    frame, names = found.frame, getattr(like, "source_columns", ()) or getattr(like, "names", ())
    if options.header or frame.shape[1] != len(names):
        return frame
    return frame.set_axis(list(names), axis=1) if is_frame(frame) else frame.rename_columns(list(names))


def options_like(encoder: Any, **given: Any) -> ReadOptions:
    """How rows for an encoder are to be read: as its training data were where nothing else is `given`; images in its
    shape, and its texts as texts wherever they stand.

    A piece of a file may hold nothing but numbers in a column of texts.
    """
    asked = {name: value for name, value in given.items() if value is not None}
    options = read_options(**{**getattr(encoder, "reading", {}), **asked})
    shape = getattr(encoder, "shape", ())
    if len(shape) == 3:
        return looking_like(shape, options)
    columns = getattr(encoder, "columns", ())
    texts = [c.name for c in columns if any(not NUMBER.fullmatch(str(value)) for value in getattr(c, "values", ()))]
    return replace(options, texts=tuple(texts))
