"""Where a file of text is at fault: a slow pass that names the line, for what the fast reader could not read."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path

from seedbed.core.errors import DataError
from seedbed.data.readers.bytes import opened
from seedbed.data.readers.sniff import LONGEST_LINE, NAMES, WESTERN, Dialect, too_long

PIECE = 1 << 20
UTF_8 = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")  # a letter in it
UTF_16 = ("utf-16", "utf-16-le", "utf-16-be")
BEHIND_LINE = re.compile(r"(?<=\n)|(?<=\r)(?!\n|\Z)")  # but for an end of which the rest may come
SAVE = "save all of it in one encoding, best UTF-8"


def check_lines(path: Path, dialect: Dialect) -> None:
    """Refuses a file in which a line is too long or has another number of fields than the first, or a quote is open.

    Raises:
        DataError: naming the first such line.
    """
    if dialect.encoding in UTF_16:
        check_encoding(path, dialect)
    n_names, separator = len(dialect.names), dialect.separator
    rows = csv.reader(_lines(path, dialect), delimiter=separator, skipinitialspace=dialect.has_blanks, strict=True)
    first = 1
    try:
        for row in rows:
            if row and len(row) != n_names:
                raise DataError(
                    f"{path}: line {first}: expected {n_names} fields as in the first line, got {len(row)}",
                    "mend that line; a field that holds the separator itself has to stand in quotes",
                )
            first = rows.line_num + 1
    except csv.Error as error:
        what = "a quote that ends" if "unexpected end" in str(error) or "limit" in str(error) else "sound quotes"
        raise DataError(f"{path}: line {first}: expected {what}, got: {error}", "mend that line") from None


def check_encoding(path: Path, dialect: Dialect) -> None:
    """Refuses a file of which a part is in another encoding than its beginning, or that ends within a letter.

    Raises:
        DataError: naming the first line that is.
    """
    expected, number = NAMES.get(dialect.encoding, "UTF-8"), 1
    decoder = codecs.getincrementaldecoder(dialect.encoding)()
    for number, line in enumerate(_byte_lines(path), 1):
        if came := _unlike(line, dialect.encoding, decoder):
            raise DataError(f"{path}: line {number}: expected {expected} as in the lines before, got {came}", SAVE)
    try:
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        message = f"{path}: line {number}: expected {expected} to the end, got a file that ends within a letter"
        raise DataError(message, "fetch it again, or take that line away") from None


def _unlike(line: bytes, encoding: str, decoder: codecs.IncrementalDecoder) -> str:
    """What a line is in that cannot be in this encoding, or only by an unlikely chance; empty where it can."""
    try:
        decoder.decode(line)
    except UnicodeDecodeError as error:
        return f"the byte {error.object[error.start]:#04x}"
    if encoding == WESTERN:
        return "UTF-8" if UTF_8.search(line) else ""
    bare = line.strip(b"\0\r\n")  # in UTF-16 a line end and a separator have a zero byte each
    return "UTF-8" if encoding in UTF_16 and len(bare) > 1 and bare.isascii() and b"\0" not in bare else ""


def is_plain_before_fault(path: Path) -> bool:
    """Whether all before the first line that is no UTF-8 is plain ASCII, so that another encoding may hold for all."""
    for line in _byte_lines(path):
        try:
            is_plain = line.decode("utf-8").isascii()
        except UnicodeDecodeError as error:
            return line[: error.start].isascii()
        if not is_plain and line.removeprefix(codecs.BOM_UTF8).isascii():
            return False
        if not is_plain:
            return False
    return True


def _lines(path: Path, dialect: Dialect) -> Iterator[str]:
    """The lines of a file with their ends as texts: in UTF-16 a byte of a line end may stand within a letter."""
    decoder = codecs.getincrementaldecoder(dialect.encoding)("replace")
    rest, number = "", 1
    with opened(path) as stream:
        while piece := stream.read(PIECE):
            *lines, rest = BEHIND_LINE.split(rest + decoder.decode(piece).removeprefix("\ufeff"))
            yield from (_squeezed(line, dialect) for line in lines)
            number += len(lines)
            if len(rest) > LONGEST_LINE:
                raise too_long(path, number)
    if rest:
        yield _squeezed(rest, dialect)


def _squeezed(line: str, dialect: Dialect) -> str:
    return " ".join(line.split()) if dialect.separator == " " else line


def _byte_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file with their ends, none longer than the limit.

    Raises:
        DataError: one is longer.
    """
    rest, number = b"", 1
    with opened(path) as stream:
        while piece := stream.read(PIECE):
            *lines, rest = (rest + piece).splitlines(keepends=True)
            yield from lines
            number += len(lines)
            if len(rest) > LONGEST_LINE:
                raise too_long(path, number)
    if rest:
        yield rest
