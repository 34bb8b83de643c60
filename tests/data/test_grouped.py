"""Splits that keep groups whole."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load
from seedbed.data.grouped import deal, deal_folds, numbered
from seedbed.data.split import split_by_group

SHARES = {"valid_share": 0.2, "test_share": 0.25}
quick = settings(max_examples=150, deadline=None)
group_sizes = st.lists(st.integers(1, 30), min_size=4, max_size=40).filter(lambda s: sum(s) >= 10)


def visits(n_patients=40, seed=0):
    """Patients with 1 to 20 visits each; who is ill is so at most visits."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n_patients), rng.integers(1, 21, n_patients))
    ill = rng.random(n_patients)[patient] + 0.3 * rng.normal(size=len(patient)) > 0.7
    x = rng.normal(size=len(patient))
    frame = pd.DataFrame({"x": x, "patient": [f"p{i}" for i in patient], "ill": np.where(ill, "yes", "no")})
    return frame.sample(frac=1.0, random_state=seed, ignore_index=True)


@quick
@given(group_sizes, st.integers(0, 5))
def test_no_group_is_in_two_parts_and_shares_are_within_the_largest_group(sizes, seed):
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat([f"g{i}" for i in range(len(sizes))], sizes))
    parts = split_by_group(group, None, **SHARES, seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(group)))
    assert all(len(part) for part in parts)
    for one, other in itertools.combinations(parts, 2):
        assert not set(group[one]) & set(group[other])
    for part, share in zip(parts, (0.55, 0.2, 0.25), strict=True):
        # Three groups of which none may stay without a part can be further off, hence the second largest as well.
        assert abs(len(part) - share * len(group)) <= sum(sorted(sizes)[-2:])
    again = split_by_group(group, None, **SHARES, seed=seed)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


def test_greedy_dealing_is_nearly_as_good_as_the_best_of_all_dealings():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sizes = rng.integers(1, 30, 8)
        groups = np.repeat(np.arange(8), sizes)
        shares = np.array([0.55, 0.2, 0.25])

        def cost(places, sizes=sizes, shares=shares):
            there = np.bincount(places, sizes, minlength=3) / sizes.sum()
            return np.abs(there - shares).max()

        everything = (np.array(places) for places in itertools.product(range(3), repeat=8))
        best = min(cost(places) for places in everything if len(set(places.tolist())) == 3)
        first = np.unique(groups, return_index=True)[1]
        assert cost(deal(groups, None, list(shares), rng)[first]) <= best + 0.12  # of eight groups, each about 0.125


def test_classes_are_in_proportion_as_well_as_groups_allow():
    frame = visits(200)
    data = load(frame, target="ill", group="patient")
    overall = (frame.ill == "yes").mean()
    for part in (data.train, data.valid, data.test):
        assert abs(part.y.mean() - overall) < 0.02
    for part, share in ((data.valid, 1 / 6), (data.test, 0.2)):
        assert abs(len(part) / len(frame) - share) < 0.01


