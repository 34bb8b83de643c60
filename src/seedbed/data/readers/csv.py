"""CSV and other texts with a row on each line, plain or packed: `.csv`, `.tsv`, `.txt`, and these with `.gz` or `.zst`.

How a file is written is sniffed from its beginning (`sniff`), Arrow parses it, and `faults` finds the line of what
cannot be parsed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedbed.core.errors import DataError
from seedbed.data.readers.arrow import tidy
from seedbed.data.readers.bytes import opened
from seedbed.data.readers.faults import check_encoding, check_lines, is_plain_before_fault
from seedbed.data.readers.sniff import LONGEST_LINE, WESTERN, Dialect, sniff
from seedbed.data.readers.table import RawTable, ReadOptions

BLOCK = 4 << 20
WIDE = 2_000  # with more columns, trying out the type of each costs more than reading them
# What Arrow would turn into a date, and digits such as a postal code, of which it would drop the zeros.
NO_NUMBER = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d|0\d+\s*$")


def read(path: Path, options: ReadOptions) -> RawTable:
    """The table in a file of text.

    Raises:
        DataError: the file is missing, empty, damaged, without rows, or no table; with the line where there is one.
    """
    dialect = sniff(path, header=options.header)
    try:
        table = _parsed(path, dialect, options)
    except UnicodeDecodeError:
        if dialect.encoding != "utf-8" or not is_plain_before_fault(path):
            check_encoding(path, dialect)
        dialect = replace(dialect, encoding=WESTERN)  # its first accent stands behind the sample
        table = _parsed(path, dialect, options)
    table = _without_empty_last(table)
    if not table.num_rows:
        raise _without_rows(path, dialect)
    if dialect.encoding == WESTERN:
        check_encoding(path, dialect)
    if _may_end_in_open_quote(table):
        check_lines(path, dialect)
    return tidy(table, options, dialect.decimal).saying(*dialect.notices)


def batches(path: Path, options: ReadOptions, size: int) -> Iterator[RawTable]:
    """The same table in pieces of `size` rows, for files larger than memory.

    Each piece tells the types of its columns anew; those in `options.texts` stay texts.
    """
    import pyarrow as pa

    dialect = _settled(path, sniff(path, header=options.header))
    rest: Any = None
    for batch in _batches(path, dialect, options):
        rest = pa.Table.from_batches(([] if rest is None else rest.to_batches()) + [batch])
        while len(rest) > size:  # the last rows are held back until they are known to be the last
            yield _tidied(rest.slice(0, size), dialect, options)
            rest = rest.slice(size)
    if rest is None or not len(rest):
        raise _without_rows(path, dialect)
    if _may_end_in_open_quote(rest):
        check_lines(path, dialect)
    yield _tidied(rest, dialect, options)


def _settled(path: Path, dialect: Dialect) -> Dialect:
    """The dialect with the encoding that holds for the whole file, which the sample may not have shown."""
    try:
        decoder = codecs.getincrementaldecoder("utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding)()
        with opened(path) as stream:
            while piece := stream.read(BLOCK):
                decoder.decode(piece)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        if dialect.encoding != "utf-8" or not is_plain_before_fault(path):
            check_encoding(path, dialect)
        dialect = replace(dialect, encoding=WESTERN)
    if dialect.encoding == WESTERN:
        check_encoding(path, dialect)
    return dialect


def _parsed(path: Path, dialect: Dialect, options: ReadOptions) -> Any:
    """The Arrow table, its columns named."""
    import pyarrow as pa
    from pyarrow import csv

    types = _types(dialect, options)
    try:
        with _arrow(path, dialect, options, types) as (stream, arguments):
            table = csv.read_csv(stream, **arguments)
    except pa.ArrowInvalid as error:
        if "conversion error" not in str(error):
            raise
        with _arrow(path, dialect, options, {}) as (stream, arguments):  # the sample promised too much
            table = csv.read_csv(stream, **arguments)
    if pa.binary() in table.schema.types:  # what is no text in this encoding
        raise UnicodeDecodeError(dialect.encoding, b"", 0, 0, "no text")
    return table.rename_columns(list(dialect.names))


def _batches(path: Path, dialect: Dialect, options: ReadOptions) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import csv

    types = dict.fromkeys(_arrow_names(dialect), pa.string())
    with _arrow(path, dialect, options, types) as (stream, arguments), csv.open_csv(stream, **arguments) as reader:
        yield from reader


def _tidied(table: Any, dialect: Dialect, options: ReadOptions) -> RawTable:
    return tidy(table.rename_columns(list(dialect.names)), options, dialect.decimal)


@contextmanager
def _arrow(
    path: Path, dialect: Dialect, options: ReadOptions, types: dict[str, Any]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The stream and the arguments for Arrow's reader; inside, its complaints become errors that name the line."""
    import pyarrow as pa
    from pyarrow import csv

    block = min(LONGEST_LINE, max(BLOCK, 64 * dialect.longest))
    encoding = "utf8" if dialect.has_blanks or dialect.encoding == "utf-8" else dialect.encoding
    arguments = {
        "read_options": csv.ReadOptions(
            block_size=block, encoding=encoding, autogenerate_column_names=not dialect.has_names
        ),
        "parse_options": csv.ParseOptions(delimiter=dialect.separator, newlines_in_values=True),
        "convert_options": csv.ConvertOptions(
            column_types=types, null_values=options.holes, strings_can_be_null=True, decimal_point=dialect.decimal
        ),
    }
    with opened(path) as stream:
        try:
            yield (_Squeezed(stream, dialect) if dialect.has_blanks else stream), arguments
        except pa.ArrowInvalid as error:
            if types and "conversion error" in str(error):
                raise
            if "Empty CSV file" in str(error):  # names without a line end
                raise _without_rows(path, dialect) from None
            check_lines(path, dialect)
            reason = str(error).splitlines()[0]
            message = f"{path}: expected a table, got a text that cannot be read as one ({reason})"
            raise DataError(message, "save it again as CSV in UTF-8") from None


