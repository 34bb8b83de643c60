"""Two passes over a table that is larger than memory, and the data set that they give.

The first pass sees every row: it counts those of each part, keeps the rows to validate and to test and a sample of
those to train, and finds the classes. The encoder is fitted on the sample. The second pass encodes every training row,
so that a value that cannot be used is found now and not in the middle of an epoch, and takes its statistics.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.core.fields import describe
from seedbed.data.assemble import NAMES, Shares, check_part_weights, fit_encoder, missing_classes
from seedbed.data.cells import as_table
from seedbed.data.dataset import Dataset, Part
from seedbed.data.encoder import TableEncoder
from seedbed.data.evidence import Types
from seedbed.data.oddities import Oddities
from seedbed.data.raw import Raw
from seedbed.data.readers.table import ReadOptions
from seedbed.data.split import check_rows, check_split
from seedbed.data.statistics import Moments
from seedbed.data.stream.part import StreamedPart
from seedbed.data.stream.reading import Reading, Roles, RowQueue, apart
from seedbed.data.stream.shuffle import FEWEST_LANES
from seedbed.data.stream.source import ParquetSource
from seedbed.data.suspicions import leaks
from seedbed.data.tables import known_column, target_names
from seedbed.data.target import Target, encode_target, read_target

MOST_ROWS = 100_000  # of the validation part, of the test part, and of the sample
MOST_DISTINCT = 10_000  # target values that are told apart; more are no classes


@dataclass
class Survey:
    """What the first pass finds.

    Attributes:
        kept: the rows of the test part, the validation part and the sample, as Arrow tables.
        counts: for each row group the training rows in each of its batches.
        distinct: the different values of the target, as long as they are few; None once they are not.
        n_without: rows without a target.
    """

    kept: dict[str, list[Any]] = field(default_factory=lambda: {"test": [], "valid": [], "sample": []})
    counts: list[NDArray[np.int64]] = field(default_factory=list)
    distinct: set[Any] | None = field(default_factory=set)
    n_without: int = 0

    def see(self, batch: Any, first: int, roles: Roles) -> int:
        """How many rows of a batch train; keeps what is to be kept of it."""
        table, draws, is_there = roles.drawn(batch, first)
        self.n_without += int(len(draws) - is_there.sum())
        trains = is_there & (draws >= roles.valid)
        tests = is_there & (draws < roles.test)
        chosen = {"test": tests, "valid": is_there & ~trains & ~tests, "sample": trains & (draws < roles.sample)}
        for name, mask in chosen.items():
            if mask.any():
                self.kept[name].append(table.filter(mask))
        self._learn_values(table, roles)
        return int(trains.sum())

    def _learn_values(self, table: Any, roles: Roles) -> None:
        if len(roles.target) > 1 or self.distinct is None:
            return
        self.distinct |= set(table[roles.target[0]].unique().drop_null().to_pylist())
        if len(self.distinct) > MOST_DISTINCT:
            self.distinct = None


def load_streamed(
    source: ParquetSource,
    options: ReadOptions,
    shares: Shares,
    *,
    target: Any,
    weight: Any,
    task: str | None,
    name: str | None,
    types: Types,
    **in_memory: Any,
) -> Dataset:
    """The data set in Parquet files, of which only validation, test and a sample of the training rows are in memory.

    The part of a row depends on its number in the table and on the split seed alone. Validation and test have their
    share of the rows, and 100,000 at most: more would not make a score surer.

    Arguments:
        source: the files.
        options: how they are to be read.
        shares: how the rows are to be shared out.
        target, weight, task, name, types: as `load` takes them; the weight is the name of a column.
        in_memory: arguments of `load` that are refused here.

    Raises:
        DataError: a file is damaged, or its rows or targets cannot be used as they are.
        UsageError: an argument is not sound.
    """
    _refuse(in_memory | ({} if isinstance(weight, str) else {"sample_weight": weight}))
    roles = _roles(source, options, target, weight, shares)
    survey = _survey(source, roles)
    rows = {part: _joined(tables, part, source) for part, tables in survey.kept.items()}
    found = {part: apart(table, roles) for part, table in rows.items()}
    meaning, notices = _meaning(found, survey, task)
    raw = Raw(name or source.name, source.given, None, {}, types=types, reading=options.remembered)
    fit = partial(fit_encoder, raw, meaning)
    encoder, more = TableEncoder.fit(found["sample"][0], meaning, types)
    encoder = replace(encoder, reading=raw.reading)
    notices = _notices(source, survey) + notices + more + _column_notices(encoder, found["sample"][0])
    reading = Reading(source, roles, tuple(survey.counts), encoder)
    parts = {part: _part(table, reading) for part, table in rows.items()}
    train, odd = _measured(parts["sample"], reading)
    notices += odd
    notices += leaks(encoder, as_table(found["sample"][0]), parts["sample"].y)
    check_part_weights({"train": train, "valid": parts["valid"]})
    if meaning.task == "classification":
        notices += _class_notices(train, parts, meaning)
    return Dataset(
        raw.name, train, parts["valid"], parts["test"], encoder, encoder.numeric, None, shares.seed, tuple(notices),
        raw.source, fit,
    )  # fmt: skip


def _refuse(arguments: dict[str, Any]) -> None:
    for name, given in arguments.items():
        if given is not None:
            raise UsageError(
                f"{name}: expected {'the name of a column' if name == 'sample_weight' else 'none'} for streamed data, "
                f"got {describe(given)}",
                "stream=False (on the command line --no-stream) reads the table into memory",
            )


def _roles(source: ParquetSource, options: ReadOptions, target: Any, weight: str | None, shares: Shares) -> Roles:
    """Which columns are what, and which draws lead to which part."""
    import pandas as pd

    if shares.test == 0:
        raise UsageError("test_share: expected a share above 0, got 0", "the test part is what the result is told by")
    check_rows(source.n_rows, source.given)
    check_split(source.n_rows, shares.valid, shares.test, shares.seed)
    head = pd.DataFrame(columns=list(source.names))
    names = tuple(target_names(head, target, source.given))
    if weight is not None:
        known_column("sample_weight", weight, head, source.given)
        if weight in names:
            raise UsageError(f"sample_weight: expected another column than the target, got {weight!r}")
    # Five deviations below the limit, so that chance does not go over it.
    most = (MOST_ROWS - 5 * math.sqrt(MOST_ROWS)) / source.n_rows
    test, valid = min(shares.test, most), min(shares.valid, most)
    return Roles(names, weight, options, shares.seed, test, test + valid, min(1.0, test + valid + most))


def _survey(source: ParquetSource, roles: Roles) -> Survey:
    """The first pass."""
    survey = Survey()
    for group in source.groups:
        counts = np.zeros(group.n_batches, dtype=np.int64)
        for number, batch in enumerate(source.batches(group)):
            counts[number] = survey.see(batch, group.first + number * group.batch_rows, roles)
        survey.counts.append(counts)
    return survey


def _joined(tables: list[Any], part: str, source: ParquetSource) -> Any:
    import pyarrow as pa

    if not tables:
        name = NAMES.get(part, "training")
        raise DataError(
            f"{source.given}: expected rows with a target in each part, got none in the {name} part",
            "another target, more rows, or another split_seed; or read it into memory with stream=False",
        )
    return pa.concat_tables(tables).combine_chunks()


def _meaning(found: dict[str, Any], survey: Survey, task: str | None) -> tuple[Target, list[str]]:
    """What the target means, from the rows that were kept and from all its different values where these are few."""
    columns = {name: np.concatenate([target[name] for _, target, _ in found.values()]) for name in found["sample"][1]}
    if len(columns) == 1:
        ((name, values),) = columns.items()
        if survey.distinct is None and (values.dtype == object or task == "classification"):
            raise DataError(
                f"target {name!r}: expected at most {MOST_DISTINCT:,} classes, got more",
                "is the target a name or a number that is different in every row? choose another one",
            )
        more = np.array(sorted(survey.distinct or ()), dtype=values.dtype)
        columns[name] = np.concatenate([values, more[more == more]])
    target, _, notices = read_target(columns, task)
    return target, notices


def _part(table: Any, reading: Reading) -> Part:
    frame, target, weight = apart(table, reading.roles)
    index = frame.index.to_numpy(dtype=np.int64)
    y = encode_target(reading.encoder.target, target)
    return Part(reading.encoder.features(frame), y, frame, index, weight)


def _measured(sample: Part, reading: Reading) -> tuple[StreamedPart, list[str]]:
    """The training part, after the second pass; and what is odd about its rows, each column told once."""
    target = reading.encoder.target
    moments, target_moments = Moments.empty(sample.x.shape[1:]), Moments.empty((len(target.names),))
    class_counts = np.zeros(len(target.class_names), dtype=np.int64)
    digest, odd = hashlib.sha256(), Oddities()
    queue = RowQueue(reading.training_batches(reading.in_order()))
    while (table := queue.take(reading.block)).num_rows:
        x, y, weight = reading.encoded(table, odd)
        for array in (x, y, *(() if weight is None else (weight,))):
            digest.update(np.ascontiguousarray(array).data)
        moments = moments.add(x)
        if target.class_names:
            class_counts += np.bincount(y, minlength=len(class_counts))
        else:
            target_moments = target_moments.add(y)
    part = StreamedPart(
        sample.x, sample.y, sample.rows, sample.index, sample.weight, n=moments.n, moments=moments,
        target_moments=None if target.class_names else target_moments,
        class_counts=class_counts if target.class_names else None, digest=digest.digest(), reading=reading,
    )  # fmt: skip
    return part, odd.sentences()


def _notices(source: ParquetSource, survey: Survey) -> list[str]:
    n_train = int(sum(counts.sum() for counts in survey.counts))
    kept = sum(table.num_rows for table in survey.kept["sample"])
    notices = [
        f"read from Parquet in every epoch, a piece at a time: what the columns are is learned from {kept:,} of "
        f"{n_train:,} training rows, their means and ranges from all"
    ]
    if survey.n_without:
        notices.append(f"{survey.n_without:,} of {source.n_rows:,} rows have no target and are left out")
    if len(source.groups) < FEWEST_LANES and source.n_rows > MOST_ROWS:
        notices.append(
            f"its rows stand in {len(source.groups)} large row groups, of which each is read several times in an epoch "
            "to mix them; written with smaller ones (row_group_size=100_000), it is read faster"
        )
    return notices


def _column_notices(encoder: TableEncoder, rows: Any) -> list[str]:
    """What is done about missing and rare values, as the sample shows them."""
    table = as_table(rows)
    return [f"in the sample: {sentence}" for sentence in encoder.notices(table)]


def _class_notices(train: StreamedPart, parts: dict[str, Part], target: Target) -> list[str]:
    counts = [
        train.class_counts,
        *(np.bincount(parts[name].y, minlength=len(target.class_names)) for name in ("valid", "test")),
    ]
    return missing_classes([count > 0 for count in counts if count is not None], len(train), target.class_names)