def dealt_at_random(seed):
    """Groups with one to three classes each, as small and as uneven as to make dealing hard."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 4))
    n_groups, n_classes = int(rng.integers(k, 8)), int(rng.integers(2, 9))
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 30, n_groups))
    own = rng.choice(n_classes, (n_groups, 3))
    labels = np.unique(own[groups, rng.integers(0, 3, len(groups))], return_inverse=True)[1].astype(np.int32)
    return k, groups, labels


def n_held_whole(k, groups, labels, places):
    """How many classes have all their rows in one fold, though they are of several groups."""
    count = 0
    for label in range(labels.max() + 1):
        own = np.unique(groups[labels == label])
        count += len(own) > 1 and len(set(places[own].tolist())) == 1
    return count


def test_folds_hold_as_few_classes_whole_as_the_best_of_all_dealings():
    n_better = n_impossible = 0
    for seed in range(300):
        k, groups, labels = dealt_at_random(seed)
        first = np.unique(groups, return_index=True)[1]
        plain = deal(groups, labels, [1 / k] * k, np.random.default_rng(seed))[first]
        made = deal_folds(groups, labels, k, np.random.default_rng(seed))[first]
        assert set(made.tolist()) == set(range(k))
        ours = n_held_whole(k, groups, labels, made)
        n_better += ours < n_held_whole(k, groups, labels, plain)
        assert n_held_whole(k, groups, labels, plain) > 0 or np.array_equal(made, plain)
        if ours:
            everything = (np.array(places) for places in itertools.product(range(k), repeat=len(first)))
            fewest = min(n_held_whole(k, groups, labels, p) for p in everything if len(set(p.tolist())) == k)
            assert ours == fewest, seed
            n_impossible += 1
    assert n_better > 5 and n_impossible > 2


def test_folds_are_about_as_even_as_those_of_scikit_learn():
    """Which evens out the classes alone, where ours see to the number of rows as well."""

    def unevenness(groups, labels, place):
        counts = np.array([np.bincount(labels[place == i], minlength=4) for i in range(5)])
        return np.std(counts / counts.sum(axis=0), axis=0).mean(), np.std(counts.sum(axis=1)) / len(labels)

    ours, theirs = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(60), rng.integers(1, 20, 60))
        labels = rng.choice(4, len(groups), p=[0.5, 0.3, 0.15, 0.05]).astype(np.int32)
        place = np.empty(len(groups), dtype=int)
        splits = StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(labels, labels, groups)
        for i, (_, valid) in enumerate(splits):
            place[valid] = i
        ours.append(unevenness(groups, labels, deal_folds(groups, labels, 5, rng)))
        theirs.append(unevenness(groups, labels, place))
    (classes, rows), (their_classes, their_rows) = np.mean(ours, axis=0), np.mean(theirs, axis=0)
    assert classes < 1.25 * their_classes and rows < their_rows


def test_the_group_is_kept_for_each_row_and_is_no_feature():
    frame = visits()
    data = load(frame, target="ill", group="patient")
    assert data.feature_names == ("x",)
    assert "column 'patient' keeps its rows in one part and is no feature" in data.notices
    for part in (data.train, data.valid, data.test):
        assert part.group.tolist() == frame.patient[part.index].tolist()


def test_whole_numbers_that_became_decimals_are_the_same_groups():
    frame = visits().assign(patient=lambda f: f.patient.str[1:].astype(float))
    assert set(load(frame, target="ill", group="patient").train.group) <= {str(i) for i in range(40)}


def test_another_seed_gives_another_split():
    frame = visits()
    parts = [load(frame, target="ill", group="patient", split_seed=seed).test for seed in (0, 1)]
    assert set(parts[0].group) != set(parts[1].group)


def test_rows_without_a_group_are_each_one_of_their_own():
    frame = visits()
    frame.loc[:9, "patient"] = None
    data = load(frame, target="ill", group="patient")
    assert "group 'patient': 10 rows without a group are each a group of their own" in data.notices
    assert sum((part.group == "(missing)").sum() for part in (data.train, data.valid, data.test)) == 10
    codes = numbered(np.array(["a", "(missing)", "a", "(missing)"]))
    assert codes[0] == codes[2] and len(set(codes.tolist())) == 3


def test_groups_of_one_row_each_split_as_without_groups():
    frame = visits().assign(patient=lambda f: np.arange(len(f)))
    data, plain = load(frame, target="ill", group="patient"), load(frame.drop(columns="patient"), target="ill")
    note = "group 'patient': every row is a group of its own, so that the split is as it would be without groups"
    assert note in data.notices
    assert np.array_equal(data.test.index, plain.test.index)


def test_groups_for_arrays():
    x, y = np.arange(60.0).reshape(30, 2), np.arange(30.0) ** 2
    data = load((x, y), group=np.repeat(np.arange(6), 5))
    assert sorted(set(data.train.group) | set(data.valid.group) | set(data.test.group)) == list("012345")
    assert len(data.valid) == len(data.test) == 5


def test_classes_that_groups_leave_out_of_a_part_are_named():
    who = np.repeat(list("abcdef"), 5)
    frame = pd.DataFrame(
        {"x": np.arange(30.0), "who": who, "y": np.where(who == "f", "rare", np.where(who < "c", "u", "v"))}
    )
    data = load(frame, target="y", group="who", split_seed=1)
    parts = {"training": data.train, "validation": data.valid, "test": data.test}
    for name, part in parts.items():
        missing = ", ".join(cls for i, cls in enumerate(data.class_names) if i not in part.y)
        but = ", so that no network can learn them" if name == "training" else ""
        assert not missing or f"classes that are not in the {name} part{but}: {missing}" in data.notices
    assert sum("rare" in notice for notice in data.notices) == 2


def test_a_group_split_that_leaves_one_class_for_training():
    frame = pd.DataFrame({"x": np.arange(30.0), "who": list("abc") * 10, "y": ["u", "v", "w"] * 10})
    message = "split: expected at least two classes to train on, got only '[uvw]' in the 10 rows that are left for"
    with pytest.raises(DataError, match=message):
        load(frame, target="y", group="who")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("one", "group: expected at least 3 different groups, one for each part, got 1\nhint: group by another column"),
        ("two", "group: expected at least 3 different groups, one for each part, got 2"),
    ],
)
def test_fewer_groups_than_parts(column, message):
    frame = visits().assign(one="a", two=lambda f: np.where(f.index % 2, "a", "b"))
    with pytest.raises(DataError, match=message):
        load(frame, target="ill", group=column)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"group": "ill"}, "group: expected another column than the target, got 'ill'"),
        (
            {"group": "pateint"},
            r"group: expected one of the columns of a DataFrame, got 'pateint'; they are x, patient",
        ),
        ({"group": "patient", "time": "x"}, "group and time: expected one of them, got both\nhint: by time the newest"),
    ],
)
def test_unsound_arguments(arguments, message):
    with pytest.raises(UsageError, match=message):
        load(visits(), target="ill", **arguments)


def test_an_array_of_another_length_and_a_name_for_arrays():
    pair = np.eye(30), np.arange(30.0)
    with pytest.raises(DataError, match=r"group: expected one value for each of 30 rows, got shape \(4,\)"):
        load(pair, group=np.arange(4))
    with pytest.raises(UsageError, match="group: expected an array for a pair of arrays, got the name 'patient'"):
        load(pair, group="patient")
