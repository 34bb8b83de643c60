"""From raw rows and their targets to the trace of a trained network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, nearest
from seedbed.data.target import Target
from seedbed.network.trace import Trace, trace
from seedbed.recipe.member import Member, encoder_of
from seedbed.training.scopes import precision

MOST_SHOWN = 10


def trace_of(member: Member, x: Any, y: Any) -> Trace:
    """The trace of a member on raw rows; see `Member.trace`."""
    target, trained = member.encoder.target, member.trained
    rows, answers = _as_rows(x, y, target)
    features = encoder_of([member]).transform(rows)
    targets = encoded(answers, target)
    if len(features) != len(targets):
        hint = "give one target for each row"
        raise DataError(f"y: expected {len(features):,} targets, one for each row of x, got {len(targets):,}", hint)
    if target.task == "regression":
        targets = trained.preprocessor.y(targets)
    dtype = member.setup.storage
    targets = targets if target.task == "classification" else targets.astype(dtype)
    with precision(dtype):
        inputs = trained.preprocessor.x(features).astype(dtype)
        return trace(member.network, member.params, member.setup.loss, inputs, targets)


def encoded(y: Any, target: Target) -> NDArray[Any]:
    """Targets as numbers: int32 classes (n,), or float64 (n, k).

    Raises:
        DataError: a class is unknown, or they are not as many numbers for each row as there are targets.
    """
    values = np.asarray(y)
    if target.task == "classification":
        return np.array([_class_number(one, target) for one in values.ravel().tolist()], np.int32)
    k = len(target.names)
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        raise DataError(f"y: expected numbers, got values such as {values.ravel().tolist()[0]!r}") from None
    numbers = numbers.reshape(len(numbers), -1)
    if numbers.shape[1] != k or not np.isfinite(numbers).all():
        expected = "one finite number" if k == 1 else f"{k} finite numbers"
        came = f"shape {values.shape}" if numbers.shape[1] != k else f"{numbers[~np.isfinite(numbers)][0]}"
        raise DataError(f"y: expected {expected} for each row, got {came}")
    return numbers


def _class_number(one: Any, target: Target) -> int:
    names = list(target.class_names)
    if one in names:
        return names.index(one)
    # Where all classes are texts, whole numbers can only be what `Dataset` keeps: their places.
    if isinstance(one, int) and all(isinstance(name, str) for name in names) and 0 <= one < len(names):
        return one
    shown = ", ".join(map(repr, names[:MOST_SHOWN])) + (", ..." if len(names) > MOST_SHOWN else "")
    raise DataError(f"y: expected one of the classes {shown}, got {one!r}", nearest(str(one), map(str, names)))


def _as_rows(x: Any, y: Any, target: Target) -> tuple[Any, Any]:
    """One example, known by its target, as a batch of one."""
    is_several = target.task != "classification" and len(target.names) > 1
    if np.ndim(y) != (1 if is_several else 0):
        return x, y
    if isinstance(x, dict):
        return {name: [value] if np.ndim(value) == 0 else value for name, value in x.items()}, [y]
    if hasattr(x, "to_frame"):  # a row of a table in pandas
        return x.to_frame().T.infer_objects(), [y]
    has_rows = hasattr(x, "columns") or (len(x) == 1 and (np.ndim(x) > 1 or isinstance(x[0], dict)))
    return x if has_rows else np.asarray(x)[None], [y]
