"""A test part that is given beside the training data."""

import numpy as np
import pandas as pd
import pytest

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load

N = 40
FRAME = pd.DataFrame({"a": np.arange(N) * 1.5, "town": ["A", "A", "B", "B"] * (N // 4), "y": ["no", "yes"] * (N // 2)})


def test_its_rows_are_the_test_part():
    test = FRAME.iloc[:7].assign(a=-1.0)[["y", "town", "a"]]
    data = load(FRAME, target="y", test=test)
    assert len(data.train) + len(data.valid) == N and data.test.index.tolist() == list(range(N, N + 7))
    assert (data.test.x[:, 0] == -1).all() and data.test.y.tolist() == [0, 1, 0, 1, 0, 1, 0]
    assert data.origin is None and not data.notices


def test_a_file_for_a_file(csv):
    train = csv(FRAME.to_csv(index=False), "train.csv")
    test = csv(FRAME.assign(town=7, extra=1).head(5).to_csv(index=False), "test.csv")
    data = load(train, target="y", test=test)
    assert data.origin == {"source": str(train), "options": {"target": "y", "test": str(test)}}
    assert data.test.rows["town"].tolist() == ["7"] * 5  # a text, as in training
    assert data.notices == (f"columns of {test} that the training data do not have are left out: extra",)
    assert load(data.origin["source"], **data.origin["options"]).fingerprint == data.fingerprint


def test_classes_that_end_in_a_dot():
    data = load(FRAME, target="y", test=FRAME.assign(a=-1.0, y=FRAME["y"] + ".").head(4))
    assert data.class_names == ("no", "yes") and data.test.y.tolist() == [0, 1, 0, 1]
    assert data.notices == ("target 'y': 'no.' in a DataFrame is taken as 'no'",)
    other = load(FRAME, target="y", test=FRAME.assign(a=-1.0, y="maybe.").head(4))
    assert other.notices == ("classes that are only in the test part, so that no network can learn them: maybe.",)


PATIENTS = FRAME.assign(patient=[f"p{i // 4}" for i in range(N)], a=np.random.default_rng(0).normal(size=N))


def test_groups_that_stand_in_both_files_are_said(csv):
    """Whoever names groups wants a result on new ones."""
    train, test = PATIENTS[PATIENTS.patient != "p9"], PATIENTS[PATIENTS.patient >= "p6"].assign(a=lambda f: f.a + 1)
    files = [csv(part.to_csv(index=False), f"{i}.csv") for i, part in enumerate((train, test))]
    data = load(files[0], target="y", test=files[1], group="patient")
    assert not set(data.train.group) & set(data.valid.group)
    assert set(data.test.group) & {*data.train.group, *data.valid.group} == {"p6", "p7", "p8"}
    assert data.notices[-1] == (
        "3 of 4 test groups ('p6', 'p7', 'p8') have rows to train or validate on as well, with 12 of 16 test rows: the "
        "result will look better than it is on new groups"
    )


def test_groups_of_one_file_alone_are_not_said():
    new = PATIENTS.assign(patient="q" + PATIENTS.patient, a=PATIENTS.a + 1)
    holes = [frame.assign(patient=frame.patient.where(frame.index % 7 != 0)) for frame in (PATIENTS, new)]
    for train, test in ((PATIENTS, new), holes):
        notices = load(train, target="y", test=test, group="patient").notices
        assert not any("test groups" in sentence for sentence in notices), notices
    assert not any("test groups" in one for one in load(PATIENTS, target="y", group="patient").notices)


def test_arrays():
    x, y = np.random.default_rng(0).normal(size=(N, 3)), np.arange(N) % 2
    data = load((x, y), test=(x[:5] + 1, y[:5]))
    np.testing.assert_array_equal(data.test.x, x[:5] + 1)
    with pytest.raises(DataError, match=r"expected examples of shape \(3,\) as in a pair of arrays, got \(2,\)"):
        load((x, y), test=(x[:, :2], y))
    with pytest.raises(DataError, match="expected the targets target, got target_0, target_1"):
        load((x, y), test=(x, np.eye(N)[:, :2]))


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (
            FRAME.rename(columns={"a": "A"}),
            "expected the columns of a DataFrame, got none named 'a'\nhint: did you",
        ),
        (FRAME.drop(columns="y"), "got none named 'y'\nhint: the test part is scored by its targets: add 'y' with a"),
        (FRAME.drop(columns="town"), "expected the columns of a DataFrame, got none named 'town'\nhint: add them"),
        (FRAME.assign(a="?"), r"column 'a': expected values as in a DataFrame, got '\?'\nhint: if it means a hole"),
        (
            (np.zeros((5, 2)), np.arange(5)),
            "test: expected data like a DataFrame, got a pair of arrays, which is",
        ),
        ("digits", "test: expected data like a DataFrame, got embedded, which is of another kind"),
        ("none.csv", r"none\.csv: expected a file, got none of that name"),
    ],
)
def test_what_does_not_fit(test, message):
    with pytest.raises(DataError, match=message):
        load(FRAME, target="y", test=test)


def test_a_set_with_its_own_test_part(tmp_path):
    x, y = np.eye(20), np.arange(20) % 2
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    with pytest.raises(UsageError, match=r"test: expected none for .*a\.npz, which has a test part of its own, got '"):
        load(tmp_path / "a.npz", test="iris")


def test_origins(csv):
    path = csv(FRAME.to_csv(index=False))
    assert load("iris", split_seed=3).origin == {"source": "iris", "options": {"split_seed": 3}}
    assert load(path, target=["y"], missing=("?",)).origin["options"] == {"target": ["y"], "missing": ["?"]}
    assert load(path, target="y", sample_weight=np.ones(N)).origin is None
    assert load(FRAME, target="y").origin is None
