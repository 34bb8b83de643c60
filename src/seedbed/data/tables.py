"""Tables: CSV files and DataFrames, with the target's columns told apart from the features."""

from __future__ import annotations

import gzip
import re
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError, nearest
from seedbed.data.raw import Raw, check_file, shown

CUSTOMARY = ("target", "label", "y", "class")


def read_csv(path: Path) -> Any:
    """The DataFrame in a CSV file, plain or gzipped, whose first line names the columns.

    Raises:
        DataError: the file is missing, empty, damaged, without names or rows, or cannot be parsed.
    """
    check_file(path)
    frame = _parsed(path)
    if frame.shape[1] == 1 and (other := re.search(r"[;\t|]", frame.columns[0])):
        raise DataError(
            f"{path}: expected columns with commas between them, got {other[0]!r} in the first line",
            f"save it with commas; or in Python: load(pandas.read_csv(path, sep={other[0]!r}), target=...)",
        )
    if _is_headless(frame.columns):
        raise DataError(
            f"{path}: expected the names of the columns in the first line, got {shown(frame.columns, 4)}",
            "add a line of names; or in Python: load(pandas.read_csv(path, header=None), target=0)",
        )
    if frame.empty:
        raise DataError(f"{path}: expected rows below the first line, got only the names of {frame.shape[1]} columns")
    return frame


def read_frame(frame: Any, target: Any, weight: Any, *, name: str, source: str) -> Raw:
    """The features and targets of a DataFrame.

    Arguments:
        frame: the table.
        target: the target column's name, or a list of names, or several names with commas between.
        weight: the name of the column that says what each row counts, or anything else to leave it to the caller.

    Raises:
        UsageError: the target is not named, or no column has that name.
        DataError: columns have the same name, or there are no rows.
    """
    frame = named(frame, source)
    if not len(frame):
        raise DataError(f"{source}: expected rows, got none")
    names = _target_names(frame, target, source)
    weights = None
    if isinstance(weight, str):
        if weight in names:
            raise UsageError(f"sample_weight: expected another column than the target, got {weight!r}")
        weights = _weights(frame[_known("sample_weight", weight, frame, source)], weight)
    features = frame.drop(columns=[*names, *([weight] if weights is not None else [])])
    return Raw(name, source, features, {n: _values(frame[n]) for n in names}, weight=weights)


def named(frame: Any, source: str) -> Any:
    """A DataFrame whose columns are named by texts, each once.

    Raises:
        DataError: two columns have the same name.
    """
    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].tolist()[0]
        raise DataError(f"{source}: expected each column once, got {twice!r} twice", "rename one of them")
    return frame


def frame_columns(frame: Any) -> dict[str, NDArray[Any]]:
    """The columns of a DataFrame of targets, as arrays."""
    return {str(name): _values(frame[name]) for name in frame.columns}


def _parsed(path: Path) -> Any:
    import pandas as pd

    try:
        with warnings.catch_warnings():
            # Rows longer than the head would silently lose their last fields.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, index_col=False, skipinitialspace=True, low_memory=False)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path}: expected a table, got an empty file") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        text = str(error).replace("Error tokenizing data. C error: ", "").strip()
        message = f"{path}: expected the same number of fields in every line, got: {text}"
        raise DataError(message, "mend that line") from None
    except UnicodeDecodeError as error:
        message = f"{path}: expected a text in UTF-8, got other bytes at {error.start}"
        raise DataError(message, "save it as UTF-8") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: expected a whole gzip file, got a damaged one ({error})", "fetch it again") from None
    except OSError as error:
        raise DataError(f"{path}: expected a file that can be read, got: {error.strerror or error}") from None


def _target_names(frame: Any, target: Any, source: str) -> list[str]:
    if target is None:
        customary = next((name for name in frame.columns if name.lower() in CUSTOMARY), None)
        last = frame.columns[-1]
        named = customary or last
        hint = (
            f"say target={named!r}, as in sb.data.load(source, target={named!r}); on the command line, --target {named}"
        )
        raise UsageError(
            f"{source}: expected the name of the target column, got none; the columns are {shown(frame.columns)}", hint
        )
    wanted = list(target) if isinstance(target, list | tuple) else _apart(target, frame)
    if not wanted:
        raise UsageError(f"target: expected at least one column, got {target!r}")
    names = [_known("target", str(name), frame, source) for name in wanted]
    return list(dict.fromkeys(names))


def _apart(target: Any, frame: Any) -> list[Any]:
    """A text as the name that it is; or as several names with commas between, where no column has it as a whole."""
    if not isinstance(target, str) or "," not in target or target in frame.columns:
        return [target]
    return [name.strip() for name in target.split(",")]


def _known(what: str, name: str, frame: Any, source: str) -> str:
    if name not in frame.columns:
        raise UsageError(
            f"{what}: expected one of the columns of {source}, got {name!r}; they are {shown(frame.columns)}",
            nearest(name, frame.columns),
        )
    return name


def _values(series: Any) -> NDArray[Any]:
    """A column as an array: numbers and truth values where it holds only these, else objects."""
    from pandas.api import types

    if types.is_bool_dtype(series.dtype) and not series.hasnans:
        return np.asarray(series.to_numpy(dtype=bool))
    if types.is_numeric_dtype(series.dtype):
        if types.is_integer_dtype(series.dtype) and not series.hasnans:
            return np.asarray(series.to_numpy(dtype=np.int64))
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(series.astype(object).to_numpy(dtype=object, na_value=None))


def _weights(series: Any, name: str) -> NDArray[np.float64]:
    from pandas.api import types

    if not types.is_numeric_dtype(series.dtype):
        raise DataError(f"sample_weight: expected a column of numbers, got {name!r} of type {series.dtype}")
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))


def _is_headless(names: Any) -> bool:
    """Whether the first line holds values, not names. The plain counts 0, 1, 2 that pandas writes are names."""
    is_numeric = [re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?(\.\d+)?", name) for name in names]  # a.1: the second a
    return all(is_numeric) and not all(name.isdigit() for name in names)