def _without_rows(path: Path, dialect: Dialect) -> DataError:
    """The error for a file that ends behind its names."""
    came = f"only the names of {len(dialect.names)} columns" if dialect.has_names else "none"
    return DataError(f"{path}: expected rows below the first line, got {came}", "add rows")


def _arrow_names(dialect: Dialect) -> list[str]:
    """What Arrow calls the columns."""
    return list(dialect.cells[0]) if dialect.has_names else [f"f{i}" for i in range(len(dialect.names))]


def _types(dialect: Dialect, options: ReadOptions) -> dict[str, Any]:
    """The types that Arrow need not or should not find itself: texts that are to stay so, dates, and wide tables."""
    import pyarrow as pa

    holes = set(options.holes)
    types = {}
    for i, (name, arrow_name) in enumerate(zip(dialect.names, _arrow_names(dialect), strict=True)):
        cells = [row[i] for row in dialect.cells[dialect.has_names :] if i < len(row) and row[i].strip() not in holes]
        if name in options.texts or any(map(NO_NUMBER.match, cells)):
            types[arrow_name] = pa.string()
        elif len(dialect.names) > WIDE:
            types[arrow_name] = _type_of(cells)
    return types


def _type_of(cells: list[str]) -> Any:
    """The type of a column by some of its cells."""
    import pyarrow as pa

    kinds: tuple[tuple[Callable[[str], Any], Any], ...] = ((int, pa.int64()), (float, pa.float64()))
    for parse, kind in kinds:
        try:
            all(parse(cell) or True for cell in cells)
        except ValueError:
            continue
        return kind
    return pa.string()


def _without_empty_last(table: Any) -> Any:
    """The table without a last column that has neither name nor content: every line ended in a separator."""
    last = table.num_columns - 1
    is_empty = last > 0 and table.column_names[last] == f"Unnamed: {last}" and table[last].null_count == len(table)
    return table.remove_column(last) if is_empty else table


def _may_end_in_open_quote(table: Any) -> bool:
    """Whether the last row holds a line end, as it does when a quote swallows the rest of the file."""
    import pyarrow as pa

    texts = [i for i, kind in enumerate(table.schema.types) if kind == pa.string()]
    return any("\n" in (table.column(i)[-1].as_py() or "") for i in texts)


class _Squeezed:
    """A stream of text in UTF-8 in which separators stand without blanks around them, for Arrow to read."""

    def __init__(self, stream: Any, dialect: Dialect) -> None:
        self._stream, self._separator = stream, dialect.separator
        self._decoder = codecs.getincrementaldecoder("utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding)()
        self._rest = ""
        self.closed = False

    def read(self, size: int) -> bytes:
        """About `size` bytes, whole lines; nothing at the end."""
        while True:
            piece = self._stream.read(size)
            text = self._rest + self._decoder.decode(piece, not piece)
            end = text.rfind("\n") + 1 if piece else len(text)
            self._rest = text[end:]
            if end or not piece:
                return self._squeezed(text[:end]).encode()
            if len(self._rest) > LONGEST_LINE:
                return self._rest.encode()  # which is too long for a block: Arrow says so

    def _squeezed(self, text: str) -> str:
        if self._separator == " ":
            return re.sub(r"(?m)^ +| +$", "", re.sub(r"[ \t]+", " ", text))
        return re.sub(rf'{re.escape(self._separator)} +"', f'{self._separator}"', text)
