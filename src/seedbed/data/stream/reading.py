"""From the batches of a file to encoded rows: which rows are wanted, a given number at a time, and as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.assemble import check_sound_weights
from seedbed.data.encoder import TableEncoder
from seedbed.data.oddities import Oddities
from seedbed.data.readers.arrow import bare, is_text, tidy
from seedbed.data.readers.table import ReadOptions
from seedbed.data.stream.shuffle import uniform
from seedbed.data.stream.source import ParquetSource
from seedbed.data.tables import column_weights, frame_columns
from seedbed.data.target import encode_target

ROW = "(row)"  # the column that carries the number of each row in the whole table
BLOCK_NUMBERS = 1 << 22  # of encoded float64: 32 MB


@dataclass(frozen=True)
class Roles:
    """Which columns are what, and which rows are for what.

    Attributes:
        target: the target columns.
        weight: the column that says what each row counts, or None.
        options: how the files are to be read.
        seed: decides the part of each row.
        test, valid, sample: of the numbers in [0, 1) that rows draw, those below `test` are for the test, those from
            there to below `valid` validate, and the rest train, of which those below `sample` are the sample.
    """

    target: tuple[str, ...]
    weight: str | None
    options: ReadOptions
    seed: int
    test: float
    valid: float
    sample: float

    def drawn(self, batch: Any, first: int) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_]]:
        """A batch as a table with its rows numbered from `first`; their draws; and which of them have a target."""
        import pyarrow as pa
        import pyarrow.compute as pc

        numbers = np.arange(first, first + len(batch))
        table = pa.Table.from_batches([batch]).append_column(ROW, pa.array(numbers))
        for name in self.target:
            if is_text(table[name].type):
                place = table.column_names.index(name)
                table = table.set_column(place, name, bare(table[name], self.options.holes))
        holes = [pc.is_null(table[name], nan_is_null=True).to_numpy() for name in self.target]
        return table, uniform(numbers, self.seed), ~np.any(holes, axis=0)


@dataclass(frozen=True, eq=False)
class Reading:
    """How training rows are found in the files, and what they become.

    Attributes:
        counts: for each row group the training rows in each of its batches.
    """

    source: ParquetSource
    roles: Roles
    counts: tuple[NDArray[np.int64], ...]
    encoder: TableEncoder

    @property
    def block(self) -> int:
        """How many rows are encoded at a time."""
        return int(np.clip(BLOCK_NUMBERS // max(1, len(self.encoder.feature_names)), 256, 65536))

    def in_order(self) -> list[tuple[int, int, int]]:
        """All batches from front to back, as a schedule of one lane."""
        return [(0, i, batch) for i, group in enumerate(self.source.groups) for batch in range(group.n_batches)]

    def training_batches(self, order: Sequence[tuple[int, int, int]]) -> Iterator[Any]:
        """The training rows of each batch of a schedule, as an Arrow table."""
        lanes: dict[int, tuple[int, int, Iterator[Any]]] = {}  # the group, the batch that comes next, and the rest
        for lane, group, batch in order:
            rows = self.source.groups[group]
            at, coming, batches = lanes.get(lane, (-1, -1, iter(())))
            if (at, coming) != (group, batch):
                batches = self.source.batches(rows, skip=batch)
            table, draws, is_there = self.roles.drawn(next(batches), rows.first + batch * rows.batch_rows)
            lanes[lane] = (group, batch + 1, batches)
            yield table.filter(is_there & (draws >= self.roles.valid))

    def encoded(
        self, table: Any, odd: Oddities
    ) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.float64] | None]:
        """The features, targets and weights of an Arrow table of rows; `odd` gets what is odd about them."""
        frame, target, weight = apart(table, self.roles)
        return self.encoder.encode(self.encoder.select(frame), odd), encode_target(self.encoder.target, target), weight


class RowQueue:
    """Tables one after the other as one, of which a given number of rows can be taken at a time."""

    def __init__(self, tables: Iterator[Any]) -> None:
        self._tables = tables
        self._waiting: list[Any] = []
        self._n_waiting = 0

    def take(self, n: int) -> Any:
        """The next `n` rows as one table; fewer where there are no more."""
        import pyarrow as pa

        while (self._n_waiting < n or not self._waiting) and (table := next(self._tables, None)) is not None:
            self._waiting.append(table)
            self._n_waiting += table.num_rows
        whole = pa.concat_tables(self._waiting)
        rest = whole.slice(n)
        self._waiting, self._n_waiting = [rest], rest.num_rows
        return whole.slice(0, n)


def apart(table: Any, roles: Roles) -> tuple[Any, dict[str, NDArray[Any]], NDArray[np.float64] | None]:
    """The features of an Arrow table as a DataFrame, its target columns and its weights.

    The DataFrame is labelled with the rows' numbers in the whole table, so that messages name the right ones.
    """
    texts = tuple(field.name for field in table.schema if is_text(field.type))  # they stay texts in every block
    frame = tidy(table, replace(roles.options, texts=texts)).frame.set_index(ROW)
    target = frame_columns(frame[list(roles.target)])
    weight = None
    if roles.weight is not None:
        weight = column_weights(frame[roles.weight], roles.weight)
        check_sound_weights(weight, frame.index.to_numpy())
    return frame.drop(columns=[*roles.target, *filter(None, [roles.weight])]), target, weight
