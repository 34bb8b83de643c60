"""The encoder: from raw rows, as they were loaded, to the features a network sees. It is saved with a run.

There are two, one for arrays and one for tables. Both are fitted on training rows only, take new rows in any
reasonable form, and go to JSON and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, nearest
from seedbed.data.cells import NUMBERS, CellTable, as_table, column_names, has_names
from seedbed.data.columns import Column, column_from_dict, fit_column
from seedbed.data.evidence import Types, Verdict, judge, read_types
from seedbed.data.evidence import notices as left_out_notices
from seedbed.data.oddities import Oddities
from seedbed.data.raw import LARGEST, shown, unsound
from seedbed.data.target import Target


@dataclass(frozen=True)
class Encoder:
    """From raw rows to features, and from outputs back to the names of classes and targets.

    Attributes:
        target: what the targets mean.
        reading: what files of new rows are to be read with, as the training data were: arguments of `read_rows`.
    """

    kind: ClassVar[str]
    target: Target
    reading: Mapping[str, Any] = field(default_factory=dict, kw_only=True, hash=False)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The name of each feature; empty for images."""
        raise NotImplementedError

    def transform(self, rows: Any, odd: Oddities | None = None) -> NDArray[Any]:
        """The features (n, *shape) of raw rows.

        Arguments:
            rows: a DataFrame, a PyArrow table or a dictionary of columns (found by name; others are ignored), a list
                of dictionaries, or an array or list of rows in the order of the source.
            odd: gets what is odd about rows that are one piece of several, so that it can be told of all of them;
                nothing is warned of then.

        Warns where a few values are not of their column's kind, which count as holes, and where new rows are unlike
        the training rows: another unit, another spelling, another time.

        Raises:
            DataError: columns are missing, there are more or fewer features than expected, or values do not fit.
        """
        raise NotImplementedError

    def features(self, rows: Any) -> NDArray[Any]:
        """What `transform` gives, with no word on what is odd."""
        return self.transform(rows, Oddities())

    def of_fold(self, x: NDArray[Any], fold: int | None) -> NDArray[Any]:
        """What of the features a network reads that was trained on a fold: all, unless each fold has its own."""
        del fold
        return x

    def to_dict(self) -> dict[str, Any]:
        """This encoder as plain data for JSON."""
        raise NotImplementedError

    @staticmethod
    def from_dict(plain: dict[str, Any]) -> Encoder:
        """The encoder that `to_dict` wrote."""
        target = Target.from_dict(plain["target"])
        if plain["kind"] == "folds":
            from seedbed.data.fold_encoder import joined

            return joined([Encoder.from_dict(fold) for fold in plain["folds"]])
        if plain["kind"] == ArrayEncoder.kind:
            return ArrayEncoder(target, tuple(plain["shape"]), tuple(plain["names"]))
        left_out = tuple(Verdict(**verdict) for verdict in plain.get("left_out", ()))
        columns = tuple(map(column_from_dict, plain["columns"]))
        return TableEncoder(target, tuple(plain["source_columns"]), columns, left_out, reading=plain.get("reading", {}))


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

    def transform(self, rows: Any, odd: Oddities | None = None) -> NDArray[Any]:
        del odd  # what is odd in an array is refused
        if has_names(rows):
            if not self.names:
                raise self._no_table(rows)
            rows = _as_array(_select(rows, self.names))
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

    def _no_table(self, rows: Any) -> DataError:
        """The error for a table in the place of examples without names."""
        columns = shown(map(repr, column_names(rows)), 4)
        expected = f"an array of shape (n, {', '.join(map(str, self.shape))})"
        if len(self.shape) < 3:
            return DataError(f"rows: expected {expected}, got a table with the columns {columns}", "give an array")
        hint = "give a folder of images, or an array; or the run of a table, if this is the table it is for"
        return DataError(f"rows: expected images, or {expected}, got a table with the columns {columns}", hint)

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
        left_out: the others, each with the kind that it was taken for and the reason.
    """

    kind = "table"
    source_columns: tuple[str, ...]
    columns: tuple[Column, ...]
    left_out: tuple[Verdict, ...] = ()

    @classmethod
    def fit(cls, rows: Any, target: Target, types: Types = None) -> tuple[TableEncoder, list[str]]:
        """The encoder that fits training rows in the order of the source, and notices about columns left out.

        Arguments:
            rows: a DataFrame, or its columns as `as_table` gives them.
            target: what the targets mean.
            types: the kinds that the user names, as `read_types` takes them.

        Raises:
            DataError: no column is left, or one is not of the kind that is asked for.
            UsageError: `types` names no column or no kind.
        """
        table: CellTable = as_table(rows)
        verdicts = judge(table, read_types(types, table))
        columns = tuple(fit_column(table[one.name], one.kind) for one in verdicts if not one.reason)
        notices = left_out_notices(verdicts)
        if not columns:
            detail = "; ".join(notices) or "the table has no column but the target"
            raise DataError(f"expected at least one column to learn from, got none: {detail}", "add columns")
        return cls(target, tuple(table), columns, tuple(one for one in verdicts if one.reason)), notices

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def numeric(self) -> NDArray[np.bool_]:
        """Which features are quantities rather than 0/1 indicators."""
        return np.array([is_quantity for column in self.columns for is_quantity in column.numeric], dtype=bool)

    def transform(self, rows: Any, odd: Oddities | None = None) -> NDArray[np.float64]:
        table, found = self.select(rows), Oddities() if odd is None else odd
        x = self.encode(table, found)
        self.compare(table, found)
        if odd is None:
            found.check()
            found.warn()
        return x

    def features(self, rows: Any) -> NDArray[np.float64]:
        return self.encode(self.select(rows), Oddities())

    def select(self, rows: Any) -> CellTable:
        """The columns that are used, of raw rows in any of the forms that `transform` takes.

        Raises:
            DataError: columns are missing, or there are more or fewer than expected.
        """
        if not has_names(rows):
            rows = self._named(rows)
        return _select(rows, tuple(column.name for column in self.columns))

    def encode(self, table: CellTable, odd: Oddities) -> NDArray[np.float64]:
        """The features (n, k) of raw columns; `odd` gets the values that are not of their column's kind."""
        x = np.empty((len(next(iter(table.values()))), len(self.feature_names)))
        start = 0
        for column in self.columns:
            stop = start + len(column.numeric)
            x[:, start:stop] = column.encode(table[column.name], odd)
            start = stop
        return x

    def notices(self, table: CellTable) -> list[str]:
        """What is done about holes and rare values in all the rows that were loaded, as sentences."""
        return [sentence for column in self.columns for sentence in column.notices(table[column.name])]

    def compare(self, table: CellTable, odd: Oddities) -> None:
        """Adds to `odd` how far new rows are like the training rows: units, spellings, times."""
        for column in self.columns:
            if (likeness := column.likeness(table[column.name])) is not None:
                odd.see_likeness(column.name, likeness, column.doubts)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "target": self.target.to_dict(),
            "source_columns": list(self.source_columns),
            "columns": [column.to_dict() for column in self.columns],
            "left_out": [asdict(verdict) for verdict in self.left_out],
            "reading": dict(self.reading),
        }

    def _named(self, rows: Any) -> dict[str, Any]:
        """Rows without names as columns, in the order of the source."""
        table = rows if isinstance(rows, np.ndarray) else _matrix(rows)
        if table.ndim != 2:
            raise DataError(f"rows: expected a table, got an array of shape {table.shape}")
        if table.shape[1] != len(self.source_columns):
            raise DataError(
                f"rows: expected {len(self.source_columns)} columns ({shown(self.source_columns)}), "
                f"got {table.shape[1]}",
                "give a DataFrame or a dictionary: their columns are found by name",
            )
        return dict(zip(self.source_columns, table.T, strict=True))


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


