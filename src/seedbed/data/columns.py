"""How a column of a table becomes features: one class for each kind of column.

A kind has `fit` (on training rows), `encode`, the names of its features, and which of them are quantities. A new kind
is one more class here with its line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.raw import unsound

MOST_CATEGORIES = 256
MISSING = "(missing)"


@dataclass(frozen=True)
class Column:
    """A column that is used, with what was learned about it from the training rows."""

    kind: ClassVar[str]
    name: str

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features that the column gives."""
        return (self.name,)

    @property
    def numeric(self) -> list[bool]:
        """For each of its features whether it is a quantity rather than a 0/1 indicator."""
        raise NotImplementedError

    def encode(self, series: Any) -> NDArray[np.float64]:
        """The features (n, k) of a raw column.

        Raises:
            DataError: a value is not of the column's kind.
        """
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """This column as plain data for JSON."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class NumericColumn(Column):
    """One number a row, unchanged; a hole becomes the median of the training rows.

    Attributes:
        fill: what stands for a hole.
        is_indicator: the training rows hold only 0 and 1.
    """

    kind = "numeric"
    fill: float
    is_indicator: bool

    @classmethod
    def fit(cls, name: str, series: Any) -> NumericColumn:
        """The column as the training rows show it."""
        values = _numbers(name, series)
        present = values[~np.isnan(values)]
        return cls(name, float(np.median(present)), bool(np.isin(present, (0.0, 1.0)).all()))

    @property
    def numeric(self) -> list[bool]:
        return [not self.is_indicator]

    def encode(self, series: Any) -> NDArray[np.float64]:
        values = _numbers(self.name, series)
        return np.where(np.isnan(values), self.fill, values)[:, None]


@dataclass(frozen=True)
class CategoryColumn(Column):
    """One 0/1 indicator for each category of the training rows. A category that is not among them gives only zeros.

    Attributes:
        values: the categories as texts, sorted; holes are the category `(missing)`.
    """

    kind = "category"
    values: tuple[str, ...]

    @classmethod
    def fit(cls, name: str, series: Any) -> CategoryColumn:
        """The column as the training rows show it, with its most frequent categories where there are too many."""
        codes, texts = _texts(series)
        counts = np.bincount(codes, minlength=len(texts))
        kept = [texts[i] for i in np.argsort(-counts, kind="stable")[:MOST_CATEGORIES] if counts[i]]
        return cls(name, tuple(sorted(kept)))

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(f"{self.name}={value}" for value in self.values)

    @property
    def numeric(self) -> list[bool]:
        return [False] * len(self.values)

    def encode(self, series: Any) -> NDArray[np.float64]:
        codes, texts = _texts(series)
        place = {value: i for i, value in enumerate(self.values)}
        places = np.array([place.get(text, -1) for text in texts], dtype=np.int64)[codes]  # (n,), -1: unknown
        indicators: NDArray[np.bool_] = places[:, None] == np.arange(len(self.values))
        return indicators.astype(np.float64)


KINDS: dict[str, Callable[..., Column]] = {cls.kind: cls for cls in (NumericColumn, CategoryColumn)}


def column_from_dict(plain: dict[str, Any]) -> Column:
    """The column that `to_dict` wrote."""
    content: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items() if k != "kind"}
    return KINDS[plain["kind"]](**content)


def fit_column(name: str, series: Any) -> Column:
    """The column of the kind that its type asks for: numbers and truth values are numeric, the rest categories."""
    return NumericColumn.fit(name, series) if is_numeric(series) else CategoryColumn.fit(name, series)


def is_numeric(series: Any) -> bool:
    """Whether a raw column holds numbers or truth values."""
    from pandas.api import types

    return bool(types.is_numeric_dtype(series.dtype)) and not types.is_complex_dtype(series.dtype)


def reason_to_drop(series: Any) -> str:
    """Why nothing can be learned from a raw column of the training rows, as the end of a sentence; else empty."""
    from pandas.api import types

    if types.is_datetime64_any_dtype(series.dtype) or types.is_timedelta64_dtype(series.dtype):
        return "it holds dates or times, which are not used yet"
    present = series.dropna()
    if present.empty:
        return "it is empty in the training rows"
    distinct = present.nunique() if is_numeric(series) else present.astype(str).nunique()
    if distinct == 1 and (is_numeric(series) or len(present) == len(series)):
        return f"it is {present.tolist()[0]!r} in every training row"
    if not is_numeric(series) and distinct > max(20, len(present) // 2):
        return f"nearly every row has another text ({distinct:,} different ones in {len(present):,} training rows)"
    return ""


def _numbers(name: str, series: Any) -> NDArray[np.float64]:
    """A raw column as float64 with NaN in its holes."""
    import pandas as pd

    numbers = series if is_numeric(series) else pd.to_numeric(series, errors="coerce")
    values: NDArray[np.float64] = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    strange = np.isnan(values) & series.notna().to_numpy()
    if not is_numeric(series) and strange.any():
        row = int(np.flatnonzero(strange)[0])
        came = f"{series.iloc[row]!r} in row {series.index[row]}"
        raise DataError(f"column {name!r}: expected numbers, got {came}", "leave out what is unknown: a hole is filled")
    wrong = unsound(values) & ~np.isnan(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"column {name!r}: expected finite numbers, got {values[row]} in row {series.index[row]}",
            "leave the value out (a hole is filled), or put a finite number there",
        )
    return values


def _texts(series: Any) -> tuple[NDArray[np.int64], list[str]]:
    """A raw column as numbers of texts: (n,) numbers, and the texts they stand for."""
    import pandas as pd

    if series.dtype == object:  # anything may be in there, lists that cannot be looked up included
        series = series.map(_text, na_action="ignore")
    codes, values = pd.factorize(series, use_na_sentinel=True)
    texts = [_text(value) for value in values] + [MISSING]
    return np.where(codes < 0, len(values), codes), texts


def _text(value: Any) -> str:
    # A hole turns whole numbers into decimals, so the category 3 must be found again in 3.0.
    is_whole_float = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value) if is_whole_float else value)
