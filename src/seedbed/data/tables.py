"""Tables: DataFrames, with the target's columns told apart from the features."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError, nearest
from seedbed.data.raw import Raw, shown
from seedbed.data.readers.table import RawTable

CUSTOMARY = ("target", "label", "y", "class")


def split_columns(table: RawTable, target: Any, weight: Any) -> Raw:
    """The features and targets of a table.

    Arguments:
        table: what a reader found.
        target: the target column's name, or a list of names, or several names with commas between.
        weight: the name of the column that says what each row counts, or anything else to leave it to the caller.

    Raises:
        UsageError: the target is not named, or no column has that name.
        DataError: columns have the same name, or there are no rows.
    """
    source = table.source
    frame = named(table.frame, source)
    if not len(frame):
        raise DataError(f"{source}: expected rows, got none")
    names = target_names(frame, only_target(table, target), source)
    weights = None
    if isinstance(weight, str):
        if weight in names:
            raise UsageError(f"sample_weight: expected another column than the target, got {weight!r}")
        weights = column_weights(frame[known_column("sample_weight", weight, frame, source)], weight)
    features = frame.drop(columns=[*names, *([weight] if weights is not None else [])])
    targets = {name: _values(frame[name]) for name in names}
    raw = Raw(table.name, source, features, targets, n_test=table.n_test, weight=weights, notices=table.notices)
    if table.x is None:
        return raw
    left_out = f"columns beside the images are left out: {shown(map(repr, features.columns))}"
    said = (*raw.notices, left_out) if len(features.columns) else raw.notices
    return replace(raw, rows=table.x, is_image=table.is_image, notices=said)


def only_target(table: RawTable, target: Any) -> Any:
    """The target that is asked for; where none is, the one column beside images."""
    is_plain = table.x is not None and target is None and table.frame.shape[1] == 1
    return str(table.frame.columns[0]) if is_plain else target


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


def target_names(frame: Any, target: Any, source: str) -> list[str]:
    """The names of the target columns that the user means.

    Raises:
        UsageError: none is named, or no column has that name.
    """
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
    names = [known_column("target", str(name), frame, source) for name in wanted]
    return list(dict.fromkeys(names))


def _apart(target: Any, frame: Any) -> list[Any]:
    """A text as the name that it is; or as several names with commas between, where no column has it as a whole."""
    if not isinstance(target, str) or "," not in target or target in frame.columns:
        return [target]
    return [name.strip() for name in target.split(",")]


def known_column(what: str, name: str, frame: Any, source: str) -> str:
    """The name of a column, which is there.

    Raises:
        UsageError: no column has that name.
    """
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


def column_weights(series: Any, name: str) -> NDArray[np.float64]:
    """A column of weights as float64, NaN in its holes.

    Raises:
        DataError: it holds no numbers.
    """
    from pandas.api import types

    if not types.is_numeric_dtype(series.dtype):
        raise DataError(f"sample_weight: expected a column of numbers, got {name!r} of type {series.dtype}")
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
