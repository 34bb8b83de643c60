"""Parquet, Feather and Arrow files: tables that know the types of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seedbed.core.errors import DataError
from seedbed.data.raw import check_file
from seedbed.data.readers.arrow import tidy
from seedbed.data.readers.bytes import kind_of
from seedbed.data.readers.table import RawTable, ReadOptions

INDEX = "__index_level_0__"  # what pandas calls a column of row labels without a name
AGAIN = "write it again, or fetch it again"


def read_parquet(path: Path, options: ReadOptions) -> RawTable:
    """The table in a Parquet file.

    Raises:
        DataError: the file is missing, damaged, cut short, or without rows.
    """
    from pyarrow import parquet

    with _explained(path, "Parquet"):
        table = parquet.read_table(path)
        table.validate(full=True)
    return _checked(path, table, options)


def parquet_batches(path: Path, options: ReadOptions, size: int) -> Iterator[RawTable]:
    """The same table in pieces of at most `size` rows."""
    from pyarrow import parquet

    with _explained(path, "Parquet"), parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(size):
            batch.validate(full=True)
            yield _tidied([batch], options)


def read_feather(path: Path, options: ReadOptions) -> RawTable:
    """The table in a Feather or Arrow file.

    Raises:
        DataError: the file is missing, damaged, cut short, or without rows.
    """
    with _explained(path, "Feather"), _arrow_file(path) as file:
        table = file.read_all()
        table.validate(full=True)  # a damaged file may hold texts that are none
    return _checked(path, table, options)


def feather_batches(path: Path, options: ReadOptions, size: int) -> Iterator[RawTable]:
    """The same table in pieces of at most `size` rows."""
    with _explained(path, "Feather"), _arrow_file(path) as file:
        n_batches = getattr(file, "num_record_batches", None)
        batches = file if n_batches is None else map(file.get_batch, range(n_batches))
        for batch in batches:
            batch.validate(full=True)
            for start in range(0, len(batch), size):
                yield _tidied([batch.slice(start, size)], options)


def _tidied(batches: list[Any], options: ReadOptions) -> RawTable:
    import pyarrow as pa

    table = pa.Table.from_batches(batches)
    return tidy(table.drop_columns([INDEX]) if INDEX in table.column_names else table, options)


def _checked(path: Path, table: Any, options: ReadOptions) -> RawTable:
    if not table.num_rows:
        raise DataError(f"{path}: expected rows, got only the names of {table.num_columns} columns")
    return _tidied(table.to_batches(), options)


def _arrow_file(path: Path) -> Any:
    """A file of Arrow's, whose batches can be had in any order, or else one of its streams."""
    import pyarrow as pa

    source = pa.memory_map(str(path))
    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


@contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    """Inside, what Arrow complains about becomes an error for the user."""
    import pyarrow as pa

    check_file(path)
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"{path}: expected a file that can be read, got: {error.strerror}") from None
        with path.open("rb") as file:
            kind = kind_of(file.read(8))
        came = kind if kind and what not in kind else f"a damaged one, or one that is cut short ({_first(error)})"
        raise DataError(f"{path}: expected a whole {what} file, got {came}", AGAIN) from None


def _first(error: Exception) -> str:
    return str(error).split(". ")[0].splitlines()[0]
