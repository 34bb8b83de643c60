"""The encoder: from raw rows, as they were loaded, to the features a network sees. It is saved with a run.

There are two, one for arrays and one for tables. Both are fitted on training rows only, take new rows in any
reasonable form, and go to JSON and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, nearest
from seedbed.data.columns import Column, column_from_dict, fit_column, reason_to_drop
from seedbed.data.raw import LARGEST, is_frame, shown, unsound
from seedbed.data.tables import named
from seedbed.data.target import Target


@dataclass(frozen=True)
class Encoder:
    """From raw rows to features, and from outputs back to the names of classes and targets.

    Attributes:
        target: what the targets mean.
    """

    kind: ClassVar[str]
    target: Target

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The name of each feature; empty for images."""
        raise NotImplementedError

    def transform(self, rows: Any) -> NDArray[Any]:
        """The features (n, *shape) of raw rows.

        Arguments:
            rows: a DataFrame or a dictionary of columns (found by name; others are ignored), a list of dictionaries,
                or an array or list of rows in the order of the source.

        Raises:
            DataError: columns are missing, there are more or fewer features than expected, or values do not fit.
        """
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """This encoder as plain data for JSON."""
        raise NotImplementedError

    @staticmethod
    def from_dict(plain: dict[str, Any]) -> Encoder:
        """The encoder that `to_dict` wrote."""
        target = Target.from_dict(plain["target"])
        if plain["kind"] == ArrayEncoder.kind:
            return ArrayEncoder(target, tuple(plain["shape"]), tuple(plain["names"]))
        return TableEncoder(target, tuple(plain["source_columns"]), tuple(map(column_from_dict, plain["columns"])))


@dataclass(frozen=True)
class ArrayEncoder(Encoder):
    """For arrays: the numbers as they are, checked. Bytes stay bytes, float32 stays float32, the rest is float64.

    Attributes:
        shape: the shape of one example; grey images have one colour, (28, 28, 1), which new rows may leave out.
        names: the name of each feature, empty where they have none.
    """

    kind = "array"
    shape: tuple[int, ...]
    names: tuple[str, ...] = ()

    @property
    def feature_names(self) -> tuple[str, ...]:
        return self.names

    def transform(self, rows: Any) -> NDArray[Any]:
        if is_frame(rows) or _has_names(rows):
            rows = _select(rows, self.names)
        x = check_array("rows", rows)
        if x.shape[1:] == self.shape[:-1] and self.shape[-1] == 1 and len(self.shape) > 1:
            x = x[..., None]
        if x.shape[1:] != self.shape:
            expected = ", ".join(map(str, self.shape))
            hint = "give the features it was trained on"
            if x.shape == self.shape:
                hint = "add the axis of the rows: rows[None]"
            raise DataError(f"rows: expected an array of shape (n, {expected}), got {x.shape}", hint)
        return x

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "target": self.target.to_dict(),
            "shape": list(self.shape),
            "names": list(self.names),
        }


@dataclass(frozen=True)
class TableEncoder(Encoder):
    """For tables: each column by its kind, side by side.

    Attributes:
        source_columns: all feature columns of the source in their order, for rows that come without names.
        columns: those that are used, with what was learned about each.
    """

    kind = "table"
    source_columns: tuple[str, ...]
    columns: tuple[Column, ...]

    @classmethod
    def fit(cls, rows: Any, target: Target) -> tuple[TableEncoder, list[str]]:
        """The encoder that fits a DataFrame of training rows, and notices about columns that are left out.

        Raises:
            DataError: no column is left.
        """
        reasons = {name: reason_to_drop(rows[name]) for name in rows.columns}
        columns = tuple(fit_column(name, rows[name]) for name, reason in reasons.items() if not reason)
        notices = [f"column {name!r} is left out: {reason}" for name, reason in reasons.items() if reason]
        if not columns:
            detail = "; ".join(notices) or "the table has no column but the target"
            raise DataError(f"expected at least one column to learn from, got none: {detail}", "add columns")
        return cls(target, tuple(rows.columns), columns), notices

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def numeric(self) -> NDArray[np.bool_]:
        """Which features are quantities rather than 0/1 indicators."""
        return np.array([is_quantity for column in self.columns for is_quantity in column.numeric], dtype=bool)

    def transform(self, rows: Any) -> NDArray[np.float64]:
        if not is_frame(rows) and not _has_names(rows):
            rows = self._named(rows)
        frame = _select(rows, tuple(column.name for column in self.columns))
        x = np.empty((len(frame), len(self.feature_names)))
        start = 0
        for column in self.columns:
            stop = start + len(column.feature_names)
            x[:, start:stop] = column.encode(frame[column.name])
            start = stop
        return x

    def to_dict(self) -> dict[str, Any]:
        columns = [column.to_dict() for column in self.columns]
        return {
            "kind": self.kind,
            "target": self.target.to_dict(),
            "source_columns": list(self.source_columns),
            "columns": columns,
        }

    def _named(self, rows: Any) -> Any:
        """Rows without names as a DataFrame, their columns in the order of the source."""
        import pandas as pd

        try:
            frame = pd.DataFrame(rows).infer_objects()
        except ValueError as error:
            raise DataError(f"rows: expected a table, got something else ({error})") from None
        if frame.shape[1] != len(self.source_columns):
            raise DataError(
                f"rows: expected {len(self.source_columns)} columns ({shown(self.source_columns)}), "
                f"got {frame.shape[1]}",
                "give a DataFrame or a dictionary: their columns are found by name",
            )
        return frame.set_axis(list(self.source_columns), axis=1)


