"""The bytes of a file, unpacked where its ending says so, read in pieces so that no file fills the memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seedbed.core.errors import DataError
from seedbed.data.raw import check_file

PACKED = {".gz": "gzip", ".zst": "zstd"}
KNOWN = {
    b"PK\x03\x04": "a ZIP or Excel file", b"\x1f\x8b": "a gzip file", b"\x28\xb5\x2f\xfd": "a zstd file",
    b"PAR1": "a Parquet file", b"ARROW1": "a Feather file", b"%PDF": "a PDF file", b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image", b"\xd0\xcf\x11\xe0": "an old Excel file", b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file", b"SQLite": "an SQLite file", b"\x93NUMPY": "a NumPy array",
}  # fmt: skip


def unpacked_name(path: Path) -> Path:
    """The path without the ending that says how it is packed."""
    return path.with_suffix("") if path.suffix.lower() in PACKED else path


def kind_of(head: bytes) -> str:
    """What kind of file begins with these bytes, in words; empty where it is none of the known ones."""
    return next((kind for magic, kind in KNOWN.items() if head.startswith(magic)), "")


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An Arrow stream of the unpacked bytes.

    Raises:
        DataError: the file is missing, empty, may not be read, or is damaged; also while it is being read.
    """
    import pyarrow as pa

    check_file(path)
    packing = PACKED.get(path.suffix.lower())
    try:
        with pa.input_stream(str(path), compression=packing) as stream:
            yield stream
    except OSError as error:
        if packing and error.errno is None:  # Arrow's own, from unpacking
            message = f"{path}: expected a whole {packing} file, got a damaged one ({error})"
            raise DataError(message, "fetch it again") from None
        raise DataError(f"{path}: expected a file that can be read, got: {error.strerror or error}") from None
