"""What decides, beside chance, which rows stay together: the group of each row, or its time."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError, nearest
from seedbed.data.columns import MISSING
from seedbed.data.raw import Raw, is_frame, shown


def arranged(raw: Raw, group: Any, time: Any) -> tuple[Raw, list[str]]:
    """The raw data with the group or the time of each row, its column taken from the features; and notices.

    The time is no feature because the rows to validate and to test lie outside the range that training sees; a group
    is none because new rows come from others.

    Arguments:
        raw: data as a reader found it.
        group: a column of the table, or an array (n,): rows of one group stay in one part. None: rows are apart.
        time: a column of the table, or an array (n,) of dates or numbers: the newest rows test. None: no order.

    Raises:
        UsageError: both are given, or a name is no column.
        DataError: the values cannot group or order the rows.
    """
    if group is not None and time is not None:
        raise UsageError(
            "group and time: expected one of them, got both",
            "by time the newest rows test, whatever their group; by group whole groups test, whatever their time",
        )
    if group is not None:
        raw, name, series = _taken(raw, "group", group)
        labels, notices = _labels(name, series)
        reason = "keeps its rows in one part and is no feature"
        return replace(raw, group=labels), _no_feature(group, reason) + notices
    if time is not None:
        raw, name, series = _taken(raw, "time", time)
        reason = "orders the rows and is no feature: the newest rows lie outside the range of training"
        return replace(raw, time=_times(name, series)), _no_feature(time, reason)
    return raw, []


def _taken(raw: Raw, what: str, given: Any) -> tuple[Raw, str, Any]:
    """The raw data without the column, the name for messages, and the values as a Series."""
    import pandas as pd

    if not isinstance(given, str):
        values = np.asarray(given)
        if values.shape != (raw.n_targets,):
            raise DataError(f"{what}: expected one value for each of {raw.n_targets:,} rows, got shape {values.shape}")
        return raw, what, pd.Series(values)
    if given in raw.target:
        raise UsageError(f"{what}: expected another column than the target, got {given!r}")
    if not is_frame(raw.rows):
        raise UsageError(f"{what}: expected an array for {raw.source}, got the name {given!r}")
    columns = raw.rows.columns
    if given not in columns:
        message = f"{what}: expected one of the columns of {raw.source}, got {given!r}; they are {shown(columns)}"
        raise UsageError(message, nearest(given, columns))
    return replace(raw, rows=raw.rows.drop(columns=given)), f"{what} {given!r}", raw.rows[given]


def _no_feature(given: Any, reason: str) -> list[str]:
    return [f"column {given!r} {reason}"] if isinstance(given, str) else []


def _labels(name: str, series: Any) -> tuple[NDArray[Any], list[str]]:
    """The group of each row as text, `(missing)` where there is none, and notices."""
    holes = series.isna().to_numpy(dtype=bool)
    labels = np.array([MISSING if hole else _text(value) for value, hole in zip(series, holes, strict=True)], dtype=str)
    notices = [f"{name}: {holes.sum():,} rows without a group are each a group of their own"] if holes.any() else []
    if len(set(labels[~holes].tolist())) + holes.sum() == len(labels):
        notices.append(f"{name}: every row is a group of its own, so that the split is as it would be without groups")
    return labels, notices


def _text(value: Any) -> str:
    """A label as text; a hole elsewhere turns whole numbers into decimals, and 3.0 is the group 3."""
    is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value) if is_whole else value)


def _times(name: str, series: Any) -> NDArray[Any]:
    """The time of each row, float64 or datetime64[ns].

    Raises:
        DataError: a row has none, or one that is neither a date nor a number.
    """
    from pandas.api import types

    holes = series.isna().to_numpy(dtype=bool)
    if holes.any():
        message = f"{name}: expected a time in every row, got {holes.sum():,} holes (the first in row {holes.argmax()})"
        raise DataError(message, "leave these rows out: nothing says to which part they belong")
    if types.is_numeric_dtype(series.dtype) and not types.is_bool_dtype(series.dtype):
        numbers = series.to_numpy(dtype=np.float64)
        if not np.isfinite(numbers).all():
            row = int(np.argmin(np.isfinite(numbers)))
            raise DataError(f"{name}: expected finite numbers, got {numbers[row]} in row {row}", "mend that row")
        return np.asarray(numbers)
    dates = _dates(series)
    wrong = dates.isna().to_numpy(dtype=bool)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{name}: expected dates or numbers, got {series.iloc[row]!r} in row {row} and {wrong.sum() - 1:,} more",
            "write dates as 2024-12-31 or 2024-12-31 23:59, all in one way",
        )
    return np.asarray(dates.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]"))


def _dates(series: Any) -> Any:
    """Dates in the form of the first one, NaT where a value has another form or is none."""
    import pandas as pd

    first = series.iloc[0]
    if isinstance(first, str) and not pd.isna(pd.to_datetime(first, format="ISO8601", errors="coerce")):
        return pd.to_datetime(series, format="ISO8601", errors="coerce", utc=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns of 31/12/2024 where it expects the month first
        by_month, by_day = (
            pd.to_datetime(series, errors="coerce", utc=True, dayfirst=is_first) for is_first in (False, True)
        )
    # 01/02 may be either: another row tells, and where none does, points stand between dates with the day first.
    wrong = int(by_month.isna().sum()) - int(by_day.isna().sum())
    return by_day if wrong > 0 or (wrong == 0 and "." in str(first)) else by_month
