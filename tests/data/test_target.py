"""The target: the task its values ask for, its numbers, its errors."""

import numpy as np
import pandas as pd
import pytest

from seedbed.core.errors import DataError, UsageError
from seedbed.data import Target, load

N = 60
x = np.random.default_rng(0).normal(size=(N, 3))
three = np.arange(N) % 3


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        (np.array(["a", "b", "c"])[three], "classification", ("a", "b", "c")),
        (np.array(["a", "b", "c"], dtype=object)[three], "classification", ("a", "b", "c")),
        (three == 0, "classification", (False, True)),
        (three * 10, "classification", (0, 10, 20)),
        (three.astype(np.uint8), "classification", (0, 1, 2)),
        (three[:, None], "classification", (0, 1, 2)),
        (
            pd.Series(["a", "b", "c"]).astype("category")[three].reset_index(drop=True),
            "classification",
            ("a", "b", "c"),
        ),
        (np.arange(N), "regression", ()),  # 60 different whole numbers
        (np.arange(N) % 21, "regression", ()),  # more than 20
        (np.arange(N) // 2 % 25, "regression", ()),
        (x[:, 0], "regression", ()),
        (three.astype(float), "regression", ()),
        (x[:, :2], "regression", ()),
        (np.stack([three == 0, three > 0], axis=1), "multilabel", ()),
        (np.stack([three == 0, three > 0], axis=1) * 1.0, "multilabel", ()),
    ],
)
def test_the_task_is_inferred(y, task, classes):
    data = load((x, y))
    assert data.task == task
    assert data.class_names == classes and [type(c) for c in data.class_names] == [type(c) for c in classes]
    dtype, ndim = (np.int32, 1) if task == "classification" else (np.float64, 2)
    assert data.train.y.dtype == dtype and data.train.y.ndim == ndim


def test_task_overrides_what_the_values_say():
    assert load((x, three), task="regression").train.y.shape == (38, 1)
    data = load((x, three * 1.0), task="classification")
    assert data.class_names == (0.0, 1.0, 2.0)
    assert load((x, three == 0), task="multilabel").n_targets == 1


@pytest.mark.parametrize(
    ("y", "notice"),
    [
        (three, "the target's 3 different whole numbers are taken as classes; if they are a quantity, say task"),
        (
            np.arange(N),
            "the target's 60 different whole numbers are taken as a quantity; if they are classes, say task",
        ),
        (three * 1.0, "the target's 3 different values are whole numbers written with decimals and are taken as a"),
        (np.eye(3)[three], "every row has exactly one label: if these are classes, give their numbers in one column"),
        (np.stack([x[:, 0], 0 * x[:, 0]], axis=1), "the target 'target_1' has the same value in every row"),
    ],
)
def test_what_is_open_to_doubt_is_said(y, notice):
    (said,) = load((x, y)).notices
    assert said.startswith(notice)


@pytest.mark.parametrize(
    ("y", "task", "error", "message"),
    [
        (np.full(N, 7.5), None, DataError, r"target 'target': expected values that differ, got 7.5 in every row"),
        (np.zeros(N, int), "classification", DataError, "expected at least two classes, got only 0 in 60 rows"),
        (np.array(["a"] * N), None, DataError, "expected at least two classes, got only 'a' in 60 rows\nhint: choose"),
        (
            np.where(three == 0, 1.0, np.nan),
            None,
            DataError,
            r"target 'target': expected a value in most rows, got none in 40 of 60 \(the first is row 1\)",
        ),
        (
            np.where(three == 1, np.inf, 1.0),
            None,
            DataError,
            r"expected finite numbers, got 20 infinite or huge ones \(the first, inf, in row 1\)",
        ),
        (np.array([1, *"ab" * 29, "a"], object), None, DataError, r"expected values of one type, got int, str"),
        (
            np.array(["a", "b", "c"])[three],
            "regression",
            DataError,
            "expected numbers for a regression, got texts such as",
        ),
        (three, "multilabel", DataError, "target 'target': expected 0 or 1 for a multilabel task, got 2"),
        (
            x[:, :2],
            "classification",
            UsageError,
            r"expected one column for a classification, got 2 \(target_0, target_1\)",
        ),
        (three, "clasification", UsageError, r"got 'clasification'\nhint: did you mean 'classification'\?"),
        (three[:-1], None, DataError, "expected as many targets as rows, got x with 60 rows and y with 59"),
        (np.zeros((N, 2, 2)), None, DataError, r"y: expected shape \(n,\) or \(n, k\), got \(60, 2, 2\)"),
        (three.astype(complex), None, DataError, "expected numbers, truth values or texts, got type complex128"),
        ([[1], [1, 2]] * 30, None, DataError, "y: expected an array, got rows of different lengths"),
    ],
)
def test_unsound_targets(y, task, error, message):
    with pytest.raises(error, match=message):
        load((x, y), task=task)


def test_a_series_and_a_frame_of_targets_keep_their_names():
    assert load((x, pd.Series(x[:, 0], name="price"))).target_names == ("target",)  # beside an array: no names
    frame = pd.DataFrame(x, columns=list("abc"))
    assert load((frame, pd.Series(x[:, 0], name="price"))).target_names == ("price",)
    assert load((x, pd.DataFrame({"p": x[:, 0], "q": x[:, 1]}))).target_names == ("p", "q")


def test_decode_gives_the_classes_back_as_the_source_writes_them():
    assert Target("classification", ("t",), (3, 5)).decode(np.array([1, 0])) == [5, 3]


@pytest.mark.parametrize(
    ("y", "task", "values"),
    [
        ([f"{v:,.1f}" for v in range(1000, 1000 + N)], None, range(1000, 1000 + N)),
        ([f"{v / 4:.2f}".replace(".", ",") for v in range(N)], None, np.arange(N) / 4),
        ([str(v) for v in three], "regression", three),
    ],
)
def test_numbers_that_are_written_as_texts(y, task, values):
    data = load((x, np.array(y)), task=task)
    assert data.task == "regression"
    np.testing.assert_array_equal(data.train.y[:, 0], np.asarray(values)[data.train.index])


def test_a_few_texts_of_digits_stay_classes():
    assert load((x, three.astype(str))).class_names == ("0", "1", "2")


@pytest.mark.parametrize("source", ["array", "table"])
def test_rows_without_a_target_are_left_out(source):
    frame = pd.DataFrame(x, columns=list("abc")).assign(y=np.where(np.arange(N) % 5 == 0, np.nan, three))
    given = (frame[list("abc")], frame["y"]) if source == "table" else (x, frame["y"].to_numpy())
    data = load(given, sample_weight=np.arange(N) + 1.0)
    assert data.class_names == (0, 1, 2)  # whole again: only the holes had made them decimals
    assert data.notices[0] == "12 of 60 rows have no target and are left out"
    index = np.concatenate([part.index for part in (data.train, data.valid, data.test)])
    assert sorted(index) == [i for i in range(N) if i % 5]
    np.testing.assert_array_equal(data.test.x, x[data.test.index])
    np.testing.assert_array_equal(data.test.y, three[data.test.index])
    np.testing.assert_array_equal(data.test.weight, data.test.index + 1.0)


def test_a_class_with_one_row_is_learned_and_said():
    y = np.where(np.arange(N) == 7, "once", np.where(three == 0, "a", "b"))
    data = load((x, y))
    assert "once" in data.class_names and 7 in data.train.index
    assert data.notices == (
        "classes with fewer than 3 rows are for training only, with none to validate or test them: once",
    )
