"""The kinds of columns by evidence, and by the user's word."""

import numpy as np
import pandas as pd
import pytest

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load
from seedbed.data.cells import cells
from seedbed.data.evidence import judge

N = 400
rng = np.random.default_rng(0)
codes = rng.integers(100, 130, N)


def verdict(values, name="c"):
    (found,) = judge({name: cells(name, values)}, {})
    return found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (rng.normal(size=N), "numeric"),
        (rng.integers(0, 5, N), "numeric"),  # whole numbers are quantities until the user says otherwise
        ([f"{v:,.2f}" for v in rng.normal(5000, 900, N)], "numeric"),
        ([f"{v:.2f}".replace(".", ",") for v in rng.normal(size=N)], "numeric"),
        (["?" if i % 100 == 0 else str(i * 0.5) for i in range(N)], "numeric"),  # 1 % strays
        (["n/k" if i % 3 == 0 else str(i * 0.5) for i in range(N)], "numeric"),  # one word that stands for holes
        ([f"{v:05d}" for v in codes * 10], "category"),  # leading zeros: postal codes
        (["a", "b", "1", "2"] * 100, "category"),
        (pd.Series(codes % 3).astype("category"), "category"),
        ([0, 1, None, 1] * 100, "boolean"),
        (["Yes", "no", "YES", None] * 100, "boolean"),
        (pd.date_range("2020-01-01", periods=N), "date"),
        ([d.strftime("%d.%m.%Y") for d in pd.date_range("2020-01-01", periods=N)], "date"),
        ([d.strftime("%Y-%m-%d %H:%M") for d in pd.date_range("2020-01-01", periods=N, freq="h")], "date"),
        (["not a date"] + [d.strftime("%b %d, %Y") for d in pd.date_range("2020-01-01", periods=N - 1)], "date"),
        ([f"2020-13-{i % 28 + 1:02}" for i in range(N)], "category"),  # dates that are none
        (["only", None] * 200, "category"),  # whether there is a value
    ],
)
def test_the_kind_by_evidence(values, kind):
    found = verdict(values)
    assert (found.kind, found.reason) == (kind, "")


@pytest.mark.parametrize(
    ("values", "name", "kind", "reason"),
    [
        ([None] * N, "c", "drop", "it is empty in the training rows"),
        ([7] * N, "c", "drop", "it is 7 in every training row"),
        (rng.permutation(N) * 3, "user_id", "id", "it names the rows: every one has another number"),
        (rng.permutation(N) * 3, "userId", "id", "it names the rows: every one has another number"),
        (np.arange(N) + 5, "instant", "id", "it counts the rows: its numbers rise by one from row to row"),
        (
            [f"u{i}" for i in range(N)],
            "c",
            "id",
            "it names the rows: every one has another text (400 different ones in",
        ),
        ([f"said {i} words" for i in range(N)], "c", "text", "nearly every row has another text (400 different ones"),
    ],
)
def test_what_teaches_nothing_is_left_out(values, name, kind, reason):
    found = verdict(values, name)
    assert found.kind == kind and found.reason.startswith(reason)


def test_whole_numbers_that_only_look_like_identifiers_are_used():
    assert verdict(rng.permutation(N) * 3, "price").kind == "numeric"
    assert verdict(rng.integers(0, 50, N), "user_id").kind == "numeric"
    assert verdict(np.arange(N) * 1.0, "t").kind == "numeric"


def test_twins_are_left_out():
    frame = pd.DataFrame({"a": rng.normal(size=N), "t": rng.choice(list("xyz"), N), "y": rng.normal(size=N)})
    frame["b"], frame["u"] = frame["a"], frame["t"].map({"x": "1st", "y": "2nd", "z": "3rd"})
    data = load(frame, target="y")
    assert data.feature_names == ("a", "t=x", "t=y", "t=z")
    assert data.notices == (
        "column 'b' is left out: it tells the same as column 'a' in every training row",
        "column 'u' is left out: it tells the same as column 't' in every training row",
    )


def test_many_columns_with_one_reason_are_one_notice():
    frame = pd.DataFrame({**{f"c{i}": [1] * 40 for i in range(9)}, "a": rng.normal(size=40), "y": rng.normal(size=40)})
    assert load(frame, target="y").notices == (
        "9 columns are left out: they have one value in every training row ('c0', 'c1', 'c2', 'c3', 'c4' and 4 more)",
    )


def test_types_count_more_than_the_evidence():
    frame = pd.DataFrame({
        "zip": codes, "day": 20240100 + codes % 28 + 1, "sex": rng.choice(["f", "m"], N), "id": np.arange(N),
        "a": rng.normal(size=N), "y": rng.normal(size=N),
    })  # fmt: skip
    data = load(frame, target="y", types="zip=category, day=date,sex=boolean,id=numeric,a=drop")
    assert data.feature_names[:2] == ("zip=100", "zip=101") and data.feature_names[-2:] == ("sex", "id")
    assert "day:week sin" in data.feature_names
    assert data.notices == ("column 'a' is left out: types= says that it is to be dropped",)
    same = load(
        frame, target="y", types={"zip": "category", "day": "date", "sex": "boolean", "id": "numeric", "a": "drop"}
    )
    assert same.fingerprint == data.fingerprint


@pytest.mark.parametrize(
    ("types", "error", "message"),
    [
        ({"zap": "category"}, UsageError, r"types: expected feature columns, got 'zap'; they are town, zip\nhint: did"),
        ("zip=categorical", UsageError, "types: expected one of numeric, category, .* for 'zip', got 'categorical'\nh"),
        ("zip", UsageError, "types: expected pairs such as age=numeric,zip=category, got 'zip'"),
        ("y=category", UsageError, "types: expected feature columns, got 'y'"),
        ("town=numeric", DataError, "column 'town': expected finite numbers, got 'B', 'A'"),
        ("town=date", DataError, r"column 'town': expected dates, got 'B', 'A'\nhint: write them as 2024-01-31"),
        ("zip=boolean", DataError, "column 'zip': expected two different values for a boolean, got 30"),
    ],
)
def test_types_that_do_not_fit(types, error, message):
    frame = pd.DataFrame({"town": ["A", "B"] * 200, "zip": codes, "y": rng.normal(size=N)})
    with pytest.raises(error, match=message):
        load(frame, target="y", types=types)


def test_arrays_have_no_types():
    with pytest.raises(UsageError, match=r"types: expected none for a pair of arrays, which is no table, got 'a=drop'"):
        load((rng.normal(size=(30, 2)), np.arange(30) % 2), types="a=drop")


def test_evidence_comes_from_the_training_rows_alone():
    frame = pd.DataFrame({"a": rng.normal(size=N).round(2).astype(str), "t": ["u", "v"] * 200, "y": rng.normal(size=N)})
    data = load(frame, target="y")
    outside = np.concatenate([data.valid.index, data.test.index])
    frame.loc[outside[:30], "a"], frame.loc[outside, "t"] = "strange", "w"
    changed = load(frame, target="y")
    assert changed.encoder == data.encoder
    assert changed.notices[0].startswith(
        "column 'a': of 400 values that should be finite numbers, 30 are not and count"
    )


def test_an_index_is_an_identifier_by_its_whole_name_alone():
    numbers = [(7 * i) % 101 for i in range(101)]
    frame = pd.DataFrame({"heat_index": numbers, "index": numbers, "patient_id": numbers[::-1], "y": [0, 1] * 50 + [0]})
    names = load(frame, target="y").feature_names
    assert "heat_index" in names and "index" not in names and "patient_id" not in names
