"""The target: which task its values ask for, and how they become numbers.

Without `task=` the values decide:

- one column of text, truth values or categories: classification;
- one column of whole numbers: classification where they are at most 20 different ones with at least three rows each
  on average (so that each class can be in all three parts), else regression;
- one column of numbers with decimals: regression;
- several columns: multilabel where all are 0 or 1, else regression with several outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError, nearest, one_of
from seedbed.core.tasks import TASKS
from seedbed.data import numerals
from seedbed.data.cells import is_hole
from seedbed.data.raw import unsound

MOST_CLASSES = 20
ROWS_PER_CLASS = 3
DOUBTFUL = 100  # up to so many whole numbers could be either, and a notice says what was chosen


@dataclass(frozen=True)
class Target:
    """What the targets mean.

    Attributes:
        task: one of `classification`, `regression` and `multilabel`.
        names: the name of each target column.
        class_names: the classes in the order of their numbers, as the source writes them (ints stay ints).
    """

    task: str
    names: tuple[str, ...]
    class_names: tuple[Any, ...] = ()

    def decode(self, y: Any) -> list[Any]:
        """The class of each class number, as the source writes it."""
        return [self.class_names[int(number)] for number in np.asarray(y)]

    def to_dict(self) -> dict[str, Any]:
        """This target as plain data for JSON."""
        return {"task": self.task, "names": list(self.names), "class_names": list(self.class_names)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Target:
        """The target that `to_dict` wrote."""
        return cls(plain["task"], tuple(plain["names"]), tuple(plain["class_names"]))


Columns = dict[str, NDArray[Any]]


def read_target(
    columns: Columns, task: str | None, class_names: tuple[Any, ...] = ()
) -> tuple[Target, NDArray[Any], list[str]]:
    """What the target columns mean, the targets as numbers, and notices.

    Arguments:
        columns: the raw columns by name, each (n,).
        task: the task if the user names it, else None.
        class_names: the names behind the class numbers 0, 1, ..., where the source knows them.

    Raises:
        UsageError: the task is unknown.
        DataError: values are infinite, do not fit the task, or are all the same.
    """
    if task is not None and task not in TASKS:
        raise UsageError(f"task: expected {one_of(TASKS)}, got {task!r}", nearest(str(task), TASKS))
    columns = {name: _numerals(_sound(name, values), task) for name, values in columns.items()}
    notices: list[str] = []
    task = task or _inferred(columns, notices)
    if task == "classification":
        return *_read_classes(columns, class_names), notices
    y = np.stack([_as_numbers(name, values, task) for name, values in columns.items()], axis=1)  # (n, k)
    _check_spread(task, y, tuple(columns), notices)
    return Target(task, tuple(columns)), y, notices


def array_columns(y: Any) -> Columns:
    """The columns of a target that came as an array, (n,) or (n, k)."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1:
        return {f"target_{i}": y[:, i] for i in range(y.shape[1])}
    if y.ndim not in (1, 2) or y.shape[1:] == (0,):
        raise DataError(f"y: expected shape (n,) or (n, k), got {y.shape}", "one row for each example")
    return {"target": y.reshape(-1)}


def without_holes(columns: Columns) -> tuple[Columns, NDArray[np.bool_]]:
    """The target columns in the rows where all of them have a value, and which rows (n,) these are.

    Raises:
        DataError: half of the rows or more have none.
    """
    holes: NDArray[np.bool_] = np.logical_or.reduce([_holes(values) for values in columns.values()])
    if not holes.any():
        return columns, ~holes
    n_holes, n = int(holes.sum()), len(holes)
    if n_holes * 2 >= n:
        raise DataError(
            f"target {', '.join(map(repr, columns))}: expected a value in most rows, got none in {n_holes:,} of {n:,} "
            f"(the first is row {int(np.argmax(holes))})",
            "choose another target: nothing can be learned from a row without one",
        )
    return {name: _whole_again(values[~holes], holes) for name, values in columns.items()}, ~holes


