"""Raw columns, whatever they came in: numbers, instants, or texts as codes. Everything behind reads these alone.

A column of a pandas DataFrame, of a PyArrow table, an array or a list becomes one `Cells`. None of these libraries is
imported here, so that prediction starts without them.
"""

from __future__ import annotations

import datetime
import decimal
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.arrow_values import filled
from seedbed.data.raw import is_frame, shown

NUMBERS, TIMES, TEXTS = "numbers", "times", "texts"
DAY = np.timedelta64(1, "D")
EPOCH = np.datetime64(0, "us")
MIDNIGHT = "T00:00:00"
WHOLE = re.compile(r"^(-?\d+)\.0+$")


@dataclass(frozen=True, eq=False)
class Cells:
    """One raw column.

    Attributes:
        name: the column's name.
        form: `numbers`, `times` or `texts`.
        values: (n,); numbers as float64 and instants in days since 1970 as float64, both with NaN in their holes; or
            for texts the number of each text, int64, with -1 in the holes.
        texts: the texts, each once, in no certain order; empty for the other forms.
        is_whole: the numbers came as whole numbers or truth values.
        is_category: the source itself says that these are categories.
    """

    name: str
    form: str
    values: NDArray[Any]
    texts: tuple[str, ...] = ()
    is_whole: bool = False
    is_category: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def holes(self) -> NDArray[np.bool_]:
        """Which rows are empty."""
        found: NDArray[np.bool_] = self.values < 0 if self.form == TEXTS else np.isnan(self.values)
        return found

    def take(self, index: NDArray[np.int64]) -> Cells:
        """The rows with these numbers."""
        return replace(self, values=self.values[index])

    def as_texts(self) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """The column as categories: a number for each row, -1 in the holes, and the texts that the numbers stand for.

        A hole turns whole numbers into decimals, so 3.0 is the text 3, whether it comes as a number or as a text.
        """
        if self.form == TEXTS:
            return self.values, tuple(WHOLE.sub(r"\1", text) for text in self.texts)
        present, codes = np.unique(self.values, return_inverse=True)  # NaN comes last, and once
        known = present[~np.isnan(present)]
        texts = map(instant, known) if self.form == TIMES else map(text_of, known.tolist())
        return np.where(codes < len(known), codes, -1), tuple(texts)

    def different(self, which: NDArray[np.bool_], most: int | None = None) -> tuple[str, ...]:
        """The first different ones of the chosen cells, as a user would write them; all without `most`."""
        codes, texts = self.take(np.flatnonzero(which)).as_texts()
        found = islice(dict.fromkeys(codes.tolist()), most)
        return tuple(repr(texts[code]) if self.form == TEXTS else texts[code] for code in found)

    def examples(self, which: NDArray[np.bool_]) -> str:
        """A few of the chosen cells in a sentence."""
        return shown(self.different(which), 3)


CellTable = dict[str, Cells]


def as_table(rows: Any, names: Sequence[str] | None = None) -> CellTable:
    """Raw rows as columns by name.

    Arguments:
        rows: a DataFrame, a PyArrow table, a dictionary of columns, or a list of dictionaries.
        names: the columns that are wanted; all of them otherwise. Those that are not there are left out.

    Raises:
        DataError: columns have several lengths, or two have one name.
    """
    columns = _columns(rows)
    wanted = columns if names is None else {name: columns[name] for name in names if name in columns}
    table = {name: column if isinstance(column, Cells) else cells(name, column) for name, column in wanted.items()}
    if len(lengths := {len(one) for one in table.values()}) > 1:
        raise DataError(f"rows: expected columns of one length, got {shown(sorted(lengths))}", "give lists")
    return table


def has_names(rows: Any) -> bool:
    """Whether rows come as columns with names, rather than as an array or as lists."""
    is_records = isinstance(rows, Sequence) and len(rows) > 0 and isinstance(rows[0], Mapping)
    return is_frame(rows) or _is_arrow_table(rows) or isinstance(rows, Mapping) or is_records


def column_names(rows: Any) -> list[str]:
    """The names of the columns of rows that have names."""
    return list(map(str, rows.columns)) if is_frame(rows) else list(_columns(rows))


def cells(name: str, column: Any) -> Cells:
    """A column of any of the libraries, an array or a list, as cells."""
    if hasattr(column, "combine_chunks") and hasattr(column, "type"):
        return _of_arrow(name, column)
    if hasattr(column, "iloc"):
        return _of_pandas(name, column)
    return _of_array(name, np.asarray(column) if hasattr(column, "dtype") else _objects(column))


def text_of(value: Any) -> str:
    """A cell as a text: whole numbers without decimals, as far as a float is exact."""
    is_float = isinstance(value, float | np.floating)
    return str(int(value) if is_float and abs(float(value)) < 2**53 and float(value).is_integer() else value)


def is_hole(value: Any) -> bool:
    """Whether a Python value stands for nothing: None, NaN, NaT or pandas.NA."""
    # NaN and NaT differ from themselves; pandas.NA answers neither way.
    return value is None or type(value).__name__ == "NAType" or (value != value) is True


def instant(days: Any) -> str:
    """An instant as a text in ISO 8601 to the second, without the clock where it is midnight."""
    return str((EPOCH + np.timedelta64(round(float(days) * 86_400), "s")).astype("datetime64[s]")).removesuffix(
        MIDNIGHT
    )


def unique_name(names: Iterable[Any], source: str) -> list[str]:
    """Names as texts.

    Raises:
        DataError: one of them stands there twice.
    """
    texts = [str(name) for name in names]
    if len(set(texts)) < len(texts):
        twice = next(text for i, text in enumerate(texts) if text in texts[:i])
        raise DataError(f"{source}: expected each column once, got {twice!r} twice", "rename one of them")
    return texts


