"""Whether a table is streamed: where the user says so, or where it would not fit into memory well."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from seedbed.core.errors import UsageError
from seedbed.core.fields import describe
from seedbed.data.stream.source import ParquetSource, is_parquet

# What a cell takes at the most while a table in memory is read, encoded, split and preprocessed: 10 million rows of 21
# numbers took 6.7 GB.
CELL_BYTES = 32
MOST_BYTES = 2_000_000_000  # that a table may take in memory, and half of what is free


def to_stream(source: Any, stream: bool | None) -> ParquetSource | None:
    """The Parquet files that a source names where they are to be streamed; None where it is to be read into memory.

    Arguments:
        source: what `load` takes.
        stream: what the user says; None: those tables are streamed that would take more than 2 GB, or more than half
            of the memory that is free.

    Raises:
        UsageError: what is to be streamed is not Parquet.
        DataError: a file is damaged, or what it holds cannot be streamed.
    """
    if not is_parquet(source):
        if stream:
            raise UsageError(
                f"stream: expected Parquet files, got {describe(source)}",
                "write the table as Parquet; row_group_size=100_000 lets it be mixed well",
            )
        return None
    if stream is False:
        return None
    files = ParquetSource.open(str(source))
    is_large = files.n_rows * len(files.names) * CELL_BYTES > min(MOST_BYTES, available_bytes() // 2)
    return files if stream or is_large else None


def available_bytes() -> int:
    """How much memory new programs could take without swapping, as the system estimates it."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):  # not Linux: what the machine has
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
