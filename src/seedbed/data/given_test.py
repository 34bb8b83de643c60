"""A test part that the user gives beside the training data: another file, table or pair of arrays like the first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from seedbed.core.errors import DataError, UsageError, nearest
from seedbed.data.raw import Raw, shown
from seedbed.data.readers.table import RawTable, ReadOptions, joined_arrays, looking_like
from seedbed.data.sources import read_source
from seedbed.data.tables import named, only_target, target_names


def with_test(found: RawTable | Raw, test: Any, target: Any, options: ReadOptions) -> RawTable | Raw:
    """The data with the rows of `test` behind them, as their test part.

    Arguments:
        found: the training data.
        test: a source of the same kind.
        target: the target columns of a table.
        options: how the training data were read.

    Raises:
        DataError: the two do not fit together.
        UsageError: the training data have a test part of their own.
    """
    if found.n_test:
        raise UsageError(f"test: expected none for {found.source}, which has a test part of its own, got {test!r}")
    if isinstance(found, RawTable):
        frame = named(found.frame, found.source)
        texts = tuple(name for name in frame.columns if _is_text(frame[name]))
        alike = replace(options, texts=(*options.texts, *texts))
        alike = looking_like(found.x.shape[1:], alike) if found.is_image and found.x is not None else alike
        other = read_source(test, alike)
        if isinstance(other, RawTable):
            meant = only_target(found, target)
            return _tables_joined(replace(found, frame=frame), other, target_names(frame, meant, found.source))
    else:
        other = read_source(test, looking_like(np.shape(found.rows)[1:], options) if found.is_image else options)
        if isinstance(other, Raw):
            return _arrays_joined(found, other)
    raise DataError(f"test: expected data like {found.source}, got {other.source}, which is of another kind")


def _tables_joined(found: RawTable, test: RawTable, targets: list[str]) -> RawTable:
    import pandas as pd

    ours, theirs = found.frame, named(test.frame, test.source)
    missing = [name for name in ours.columns if name not in theirs.columns]
    if missing:
        aimed = [name for name in targets if name in missing]
        hint = "add them: unknown values may stay empty"
        if aimed:
            hint = f"the test part is scored by its targets: add {shown(map(repr, aimed))} with a value in every row"
        raise DataError(
            f"{test.source}: expected the columns of {found.source}, got none named {shown(map(repr, missing))}",
            nearest(missing[0], set(theirs.columns) - set(ours.columns)) or hint,
        )
    extra = [name for name in theirs.columns if name not in ours.columns]
    theirs = theirs[list(ours.columns)]
    for name in ours.columns:
        _check_kind(name, ours[name], theirs[name], found.source, test.source)
    theirs, said = _without_dots(ours, theirs, targets, test.source)
    left_out = [f"columns of {test.source} that the training data do not have are left out: {shown(extra)}"]
    notices = [*(notice for notice in test.notices if notice not in found.notices), *(left_out if extra else []), *said]
    joined = pd.concat([ours, theirs], ignore_index=True)
    x = None if found.x is None and test.x is None else joined_arrays([found, test])
    return replace(found.saying(*notices), frame=joined, n_test=len(theirs), x=x)


def _check_kind(name: str, ours: Any, theirs: Any, source: str, test_source: str) -> None:
    """Refuses texts in a column that holds numbers in the training data."""
    if _is_text(theirs) and not _is_text(ours) and ours.notna().any() and theirs.notna().any():
        came = theirs.dropna().iloc[0]
        hint = "if it means a hole, say missing=, on the command line --missing"
        raise DataError(f"{test_source}: column {name!r}: expected values as in {source}, got {came!r}", hint)


def _without_dots(ours: Any, theirs: Any, targets: list[str], source: str) -> tuple[Any, list[str]]:
    """The test table with its classes spelt as in training, where they differ by a dot at the end, as in Adult."""
    notices = []
    for name in targets:
        if not (_is_text(ours[name]) and _is_text(theirs[name])):
            continue
        known, came = set(ours[name].dropna().unique()), set(theirs[name].dropna().unique())
        if came - known and {str(text).removesuffix(".") for text in came} <= known:
            odd = sorted(came - known)[0]
            theirs = theirs.assign(**{name: theirs[name].str.removesuffix(".")})
            notices.append(f"target {name!r}: {odd!r} in {source} is taken as {odd.removesuffix('.')!r}")
    return theirs, notices


def _is_text(series: Any) -> bool:
    from pandas.api import types

    return bool(types.is_string_dtype(series.dtype)) or series.dtype == object


def _arrays_joined(found: Raw, test: Raw) -> Raw:
    ours, theirs = np.asarray(found.rows), np.asarray(test.rows)
    if ours.shape[1:] != theirs.shape[1:]:
        raise DataError(
            f"{test.source}: expected examples of shape {ours.shape[1:]} as in {found.source}, got {theirs.shape[1:]}"
        )
    if set(found.target) != set(test.target):
        raise DataError(
            f"{test.source}: expected the targets {shown(found.target)}, got {shown(test.target) or 'none'}"
        )
    target = {
        name: np.concatenate([values, _renumbered(test.target[name], test, found)])
        for name, values in found.target.items()
    }
    return replace(
        found, rows=np.concatenate([ours, theirs]), target=target, n_test=len(theirs),
        notices=(*found.notices, *test.notices),
    )  # fmt: skip


def _renumbered(y: Any, test: Raw, found: Raw) -> Any:
    """Class numbers of the test part as numbers of the same classes in the training data."""
    if test.class_names == found.class_names:
        return y
    unknown = [name for name in test.class_names if name not in found.class_names]
    if unknown:
        raise DataError(
            f"{test.source}: expected the classes {shown(found.class_names)}, got {shown(unknown)}",
            nearest(str(unknown[0]), map(str, found.class_names)),
        )
    return np.array([found.class_names.index(name) for name in test.class_names])[y]
