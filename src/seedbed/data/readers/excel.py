"""Excel files, `.xlsx` and `.xlsm`: the first sheet, with openpyxl, which is an extra."""

from __future__ import annotations

import itertools
import warnings
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from seedbed.core.errors import DataError
from seedbed.data.raw import check_file
from seedbed.data.readers.arrow import tidy
from seedbed.data.readers.table import RawTable, ReadOptions, column_names

BROKEN = (  # what openpyxl lets out of a damaged file
    zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError, EOFError, OSError, SyntaxError,
    IndexError, NotImplementedError,
)  # fmt: skip


def read(path: Path, options: ReadOptions) -> RawTable:
    """The table in the first sheet of an Excel file.

    Raises:
        DataError: openpyxl is not installed, or the file is missing, damaged, or holds no table.
    """
    import pyarrow as pa

    check_file(path)
    if find_spec("openpyxl") is None:
        raise DataError(f"{path}: expected openpyxl to read it, got no such package", "pip install 'seedbed[excel]'")
    rows, sheets = _cells(path)
    if not rows:
        raise DataError(f"{path}: expected a table in the sheet {sheets[0]!r}, got an empty one")
    names = column_names(["" if cell is None else str(cell) for cell in rows[0]], path, header=options.header)
    body = rows[options.header :]
    if not body:
        raise DataError(f"{path}: expected rows below the first line, got only the names of {len(names)} columns")
    columns = [_column([row[i] for row in body]) for i in range(len(names))]
    notices = [f"of {len(sheets)} sheets the first is read, {sheets[0]!r}"] if len(sheets) > 1 else []
    return tidy(pa.table(columns, names=list(names)), options).saying(*notices)


def _cells(path: Path) -> tuple[list[tuple[Any, ...]], list[str]]:
    """The rows of the first sheet without its empty rows and columns, and the names of all sheets."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what is left out: styles, validation, charts
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            rows = [tuple(row) for row in book.worksheets[0].iter_rows(values_only=True)]
            sheets = [sheet.title for sheet in book.worksheets]
            book.close()
    except BROKEN as error:
        raise DataError(f"{path}: expected a whole Excel file, got a damaged one ({error})", "save it again") from None
    rows = [row for row in rows if any(cell is not None for cell in row)]
    columns = [cells for cells in itertools.zip_longest(*rows) if any(cell is not None for cell in cells)]
    return list(zip(*columns, strict=True)), sheets


def _column(cells: list[Any]) -> Any:
    """The cells of a column as an Arrow array; as texts where they are of several kinds."""
    import pyarrow as pa

    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if cell is None else str(cell) for cell in cells])
