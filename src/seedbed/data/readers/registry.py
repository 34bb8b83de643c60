"""Which reader reads a file, by its ending. A new format is one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seedbed.core.errors import DataError
from seedbed.data.raw import Raw, check_file, is_there
from seedbed.data.readers import arrays, columnar, csv, excel, folders, images
from seedbed.data.readers.bytes import PACKED, unpacked_name
from seedbed.data.readers.table import RawTable, ReadOptions


@dataclass(frozen=True)
class Reader:
    """A format: its endings, how it is read whole, and how in pieces where that can be done.

    Attributes:
        may_be_packed: whether `.gz` or `.zst` may follow the ending.
    """

    endings: tuple[str, ...]
    read: Callable[[Path, ReadOptions], RawTable | Raw]
    batches: Callable[[Path, ReadOptions, int], Iterator[RawTable | Raw]] | None = None
    may_be_packed: bool = False


READERS = (
    Reader((".csv", ".tsv", ".txt"), csv.read, csv.batches, may_be_packed=True),
    Reader((".parquet", ".pq"), columnar.read_parquet, columnar.parquet_batches),
    Reader((".feather", ".arrow", ".ipc"), columnar.read_feather, columnar.feather_batches),
    Reader((".xlsx", ".xlsm"), excel.read),
    Reader((".npz",), arrays.read_npz),
    Reader((".npy",), arrays.read_npy),
    Reader(folders.ENDINGS, images.read_rows, images.row_batches),
)
ENDINGS = ", ".join(ending for reader in READERS for ending in reader.endings)


def reader_of(path: Path) -> Reader | None:
    """The reader for a file with this name or for a folder of images, or None."""
    if path.is_dir():
        return Reader((), images.read_rows, images.row_batches)
    packed = path.suffix.lower() in PACKED
    ending = unpacked_name(path).suffix.lower()
    return next((r for r in READERS if ending in r.endings and (r.may_be_packed or not packed)), None)


def need_reader(path: Path) -> Reader:
    """The reader for a file with this name.

    Raises:
        DataError: no format has its ending.
    """
    if (reader := reader_of(path)) is not None:
        return reader
    if is_there(path):
        check_file(path)  # a pipe has no ending that could be mended
    raise DataError(
        f"{path}: expected a file that ends in one of {ENDINGS} (texts also with .gz or .zst), "
        f"got {path.suffix or 'no ending'}",
        "rename or convert it; in Python, read it with pandas and give the DataFrame",
    )


def stem_of(path: Path) -> str:
    """The file's name without its endings, to name what it holds."""
    return unpacked_name(Path(path.name)).stem
