"""Parquet files as one table that is never in memory whole: its columns, its row groups, and batches of their rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seedbed.core.errors import DataError
from seedbed.data.raw import check_file, is_there, shown
from seedbed.data.readers.arrow import tidy
from seedbed.data.readers.table import RawTable, ReadOptions

ENDINGS = (".parquet", ".pq")
N_BATCHES = 1024  # of a table, as far as each has from 512 to 8192 rows: many, to be mixed, but not too small for Arrow
BUFFER = 1 << 16  # bytes that are read ahead in each column: the default would read whole column chunks
AGAIN = "write it again, or fetch it again"


@dataclass(frozen=True)
class RowGroup:
    """Rows that stand together in a file.

    Attributes:
        path: the file's number.
        place: the group's number in it.
        first: the number of its first row in the whole table.
        n_rows: how many rows it has.
        n_bytes: their size without compression.
        batch_rows: how many rows of it are read at a time.
    """

    path: int
    place: int
    first: int
    n_rows: int
    n_bytes: int
    batch_rows: int = 8192

    @property
    def n_batches(self) -> int:
        """How many batches it gives."""
        return -(-self.n_rows // self.batch_rows)


@dataclass(frozen=True, eq=False)
class ParquetSource:
    """One or several Parquet files of the same columns.

    Attributes:
        given: what the user named.
        paths: the files in the order of their names.
        names: the columns.
        groups: the row groups of all files in order.
        metadata: the footer of each file.
        states: the size of each file and the time of its last change, by which a later change is found.
    """

    given: str
    paths: tuple[Path, ...]
    names: tuple[str, ...]
    groups: tuple[RowGroup, ...]
    metadata: tuple[Any, ...]
    states: tuple[tuple[int, int], ...]

    @property
    def n_rows(self) -> int:
        """How many rows all files have."""
        return sum(group.n_rows for group in self.groups)

    @property
    def name(self) -> str:
        """A short name: of the file, or of the folder."""
        path = Path(self.given)
        return (path.parent if "*" in path.name else path).stem

    @classmethod
    def open(cls, given: str) -> ParquetSource:
        """The table in a file, in all Parquet files of a folder, or in all that a pattern as `big/*.parquet` names.

        Raises:
            DataError: a file is missing, damaged or cut short; their columns differ or hold lists; there are no rows.
        """
        from pyarrow import parquet

        paths = parquet_paths(given)
        footers, schemas, states = [], [], []
        for path in paths:
            with explained(path):
                states.append(_state(path))
                footers.append(parquet.read_metadata(path))
                schemas.append(footers[-1].schema.to_arrow_schema())
        _check_schemas(paths, schemas)
        groups = tuple(_row_groups(footers))
        if not groups:
            raise DataError(f"{given}: expected rows, got only the names of {len(schemas[0])} columns")
        names = tuple(name for name in schemas[0].names if not _is_index(name))
        return cls(given, paths, names, groups, tuple(footers), tuple(states))

    def batches(self, group: RowGroup, skip: int = 0) -> Iterator[Any]:
        """The rows of a group in order as Arrow record batches, behind the first `skip` batches.

        Raises:
            DataError: the file is damaged, or was changed since it was opened.
        """
        from pyarrow import parquet

        path = self.paths[group.path]
        footer = self.metadata[group.path]  # given, so that it is not read again for each of many row groups
        with explained(path):
            if _state(path) != self.states[group.path]:
                raise DataError(f"{path}: expected the file that was opened, got one that has changed", "load it again")
            file = parquet.ParquetFile(path, metadata=footer, buffer_size=BUFFER, pre_buffer=False)
        n_rows = 0
        with explained(path), file:
            # Threads gain nothing here, and hold more pages in memory.
            batches = file.iter_batches(group.batch_rows, [group.place], list(self.names), use_threads=False)
            for number, batch in enumerate(batches):
                n_rows += len(batch)
                if n_rows > group.n_rows:
                    break
                if number >= skip:
                    batch.validate(full=True)  # a damaged file may hold texts that are none
                    yield batch
        if n_rows != group.n_rows:
            came = f"{n_rows:,} rows where its end tells of {group.n_rows:,}"
            raise DataError(f"{path}: expected a whole Parquet file, got a damaged one ({came})", AGAIN)


def is_parquet(given: Any) -> bool:
    """Whether something names Parquet files: one, a folder of nothing else, or a pattern."""
    if not isinstance(given, str | Path):
        return False
    path = Path(given).expanduser()
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where the name is too long
        if (path / "run.json").exists():  # a run keeps tables of its own, which are no data to learn from
            return False
        return any(path.glob("*" + ENDINGS[0])) or any(path.glob("*" + ENDINGS[1]))
    return path.suffix.lower() in ENDINGS


def is_several(path: Path) -> bool:
    """Whether a path is a folder of Parquet files, or a pattern for some."""
    return is_parquet(path) and (path.is_dir() or ("*" in path.name and not is_there(path)))


def read_several(path: Path, options: ReadOptions) -> RawTable:
    """The rows of all Parquet files of a folder or pattern, in memory.

    Raises:
        DataError: as `ParquetSource.open` does.
    """
    import pyarrow as pa

    source = ParquetSource.open(str(path))
    batches = [batch for group in source.groups for batch in source.batches(group)]
    return replace(tidy(pa.Table.from_batches(batches), options), name=source.name)


def parquet_paths(given: str) -> tuple[Path, ...]:
    """The files that a path, a folder or a pattern names, sorted.

    Raises:
        DataError: there are none.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        return tuple(sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS))
    if not is_there(path) and "*" in path.name:
        if found := sorted(path.parent.glob(path.name)):
            return tuple(found)
        raise DataError(f"{given}: expected Parquet files, got none that this pattern names", "check the folder")
    return (path,)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Inside, what Arrow complains about a file becomes an error for the user."""
    import pyarrow as pa

    check_file(path)
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"{path}: expected a file that can be read, got: {error.strerror}") from None
        reason = str(error).split(". ")[0].splitlines()[0]
        message = f"{path}: expected a whole Parquet file, got a damaged one, or one that is cut short ({reason})"
        raise DataError(message, AGAIN) from None


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _row_groups(footers: Sequence[Any]) -> Iterator[RowGroup]:
    batch_rows = min(8192, max(512, sum(footer.num_rows for footer in footers) // N_BATCHES))
    first = 0
    for number, footer in enumerate(footers):
        for place in range(footer.num_row_groups):
            one = footer.row_group(place)
            if one.num_rows:
                yield RowGroup(number, place, first, one.num_rows, one.total_byte_size, batch_rows)
            first += one.num_rows


def _check_schemas(paths: Sequence[Path], schemas: Sequence[Any]) -> None:
    import pyarrow as pa

    nested = [f"{field.name!r} ({field.type})" for field in schemas[0] if pa.types.is_nested(field.type)]
    if nested:
        raise DataError(
            f"{paths[0]}: expected one value in each cell, got columns of several: {shown(nested, 5)}",
            "spread them over columns of their own, or leave them out, and write the file again",
        )
    names = schemas[0].names
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise DataError(f"{paths[0]}: expected each column once, got {twice!r} twice", "rename one of them")
    for path, schema in zip(paths[1:], schemas[1:], strict=True):
        if not schema.equals(schemas[0]):
            differ = next((a, b) for a, b in zip([*schemas[0], None], [*schema, None], strict=False) if a != b)
            was, came = ("no more" if one is None else f"{one.name!r} ({one.type})" for one in differ)
            raise DataError(f"{path}: expected the columns of {paths[0]}, got {came} in the place of {was}", AGAIN)


def _is_index(name: str) -> bool:
    return name.startswith("__index_level_")  # row labels that pandas wrote
