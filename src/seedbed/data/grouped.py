"""Groups shared out whole: to the parts of a split, or to folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.columns import MISSING


def numbered(labels: NDArray[Any]) -> NDArray[np.int64]:
    """The number of each row's group, (n,), from 0; a row without a group is one of its own."""
    codes = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    alone = np.flatnonzero(labels == MISSING)
    codes[alone] = codes.max() + 1 + np.arange(len(alone))
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def deal(
    groups: NDArray[np.int64], labels: NDArray[np.int32] | None, shares: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The part of each row, (n,), in which no group is in two parts and every part has a group.

    One group after the other goes where it lowers the cost most, the sum over parts of

        (rows - wanted)² / n² + 1/C Σ_c (rows of class c - wanted)² / n_c²,

    large groups first, because small ones can still even out what they left. Within a factor of two in size the order
    is random, so that a seed decides something.

    Arguments:
        groups: the number of each row's group, from 0, none left out; at least as many groups as parts.
        labels: the class number of each row, or None.
        shares: what share of the rows each part gets; together 1.
        rng: decides the order of groups of about one size.
    """
    sizes = np.bincount(groups)
    amounts = _amounts(groups, labels, len(sizes))  # (groups, 1 + classes), each column adds up to its weight
    lacks = np.outer(shares, amounts.sum(axis=0))  # (parts, 1 + classes), what is wanted and not there yet
    order = np.lexsort((rng.random(len(sizes)), -np.floor(np.log2(sizes))))
    places = np.empty(len(sizes), dtype=np.int64)
    empty = np.ones(len(shares), dtype=bool)
    for n_left, group in zip(range(len(sizes), 0, -1), order, strict=True):
        gain = lacks @ amounts[group]
        if n_left <= empty.sum():
            gain[~empty] = -np.inf
        place = int(gain.argmax())
        places[group], empty[place] = place, False
        lacks[place] -= amounts[group]
    return places[groups]


def _amounts(groups: NDArray[np.int64], labels: NDArray[np.int32] | None, n_groups: int) -> NDArray[np.float64]:
    """For each group its share of all rows and of each class, scaled so that a dot product is the change of cost."""
    whole = np.bincount(groups, minlength=n_groups)[:, None] / len(groups)
    if labels is None:
        return whole
    classes, codes = np.unique(labels, return_inverse=True)
    counts = np.zeros((n_groups, len(classes)))
    np.add.at(counts, (groups, codes), 1.0)
    return np.hstack([whole, counts / counts.sum(axis=0) / np.sqrt(len(classes))])