def fit_array(rows: NDArray[Any], target: Target, names: tuple[str, ...], *, is_image: bool) -> ArrayEncoder:
    """The encoder for examples like these."""
    shape = rows.shape[1:]
    if is_image:
        return ArrayEncoder(target, (*shape, 1) if len(shape) == 2 else shape)
    if len(shape) == 1 and not names:
        names = tuple(f"x{i}" for i in range(shape[0]))
    return ArrayEncoder(target, shape, names)


def check_array(what: str, rows: Any) -> NDArray[Any]:
    """An array of features, (n, ...), in the type in which it is kept.

    Raises:
        DataError: it is no array of finite numbers with at least two axes and one feature.
    """
    if isinstance(rows, np.ma.MaskedArray) and rows.mask.any():
        rows = np.ma.filled(rows.astype(np.float64), np.nan)  # a mask is a hole, and would be forgotten
    try:
        x = np.asarray(rows)
    except ValueError as error:
        raise DataError(f"{what}: expected an array, got rows of different lengths ({error})") from None
    if x.dtype.kind not in "biuf":
        raise DataError(
            f"{what}: expected an array of numbers, got type {x.dtype}",
            "turn it into numbers, x.astype(float), or give a DataFrame, whose columns may be texts",
        )
    if x.ndim < 2:
        raise DataError(
            f"{what}: expected an array of shape (n, features), got {x.shape}", f"for one feature give {what}[:, None]"
        )
    if 0 in x.shape[1:]:
        raise DataError(f"{what}: expected at least one feature, got an array of shape {x.shape}")
    x = x if x.dtype in (np.uint8, np.float32, np.float64) else x.astype(np.float64)
    if x.dtype.kind == "f":
        _check_finite(what, x)
    return x


def _check_finite(what: str, x: NDArray[Any]) -> None:
    # Two passes without a copy; NaN passes through both and fails the comparison.
    if x.size and not (x.min() >= -LARGEST and x.max() <= LARGEST):
        wrong = unsound(x)
        place = np.unravel_index(int(np.argmax(wrong)), x.shape)
        raise DataError(
            f"{what}: expected finite numbers, got {x[place]} at [{', '.join(map(str, place))}] "
            f"and {int(wrong.sum()) - 1:,} more",
            "fill the holes first, or give a DataFrame, whose holes are filled",
        )


def _has_names(rows: Any) -> bool:
    """Whether rows are a dictionary of columns or a list of dictionaries."""
    return isinstance(rows, dict) or (isinstance(rows, Sequence) and len(rows) > 0 and isinstance(rows[0], dict))


def _select(rows: Any, names: tuple[str, ...]) -> Any:
    """The named columns of a DataFrame or of what can become one, as a DataFrame."""
    import pandas as pd

    if not is_frame(rows):
        try:
            rows = pd.DataFrame(rows)
        except ValueError as error:
            raise DataError(f"rows: expected columns of one length, got others ({error})", "give lists") from None
    frame = named(rows, "rows")
    missing = [name for name in names if name not in frame.columns]
    if missing or not names:
        without = shown(map(repr, missing)) or "names, for data whose features have none"
        hint = "; ".join(filter(None, (nearest(name, set(frame.columns) - set(names)) for name in missing)))
        raise DataError(
            f"rows: expected the columns the data was loaded with, got rows without {without}",
            hint or "add them: what is unknown may stay empty",
        )
    return frame[list(names)]
