"""Prediction from file to file, in pieces: neither file has to fit in memory."""

from __future__ import annotations

import contextlib
import csv
import gzip
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.core.files import replacing
from seedbed.data.oddities import FEWEST, Oddities
from seedbed.data.rows import iter_rows
from seedbed.recipe.answers import decided, probabilities
from seedbed.recipe.predictor import Predictor

ENDINGS = (".csv", ".csv.gz", ".parquet")
ROWS, NUMBERS = 50_000, 4_000_000  # of a piece, at most about so many rows, and numbers in its features
Columns = dict[str, NDArray[Any]]
Write = Callable[[Columns], None]


def predict_file(
    predictor: Predictor,
    source: Path,
    out: Path | None,
    *,
    proba: bool = False,
    on_rows: Callable[[int], None] = lambda n: None,
) -> int:
    """How many rows of a file were predicted. What was said of them is in `out`, which is written whole or not at all.

    Arguments:
        out: a path with one of `ENDINGS`; None for stdout.
        proba: write the probability of each class or label, too.
        on_rows: is told after each piece how many rows are done.

    Raises:
        DataError: the rows cannot be read, or do not fit.
        UsageError: the file cannot be written.
    """
    n_done, odd = 0, Oddities(n_columns=len(predictor.encoder.feature_names))
    with _writer(out) as write:
        for rows in iter_rows(source, _size(predictor), predictor.encoder, as_arrow=True):
            try:
                said = _columns(predictor, rows, odd, proba=proba)
                odd.check(FEWEST)  # before all of a large file is predicted in vain
                write(said)
            except DataError as error:
                raise _placed(error, n_done, len(rows)) from None
            n_done += len(rows)
            on_rows(n_done)
        if not n_done:
            raise DataError(f"{source}: expected rows, got none")
        odd.check()
    odd.warn()
    return n_done


def check_ending(out: Path) -> None:
    """Refuses a file of a kind that is not written.

    Raises:
        UsageError: with the endings that there are.
    """
    if not out.name.lower().endswith(ENDINGS):
        came = out.suffix or "no ending"
        raise UsageError(f"--out {out}: expected a file that ends in {', '.join(ENDINGS)}, got {came}")


def _size(predictor: Predictor) -> int:
    """How many rows a piece has."""
    return max(1, min(ROWS, NUMBERS // max(1, len(predictor.encoder.feature_names))))


def _placed(error: DataError, start: int, n_rows: int) -> DataError:
    """The error with the place of the piece in the file, behind the first piece, whose rows count from 0 anyway."""
    where = f"in the {n_rows:,} rows from row {start:,} on: " if start else ""
    return DataError(where + error.message, error.hint)


def _columns(predictor: Predictor, rows: Any, odd: Oddities, *, proba: bool) -> Columns:
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
        table = pa.table({name: pa.array(column) for name, column in columns.items()})
        if writer is None:
            writer = stack.enter_context(parquet.ParquetWriter(partial, table.schema))
        writer.write_table(table)

    return write
