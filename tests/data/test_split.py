"""The split's laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load
from seedbed.data.split import split

sizes = st.lists(st.integers(1, 60), min_size=2, max_size=6).filter(lambda s: sum(s) >= 10 and max(s) >= 3)
shares = st.tuples(st.floats(0.02, 0.45), st.floats(0.02, 0.45))
quick = settings(max_examples=150, deadline=None)


def labels_of(counts, seed):
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts), dtype=np.int32), counts))


@quick
@given(sizes, shares, st.integers(0, 5))
def test_parts_are_disjoint_cover_all_rows_and_repeat(counts, both, seed):
    labels = labels_of(counts, seed)
    parts = split(len(labels), labels, valid_share=both[0], test_share=both[1], seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    again = split(len(labels), labels, valid_share=both[0], test_share=both[1], seed=seed)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


@quick
@given(sizes, shares, st.integers(0, 5))
def test_each_class_is_in_proportion_and_in_every_part(counts, both, seed):
    labels = labels_of(counts, seed)
    train, valid, test = split(len(labels), labels, valid_share=both[0], test_share=both[1], seed=seed)
    for number, n in enumerate(counts):
        in_parts = [int((labels[part] == number).sum()) for part in (train, valid, test)]
        if n < 3:
            assert in_parts == [n, 0, 0]
        else:
            assert min(in_parts) >= 1
            assert abs(in_parts[1] - both[0] * n) <= 1 and abs(in_parts[2] - both[1] * n) <= 1


@quick
@given(st.integers(10, 500), shares, st.integers(0, 5))
def test_without_classes_the_shares_are_as_near_as_they_can_be(n, both, seed):
    train, valid, test = split(n, None, valid_share=both[0], test_share=both[1], seed=seed)
    assert abs(len(valid) - both[0] * n) <= 1 and abs(len(test) - both[1] * n) <= 1
    assert len(train) + len(valid) + len(test) == n


def test_another_seed_gives_another_split():
    parts = [split(100, None, valid_share=0.2, test_share=0.2, seed=seed)[2] for seed in (0, 1)]
    assert set(parts[0]) != set(parts[1])


def test_labels_in_order_do_not_give_parts_in_order():
    train, _, _ = split(150, np.repeat(np.arange(3, dtype=np.int32), 50), valid_share=0.2, test_share=0.2, seed=0)
    assert len({int(row) // 50 for row in train[:20]}) == 3  # the first few examples show all classes


def test_a_class_with_one_row_is_for_training_only_and_a_notice_says_so():
    x = np.arange(90.0).reshape(30, 3)
    data = load((x, np.array(["ant"] * 15 + ["bee"] * 14 + ["cow"])))
    assert (data.train.y == 2).sum() == 1
    assert data.notices == (
        "classes with fewer than 3 rows are for training only, with none to validate or test them: cow",
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"test_share": 1.0}, r"test_share: expected a share between 0 and 1, got 1\.0"),
        ({"valid_share": "a"}, "valid_share: expected a share between 0 and 1, got 'a'"),
        ({"valid_share": float("nan")}, "valid_share: expected a share between 0 and 1, got nan"),
        ({"valid_share": 0.6, "test_share": 0.5}, r"expected something for each part, got 0.6 and 0.5\nhint: together"),
        ({"valid_share": 0.0}, "expected something for each part, got 0 and 0.2"),
        ({"test_share": 0.0}, "test_share: expected a share above 0, got 0"),
        ({"split_seed": -1}, "split_seed: expected a whole number of at least 0, got -1"),
        ({"split_seed": 1.5}, "split_seed: expected a whole number of at least 0, got 1.5"),
    ],
)
def test_unsound_shares_and_seeds(unchecked, wrong, message):
    with pytest.raises(UsageError, match=message):
        load("iris", **wrong)


def test_too_few_rows():
    with pytest.raises(DataError, match="expected at least 10 rows to split into training, validation and test, got 9"):
        load((np.eye(9), np.arange(9.0)))


def test_a_target_that_is_different_in_every_row():
    with pytest.raises(DataError, match=r"at least 3 rows, got 12 classes in 12 rows, none with more than 1\nhint: is"):
        load((np.eye(12), np.array([f"id{i}" for i in range(12)])))
