"""From what a reader found to a data set: targets read, rows split, the encoder fitted on training rows, parts made."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.data.cells import as_table
from seedbed.data.dataset import PARTS, Dataset, Part
from seedbed.data.encoder import Encoder, TableEncoder, check_array, fit_array
from seedbed.data.labelled import Fitting, LabelledRows
from seedbed.data.oddities import Oddities
from seedbed.data.ordered import time_notice
from seedbed.data.raw import Raw, is_frame, shown, take
from seedbed.data.split import (
    FEWEST_PER_CLASS,
    Index,
    check_rows,
    rare_classes,
    split,
    split_by_group,
    split_by_time,
)
from seedbed.data.suspicions import duplicates, leaks, shared_groups
from seedbed.data.target import Target, read_target, without_holes

NAMES = {"train": "training", "valid": "validation", "test": "test"}


@dataclass(frozen=True)
class Shares:
    """How the rows are to be shared out."""

    valid: float
    test: float
    seed: int


def assemble(raw: Raw, shares: Shares, task: str | None, notices: Sequence[str] = ()) -> Dataset:
    """The data set that raw rows and targets give. Rows without a target are left out.

    Arguments:
        raw: what a reader found.
        shares: how the rows are to be shared out.
        task: the task if the user names it, else None.
        notices: what was already done to the data.

    Raises:
        DataError: the rows or targets cannot be used as they are.
        UsageError: the task, the types or the shares are not sound.
    """
    raw = raw if is_frame(raw.rows) else replace(raw, rows=check_array("x", raw.rows))
    _check_lengths(raw.rows, raw)
    told = list(notices)
    raw, numbers = _with_target(raw, told)
    target, y, more = read_target(raw.target, task or raw.task, raw.class_names)
    told += more
    parts = _split(y, target, raw, shares, told)
    bare = replace(raw, rows=None, target={})  # folds have rows of their own
    fit = functools.partial(fit_encoder, bare, target)
    encoder, numeric, more = fit(take(raw.rows, np.sort(parts[0])))
    told += more
    x = _encoded(raw, y, encoder, parts, told)
    labelled = LabelledRows(raw.rows, y, numbers, raw.weight, raw.group, raw.time)
    train, valid, test = (labelled.part(index, encoder, x) for index in parts)
    check_part_weights({"train": train, "valid": valid})
    told += shared_groups(raw.group, raw.n_test) + duplicates(train, test)
    image = _image_shape(raw, raw.rows)
    return Dataset(
        raw.name, train, valid, test, encoder, numeric, image, shares.seed, tuple(told), raw.source, fit,
        has_own_test=raw.n_test > 0,
    )  # fmt: skip


def check_weight(weight: Any, n_rows: int) -> NDArray[np.float64]:
    """Sample weights as an array (n,).

    Raises:
        DataError: they are not one finite number of at least 0 for each row, or all are 0.
    """
    try:
        weights = np.asarray(weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"sample_weight: expected numbers, got others ({error})") from None
    if weights.shape != (n_rows,):
        raise DataError(f"sample_weight: expected one number for each of {n_rows:,} rows, got shape {weights.shape}")
    check_sound_weights(weights, np.arange(n_rows))
    if not weights.any():
        raise DataError("sample_weight: expected a number above 0 somewhere, got only zeros")
    return weights


def check_sound_weights(weights: NDArray[np.float64], rows: Index) -> None:
    """Refuses weights that are infinite, negative or missing.

    Arguments:
        weights: what each row counts, (n,).
        rows: the number of each row in the source, (n,).

    Raises:
        DataError: naming the first row with a wrong one.
    """
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(f"sample_weight: expected finite numbers of at least 0, got {weights[at]} in row {rows[at]}")


def _check_lengths(rows: Any, raw: Raw) -> None:
    if len(rows) != raw.n_targets:
        raise DataError(
            f"{raw.source}: expected as many targets as rows, got x with {len(rows):,} rows and y with "
            f"{raw.n_targets:,}",
            "is one of them transposed, or has it lost rows?",
        )
    if len(rows) == 0:
        raise DataError(f"{raw.source}: expected rows, got none")
    if len(rows) == 1:
        raise DataError(f"{raw.source}: expected rows to train, validate and test on, got one", "add rows")


def _with_target(raw: Raw, notices: list[str]) -> tuple[Raw, Index]:
    """The rows that have a target, and their numbers in the source."""
    target, kept = without_holes(raw.target)
    numbers = np.flatnonzero(kept)
    n_lost = len(kept) - len(numbers)
    if not n_lost:
        return raw, numbers
    notices.append(f"{n_lost:,} of {len(kept):,} rows have no target and are left out")
    weight, group, time = (None if a is None else a[numbers] for a in (raw.weight, raw.group, raw.time))
    n_test = int(kept[len(kept) - raw.n_test :].sum())
    rows = take(raw.rows, numbers)
    return replace(raw, rows=rows, target=target, weight=weight, group=group, time=time, n_test=n_test), numbers


def _split(y: NDArray[Any], target: Target, raw: Raw, shares: Shares, notices: list[str]) -> tuple[Index, Index, Index]:
    """The row numbers of the three parts. The last `raw.n_test` rows are the source's own test part."""
    own = len(y) - raw.n_test
    check_rows(own, raw.source)
    labels = y[:own] if target.task == "classification" else None
    how: dict[str, Any] = {"valid_share": shares.valid, "test_share": shares.test, "seed": shares.seed}
    if raw.n_test:
        how["test_share"] = 0.0
    elif shares.test == 0:
        raise UsageError("test_share: expected a share above 0, got 0", "the test part is what the result is told by")
    if raw.time is not None:
        train, valid, test = split_by_time(raw.time[:own], **how)
    elif raw.group is not None:
        train, valid, test = split_by_group(raw.group[:own], labels, **how)
    else:
        train, valid, test = split(own, labels, **how)
    parts = train, valid, np.arange(own, len(y)) if raw.n_test else test
    if raw.time is not None:
        notices.append(time_notice(*(raw.time[part] for part in parts)))
    if labels is not None and raw.time is None and raw.group is None:
        notices += _class_notices(labels, target.class_names)
    elif target.task == "classification":
        there = [np.bincount(y[part], minlength=len(target.class_names)) > 0 for part in parts]
        notices += missing_classes(there, len(train), target.class_names)
    return parts


