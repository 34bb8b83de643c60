"""Splits by time."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.core.errors import DataError
from seedbed.data import load
from seedbed.data.ordered import blocks, shown_time


def days(n=120, seed=0):
    """One row a day, in no order."""
    rng = np.random.default_rng(seed)
    date = pd.date_range("2024-01-01", periods=n).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"date": date, "x": rng.normal(size=n), "y": rng.normal(size=n)})
    return frame.sample(frac=1.0, random_state=seed, ignore_index=True)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=12, max_size=200).filter(lambda t: len(set(t)) >= 4))
def test_blocks_are_in_order_and_equal_times_stay_together(times):
    times = np.array(times, dtype=float)
    pieces = blocks(times, [0.4, 0.3, 0.2, 0.1])
    assert sorted(np.concatenate(pieces).tolist()) == list(range(len(times)))
    for older, newer in itertools.pairwise(pieces):
        assert times[older].max() < times[newer].min()


def test_cuts_are_the_nearest_that_equal_times_allow():
    times = np.repeat(np.arange(10.0), 10)
    assert [len(piece) for piece in blocks(times, [0.63, 0.17, 0.2])] == [60, 20, 20]
    assert [len(piece) for piece in blocks(np.array([0.0] * 98 + [1.0, 2.0]), [0.6, 0.2, 0.2])] == [98, 1, 1]


def test_the_oldest_train_and_the_newest_test():
    frame = days()
    data = load(frame, target="y", time="date")
    dates = [pd.to_datetime(frame.date[part.index]) for part in (data.train, data.valid, data.test)]
    assert dates[0].max() < dates[1].min() and dates[1].max() < dates[2].min()
    assert (len(data.train), len(data.valid), len(data.test)) == (76, 20, 24)
    assert data.feature_names == ("x",)
    assert data.notices[:2] == (
        "column 'date' orders the rows and is no feature: the newest rows lie outside the range of training",
        "split by time: trained on 2024-01-01 to 2024-03-16, validated on 2024-03-17 to 2024-04-05, tested on "
        "2024-04-06 to 2024-04-29",
    )
    assert np.array_equal(data.test.time, dates[2].to_numpy())


def test_numbers_and_arrays_order_as_well():
    frame = days().assign(year=np.arange(120) // 10 + 2000)
    data = load(frame, target="y", time="year")
    assert data.test.time.min() == 2010.0 and data.valid.time.min() == 2008.0
    x, y = frame[["x"]].to_numpy(), frame.y.to_numpy()
    same = load((x, y), time=frame.year.to_numpy())
    assert np.array_equal(np.sort(same.test.index), np.sort(data.test.index))


@pytest.mark.parametrize(
    "written", ["%m/%d/%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S+02:00", "%B %d, %Y"]
)
def test_dates_in_many_forms(written):
    frame = days()
    other = frame.assign(date=pd.to_datetime(frame.date).dt.strftime(written))
    assert np.array_equal(
        load(other, target="y", time="date").test.index, load(frame, target="y", time="date").test.index
    )


def test_dates_that_are_dates_already():
    frame = days()
    made = load(frame.assign(date=pd.to_datetime(frame.date)), target="y", time="date")
    assert np.array_equal(made.test.index, load(frame, target="y", time="date").test.index)


def test_dates_that_can_be_read_in_two_ways_are_named():
    frame = days(36).assign(date=[f"0{1 + i % 9}/0{1 + i // 9}/2024" for i in range(36)])
    said = "time 'date': its dates are read with the month before day; the other order would fit as well"
    assert said in load(frame, target="y", time="date").notices


def test_the_time_of_day_is_shown_where_there_is_one():
    assert shown_time(np.datetime64("2024-03-01T00:00", "ns")) == "2024-03-01"
    assert shown_time(np.datetime64("2024-03-01T10:30", "ns")) == "2024-03-01 10:30:00"
    assert shown_time(np.float64(2.5)) == "2.5"


def test_a_time_split_that_leaves_one_class_for_training():
    frame = days().sort_values("date").assign(y=["old"] * 80 + ["new"] * 40)
    message = r"split: expected at least two classes to train on, got only 'old' in the 76 rows that are left for"
    with pytest.raises(DataError, match=message):
        load(frame, target="y", time="date")


@pytest.mark.parametrize(
    ("row", "value", "message"),
    [
        (
            7,
            "31st of June",
            "time 'date': expected dates or numbers, got '31st of June' in row 7 and 0 more\nhint: write",
        ),
        (3, "2024-02-31", "time 'date': expected dates or numbers, got '2024-02-31' in row 3 and 0 more"),
        (5, None, r"time 'date': expected a time in every row, got 1 holes \(the first in row 5\)\nhint: leave these"),
    ],
)
def test_dates_that_are_not(row, value, message):
    frame = days()
    frame.loc[row, "date"] = value
    with pytest.raises(DataError, match=message):
        load(frame, target="y", time="date")


def test_infinite_times_and_too_few_of_them():
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20.0)
    with pytest.raises(DataError, match="time: expected finite numbers, got inf in row 4"):
        load((x, y), time=np.where(np.arange(20) == 4, np.inf, 1.0))
    with pytest.raises(DataError, match="time: expected at least 3 different times, one for each part, got 2"):
        load((x, y), time=np.arange(20) % 2)
