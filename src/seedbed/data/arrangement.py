"""What decides, beside chance, which rows stay together: the group of each row, or its time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError, nearest
from seedbed.data import dates
from seedbed.data.cells import EPOCH, NUMBERS, TIMES, Cells, cells
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
        times, notices = _times(name, series)
        return replace(raw, time=times), _no_feature(time, reason) + notices
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
    codes, texts = cells(name, series).as_texts()
    n_holes, n_groups = int((codes < 0).sum()), len(np.unique(codes[codes >= 0]))
    notices = [f"{name}: {n_holes:,} rows without a group are each a group of their own"] if n_holes else []
    if n_groups + n_holes == len(codes):
        notices.append(f"{name}: every row is a group of its own, so that the split is as it would be without groups")
    return np.array([*texts, MISSING], dtype=str)[codes], notices


def _times(name: str, series: Any) -> tuple[NDArray[Any], list[str]]:
    """The time of each row, float64 or datetime64[us], and notices.

    Raises:
        DataError: a row has none, or one that is neither a date nor a number.
    """
    column = cells(name, series)
    if column.holes.any():
        n_holes, first = int(column.holes.sum()), int(column.holes.argmax())
        message = f"{name}: expected a time in every row, got {n_holes:,} holes (the first in row {first})"
        raise DataError(message, "leave these rows out: nothing says to which part they belong")
    if column.form == NUMBERS:
        if not np.isfinite(column.values).all():
            row = int(np.argmin(np.isfinite(column.values)))
            raise DataError(f"{name}: expected finite numbers, got {column.values[row]} in row {row}", "mend that row")
        return column.values, []
    days, notices = (column.values, []) if column.form == TIMES else _days(name, column)
    return EPOCH + np.round(days * 86_400e6).astype("timedelta64[us]"), notices


def _days(name: str, column: Cells) -> tuple[NDArray[np.float64], list[str]]:
    """The days since 1970 of texts that are dates, and notices."""
    form = dates.date_format(column.texts, 0.5) or dates.ISO
    days = dates.days_of(column.texts, form)[column.values]
    wrong = np.isnan(days)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{name}: expected dates or numbers, got {column.texts[column.values[row]]!r} in row {row} "
            f"and {wrong.sum() - 1:,} more",
            "write dates as 2024-12-31 or 2024-12-31 23:59, all in one way",
        )
    if not dates.is_ambiguous(column.texts, form):
        return days, []
    order = "month before day" if form.index("%m") < form.index("%d") else "day before month"
    return days, [f"{name}: its dates are read with the {order}; the other order would fit as well"]