def _columns(rows: Any) -> dict[str, Any]:
    if is_frame(rows):
        return dict(zip(unique_name(rows.columns, "rows"), (series for _, series in rows.items()), strict=True))
    if _is_arrow_table(rows):
        return dict(zip(unique_name(rows.column_names, "rows"), rows.columns, strict=True))
    if isinstance(rows, Mapping):
        return {str(name): column for name, column in rows.items()}
    if not has_names(rows):
        raise DataError(f"rows: expected columns with names, got {type(rows).__name__}", "give a DataFrame")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {str(name): [row.get(name) for row in rows] for name in names}


def _is_arrow_table(rows: Any) -> bool:
    return hasattr(rows, "column_names") and hasattr(rows, "columns") and hasattr(rows, "schema")


def _of_pandas(name: str, series: Any) -> Cells:
    kind = getattr(series.dtype, "kind", "O")
    if hasattr(series, "cat"):
        texts = tuple(text_of(value) for value in series.cat.categories)
        return _texts(name, np.asarray(series.cat.codes, dtype=np.int64), texts, is_category=True)
    if kind in "biuf":
        return _of_numbers(name, series.to_numpy(dtype=np.float64, na_value=np.nan), kind != "f")
    if kind == "M":
        plain = series.dt.tz_localize(None) if getattr(series.dt, "tz", None) is not None else series
        return _of_array(name, plain.to_numpy(dtype="datetime64[us]"))
    if kind == "m":
        return _of_array(name, series.to_numpy(dtype="timedelta64[us]"))
    if str(series.dtype) in ("str", "string", "string[python]", "string[pyarrow]"):
        import pandas as pd

        codes, values = pd.factorize(series, use_na_sentinel=True)
        return _texts(name, codes.astype(np.int64), tuple(map(str, values)))
    return _of_array(name, series.to_numpy(dtype=object))


def _of_arrow(name: str, column: Any) -> Cells:
    """From a PyArrow column, through its own conversions, which cost no copy of the texts."""
    import pyarrow as pa

    of = column.type
    if pa.types.is_string(of) or pa.types.is_large_string(of) or pa.types.is_dictionary(of):
        encoded = column if pa.types.is_dictionary(of) else column.dictionary_encode()
        whole = encoded.unify_dictionaries().combine_chunks() if hasattr(encoded, "unify_dictionaries") else encoded
        whole = whole.chunk(0) if hasattr(whole, "chunk") else whole
        codes = filled(whole.indices, -1).astype(np.int64)
        return _texts(name, codes, tuple(map(text_of, whole.dictionary.to_pylist())))
    if pa.types.is_boolean(of) or pa.types.is_integer(of) or pa.types.is_floating(of):
        values = filled(column.cast(pa.float64(), safe=False), np.nan)
        return _of_numbers(name, values, not pa.types.is_floating(of))
    if pa.types.is_timestamp(of) and of.tz is None:
        return _of_array(name, np.asarray(column.to_numpy()).astype("datetime64[us]"))
    return _of_array(name, _objects(column.to_pylist()))


def _of_array(name: str, values: NDArray[Any]) -> Cells:
    if values.ndim != 1:
        raise DataError(f"column {name!r}: expected one value in each row, got shape {values.shape}")
    kind = values.dtype.kind
    if kind in "biuf":
        return _of_numbers(name, values.astype(np.float64), kind != "f")
    if kind in "Mm":
        start = EPOCH if kind == "M" else np.timedelta64(0, "us")
        days = (values.astype(f"{kind}8[us]") - start) / DAY
        return Cells(name, TIMES if kind == "M" else NUMBERS, np.where(np.isnat(values), np.nan, days))
    return _of_objects(name, values.tolist())


def _of_objects(name: str, values: list[Any]) -> Cells:
    """From any Python objects: what they all are decides, else they are texts."""
    values = [None if is_hole(value) else value for value in values]
    types = set(map(type, values)) - {type(None)}
    if types and all(issubclass(one, numbers.Real | np.bool_ | decimal.Decimal) for one in types):
        is_whole = all(issubclass(one, numbers.Integral | np.bool_) for one in types)
        return _of_numbers(name, np.array([_float(value) for value in values]), is_whole)
    if types and all(issubclass(one, datetime.date) for one in types):
        instants = [None if value is None else _wall_clock(value) for value in values]
        return _of_array(name, np.array(instants, dtype="datetime64[us]"))
    places: dict[str, int] = {}
    codes = [-1 if value is None else places.setdefault(text_of(value), len(places)) for value in values]
    return _texts(name, np.array(codes, dtype=np.int64), tuple(places))


def _of_numbers(name: str, values: NDArray[np.float64], is_whole: bool) -> Cells:
    return Cells(name, NUMBERS, values, is_whole=is_whole)


def _texts(name: str, codes: NDArray[np.int64], texts: tuple[str, ...], *, is_category: bool = False) -> Cells:
    """Cells of texts, of which those without any sign are holes."""
    blank = np.array([not text.strip() for text in texts] + [False])
    return Cells(name, TEXTS, np.where(blank[codes], -1, codes), texts, is_category=is_category)


def _objects(column: Any) -> NDArray[Any]:
    made = np.empty(len(column), dtype=object)
    made[:] = list(column)
    return made


def _float(value: Any) -> float:
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.inf


def _wall_clock(value: datetime.date) -> datetime.date:
    """The instant as its own clock shows it."""
    return value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value
