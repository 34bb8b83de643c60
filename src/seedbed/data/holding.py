"""More rows held back: the same data with a larger validation part, taken from the training part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seedbed.data.assemble import check_part_weights
from seedbed.data.dataset import Dataset, Part
from seedbed.data.labelled import LabelledRows
from seedbed.data.raw import take
from seedbed.data.split import FEWEST_ROWS, by_class, shared_out

TIMES, MOST = 2.0, 0.4  # the growth of the validation part, and its largest share of what trains and validates
LEAST = 1.2  # times as many rows at least, or it is not worth the change
DIGITS = 9  # of a share that is told, at most
HELD = 0x4E1D  # apart from the stream that made the parts


def held_back(data: Dataset) -> Dataset | None:
    """The data with twice the rows to validate, those that were there and others of the training part; or None.

    The validation part grows to two fifths of what trains and validates at most. What is taken is shared out over the
    classes, of which each keeps a row to train on. The encoder is fitted once more, on the rows that are left. The test
    part is the same; the split seed decides.

    None for rows that stay in groups or in the order of time, of which some might be in both parts or come from behind
    what is predicted; for data that is streamed; and where there are too few rows.
    """
    if data.is_streamed or data.train.group is not None or data.train.time is not None:
        return None
    n_train, n_valid = len(data.train), len(data.valid)
    wanted = min(int(TIMES * n_valid), int(MOST * (n_train + n_valid)))
    if wanted < LEAST * n_valid or n_train - (wanted - n_valid) < FEWEST_ROWS:
        return None
    rng = np.random.default_rng((data.split_seed, HELD))
    labels = data.train.y if data.task == "classification" else None
    classes = by_class(rng.permutation(n_train), labels)
    sizes = np.array([len(one) for one in classes])
    taken = shared_out(sizes, (wanted - n_valid) / n_train, sizes - 1)
    moved = np.concatenate([one[:n] for one, n in zip(classes, taken, strict=True)])
    pool = LabelledRows.of(data.train, data.valid)
    is_held = np.isin(pool.index, np.concatenate([data.valid.index, data.train.index[moved]]))
    learned, judged = (rng.permutation(np.flatnonzero(held)) for held in (~is_held, is_held))
    encoder, numeric, _ = data.fit(take(pool.rows, np.sort(learned)))
    train, valid = pool.part(learned, encoder), pool.part(judged, encoder)
    check_part_weights({"train": train, "valid": valid})
    test = replace(data.test, x=encoder.features(data.test.rows))
    return replace(data, train=train, valid=valid, test=test, encoder=encoder, numeric=numeric, origin=None)


def valid_share(data: Dataset, n_valid: int | None = None) -> float:
    """The argument `valid_share` of `load` that gives a validation part of so many rows; of as many as there are.

    Of all shares that do, the shortest decimal; of rows that are split by group or time one that does nearly. Where the
    source brought a test part of its own, it is the share of the other rows.
    """
    wanted = len(data.valid) if n_valid is None else n_valid
    exact = wanted / sum(map(len, _shared(data)))
    rounded = [round(exact, digits) for digits in range(2, DIGITS)]
    return next((share for share in rounded if _n_valid(data, share) == wanted), exact)


def _shared(data: Dataset) -> tuple[Part, ...]:
    """The parts whose rows `load` shares out."""
    return (data.train, data.valid) if data.has_own_test else (data.train, data.valid, data.test)


def _n_valid(data: Dataset, share: float) -> int:
    """How many rows validate with such a share, see `split`."""
    is_classes = data.task == "classification"
    of_parts = [part.class_sizes(data.n_classes) if is_classes else np.array([len(part)]) for part in _shared(data)]
    sizes = np.stack(of_parts).sum(axis=0)
    n_test = 0 if data.has_own_test else of_parts[-1]
    return int(shared_out(sizes, share, sizes - 1 - n_test).sum())
