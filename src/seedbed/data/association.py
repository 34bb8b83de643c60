"""How far one column goes with a target, as a number between 0 (not at all) and 1: a first look, column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FEWEST_ROWS = 20


def association(values: NDArray[np.float64], truth: NDArray[Any], *, are_ordered: bool, is_class: bool) -> float:
    """The association of a column and a target, from 0 to 1. NaN is a hole, and left out.

    Two quantities: the size of Spearman's rank correlation. A quantity and classes, or the other way round: the
    correlation ratio η of the quantity's ranks, √(variance between the classes / variance). Two kinds of classes:
    Cramér's V, √(χ² / (n · (min(k, m) - 1))).

    Arguments:
        values: the column as numbers, (n,); numbers of categories where it has no order.
        truth: the target, (n,).
        are_ordered: the column is a quantity.
        is_class: the target is a class.
    """
    present = ~np.isnan(values)
    values, truth = values[present], truth[present]
    if len(truth) < FEWEST_ROWS or (truth == truth[0]).all() or (values == values[0]).all():
        return 0.0
    if are_ordered and is_class:
        return ratio(ranks(values), truth)
    if not are_ordered:
        return _cramer(values, truth) if is_class else ratio(ranks(truth), values)
    return abs(float(np.corrcoef(ranks(values), ranks(truth))[0, 1]))


def ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """The rank of each value from 1, equal values sharing the mean of theirs."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    found: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[codes]
    return found


def ratio(quantity: NDArray[np.float64], classes: NDArray[Any]) -> float:
    """The correlation ratio η: the root of the share of the variance that lies between the classes."""
    _, codes, counts = np.unique(classes, return_inverse=True, return_counts=True)
    middle = quantity.mean()
    between = float(counts @ (np.bincount(codes, weights=quantity) / counts - middle) ** 2)
    return float(np.sqrt(between / ((quantity - middle) ** 2).sum()))


def crossed(values: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.float64]:
    """How many rows have each pair of a value and a class, (value, class)."""
    rows, columns = (np.unique(one, return_inverse=True)[1] for one in (values, classes))
    n_columns = int(columns.max()) + 1
    counts = np.bincount(rows * n_columns + columns, minlength=(int(rows.max()) + 1) * n_columns)
    return counts.reshape(-1, n_columns).astype(np.float64)


def _cramer(values: NDArray[Any], classes: NDArray[Any]) -> float:
    counts = crossed(values, classes)
    n = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / n
    chi = float(((counts - expected) ** 2 / expected).sum())
    return float(np.sqrt(chi / (n * (min(counts.shape) - 1))))
