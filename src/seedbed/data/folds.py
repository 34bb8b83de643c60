"""Folds: the training and validation rows of a data set, shared out again so that each row validates once."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.data.assemble import check_part_weights
from seedbed.data.dataset import Dataset
from seedbed.data.grouped import deal_folds, numbered
from seedbed.data.labelled import LabelledRows
from seedbed.data.ordered import blocks, fold_notice, time_notice
from seedbed.data.raw import shown, take

Index = NDArray[np.int64]
FOLDS = 0xF01D  # apart from the stream that made the parts


def folds(data: Dataset, k: Any) -> tuple[Dataset, ...]:
    """`k` data sets of the same rows: in each, another k-th of training and validation rows validates.

    Folds are stratified by class; rows of one group stay in one fold, and folds are as even as the groups allow. Where
    rows have a time, the pool is cut into k + 1 blocks, and fold i, from 0, trains on the first i + 1 of them and
    validates on the next, so that no fold learns from the future; then the oldest block never validates. Each fold's
    encoder is fitted on its own training rows. The test part is the same in all; the split seed decides.

    A class that a fold cannot learn, because its groups or its times keep it out of training there, is among the
    notices of that fold.

    Arguments:
        data: a data set in memory.
        k: how many folds, from 2.

    Raises:
        UsageError: k is not sound, or larger than the smallest class, or than the number of groups or times allows.
        DataError: a fold would train on one class alone.
    """
    if isinstance(k, bool) or not isinstance(k, numbers.Integral) or k < 2:
        raise UsageError(f"folds: expected a whole number of at least 2, got {k!r}")
    if data.is_streamed:
        raise UsageError(
            "folds: expected data in memory, got a training part that is read from its files in every epoch",
            "load it with stream=False; with so many rows one validation part tells as much as folds",
        )
    pool = LabelledRows.of(data.train, data.valid)
    cuts = _cut(data, pool, int(k))
    notices = [_unlearned(data, pool, train, i) for i, (train, _) in enumerate(cuts)]  # before the work of encoding
    return tuple(_fold(data, pool, *cut, said) for cut, said in zip(cuts, notices, strict=True))


def told_of_folds(data: Dataset, folds: Sequence[Dataset]) -> Dataset:
    """The data set with the notices of its folds, and without what is said of the one split that no fold has."""
    told = list(data.notices)
    times = [part.time for part in (data.train, data.valid, data.test)]
    if times[0] is not None:
        trains, valids = ([getattr(fold, name).time for fold in folds] for name in ("train", "valid"))
        of_one = time_notice(*times)  # type: ignore[arg-type]
        told = [fold_notice(trains, valids, times[2]) if one == of_one else one for one in told]  # type: ignore[arg-type]
    told += dict.fromkeys(one for fold in folds for one in fold.notices if one not in data.notices)
    return replace(data, notices=tuple(told))


def _fold(data: Dataset, pool: LabelledRows, train: Index, valid: Index, notices: list[str]) -> Dataset:
    """The data set in which these places of the pool train and validate."""
    encoder, numeric, _ = data.fit(take(pool.rows, np.sort(train)))
    learned, judged = pool.part(train, encoder), pool.part(valid, encoder)
    check_part_weights({"train": learned, "valid": judged})
    test = replace(data.test, x=encoder.features(data.test.rows))
    told = (*data.notices, *notices)
    return replace(data, train=learned, valid=judged, test=test, encoder=encoder, numeric=numeric, notices=told)


def _unlearned(data: Dataset, pool: LabelledRows, train: Index, fold: int) -> list[str]:
    """What is said of classes of the pool that are not among the rows to train on.

    Raises:
        DataError: there is one class alone.
    """
    if data.task != "classification":
        return []
    there, learned = (np.bincount(y, minlength=data.n_classes) > 0 for y in (pool.y, pool.y[train]))
    if learned.sum() < 2:
        only = data.class_names[int(learned.argmax())]
        raise DataError(
            f"folds: expected at least two classes to train on in each fold, got only {only!r} in fold {fold}",
            "fewer folds, or folds by chance: load the data without a group or a time",
        )
    missing = [name for name, is_missing in zip(data.class_names, there & ~learned, strict=True) if is_missing]
    why = "whose rows all validate there" if pool.time is None else "whose rows all come later"
    return [f"fold {fold} cannot learn the classes {shown(missing)}, {why}"] if missing else []


def _cut(data: Dataset, pool: LabelledRows, k: int) -> list[tuple[Index, Index]]:
    """For each fold the places in the pool that train and those that validate, each in random order."""
    rng = np.random.default_rng((data.split_seed, FOLDS))
    if pool.time is not None:
        pieces = blocks(pool.time, [1 / (k + 1)] * (k + 1))
        return [(rng.permutation(np.concatenate(pieces[:i])), rng.permutation(pieces[i])) for i in range(1, k + 1)]
    labels = pool.y if data.task == "classification" else None
    place = _by_chance(data, pool, k, rng) if pool.group is None else _by_group(pool.group, labels, k, rng)
    return [
        (rng.permutation(np.flatnonzero(place != i)), rng.permutation(np.flatnonzero(place == i))) for i in range(k)
    ]


def _by_chance(data: Dataset, pool: LabelledRows, k: int, rng: np.random.Generator) -> Index:
    """The fold of each row: class after class they are dealt out in turn, so that counts differ by one at most."""
    classes = pool.y if data.task == "classification" else np.zeros(len(pool.y), dtype=np.int32)
    counts = np.bincount(classes, minlength=data.n_classes)
    fewest = int(np.where(counts, counts, len(classes) + 1).argmin())  # a class of the test part alone has none
    if counts[fewest] < k:
        where, who, or_else = "", "there are", ""
        if data.n_classes:
            where, who = " in the smallest class", f"class {data.class_names[fewest]!r} has"
            or_else = ", or leave rows of rare classes out"
        raise UsageError(
            f"folds: expected at most as many folds as rows to train and validate{where}, got {k}: "
            f"{who} {counts[fewest]}",
            f"fewer folds{or_else}",
        )
    place = np.empty(len(classes), dtype=np.int64)
    place[np.lexsort((rng.random(len(classes)), classes))] = np.arange(len(classes)) % k
    return place


def _by_group(group: NDArray[Any], labels: NDArray[np.int32] | None, k: int, rng: np.random.Generator) -> Index:
    groups = numbered(group)
    n_groups = int(groups.max()) + 1
    if n_groups < k:
        message = f"folds: expected at most as many folds as groups to train and validate, {n_groups}, got {k}"
        raise UsageError(message, "fewer folds: a group is never in two")
    return deal_folds(groups, labels, k, rng)
