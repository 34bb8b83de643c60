"""What looks too good: a column that alone tells the target; rows or groups of the test part that also train."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.association import FEWEST_ROWS, association, crossed
from seedbed.data.cells import CellTable
from seedbed.data.columns import MISSING
from seedbed.data.dataset import Part
from seedbed.data.encoder import TableEncoder
from seedbed.data.raw import shown

MOST_ROWS = 20_000
ALMOST_ALL = 0.999
ROWS_PER_VALUE = 5
MANY = 0.05


def leaks(encoder: TableEncoder, table: CellTable, y: NDArray[Any]) -> list[str]:
    """A sentence for each used column that alone tells the target of the training rows (nearly) without fault.

    Arguments:
        encoder: says which columns are used.
        table: the training rows.
        y: their targets.
    """
    n = len(y)
    if n < FEWEST_ROWS:
        return []
    some = np.linspace(0, n - 1, min(n, MOST_ROWS)).astype(np.int64)
    told = encoder.target.task
    said = []
    for column in encoder.columns:
        cells = table[column.name].take(some)
        values = column.read(cells)
        holes = np.isnan(values).astype(np.float64)
        for i, truth in enumerate(y[some].reshape(len(some), -1).T):
            share = max(
                strength(values, truth, are_ordered=column.is_ordered, is_class=told != "regression"),
                strength(holes, truth, are_ordered=False, is_class=told != "regression") if holes.any() else 0.0,
            )
            if share >= ALMOST_ALL:
                name = encoder.target.names[i]
                how = f"{share:.1%} of the training rows" if told != "regression" else f"correlation {share:.4f}"
                said.append(f"column {column.name!r} alone tells the target {name!r} ({how}): does it come from it?")
    return said


def strength(values: NDArray[np.float64], truth: NDArray[Any], *, are_ordered: bool, is_class: bool) -> float:
    """How well one column alone tells a target, from 0 to 1. NaN is a hole, and left out.

    For a quantity: its association; see there. For classes: the share of the rows beyond those of the largest class
    that are named rightly, by the largest class of each value where values have several rows, else by intervals of the
    sorted column.
    """
    present = ~np.isnan(values)
    values, truth = values[present], truth[present]
    if len(truth) < FEWEST_ROWS or (truth == truth[0]).all():
        return 0.0
    is_grouped = len(truth) >= ROWS_PER_VALUE * len(np.unique(values))
    if is_class:
        right = _by_value(values, truth) if is_grouped else _by_interval(values, truth) if are_ordered else 0.0
        largest = float(np.unique(truth, return_counts=True)[1].max() / len(truth))
        return max(0.0, 1 - (1 - right) / (1 - largest))
    if not are_ordered and not is_grouped:
        return 0.0
    return association(values, truth, are_ordered=are_ordered, is_class=False)


def duplicates(train: Part, test: Part) -> list[str]:
    """A sentence on test rows that are in the training part as well, where they are more than one in twenty."""
    if train.x.ndim != 2 or train.x.shape[1] < 2:
        return []
    own = row_marks(test)
    n_known = int(np.isin(own, row_marks(train)).sum())
    if n_known <= MANY * len(own):
        return []
    return [
        f"{n_known:,} of {len(own):,} test rows ({n_known / len(own):.0%}) are in the training part as well, target "
        "included: the result will look better than it is on new rows"
    ]


def shared_groups(group: NDArray[Any] | None, n_test: int) -> list[str]:
    """A sentence on groups of a test part of its own that have rows beside it as well: no split could keep them apart.

    Arguments:
        group: the group of each row as text, (n,), `(missing)` where there is none; None without groups.
        n_test: how many rows, the last ones, are the test part.
    """
    if group is None or not n_test:
        return []
    first, own = group[:-n_test], group[-n_test:]
    groups = np.unique(own[own != MISSING])
    known = groups[np.isin(groups, first)]
    if not len(known):
        return []
    n_rows = int(np.isin(own, known).sum())
    return [
        f"{len(known):,} of {len(groups):,} test groups ({shown(map(repr, known.tolist()), 3)}) have rows to train or "
        f"validate on as well, with {n_rows:,} of {n_test:,} test rows: the result will look better than it is on new "
        "groups"
    ]


def row_marks(part: Part) -> NDArray[np.uint64]:
    """A number for each row, (n,), the same for the same features and target: a sum of their bits, odd multiples."""
    bits = np.column_stack([part.x.reshape(len(part.x), -1), part.y]).astype(np.float64) + 0.0  # so that -0.0 is 0.0
    odd = np.random.default_rng(0).integers(1 << 63, size=bits.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    marks: NDArray[np.uint64] = (bits.view(np.uint64) * odd).sum(axis=1)
    return marks ^ (marks >> np.uint64(32))


def _by_value(values: NDArray[np.float64], truth: NDArray[Any]) -> float:
    """The share of rows that are of the largest class of their value."""
    return float(crossed(values, truth).max(axis=1).sum() / len(truth))


def _by_interval(values: NDArray[np.float64], truth: NDArray[Any]) -> float:
    """The share of rows in the right one of as many intervals as there are changes of class, less one row a change."""
    ordered = truth[np.argsort(values, kind="stable")]
    n_changes = int((ordered[1:] != ordered[:-1]).sum())
    return 1.0 - (n_changes - len(np.unique(truth)) + 1) / len(truth)
