"""Folds: every row of training and validation validates once."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load


def table(n=100, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "a": rng.normal(size=n),
            "town": rng.choice(["A", "B", "C"], n),
            "who": [f"w{i}" for i in rng.integers(0, 12, n)],
            "day": rng.permutation(n),
            "y": rng.choice(["u", "v", "w"], n, p=[0.6, 0.3, 0.1]),
        }
    )


def pool_of(data):
    return np.sort(np.concatenate([data.train.index, data.valid.index]))


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("how", [{}, {"group": "who"}])
def test_each_row_validates_once_and_the_test_part_stays(k, how):
    data = load(table(), target="y", **how)
    made = data.folds(k)
    assert len(made) == k
    assert np.array_equal(np.sort(np.concatenate([fold.valid.index for fold in made])), pool_of(data))
    for fold in made:
        assert np.array_equal(pool_of(fold), pool_of(data))
        assert fold.test.index is data.test.index and fold.test.y is data.test.y
        assert (fold.name, fold.source, fold.notices, fold.split_seed) == (
            data.name, data.source, data.notices, data.split_seed,
        )  # fmt: skip
        assert fold.class_names == data.class_names
    if how:
        for one, other in itertools.combinations(made, 2):
            assert not set(one.valid.group) & set(other.valid.group)


def test_classes_are_as_even_as_scikit_learn_makes_them():
    data = load("digits")
    made = data.folds(7)
    pool = np.concatenate([data.train.y, data.valid.y])
    reference = [pool[test] for _, test in StratifiedKFold(7).split(pool, pool)]
    ours = np.array([np.bincount(fold.valid.y, minlength=10) for fold in made])
    theirs = np.array([np.bincount(y, minlength=10) for y in reference])
    assert np.array_equal(np.sort(ours, axis=0), np.sort(theirs, axis=0))
    assert np.ptp(ours.sum(axis=1)) <= 1


def test_rows_targets_and_weights_stay_together():
    frame = table()
    data = load(frame.assign(w=np.arange(100.0) + 1), target="y", sample_weight="w", group="who")
    for fold in data.folds(3):
        for part in (fold.train, fold.valid, fold.test):
            assert [fold.class_names[i] for i in part.y] == frame.y[part.index].tolist()
            assert part.weight.tolist() == (part.index + 1.0).tolist()
            assert part.group.tolist() == frame.who[part.index].tolist()
            assert part.rows.a.tolist() == frame.a[part.index].tolist()
            assert np.array_equal(part.x[:, 0], frame.a[part.index])


def test_each_encoder_is_fitted_on_its_own_training_rows():
    frame = table()
    frame.loc[::9, "a"] = np.nan
    for fold in load(frame, target="y").folds(4):
        (column,) = [column for column in fold.encoder.columns if column.name == "a"]
        assert column.fill == np.nanmedian(frame.a[fold.train.index])
    assert len({fold.encoder.columns[0].fill for fold in load(frame, target="y").folds(4)}) > 1


def test_folds_say_nothing_about_a_test_part_that_differs(recwarn):
    frame = table().assign(b=lambda f: f.a + 5)
    rest, test = frame[:80], frame[80:].assign(b=lambda f: f.b * 1000)  # which loading has said
    load(rest, target="y", test=test).folds(2)
    assert not recwarn.list


def test_a_category_that_only_validates_is_unknown_to_its_fold():
    frame = table()
    rows = load(frame, target="y").valid.index[:2]  # one row alone would be rare
    frame.loc[rows, "town"] = "Z"
    folds = load(frame, target="y").folds(5)
    knows = ["town=Z" in fold.feature_names for fold in folds]
    assert knows == [not set(rows) & set(fold.valid.index) for fold in folds] and len(set(knows)) == 2


def test_the_split_seed_decides():
    frame = table()
    one, again, other = (load(frame, target="y", split_seed=seed).folds(3) for seed in (0, 0, 1))
    assert all(np.array_equal(a.valid.index, b.valid.index) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0].valid.index, other[0].valid.index)
    assert len({fold.fingerprint for fold in one}) == 3


def test_folds_by_time_never_learn_from_the_future():
    data = load(table(), target="y", time="day")
    made = data.folds(4)
    for older, newer in itertools.pairwise(made):
        assert set(older.train.index) | set(older.valid.index) == set(newer.train.index)
    for fold in made:
        assert fold.train.time.max() < fold.valid.time.min() and fold.valid.time.max() < data.test.time.min()
    assert np.array_equal(pool_of(made[-1]), pool_of(data))


def patients():
    """Twelve patients with ten visits each; what one alone has, all others lack."""
    who = np.repeat([f"p{i:02}" for i in range(12)], 10)
    ill = np.where(who == "p03", "gout", np.tile(["flu", "well"], 60))
    return pd.DataFrame({"x": np.arange(120.0), "who": who, "ill": ill})


def test_a_class_that_one_group_alone_has_is_said_of_the_fold_that_cannot_learn_it():
    data = next(
        data
        for data in (load(patients(), target="ill", group="who", split_seed=seed) for seed in range(9))
        if data.class_names.index("gout") in data.train.y
    )
    made = data.folds(3)
    lacking = [i for i, fold in enumerate(made) if data.class_names.index("gout") not in fold.train.y]
    assert len(lacking) == 1
    said = f"fold {lacking[0]} cannot learn the classes gout, whose rows all validate there"
    assert [fold.notices[len(data.notices) :] for fold in made] == [
        (said,) if i == lacking[0] else () for i in range(3)
    ]


def test_a_class_that_comes_later_is_said_of_the_folds_before():
    frame = table(200).assign(y=lambda f: np.where(f.day >= 100, "new", np.where(f.day % 2, "u", "v")))
    data = load(frame, target="y", time="day")
    made = data.folds(3)
    said = [fold.notices[len(data.notices) :] for fold in made]
    assert [fold.train.time.max() < 100 for fold in made] == [True, True, False]
    later = "cannot learn the classes new, whose rows all come later"
    assert said == [(f"fold 0 {later}",), (f"fold 1 {later}",), ()]


def test_a_fold_with_one_class_to_train_on_is_refused():
    frame = table(200).assign(y=lambda f: np.where(f.day >= 100, "new", "old"))
    with pytest.raises(
        DataError,
        match="folds: expected at least two classes to train on in each fold, got only 'old' in fold 0"
        "\nhint: fewer folds, or folds by chance: load the data without a group or a time",
    ):
        load(frame, target="y", time="day").folds(3)


def test_a_class_of_the_test_part_alone_does_not_forbid_folds():
    frame = table()
    test = frame[:30].assign(y=["other", *frame.y[1:30]])
    data = load(frame[30:], target="y", test=test)
    assert len(data.folds(2)) == 2


def test_quantities_and_arrays_have_folds_too():
    data = load("diabetes")
    made = data.folds(5)
    assert np.array_equal(np.sort(np.concatenate([fold.valid.index for fold in made])), pool_of(data))
    x = np.concatenate([data.train.x, data.valid.x])[np.argsort(np.concatenate([data.train.index, data.valid.index]))]
    place = np.searchsorted(pool_of(data), made[2].valid.index)
    assert np.array_equal(made[2].valid.x, x[place])


@pytest.mark.parametrize("k", [1, 0, True, 2.0, "3"])
def test_a_k_that_is_no_count(unchecked, k):
    with pytest.raises(UsageError, match=f"folds: expected a whole number of at least 2, got {k!r}"):
        load("iris").folds(k)


def test_more_folds_than_the_data_allows():
    with pytest.raises(
        UsageError, match=r"in the smallest class, got 41: class 'setosa' has 40\nhint: fewer folds, or"
    ):
        load("iris").folds(41)
    pair = np.arange(24.0).reshape(12, 2), np.arange(12.0)
    with pytest.raises(UsageError, match=r"as rows to train and validate, got 11: there are 10\nhint: fewer folds$"):
        load(pair).folds(11)
    grouped = load(pair, group=np.arange(12) // 2)
    with pytest.raises(UsageError, match="as many folds as groups to train and validate, 5, got 6\nhint: fewer folds"):
        grouped.folds(6)
    with pytest.raises(DataError, match="time: expected at least 11 different times, one for each part, got 10"):
        load(pair, time=np.arange(12)).folds(10)
