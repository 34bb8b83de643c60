"""What a file of text looks like, by a sample from its beginning: encoding, separator, decimal sign, names."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from pathlib import Path

from seedbed.core.errors import DataError
from seedbed.data.readers.bytes import kind_of, opened
from seedbed.data.readers.table import column_names

SAMPLE = 1 << 20
LONGEST_LINE = 64 << 20  # bytes; so that a file without line ends does not fill the memory
SEPARATORS = {"\t": "tabs", ";": "';'", "|": "'|'", ",": "','", " ": "blanks"}  # the first that fits is taken
FEW_LINES, SAMPLE_LINES = 8, 200  # a sample has at least, and of it are looked at no more than
WESTERN = "cp1252"
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
NAMES = {"utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", WESTERN: "Windows-1252 (Western European)"}


@dataclass(frozen=True)
class Dialect:
    """How a file of text is written.

    Attributes:
        encoding: the name of the codec.
        separator: what stands between fields.
        decimal: what stands before the decimals.
        names: the names of the columns.
        has_names: whether the first line holds them.
        has_blanks: blanks stand between a separator and a quote, or there are runs of blanks as separators.
        longest: bytes in the longest line of the sample.
        cells: the fields of the first lines.
    """

    encoding: str
    separator: str
    decimal: str
    names: tuple[str, ...]
    has_names: bool
    has_blanks: bool
    longest: int
    cells: tuple[tuple[str, ...], ...]

    @property
    def notices(self) -> tuple[str, ...]:
        """What is unusual about it, in a sentence."""
        parts = [f"{SEPARATORS[self.separator]} between fields"] if self.separator not in ",\t" else []
        parts += ["a decimal comma"] if self.decimal == "," else []
        parts += [f"the encoding {NAMES[self.encoding]}"] if self.encoding in NAMES else []
        return (f"read with {' and '.join(parts)}",) if parts else ()


def sniff(path: Path, *, header: bool) -> Dialect:
    """How the file of text at a path is written.

    Raises:
        DataError: it is missing, empty, damaged or no text, its first line never ends, or its names are not sound.
    """
    sample, is_whole = _sample(path)
    encoding = _encoding(sample, is_whole)
    text = _decoded(path, sample, encoding, is_whole)
    lines = re.split(r"\r\n|\n|\r", text)[:SAMPLE_LINES]
    filled = [line for line in lines if line.strip()]
    if not filled:
        raise DataError(f"{path}: expected a table, got an empty file")
    separator = _separator(filled)
    has_blanks = separator == " " or any(re.search(rf'{re.escape(separator)} +"', line) for line in filled)
    cells = _cells(filled, separator)
    names = column_names(cells[0], path, header=header)
    longest = max(map(len, sample.splitlines()))
    return Dialect(
        encoding, separator, _decimal(cells[header:], separator), names, header, has_blanks, longest, tuple(cells)
    )


def _sample(path: Path) -> tuple[bytes, bool]:
    """The first bytes of a file, to the end of a line, and whether they are all of it."""
    with opened(path) as stream:
        pieces, n_lines = [stream.read(SAMPLE)], 0
        while len(pieces[-1]) == SAMPLE and (n_lines := n_lines + len(re.findall(rb"\r|\n", pieces[-1]))) < FEW_LINES:
            if len(pieces) * SAMPLE >= LONGEST_LINE:
                if n_lines == 0:
                    raise too_long(path, 1)
                break
            pieces.append(stream.read(SAMPLE))
        is_whole = not stream.read(1)
    sample = b"".join(pieces)
    return (sample, True) if is_whole else (sample[: max(sample.rfind(b"\n"), sample.rfind(b"\r")) + 1], False)


def too_long(path: Path, line: int) -> DataError:
    """The error for a line that does not end."""
    return DataError(
        f"{path}: line {line}: expected a line of at most {LONGEST_LINE >> 20} MiB, got a longer one",
        "is a quote open, or is the file no table with a line for each row?",
    )


def _encoding(sample: bytes, is_whole: bool) -> str:
    for mark, name in MARKS.items():
        if sample.startswith(mark):
            return name
    if len(sample) > 3 and b"\0" in sample[:4]:  # UTF-16 without its mark: a zero beside each plain character
        return "utf-16-le" if sample[1] == 0 and sample[0] else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, is_whole)
    except UnicodeDecodeError as error:
        # Bytes of UTF-8 before the first that is none: the file changes, and no one encoding reads it.
        return WESTERN if sample[: error.start].isascii() else "utf-8"
    return "utf-8"


def _decoded(path: Path, sample: bytes, encoding: str, is_whole: bool) -> str:
    # What cannot be decoded is found, with its line, when the whole is read.
    if encoding.startswith("utf-16"):
        sample = sample[: len(sample) // 2 * 2]
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample, is_whole).removeprefix("\ufeff")
    if "\0" in text:
        kind = kind_of(sample) or f"a zero byte in line {text[: text.index(chr(0))].count(chr(10)) + 1}"
        raise DataError(f"{path}: expected a text with a table, got {kind}", "give the file its right ending")
    return text


def _cells(lines: list[str], separator: str) -> list[tuple[str, ...]]:
    if separator == " ":
        lines = [" ".join(line.split()) for line in lines]
    try:
        return [tuple(row) for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if row]
    except csv.Error:  # a field of 128 KiB: an open quote, or a long text, which the reader itself can tell
        return [tuple(line.split(separator)) for line in lines]


def _separator(lines: list[str]) -> str:
    """The first separator that gives every line the same number of fields; else the one that most lines agree on."""
    best, most = ",", 0.0
    for separator in SEPARATORS:
        counts = [len(row) for row in _cells(lines, separator)]
        usual = max(set(counts), key=counts.count)
        share = counts.count(usual) / len(counts) if usual > 1 else 0.0
        if share == 1.0 and separator != " ":
            return separator
        if share > most + (separator == " ") * 0.5:
            best, most = separator, share
    return best


def _decimal(rows: list[tuple[str, ...]], separator: str) -> str:
    """The sign before the decimals, by the numbers that can be read in one way only."""
    cells = [cell.strip() for row in rows for cell in row]
    if not any("," in cell for cell in cells):
        return "."
    either = [cell for cell in cells if re.fullmatch(r"[-+]?[1-9]\d{0,2},\d{3}", cell)]  # 1,234
    commas = [cell for cell in cells if re.fullmatch(r"[-+]?(\d+|\d{1,3}(\.\d{3})+)?,\d+", cell)]
    points = [cell for cell in cells if re.fullmatch(r"[-+]?(\d+|\d{1,3}(,\d{3})+)?\.\d+", cell)]
    grouped = [cell for cell in points if re.fullmatch(r"[-+]?[1-9]\d{0,2}\.\d{3}", cell)]  # 1.234
    if len(commas) > len(either):
        return "," if len(points) == len(grouped) else "."
    return "," if either and not points and separator == ";" else "."
