"""Tables of other libraries that are in memory: whatever speaks Arrow or the older interchange protocol, Hugging Face
data sets, dictionaries of columns, and lists of dictionaries. None of these libraries is imported here.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from seedbed.core.errors import DataError
from seedbed.core.fields import describe
from seedbed.data.raw import is_frame, shown
from seedbed.data.readers.arrow import tidy
from seedbed.data.readers.folders import PARTS
from seedbed.data.readers.hugging_face import is_hugging_face, read_hugging_face
from seedbed.data.readers.table import RawTable, ReadOptions, joined_arrays, looking_like


def read_foreign(source: Any, options: ReadOptions) -> RawTable | None:
    """The table that an object of another library, or plain Python, holds; None where it is no table.

    A dictionary may also hold tables, named `train`, `test` and perhaps `validation`, as a Hugging Face `DatasetDict`
    does: the second is the test part.

    Raises:
        DataError: it looks like a table, but cannot be read as one.
    """
    if is_frame(source):
        return RawTable(source)
    if is_hugging_face(source):
        return read_hugging_face(source, options)
    if hasattr(source, "__arrow_c_stream__"):  # Polars, pyarrow, and all that speak Arrow's PyCapsule interface
        return _from_arrow(source, options)
    if hasattr(source, "__dataframe__"):
        return _interchanged(source)
    if isinstance(source, Mapping) and source:
        return _from_parts(source, options) if _are_parts(source) else _from_columns(source)
    if isinstance(source, list) and source and all(isinstance(row, Mapping) for row in source):
        return _framed(source, "a list of dictionaries")
    return None


def _from_arrow(source: Any, options: ReadOptions) -> RawTable:
    import pyarrow as pa

    try:
        table = pa.table(source)
    except (pa.ArrowInvalid, TypeError, ValueError) as error:
        raise DataError(f"source: expected a table, got {type(source).__name__} ({error})") from None
    return replace(tidy(table, options), source=f"a table of {_library(source)}")


def _interchanged(source: Any) -> RawTable:
    from pandas.api.interchange import from_dataframe

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas advises its own users against this protocol
            frame = from_dataframe(source)
    except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"source: expected a table, got {type(source).__name__} ({error})") from None
    return RawTable(frame, source=f"a table of {_library(source)}")


def _from_columns(source: Mapping[Any, Any]) -> RawTable:
    lengths = {str(name): len(column) if hasattr(column, "__len__") else None for name, column in source.items()}
    alone = [name for name, column in source.items() if lengths[str(name)] is None or isinstance(column, str)]
    if alone:
        raise DataError(f"source: column {alone[0]!r}: expected a list or an array, got {describe(source[alone[0]])}")
    if len(set(lengths.values())) > 1:
        came = ", ".join(f"{length:,} of {name!r}" for name, length in list(lengths.items())[:5])
        raise DataError(f"source: expected columns of one length, got {came}")
    return _framed(source, "a dictionary of columns")


def _framed(source: Any, what: str) -> RawTable:
    import pandas as pd

    try:
        return RawTable(pd.DataFrame(source), source=what)
    except (ValueError, TypeError) as error:
        message = f"source: expected {what}, each of simple values, got another ({error})"
        raise DataError(message, "give arrays as load((x, y))") from None


def _are_parts(source: Mapping[Any, Any]) -> bool:
    """Whether a dictionary holds tables for training and test rather than columns."""
    return all(
        _part(name) and (hasattr(value, "columns") or isinstance(value, Mapping) or is_hugging_face(value))
        for name, value in source.items()
    )


def _part(name: Any) -> str:
    """The part that a name stands for; empty where it is none."""
    return next((part for part, names in PARTS.items() if str(name).lower() in names), "")


def _from_parts(source: Mapping[Any, Any], options: ReadOptions) -> RawTable:
    """Training and validation rows, then those of the test part."""
    import pandas as pd

    found: dict[str, RawTable] = {}
    for name in sorted(source, key=lambda name: [*PARTS].index(_part(name))):
        table = read_foreign(source[name], options)
        if table is not None and len(table.frame):
            found[_part(name)] = table
            options = looking_like(table.x.shape[1:], options) if table.x is not None and table.is_image else options
    if "train" not in found:
        raise DataError(f"source: expected tables of which one is named 'train', got {shown(source)}")
    first = found["train"]
    for part, table in found.items():
        if set(map(str, table.frame.columns)) != set(map(str, first.frame.columns)):
            columns = f"{shown(first.frame.columns)} in 'train' and {shown(table.frame.columns)} in {part!r}"
            raise DataError(f"source: expected the same columns in every part, got {columns}")
    said = ("its validation part joins the training rows, out of which one is drawn",) if "valid" in found else ()
    notices = dict.fromkeys(notice for table in found.values() for notice in table.notices)
    n_test = len(found["test"].frame) if "test" in found else 0
    frame = pd.concat([table.frame[list(first.frame.columns)] for table in found.values()], ignore_index=True)
    whole = replace(first, frame=frame, n_test=n_test, notices=(*notices, *said))
    return whole if first.x is None else replace(whole, x=joined_arrays(list(found.values())))


def _library(source: Any) -> str:
    return type(source).__module__.split(".")[0]
