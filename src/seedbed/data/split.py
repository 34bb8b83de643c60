"""The split into training, validation and test rows: each row in exactly one part, by chance, by group or by time.

A fifth of the rows is for the test, the share most texts use. A sixth validates: that gives MNIST's training file its
customary 10,000 of 60,000, and leaves 63 % of a table to learn from, while a validation part nearly as large as the
test part keeps the choice among many members from being mostly luck.
"""

from __future__ import annotations

import numbers
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.data.grouped import deal, numbered
from seedbed.data.ordered import blocks

VALID_SHARE = 1 / 6
TEST_SHARE = 0.2
FEWEST_ROWS = 10
FEWEST_PER_CLASS = 3  # one for each part

Index = NDArray[np.int64]


def split(
    n_rows: int, labels: NDArray[np.int32] | None, *, valid_share: float, test_share: float, seed: int
) -> tuple[Index, Index, Index]:
    """The row numbers of the training, validation and test parts, each in random order.

    With `labels` each class is shared out in proportion: its number of rows in a part is within one of the exact
    share, and at least one. A class with fewer than three rows goes to training whole (see `rare_classes`).

    Arguments:
        n_rows: rows to share out.
        labels: the class number of each row, or None.
        valid_share: share of the rows that validates.
        test_share: share of the rows that tests; 0 where the source brings its own test part.
        seed: the same seed gives the same split.

    Raises:
        UsageError: the shares or the seed are not sound.
        DataError: there are too few rows, or no class has enough of them.
    """
    check_split(n_rows, valid_share, test_share, seed)
    rng = np.random.default_rng(seed)
    groups = by_class(rng.permutation(n_rows), labels)
    sizes = np.array([len(group) for group in groups])
    if (sizes < FEWEST_PER_CLASS).all():
        raise DataError(
            f"target: expected classes with at least {FEWEST_PER_CLASS} rows, got {len(sizes):,} classes "
            f"in {n_rows:,} rows, none with more than {sizes.max()}",
            "is the target a name or a number that is different in every row? choose another one",
        )
    n_test = shared_out(sizes, test_share, sizes - 2) if test_share else np.zeros_like(sizes)
    n_valid = shared_out(sizes, valid_share, sizes - 1 - n_test)
    cuts = [np.split(group, [t, t + v]) for group, t, v in zip(groups, n_test, n_valid, strict=True)]
    test, valid, train = (rng.permutation(np.concatenate(pieces)) for pieces in zip(*cuts, strict=True))
    return train, valid, test


def split_by_group(
    group: NDArray[Any], labels: NDArray[np.int32] | None, *, valid_share: float, test_share: float, seed: int
) -> tuple[Index, Index, Index]:
    """The row numbers of three parts that share no group, in proportion and stratified as well as the groups allow.

    Arguments:
        group: the group of each row as text, (n,); a row without one is a group of its own.

    Raises:
        UsageError: the shares or the seed are not sound.
        DataError: there are too few rows, or fewer groups than parts.
    """
    groups = numbered(group)
    n_groups, n_parts = int(groups.max(initial=-1)) + 1, 3 if test_share else 2
    if n_groups == len(group):
        return split(len(group), labels, valid_share=valid_share, test_share=test_share, seed=seed)
    check_split(len(group), valid_share, test_share, seed)
    if n_groups < n_parts:
        raise DataError(
            f"group: expected at least {n_parts} different groups, one for each part, got {n_groups}",
            "group by another column, or not at all",
        )
    rng = np.random.default_rng(seed)
    shares = [1 - valid_share - test_share, valid_share, test_share][:n_parts]
    place = deal(groups, labels, shares, rng)
    train, valid, test = (rng.permutation(np.flatnonzero(place == i)) for i in range(3))
    return train, valid, test