def _as_array(table: CellTable) -> NDArray[np.float64]:
    """Columns of numbers side by side."""
    for cells in table.values():
        if cells.form != NUMBERS:
            came = cells.examples(~cells.holes)
            raise DataError(f"column {cells.name!r}: expected numbers, got {came}", "turn it into numbers")
    return np.stack([cells.values for cells in table.values()], axis=1)


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


def _matrix(rows: Any) -> NDArray[Any]:
    """Rows of anything, as an array of objects (n, k)."""
    try:
        lines = [list(row) for row in rows]
    except TypeError:
        raise DataError(f"rows: expected a table, got {type(rows).__name__}") from None
    if len(lengths := {len(line) for line in lines}) != 1:
        raise DataError(f"rows: expected rows of one length, got {shown(sorted(lengths)) or 'none'}")
    made = np.empty((len(lines), *lengths), dtype=object)
    for i, line in enumerate(lines):
        made[i] = line
    return made


def _select(rows: Any, names: tuple[str, ...]) -> CellTable:
    """The named columns of rows that have names."""
    there = set(column_names(rows))
    missing = [name for name in names if name not in there]
    if missing:
        hint = "; ".join(filter(None, (nearest(name, there - set(names)) for name in missing[:5])))
        raise DataError(
            f"rows: expected the columns the data was loaded with, got rows without {shown(map(repr, missing))}",
            hint or "add them: what is unknown may stay empty",
        )
    return as_table(rows, names)
