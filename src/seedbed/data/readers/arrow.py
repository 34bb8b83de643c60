"""From an Arrow table to a DataFrame: texts that hold numbers as numbers, holes as holes, plain types."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from seedbed.data.arrow_values import no_text, texts
from seedbed.data.readers.table import RawTable, ReadOptions

GROUPERS = (",", ".", " ", "\u00a0", "\u202f", "'")  # what stands between the thousands
LEADING_ZERO = r"^0\d+$"  # of digits that no number is written with, such as the postal code 01067
NUMBER_OR_TRUTH = re.compile(r"[-+]?[.,]?\d|[-+]?(inf|nan)|true$|false$", re.IGNORECASE)  # how one begins


class Settled(NamedTuple):
    """A column in its plainest type, what is to be said about it, and whether commas stood before its decimals."""

    column: Any
    notice: str = ""
    has_commas: bool = False


def tidy(table: Any, options: ReadOptions, decimal: str = ".") -> RawTable:
    """The table with each column in the plainest type that holds it.

    Texts lose the blanks around them. A column of texts that are all numbers, or all truth values, becomes one unless
    `options.texts` names it; a notice says so where the numbers are written as no program writes them.

    Arguments:
        table: an Arrow table.
        decimal: the sign before the decimals, "." or ",".
    """
    import pyarrow as pa

    columns, notices, flags, commas = [], [], [], []
    for i, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        column, notice, has_commas = _settled(column, str(name), options, decimal)
        columns.append(column)
        notices += [notice] if notice else []
        commas += [str(name)] if has_commas or (decimal == "," and pa.types.is_floating(column.type)) else []
        flags += [i] if pa.types.is_boolean(column.type) and column.null_count else []
    arrow = pa.table(columns, names=list(map(str, table.column_names)))
    if options.as_arrow:
        return RawTable(arrow, tuple(notices), decimal_comma=tuple(commas))
    frame = arrow.to_pandas(ignore_metadata=True)
    for i in flags:  # truth values with holes would be objects
        frame.isetitem(i, frame.iloc[:, i].astype("boolean"))
    return RawTable(frame, tuple(notices), decimal_comma=tuple(commas))


def _settled(column: Any, name: str, options: ReadOptions, decimal: str) -> Settled:
    """One column in its plainest type."""
    import pyarrow as pa

    kinds = pa.types
    if is_text(column.type):
        return _settled_texts(bare(column, options.holes), name, options, decimal)
    if kinds.is_null(column.type) or kinds.is_decimal(column.type) or kinds.is_float16(column.type):
        return Settled(column.cast(pa.float64()))
    if kinds.is_date(column.type):
        return Settled(column.cast(pa.timestamp("ms")))
    if kinds.is_time(column.type):
        return Settled(column.cast(pa.string()))
    return Settled(column)


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


def _settled_texts(column: Any, name: str, options: ReadOptions, decimal: str) -> Settled:
    """A column of bare texts as numbers or truth values where all of it is that."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name in options.texts:
        return Settled(column)
    if column.null_count == len(column):
        return Settled(column.cast(pa.float64()))
    first = column.drop_null()[0].as_py()
    if not NUMBER_OR_TRUTH.match(first) or pc.any(pc.match_substring_regex(column, LEADING_ZERO)).as_py():
        return Settled(column)
    for kind in (pa.int64(), pa.float64(), pa.bool_()):
        try:
            return Settled(column.cast(kind))
        except pa.ArrowInvalid:
            continue
    return _written_otherwise(column, name, options, decimal)


def _written_otherwise(column: Any, name: str, options: ReadOptions, decimal: str) -> Settled:
    """Texts as numbers where all have the same sign between thousands, or the other sign before their decimals.

    No thousands follow a lone 0: where one number is 0,149 none of the column has thousands behind its comma.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    other = "." if decimal == "," else ","
    ways = [*((grouper, decimal) for grouper in GROUPERS if grouper != decimal), (decimal, other), ("", other)]
    ways = [(".", ","), ("", ","), *ways] if name in options.decimal_comma else ways
    for grouper, point in ways:
        groups = rf"(\d+|[1-9]\d{{0,2}}({re.escape(grouper)}\d{{3}})+)" if grouper else r"\d*"
        pattern = rf"^[+-]?{groups}({re.escape(point)}\d*)?([eE][+-]?\d+)?$"
        if not pc.all(pc.match_substring_regex(column, pattern)).as_py():
            continue
        plain = pc.replace_substring(column, grouper, "") if grouper else column
        plain = pc.replace_substring(plain, point, ".")
        try:
            numbers = plain.cast(pa.int64())
        except pa.ArrowInvalid:
            numbers = plain.cast(pa.float64())
        filled = pc.fill_null(column, texts([""])[0])
        found = (pc.index(pc.match_substring(filled, sign), True).as_py() for sign in (grouper, point) if sign)
        odd = next((place for place in found if place >= 0), -1)
        notice = f"column {name!r}: {column[odd].as_py()!r} is read as the number {numbers[odd].as_py()}"
        return Settled(numbers, notice + (_doubt(column, name) if grouper == "," else ""), point == ",")
    return Settled(column)


def _doubt(column: Any, name: str) -> str:
    """What is added where each comma may as well stand before three decimals; empty where a number tells.

    What is below 1000 and has no comma tells: decimals would seldom all be 0.
    """
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(column, r"^[+-]?([1-9]\d{0,2},\d{3}|\d{4,})$")).as_py():
        return ""
    return f"; if the comma stands before decimals, say decimal_comma={name!r} (--decimal-comma {name})"