def split_by_time(
    time: NDArray[Any], *, valid_share: float, test_share: float, seed: int
) -> tuple[Index, Index, Index]:
    """The row numbers of the oldest rows, of those that follow, and of the newest; rows of one time stay together.

    Arguments:
        time: the time of each row, (n,), dates or numbers.
        seed: the order within each part.

    Raises:
        UsageError: the shares or the seed are not sound.
        DataError: there are too few rows, or fewer different times than parts.
    """
    check_split(len(time), valid_share, test_share, seed)
    shares = [1 - valid_share - test_share, valid_share, test_share]
    parts = blocks(time, shares if test_share else shares[:2])
    rng = np.random.default_rng(seed)
    train, valid, test = (rng.permutation(part) for part in [*parts, np.empty(0, dtype=np.int64)][:3])
    return train, valid, test


def rare_classes(labels: NDArray[np.int32], n_classes: int) -> tuple[list[int], list[int]]:
    """The classes that have too few rows to be in all three parts, and those that have none, by their numbers."""
    counts = np.bincount(labels, minlength=n_classes)
    rare, absent = (counts > 0) & (counts < FEWEST_PER_CLASS), counts == 0
    return np.flatnonzero(rare).tolist(), np.flatnonzero(absent).tolist()


def check_split(n_rows: int, valid_share: Any, test_share: Any, seed: Any) -> None:
    """Refuses shares, seeds and numbers of rows that give no three parts.

    Raises:
        UsageError: the shares or the seed are not sound.
        DataError: there are too few rows.
    """
    for name, share in (("valid_share", valid_share), ("test_share", test_share)):
        if isinstance(share, bool) or not isinstance(share, numbers.Real) or not 0 <= float(share) < 1:
            raise UsageError(f"{name}: expected a share between 0 and 1, got {share!r}")
    if valid_share == 0 or valid_share + test_share >= 1:
        raise UsageError(
            f"valid_share and test_share: expected something for each part, got {valid_share:g} and {test_share:g}",
            "together they have to stay below 1: the rest is for training",
        )
    check_seed("split_seed", seed)
    check_rows(n_rows)


def check_rows(n_rows: int, source: str = "") -> None:
    """Refuses numbers of rows that give no three parts.

    Raises:
        DataError: naming the source, where it is given.
    """
    if n_rows < FEWEST_ROWS:
        where = f"{source}: " if source else ""
        raise DataError(
            f"{where}expected at least {FEWEST_ROWS} rows to split into training, validation and test, got {n_rows}",
            "add rows",
        )


def check_seed(name: str, seed: Any) -> None:
    """Refuses what cannot seed a random generator.

    Raises:
        UsageError: naming the argument.
    """
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or int(seed) < 0:
        raise UsageError(f"{name}: expected a whole number of at least 0, got {seed!r}")


def by_class(order: Index, labels: NDArray[np.int32] | None) -> list[Index]:
    """The rows of each class that occurs, in the given order; all rows as one group without labels."""
    if labels is None:
        return [order]
    by_class = order[np.argsort(labels[order], kind="stable")]
    counts = np.bincount(labels)
    cuts = np.cumsum(counts[counts > 0])[:-1]
    return [by_class[start:stop] for start, stop in pairwise([0, *cuts, len(by_class)])]


def shared_out(sizes: Index, share: float, most: Index) -> Index:
    """How many rows of each group go to a part that gets `share` of all: largest remainders, one at least.

    Arguments:
        sizes: rows in each group.
        share: the part's share.
        most: what each group can give at most.
    """
    exact = sizes * share
    least = (sizes >= FEWEST_PER_CLASS).astype(np.int64)
    most = np.where(least, most, 0)
    counts: Index = np.clip(np.floor(exact).astype(np.int64), least, most)
    missing = round(float(exact.sum())) - int(counts.sum())
    can_give = np.flatnonzero((counts < most) & (counts < exact))
    by_remainder = can_give[np.argsort(-(exact - counts)[can_give], kind="stable")]
    counts[by_remainder[: max(missing, 0)]] += 1
    return counts
