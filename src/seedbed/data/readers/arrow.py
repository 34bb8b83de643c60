"""From an Arrow table to a DataFrame: texts that hold numbers as numbers, holes as holes, plain types."""

from __future__ import annotations

import re
from typing import Any

from seedbed.data.arrow_values import no_text, texts
from seedbed.data.readers.table import RawTable, ReadOptions

GROUPERS = (",", ".", " ", "\u00a0", "\u202f", "'")  # what stands between the thousands
LEADING_ZERO = r"^0\d+$"  # of digits that no number is written with, such as the postal code 01067
NUMBER_OR_TRUTH = re.compile(r"[-+]?[.,]?\d|[-+]?(inf|nan)|true$|false$", re.IGNORECASE)  # how one begins


def tidy(table: Any, options: ReadOptions, decimal: str = ".") -> RawTable:
    """The table with each column in the plainest type that holds it.

    Texts lose the blanks around them. A column of texts that are all numbers, or all truth values, becomes one unless
    `options.texts` names it; a notice says so where the numbers are written as no program writes them.

    Arguments:
        table: an Arrow table.
        decimal: the sign before the decimals, "." or ",".
    """
    import pyarrow as pa

    columns, notices, flags = [], [], []
    for i, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        column, notice = _settled(column, str(name), options, decimal)
        columns.append(column)
        notices += [notice] if notice else []
        flags += [i] if pa.types.is_boolean(column.type) and column.null_count else []
    arrow = pa.table(columns, names=list(map(str, table.column_names)))
    if options.as_arrow:
        return RawTable(arrow, tuple(notices))
    frame = arrow.to_pandas(ignore_metadata=True)
    for i in flags:  # truth values with holes would be objects
        frame.isetitem(i, frame.iloc[:, i].astype("boolean"))
    return RawTable(frame, tuple(notices))


def _settled(column: Any, name: str, options: ReadOptions, decimal: str) -> tuple[Any, str]:
    """One column in its plainest type, and what is to be said about it."""
    import pyarrow as pa

    kinds = pa.types
    if is_text(column.type):
        return _settled_texts(bare(column, options.holes), name, options, decimal)
    if kinds.is_null(column.type) or kinds.is_decimal(column.type) or kinds.is_float16(column.type):
        return column.cast(pa.float64()), ""
    if kinds.is_date(column.type):
        return column.cast(pa.timestamp("ms")), ""
    if kinds.is_time(column.type):
        return column.cast(pa.string()), ""
    return column, ""


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is one of texts."""
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def bare(column: Any, holes: list[str]) -> Any:
    """A column of texts without the blanks around them, null where they stand for a hole."""
    import pyarrow as pa
    import pyarrow.compute as pc

    bare = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.is_in(bare, texts(holes)), no_text(), bare)


def _settled_texts(column: Any, name: str, options: ReadOptions, decimal: str) -> tuple[Any, str]:
    """A column of bare texts as numbers or truth values where all of it is that."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name in options.texts:
        return column, ""
    if column.null_count == len(column):
        return column.cast(pa.float64()), ""
    first = column.drop_null()[0].as_py()
    if not NUMBER_OR_TRUTH.match(first) or pc.any(pc.match_substring_regex(column, LEADING_ZERO)).as_py():
        return column, ""
    for kind in (pa.int64(), pa.float64(), pa.bool_()):
        try:
            return column.cast(kind), ""
        except pa.ArrowInvalid:
            continue
    return _written_otherwise(column, name, decimal)


def _written_otherwise(column: Any, name: str, decimal: str) -> tuple[Any, str]:
    """Texts as numbers where all have the same sign between thousands, or the other sign before their decimals."""
    import pyarrow as pa
    import pyarrow.compute as pc

    other = "." if decimal == "," else ","
    ways = [*((grouper, decimal) for grouper in GROUPERS if grouper != decimal), (decimal, other), ("", other)]
    for grouper, point in ways:
        groups = rf"(\d+|\d{{1,3}}({re.escape(grouper)}\d{{3}})+)" if grouper else r"\d*"
        pattern = rf"^[+-]?{groups}({re.escape(point)}\d*)?([eE][+-]?\d+)?$"
        if not pc.all(pc.match_substring_regex(column, pattern)).as_py():
            continue
        plain = pc.replace_substring(column, grouper, "") if grouper else column
        plain = pc.replace_substring(plain, point, ".")
        try:
            numbers = plain.cast(pa.int64())
        except pa.ArrowInvalid:
            numbers = plain.cast(pa.float64())
        odd = pc.index(pc.match_substring(pc.fill_null(column, texts([""])[0]), grouper or point), True).as_py()
        return numbers, f"column {name!r}: {column[odd].as_py()!r} is read as the number {numbers[odd].as_py()}"
    return column, ""
