"""Arrays, sample weights, and sources of other kinds."""

import numpy as np
import pytest

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load

N = 40
x = np.random.default_rng(0).normal(size=(N, 3))
y = np.arange(N) % 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float64),
        (np.int64, np.float64),
        (np.uint8, np.uint8),
        (bool, np.float64),
    ],
)
def test_number_types(given, kept):
    data = load(((x * 10).astype(given), y))
    assert data.train.x.dtype == kept and data.feature_names == ("x0", "x1", "x2")


def test_indicators_are_told_from_quantities():
    features = np.stack([np.arange(N) % 2, np.arange(N), np.zeros(N), np.ones(N)], axis=1)
    assert load((features, y)).numeric.tolist() == [False, True, True, True]


def test_more_axes_are_kept():
    data = load((np.ones((N, 4, 4, 2)) * np.arange(N)[:, None, None, None], y))
    assert data.shape == (4, 4, 2) and data.image_shape is None and data.feature_names == ()


def test_the_users_arrays_stay_theirs():
    mine = x.copy()
    data = load((mine, y))
    mine[:] = 0
    assert data.train.x.any() and mine.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        data.train.x[0] = 1


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.where(np.eye(N, 3) > 0, np.nan, 1.0), r"x: expected finite numbers, got nan at \[0, 0\] and 2 more\nhint:"),
        (np.full((N, 3), np.inf), r"x: expected finite numbers, got inf at \[0, 0\] and 119 more"),
        (np.ma.masked_array(x, mask=np.eye(N, 3)), r"x: expected finite numbers, got nan at \[0, 0\] and 2 more"),
        (x * 1e200, r"x: expected finite numbers, got \S+e\+\d+ at \[0, 0\] and 119 more"),
        (x.astype(object), r"x: expected an array of numbers, got type object\nhint: turn it into numbers, x"),
        (x.astype(str), "x: expected an array of numbers, got type <U32"),
        (
            x[:, 0],
            r"x: expected an array of shape \(n, features\), got \(40,\)\nhint: for one feature give x\[:, None\]",
        ),
        (x[:, :0], r"x: expected at least one feature, got an array of shape \(40, 0\)"),
        ([[1.0, 2.0], [1.0]] * 20, "x: expected an array, got rows of different lengths"),
        (x[:5], "a pair of arrays: expected as many targets as rows, got x with 5 rows and y with 40"),
    ],
)
def test_unsound_features(features, message):
    with pytest.raises(DataError, match=message):
        load((features, y))


def test_no_rows():
    with pytest.raises(DataError, match="a pair of arrays: expected rows, got none"):
        load((x[:0], y[:0]))


@pytest.mark.parametrize("source", [None, 7, x, (x,)])
def test_other_sources(source):
    with pytest.raises(UsageError, match=r"expected a name, a path, a table or a pair of arrays \(x, y\), got "):
        load(source)


def test_a_dataset_is_given_back_as_it_is():
    data = load("iris")
    assert load(data) is data


def test_weights_follow_their_rows():
    data = load((x, y), sample_weight=np.arange(N))
    for part in (data.train, data.valid, data.test):
        np.testing.assert_array_equal(part.weight, part.index)
    assert load((x, y)).train.weight is None


@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        (np.ones(3), DataError, r"sample_weight: expected one number for each of 40 rows, got shape \(3,\)"),
        (np.where(np.arange(N) == 7, -1, 1), DataError, r"finite numbers of at least 0, got -1.0 in row 7"),
        (np.where(np.arange(N) == 7, np.nan, 1), DataError, r"finite numbers of at least 0, got nan in row 7"),
        (np.zeros(N), DataError, "sample_weight: expected a number above 0 somewhere, got only zeros"),
        (np.arange(N) == 3, DataError, "expected a number above 0 in each part, got only zeros in the (tr|val)"),
        (["a"] * N, DataError, "sample_weight: expected numbers, got others"),
        ("w", UsageError, "sample_weight: expected an array for a pair of arrays, got the name 'w'"),
    ],
)
def test_unsound_weights(weight, error, message):
    with pytest.raises(error, match=message):
        load((x, y), sample_weight=weight)