def _class_notices(labels: NDArray[np.int32], names: tuple[Any, ...]) -> list[str]:
    """What is said about classes that are not in all three parts."""
    rare, absent = ([names[number] for number in numbers] for numbers in rare_classes(labels, len(names)))
    notices = []
    if rare:
        notices.append(
            f"classes with fewer than {FEWEST_PER_CLASS} rows are for training only, with none to validate or test "
            f"them: {shown(rare)}"
        )
    if absent:
        notices.append(f"classes that are only in the test part, so that no network can learn them: {shown(absent)}")
    return notices


def missing_classes(there: Sequence[NDArray[np.bool_]], n_train: int, names: tuple[Any, ...]) -> list[str]:
    """What is said about classes that are not in all three parts, where a split could not see to it.

    Arguments:
        there: for each part which classes it has.
        n_train: how many rows train.
        names: the classes.

    Raises:
        DataError: training sees fewer than two classes.
    """
    if there[0].sum() < 2:
        (only,) = np.flatnonzero(there[0])
        raise DataError(
            f"split: expected at least two classes to train on, got only {names[only]!r} in the {n_train:,} rows "
            "that are left for training",
            "split by chance instead, or by another column",
        )
    notices = []
    for part, found in zip(PARTS, there, strict=True):
        if not found.all():
            missing = [name for name, is_there in zip(names, found, strict=True) if not is_there]
            but = ", so that no network can learn them" if part == "train" else ""
            notices.append(f"classes that are not in the {NAMES[part]} part{but}: {shown(missing)}")
    return notices


def fit_encoder(raw: Raw, target: Target, rows: Any) -> Fitting:
    """The encoder for these training rows, which of its features are quantities rather than indicators, and notices."""
    if is_frame(rows):
        encoder, notices = TableEncoder.fit(rows, target, raw.types)
        encoder = replace(encoder, reading=raw.reading)
        return encoder, encoder.numeric, notices
    if raw.types:
        raise UsageError(
            f"types: expected none for {raw.source}, which is no table, got {raw.types!r}", "leave it away"
        )
    array_encoder = fit_array(rows, target, raw.feature_names, is_image=raw.is_image)
    numeric = np.ones(array_encoder.shape, dtype=bool)
    if len(array_encoder.shape) == 1 and raw.image_shape is None:
        numeric = ~_is_indicator(rows)
    return array_encoder, numeric, []


def _is_indicator(x: NDArray[Any]) -> NDArray[np.bool_]:
    """Which features (n, k) hold both 0 and 1, and nothing else."""
    return np.asarray(((x == 0) | (x == 1)).all(axis=0) & (x.min(axis=0) != x.max(axis=0)))


def _encoded(
    raw: Raw, y: NDArray[Any], encoder: Encoder, parts: tuple[Index, Index, Index], notices: list[str]
) -> NDArray[Any]:
    """The features of all rows; with what was done to them, and what looks too good, among the notices."""
    if not isinstance(encoder, TableEncoder):
        return encoder.transform(raw.rows)
    table = as_table(raw.rows)
    odd, odd_test = Oddities(), Oddities()
    x = encoder.encode(table, odd)
    train, _, test = ({name: cells.take(part) for name, cells in table.items()} for part in parts)
    notices += odd.sentences() + encoder.notices(table) + leaks(encoder, train, y[parts[0]])
    if raw.n_test:
        encoder.compare(test, odd_test)
        notices += [f"the test part: {sentence}" for sentence in odd_test.sentences()]
    return x


def check_part_weights(parts: dict[str, Part]) -> None:
    """Refuses weights that leave a part without any example that counts: its loss would be 0 divided by 0.

    Raises:
        DataError: naming the part.
    """
    for name, part in parts.items():
        if part.weight is not None and not part.weight.any():
            message = f"sample_weight: expected a number above 0 in each part, got only zeros in the {NAMES[name]} part"
            raise DataError(message, "another split_seed, or a larger share, puts rows that count there")


def _image_shape(raw: Raw, rows: Any) -> tuple[int, ...] | None:
    return tuple(rows.shape[1:]) if raw.is_image else raw.image_shape
