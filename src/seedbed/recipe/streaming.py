"""Prediction from file to file, in pieces: neither file has to fit in memory."""

from __future__ import annotations

import contextlib
import csv
import gzip
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.core.files import replacing
from seedbed.data import arrow_values
from seedbed.data.oddities import FEWEST, Oddities
from seedbed.data.raw import shown
from seedbed.data.rows import iter_pieces, options_like
from seedbed.recipe.answers import decided, probabilities
from seedbed.recipe.predictor import Predictor

ENDINGS = (".csv", ".csv.gz", ".parquet")
ROWS, NUMBERS = 50_000, 4_000_000  # of a piece, at most about so many rows, and numbers in its features
MOST_NAMED = 8  # of the files that were left out
Columns = dict[str, NDArray[Any]]
Write = Callable[[Columns], None]


@dataclass
class Remarks:
    """What is to be said when all pieces of a file are predicted: what is odd about its rows, and what was left out."""

    odd: Oddities
    left_out: list[Path] = field(default_factory=list)

    def warn(self) -> None:
        """Warns of it."""
        self.odd.warn()
        if self.left_out:
            verb = "cannot be read and is" if len(self.left_out) == 1 else "cannot be read and are"
            said = f"images: {len(self.left_out):,} {verb} left out: {shown(self.left_out, MOST_NAMED)}"
            warnings.warn(said, UserWarning, stacklevel=3)


def predict_file(
    predictor: Predictor,
    source: Path,
    out: Path | None,
    *,
    proba: bool = False,
    on_rows: Callable[[int], None] = lambda n: None,
    **reading: Any,
) -> int:
    """How many rows of a file were predicted. What was said of them is in `out`, which is written whole or not at all.

    Arguments:
        source: as for `predicted`.
        out: a path with one of `ENDINGS`; None for stdout.
        on_rows: is told after each piece how many rows are done.
        proba, reading: as for `predicted`.

    Raises:
        DataError: the rows cannot be read, or do not fit.
        UsageError: the file cannot be written.
    """
    n_done, remarks = 0, Remarks(Oddities(n_columns=len(predictor.encoder.feature_names)))
    with _writer(out) as write:
        for columns in predicted(predictor, source, remarks, proba=proba, **reading):
            write(columns)
            n_done += len(next(iter(columns.values())))
            on_rows(n_done)
    remarks.warn()
    return n_done


def predicted(
    predictor: Predictor, source: Path, remarks: Remarks, *, proba: bool = False, **reading: Any
) -> Iterator[Columns]:
    """What is said of the rows of a file, piece by piece: columns by name.

    Of images in files of their own, `file` comes first: the path of each, as `source` begins it.

    Arguments:
        source: a file of any kind that is read, or a folder of images.
        remarks: gets what is to be said when all is done.
        proba: with the probability of each class or label.
        reading: `missing`, `header` and `skip_broken` as for `seedbed.data.read_rows`.

    Raises:
        DataError: the rows cannot be read, or do not fit.
    """
    n_done, odd = 0, remarks.odd
    options = replace(options_like(predictor.encoder, **reading), as_arrow=True)
    for piece in iter_pieces(source, _size(predictor), predictor.encoder, options):
        remarks.left_out += piece.left_out
        if not len(piece.rows):
            continue
        try:
            said = columns_of(predictor, piece.rows, odd, proba=proba)
            odd.check(FEWEST)  # before all of a large file is predicted in vain
        except DataError as error:
            raise _placed(error, source, n_done, len(piece.rows)) from None
        n_done += len(piece.rows)
        yield {"file": np.array([str(file) for file in piece.files])} | said if piece.files else said
    if not n_done:
        raise DataError(f"{source}: expected rows, got none")
    try:
        odd.check()
    except DataError as error:
        raise _placed(error, source, 0, n_done) from None


def check_out(out: Path, source: Path) -> None:
    """Refuses a file of a kind that is not written, and the one that is read.

    Raises:
        UsageError: with the endings that there are, or with the file that would be lost.
    """
    if not out.name.lower().endswith(ENDINGS):
        came = out.suffix or "no ending"
        raise UsageError(f"--out {out}: expected a file that ends in {', '.join(ENDINGS)}, got {came}")
    if out.exists() and source.exists() and out.samefile(source):
        expected = f"--out {out}: expected another file than the rows that are predicted, got {source} itself"
        raise UsageError(expected, "choose another name, and the rows stay")


def _size(predictor: Predictor) -> int:
    """How many rows a piece has."""
    shape = getattr(predictor.encoder, "shape", ())
    n_features = math.prod(shape) if shape else len(predictor.encoder.feature_names)
    return max(1, min(ROWS, NUMBERS // max(1, n_features)))


def _placed(error: DataError, source: Path, start: int, n_rows: int) -> DataError:
    """The error with the file, and with the place of the piece in it behind the first, whose rows count from 0."""
    where = f"in the {n_rows:,} rows from row {start:,} on: " if start else ""
    return DataError(f"{source}: {where}{error.message}", error.hint)


def columns_of(predictor: Predictor, rows: Any, odd: Oddities, *, proba: bool) -> Columns:
    """What is said of some rows, by the names of the columns; `odd` gets what is odd about them."""
    target = predictor.encoder.target
    names = [str(name) for name in target.names]
    mean = predictor.mean(predictor.encoder.transform(rows, odd))
    shares = probabilities(mean, predictor.encoder, predictor.temperature) if proba else None
    said = decided(mean if shares is None else shares, predictor.encoder)
    columns = {"prediction": said} if said.ndim == 1 else {name: said[:, i] for i, name in enumerate(names)}
    if shares is not None:
        columns |= {f"p_{name}": shares[:, i] for i, name in enumerate(target.class_names or names)}
    return columns


@contextlib.contextmanager
def _writer(out: Path | None) -> Iterator[Write]:
    """A function that writes pieces of a table, to stdout or to a file that appears when all is written."""
    if out is None:
        yield _csv_to(sys.stdout)
        return
    try:
        with replacing(out) as partial, contextlib.ExitStack() as stack:
            yield _open(out.name.lower(), partial, stack)
            stack.close()  # before the file takes its place
    except OSError as error:
        raise UsageError(f"--out {out}: expected a file that can be written, but {error.strerror or error}") from None


def _open(name: str, partial: Path, stack: contextlib.ExitStack) -> Write:
    if name.endswith(".parquet"):
        return _parquet_to(partial, stack)
    if name.endswith(".gz"):
        return _csv_to(stack.enter_context(gzip.open(partial, "wt", encoding="utf-8", newline="", compresslevel=6)))
    return _csv_to(stack.enter_context(partial.open("w", encoding="utf-8", newline="")))


def _csv_to(file: Any) -> Write:
    lines = csv.writer(file, lineterminator="\n")
    named: Sequence[str] = ()

    def write(columns: Columns) -> None:
        nonlocal named
        if not named:
            named = list(columns)
            lines.writerow(named)
        lines.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))

    return write


def _parquet_to(partial: Path, stack: contextlib.ExitStack) -> Write:
    import pyarrow as pa
    from pyarrow import parquet

    writer: Any = None

    def write(columns: Columns) -> None:
        nonlocal writer
        table = pa.table({name: arrow_values.column(values) for name, values in columns.items()})
        if writer is None:
            writer = stack.enter_context(parquet.ParquetWriter(partial, table.schema))
        writer.write_table(table)

    return write
