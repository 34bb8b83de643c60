"""From what a reader found to a data set: targets read, rows split, the encoder fitted on training rows, parts made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.data.columns import MOST_CATEGORIES, CategoryColumn, NumericColumn
from seedbed.data.dataset import Dataset, Part
from seedbed.data.encoder import Encoder, TableEncoder, check_array, fit_array
from seedbed.data.raw import Raw, is_frame, shown, take
from seedbed.data.split import FEWEST_PER_CLASS, Index, rare_classes, split
from seedbed.data.target import Target, read_target


@dataclass(frozen=True)
class Shares:
    """How the rows are to be shared out."""

    valid: float
    test: float
    seed: int


def assemble(raw: Raw, shares: Shares, task: str | None) -> Dataset:
    """The data set that raw rows and targets give.

    Raises:
        DataError: the rows or targets cannot be used as they are.
        UsageError: the task or the shares are not sound.
    """
    rows = raw.rows if is_frame(raw.rows) else check_array("x", raw.rows)
    _check_lengths(rows, raw)
    target, y, notices = read_target(raw.target, task or raw.task, raw.class_names)
    parts = _split(y, target, raw.n_test, shares, notices)
    encoder, numeric = _fit(rows, parts[0], raw, target, notices)
    train, valid, test = (_part(rows, y, index, encoder, raw.weight) for index in parts)
    _check_part_weights({"training": train, "validation": valid})
    return Dataset(
        raw.name, train, valid, test, encoder, numeric, _image_shape(raw, rows), shares.seed, tuple(notices), raw.source
    )


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
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"sample_weight: expected finite numbers of at least 0, got {weights[row]} in row {row}")
    if not weights.any():
        raise DataError("sample_weight: expected a number above 0 somewhere, got only zeros")
    return weights


def _check_lengths(rows: Any, raw: Raw) -> None:
    if len(rows) != raw.n_targets:
        raise DataError(
            f"{raw.source}: expected as many targets as rows, got x with {len(rows):,} rows and y with "
            f"{raw.n_targets:,}",
            "is one of them transposed, or has it lost rows?",
        )
    if len(rows) == 0:
        raise DataError(f"{raw.source}: expected rows, got none")


def _split(
    y: NDArray[Any], target: Target, n_given: int, shares: Shares, notices: list[str]
) -> tuple[Index, Index, Index]:
    """The row numbers of the three parts. The last `n_given` rows are the source's own test part."""
    own = len(y) - n_given
    labels = y[:own] if target.task == "classification" else None
    test_share = 0.0 if n_given else shares.test
    if not n_given and test_share == 0:
        raise UsageError("test_share: expected a share above 0, got 0", "the test part is what the result is told by")
    train, valid, test = split(own, labels, valid_share=shares.valid, test_share=test_share, seed=shares.seed)
    if labels is not None:
        notices += _class_notices(labels, target.class_names)
    return train, valid, np.arange(own, len(y)) if n_given else test


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


def _fit(rows: Any, train: Index, raw: Raw, target: Target, notices: list[str]) -> tuple[Encoder, NDArray[np.bool_]]:
    """The encoder for these rows, and which of its features are quantities rather than indicators."""
    if is_frame(rows):
        encoder, more = TableEncoder.fit(take(rows, train), target)
        notices += more + _hole_notices(rows, encoder)
        return encoder, encoder.numeric
    array_encoder = fit_array(rows, target, raw.feature_names, is_image=raw.is_image)
    numeric = np.ones(array_encoder.shape, dtype=bool)
    if len(array_encoder.shape) == 1 and raw.image_shape is None:
        numeric = ~_is_indicator(rows[train])
    return array_encoder, numeric


def _is_indicator(x: NDArray[Any]) -> NDArray[np.bool_]:
    """Which features (n, k) hold both 0 and 1, and nothing else."""
    return np.asarray(((x == 0) | (x == 1)).all(axis=0) & (x.min(axis=0) != x.max(axis=0)))


def _hole_notices(rows: Any, encoder: TableEncoder) -> list[str]:
    """What was done about holes and about categories beyond the limit, column by column."""
    notices = []
    for column in encoder.columns:
        head = f"column {column.name!r}:"
        holes = int(rows[column.name].isna().sum())
        if holes and isinstance(column, NumericColumn):
            notices.append(f"{head} {holes:,} holes are filled with {column.fill:g}, the training median")
        elif holes:
            notices.append(f"{head} {holes:,} holes are a category of their own")
        if isinstance(column, CategoryColumn) and len(column.values) == MOST_CATEGORIES:
            notices.append(f"{head} only its {MOST_CATEGORIES} most frequent categories are told apart")
    return notices


def _part(rows: Any, y: NDArray[Any], index: Index, encoder: Encoder, weight: NDArray[np.float64] | None) -> Part:
    own_rows = take(rows, index)
    return Part(encoder.transform(own_rows), y[index], own_rows, index, None if weight is None else weight[index])


def _check_part_weights(parts: dict[str, Part]) -> None:
    """Refuses weights that leave a part without any example that counts: its loss would be 0 divided by 0."""
    for name, part in parts.items():
        if part.weight is not None and not part.weight.any():
            message = f"sample_weight: expected a number above 0 in each part, got only zeros in the {name} part"
            raise DataError(message, "another split_seed, or a larger share, puts rows that count there")


def _image_shape(raw: Raw, rows: Any) -> tuple[int, ...] | None:
    return tuple(rows.shape[1:]) if raw.is_image else raw.image_shape
