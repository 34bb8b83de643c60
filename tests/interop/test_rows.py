"""Different rows and their weights, against counting by hand; and the data set that training gets."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed import DataError
from seedbed.data.target import Target
from seedbed.interop.rows import dataset, distinct, emptied, onward

CLASSES = Target("classification", ("y",), ("a", "b", "c"))


def table(x, y, weight=None):
    """What each different row counts, by its content."""
    rows, targets, weights = distinct(x, y, weight)
    rows = rows.to_numpy() if isinstance(rows, pd.DataFrame) else rows
    counts = np.ones(len(targets)) if weights is None else weights
    return [((*row, target), count) for row, target, count in zip(rows.tolist(), targets.tolist(), counts, strict=True)]


ROWS = st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)), min_size=12)


@given(ROWS, st.randoms(use_true_random=False))
def test_repeated_rows_weights_and_any_order_are_one_problem(rows, random):
    rows = [*rows, (7, 0, 0, 1), (8, 0, 0, 2)]
    counted: Counter[tuple[float, ...]] = Counter()
    for a, b, y, weight in rows:
        counted[(a, b, y)] += weight
    expected = {row: count for row, count in counted.items() if count}
    mixed = random.sample(rows, len(rows))
    x, y, weight = np.split(np.array(mixed, float), [2, 3], axis=1)
    found = table(x, y[:, 0], weight[:, 0])
    repeated = np.array(rows).repeat([r[3] for r in rows], axis=0)
    if len(set(expected.values())) > 1:
        assert dict(found) == expected
    assert found == table(repeated[:, :2].astype(float), repeated[:, 2].astype(float))


def test_zero_and_minus_zero_are_one_row():
    assert len(distinct(np.array([[0.0], [-0.0], [1.0]]), np.array([0, 0, 1]), None)[1]) == 2


def test_rows_that_differ_only_in_their_targets_stay_apart():
    x, _, weight = distinct(np.ones((3, 2)), np.array([[1.0, 0.0], [1.0, 0.5], [1.0, 0.5]]), None)
    assert len(x) == 2 and sorted(weight.tolist()) == [1.0, 2.0]


def test_texts_and_holes_are_compared_too():
    frame = pd.DataFrame({"city": ["Bern", None, "Bern", None], "size": [1.0, np.nan, 1.0, np.nan]})
    frame["city"] = frame["city"].astype("category")
    rows, _, weight = distinct(frame, np.array([0, 1, 0, 0]), None)
    assert len(rows) == 3 and sorted(weight.tolist()) == [1.0, 1.0, 2.0]


def test_one_row_is_refused():
    with pytest.raises(
        DataError, match=r"^x: expected at least two different rows, got one sample, 3 times\nhint: rows"
    ):
        distinct(np.ones((3, 2)), np.zeros(3), None)


def test_a_share_of_the_rows_validates_where_there_are_enough():
    rows = distinct(np.arange(90.0)[:, None], np.arange(90, dtype=np.int32) % 3, None)
    data = dataset(rows, CLASSES, (), 1 / 6, 0)
    assert (len(data.train), len(data.valid), len(data.test)) == (75, 15, 0)
    assert not set(data.train.index) & set(data.valid.index)
    assert np.bincount(data.valid.y).tolist() == [5, 5, 5]
    for share in (0.0, 0.1):  # of 90 rows, nine
        data = dataset(rows, CLASSES, (), share, 0)
        assert data.train.index.tolist() == data.valid.index.tolist() == list(range(90))


def test_indicators_are_told_from_quantities():
    x = np.column_stack([np.arange(40.0), np.arange(40) % 2, np.zeros(40)])
    data = dataset(distinct(x, np.arange(40, dtype=np.int32) % 3, None), CLASSES, ("a", "b", "c"), 0.0, 0)
    assert data.numeric.tolist() == [True, False, True]
    assert data.feature_names == ("a", "b", "c")


def test_later_rows_are_encoded_as_the_first_were():
    frame = pd.DataFrame({"city": ["Bern", "Rome"] * 20, "size": np.arange(40.0)})
    first = dataset(distinct(frame, np.arange(40, dtype=np.int32) % 3, None), CLASSES, (), 0.0, 0)
    new = pd.DataFrame({"city": ["Oslo", "Rome"], "size": [np.nan, 3.0]})
    kept = emptied(first)
    assert (len(kept.train), len(kept.valid)) == (0, 0)
    later = onward(kept, (new, np.array([0, 1], np.int32), None))
    assert later.train.x.tolist() == [[0.0, 0.0, 19.5], [0.0, 1.0, 3.0]]