def _holes(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype == object:
        return np.array([is_hole(value) for value in values], dtype=bool)
    return np.zeros(len(values), dtype=bool)


def _whole_again(values: NDArray[Any], holes: NDArray[np.bool_]) -> NDArray[Any]:
    """Whole numbers, which the holes had turned into decimals, as whole numbers."""
    is_whole = values.dtype.kind == "f" and (np.abs(values) < 2**53).all() and (values % 1 == 0).all()
    return values.astype(np.int64) if is_whole and holes.any() else values


def _sound(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """The column without an object type, checked for holes and infinities."""
    if values.dtype == object:
        values = _settled(name, values)
    if values.dtype.kind not in "biufU":
        raise DataError(f"target {name!r}: expected numbers, truth values or texts, got type {values.dtype}")
    if values.dtype.kind == "f" and (wrong := unsound(values)).any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"target {name!r}: expected finite numbers, got {int(wrong.sum()):,} infinite or huge ones (the first, "
            f"{values[row]}, in row {row})",
            "leave these rows out, or put finite numbers there",
        )
    return values


def _settled(name: str, values: NDArray[Any]) -> NDArray[Any]:
    kinds = {type(value) for value in values}
    if all(issubclass(kind, str) for kind in kinds):
        return values.astype(str)
    if all(issubclass(kind, bool | np.bool_ | int | float | np.integer | np.floating) for kind in kinds):
        return np.array(values.tolist())
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise DataError(f"target {name!r}: expected values of one type, got {names}", "turn them all into texts or numbers")


def _numerals(values: NDArray[Any], task: str | None) -> NDArray[Any]:
    """Texts that are all numbers, `1,234.5` or `3,5`, as numbers, where a quantity is asked for or likely.

    A few different ones may be the names of classes, and stay as they are.
    """
    if values.dtype.kind != "U" or task == "classification":
        return values
    found, places = np.unique(values, return_inverse=True)
    if task is None and len(found) <= MOST_CLASSES:
        return values
    texts = found.tolist()
    read = numerals.parsed(texts, numerals.decimal_sign(texts))
    return values if unsound(read).any() else read[places]


def _inferred(columns: Columns, notices: list[str]) -> str:
    kinds = {values.dtype.kind for values in columns.values()}
    if len(columns) > 1:
        is_binary = all(v.dtype.kind in "biuf" and np.isin(v, (0, 1)).all() for v in columns.values())
        return "multilabel" if is_binary else "regression"
    (values,) = columns.values()
    if kinds <= {"U", "b"}:
        return "classification"
    distinct = len(np.unique(values))
    looks_like_classes = distinct <= min(MOST_CLASSES, len(values) // ROWS_PER_CLASS)
    if kinds == {"f"}:
        if looks_like_classes and (values % 1 == 0).all():
            notices.append(
                f"the target's {distinct} different values are whole numbers written with decimals and are taken as "
                'a quantity; if they are classes, say task="classification"'
            )
        return "regression"
    named = (
        'classes; if they are a quantity, say task="regression"'
        if looks_like_classes
        else ('a quantity; if they are classes, say task="classification"')
    )
    if 2 < distinct <= DOUBTFUL:
        notices.append(f"the target's {distinct:,} different whole numbers are taken as {named}")
    return "classification" if looks_like_classes else "regression"


def _read_classes(columns: Columns, class_names: tuple[Any, ...]) -> tuple[Target, NDArray[np.int32]]:
    if len(columns) != 1:
        raise UsageError(
            f"target: expected one column for a classification, got {len(columns)} ({', '.join(columns)})",
            'several columns of 0 and 1 are task="multilabel"',
        )
    ((name, values),) = columns.items()
    found, y = np.unique(values, return_inverse=True)
    if len(found) < 2:
        raise DataError(
            f"target {name!r}: expected at least two classes, got only {found.tolist()[0]!r} in {len(y):,} rows",
            "choose another target, or add rows of another class",
        )
    if class_names:
        y = values
    return Target("classification", (name,), class_names or tuple(found.tolist())), y.astype(np.int32)


def _as_numbers(name: str, values: NDArray[Any], task: str) -> NDArray[np.float64]:
    if values.dtype.kind == "U":
        raise DataError(
            f"target {name!r}: expected numbers for a {task}, got texts such as {values.tolist()[0]!r}",
            'leave task= away, or say task="classification"',
        )
    if task == "multilabel" and not np.isin(values, (0, 1)).all():
        other = values[~np.isin(values, (0, 1))].tolist()[0]
        raise DataError(f"target {name!r}: expected 0 or 1 for a multilabel task, got {other!r}")
    return values.astype(np.float64)


def _check_spread(task: str, y: NDArray[np.float64], names: tuple[str, ...], notices: list[str]) -> None:
    constant = [name for name, low, high in zip(names, y.min(axis=0), y.max(axis=0), strict=True) if low == high]
    if len(constant) == len(names):
        raise DataError(
            f"target {', '.join(map(repr, names))}: expected values that differ, got {y[0, 0]:g} in every row",
            "choose another target: there is nothing to learn",
        )
    notices += [f"the target {name!r} has the same value in every row" for name in constant]
    if task == "multilabel" and (y.sum(axis=1) == 1).all():
        notices.append(
            "every row has exactly one label: if these are classes, give their numbers in one column instead, "
            "y.argmax(axis=1)"
        )


def encode_target(target: Target, columns: Columns) -> NDArray[Any]:
    """Further rows of target columns as the numbers that `read_target` would give them: int32 (n,), or float64 (n, k).

    Raises:
        DataError: a value is no class, infinite, or does not fit the task.
    """
    sound = {name: _sound(name, values) for name, values in columns.items()}
    if target.task != "classification":
        return np.stack([_as_numbers(name, values, target.task) for name, values in sound.items()], axis=1)
    ((name, values),) = sound.items()
    known = np.array(target.class_names)
    y = np.minimum(np.searchsorted(known, values), len(known) - 1).astype(np.int32)
    if (strange := known[y] != values).any():
        raise DataError(f"target {name!r}: expected one of the classes, got {values[strange].tolist()[0]!r}")
    return y
