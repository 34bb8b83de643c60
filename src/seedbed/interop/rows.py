"""From what `fit` is given to a data set for training: different rows, each with its weight, and no test part."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.assemble import fit_encoder
from seedbed.data.dataset import Dataset, Part
from seedbed.data.encoder import Encoder
from seedbed.data.raw import Raw, is_frame, take
from seedbed.data.split import split
from seedbed.data.target import Target

FEWEST_TO_VALIDATE = 10  # fewer rows than these tell members apart by luck

Rows = tuple[Any, NDArray[Any], NDArray[np.float64] | None]  # features, targets, weights


def distinct(x: Any, y: NDArray[Any], weight: NDArray[np.float64] | None) -> Rows:
    """The different rows with what each counts in all, in an order that follows from the rows alone.

    A row that comes three times and a row of weight 3 say the same. So they become the same here, before rows are
    shared out and put in batches, which would tell them apart; a row of weight 0 is as if it had not come. It also
    keeps a row from validating what its copy has taught. Rows are equal where a hash of 64 bits is: two of a million
    different rows share one with a probability of 3e-8. A million rows of 20 numbers take about a second.

    Arguments:
        x: a DataFrame or an array (n, features).
        y: class numbers (n,) or values (n, k).
        weight: what each row counts, (n,), or None where all count the same.

    Raises:
        DataError: only one row is left.
    """
    weight = np.ones(len(y)) if weight is None else weight
    order = np.argsort(hashes := _hashes(x, y), kind="stable")
    order = order[weight[order] > 0]
    first = np.flatnonzero(np.diff(hashes[order], prepend=~hashes[order[:1]]))
    if len(first) < 2:
        hint = "rows that are equal, targets included, are one row with a larger weight"
        raise DataError("x: expected at least two different rows, got one sample" + _times(len(order)), hint)
    total = np.add.reduceat(weight[order], first)
    is_same = bool((total == total[0]).all())
    return take(x, order[first]), y[order[first]], None if is_same else total


def _times(n: int) -> str:
    return f", {n:,} times" if n > 1 else ""


def _hashes(x: Any, y: NDArray[Any]) -> NDArray[np.uint64]:
    """A number for each row that is the same for equal rows, (n,)."""
    import pandas as pd

    columns = x.to_dict("series").values() if is_frame(x) else x.T
    targets = y.reshape(len(y), -1).T
    named = {i: _unsigned(column) for i, column in enumerate((*columns, *targets))}
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(named), index=False), np.uint64)


def _unsigned(column: Any) -> Any:
    """A column in which 0 and -0, which are equal, also look alike."""
    return np.asarray(column, np.float64) + 0.0 if np.asarray(column).dtype.kind in "biuf" else np.asarray(column)


def dataset(rows: Rows, target: Target, names: tuple[str, ...], share: float, seed: int) -> Dataset:
    """The data set for `fit`: a share of the rows validates, all rows where that would be fewer than ten.

    It has no test part: who calls `fit` has kept one, or cross-validates.

    Arguments:
        rows: different rows.
        target: what the targets mean.
        names: of the features, for arrays; may be empty.
        share: of the rows, to choose the best epoch, the best member and the ensemble by.
        seed: decides which rows validate.
    """
    x, y, _ = rows
    train = valid = np.arange(len(y))
    if share * len(y) >= FEWEST_TO_VALIDATE:
        labels = y if target.task == "classification" else None
        train, valid, _ = split(len(y), labels, valid_share=share, test_share=0.0, seed=seed)
    raw = Raw("rows", "rows given to fit", None, {}, feature_names=names)
    fit = functools.partial(fit_encoder, raw, target)
    encoder, numeric, notices = fit(take(x, train))
    train_part, valid_part, no_part = (_part(rows, places, encoder) for places in (train, valid, train[:0]))
    notices.append("there is no test part: who calls fit has kept one, or cross-validates")
    return Dataset(
        raw.name, train_part, valid_part, no_part, encoder, numeric, None, seed, tuple(notices), raw.source, fit
    )


def emptied(data: Dataset) -> Dataset:
    """The data set without its rows: what it knows about them."""
    return replace(data, train=data.test, valid=data.test)


def onward(data: Dataset, rows: Rows) -> Dataset:
    """The data set for a later `partial_fit`: all rows train and validate, encoded as those of `data` were."""
    part = _part(rows, np.arange(len(rows[1])), data.encoder)
    return replace(data, train=part, valid=part)


def _part(rows: Rows, places: NDArray[np.int64], encoder: Encoder) -> Part:
    x, y, weight = rows
    own = take(x, places)
    return Part(encoder.transform(own), y[places], own, places, None if weight is None else weight[places])
