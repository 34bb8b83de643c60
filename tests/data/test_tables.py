"""CSV files and DataFrames."""

import gzip
import statistics

import numpy as np
import pandas as pd
import pytest

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load

HEAD = "area,rooms,town,price\n"
ROWS = "".join(f"{50 + i}.5,{i % 4},{'ABC'[i % 3]},{1000.5 + i}\n" for i in range(30))


def test_numbers_and_categories(csv):
    data = load(csv(HEAD + ROWS), target="price")
    assert data.name == "houses" and data.task == "regression"
    assert data.feature_names == ("area", "rooms", "town=A", "town=B", "town=C")
    assert data.numeric.tolist() == [True, True, False, False, False]
    for part in (data.train, data.valid, data.test):
        for x, y, raw, number in zip(part.x, part.y, part.rows.itertuples(), part.index, strict=True):
            assert x[:2].tolist() == [raw.area, raw.rooms] == [50.5 + number, number % 4]
            assert x[2:].tolist() == [float(raw.town == town) for town in "ABC"]
            assert y.tolist() == [1000.5 + number]
    assert list(data.train.rows.columns) == ["area", "rooms", "town"]


def test_gzip_and_several_targets(csv):
    path = csv(gzip.compress((HEAD + ROWS).encode()), "houses.csv.gz")
    data = load(path, target=["price", "area"])
    assert data.name == "houses" and data.target_names == ("price", "area") and data.feature_names[0] == "rooms"
    assert data.train.y.shape == (len(data.train), 2)


def test_numeric_holes_take_the_median_of_the_training_part(csv):
    holes = {3, 4, 11, 19, 28}
    rows = "".join(f"{'' if i in holes else i * i},{i % 2}\n" for i in range(30))
    data = load(csv("a,y\n" + rows), target="y")
    present = [i * i for i in data.train.index if i not in holes]
    median = statistics.median(present)
    for part in (data.train, data.valid, data.test):
        assert part.x[:, 0].tolist() == [median if i in holes else i * i for i in part.index]
    assert data.notices == (f"column 'a': 5 holes are filled with {median:g}, the training median",)


def test_holes_in_a_category_are_a_category(csv):
    rows = "".join(f"{i % 7},{['', 'A', 'B'][i % 3]},{i / 7}\n" for i in range(60))
    data = load(csv("a,town,y\n" + rows), target="y")
    assert data.feature_names == ("a", "town=(missing)", "town=A", "town=B")
    np.testing.assert_array_equal(data.test.x[:, 1], data.test.index % 3 == 0)
    assert data.notices == ("column 'town': 20 holes are a category of their own",)


def test_columns_that_teach_nothing_are_left_out_with_a_notice():
    frame = pd.DataFrame(
        {
            "a": np.arange(60.0),
            "same": 7,
            "word": "w",
            "empty": np.nan,
            "id": [f"no {i}" for i in range(60)],
            "flag": np.arange(60) % 2 == 0,
            "y": np.arange(60) % 11 / 3,
        }
    )
    data = load(frame, target="y")
    assert data.feature_names == ("a", "flag") and data.numeric.tolist() == [True, False]
    assert data.notices == (
        "column 'same' is left out: it is 7 in every training row",
        "column 'word' is left out: it is 'w' in every training row",
        "column 'empty' is left out: it is empty in the training rows",
        "column 'id' is left out: nearly every row has another text (38 different ones in 38 training rows)",
    )


def test_only_the_most_frequent_categories_are_told_apart():
    towns = [f"t{i}" for i in range(300) for _ in range(4)] + ["many"] * 50
    data = load(pd.DataFrame({"town": towns, "y": np.arange(len(towns)) / 2}), target="y")
    assert data.shape == (257,) and "town=many" in data.feature_names
    assert data.notices == (
        "column 'town': its 256 most frequent categories are told apart, 35 rare ones count as one",
    )


def test_nullable_boolean_and_categorical_columns():
    n = np.arange(40)
    frame = pd.DataFrame(
        {
            "i": pd.array([None, *n[1:]], dtype="Int64"),
            "b": pd.array([None, *(n[1:] % 2 == 0)], dtype="boolean"),
            "c": pd.Categorical(n % 3),
            5: n * 2.0,
            "y": pd.array(n % 2, dtype="Int64"),
        }
    )
    data = load(frame, target="y")
    assert data.feature_names == ("i", "b", "c=0", "c=1", "c=2", "5")
    assert data.numeric.tolist() == [True, False, False, False, False, True]
    assert data.task == "classification" and np.isfinite(data.train.x).all()


def test_the_table_may_be_given_apart_from_the_target():
    frame = pd.DataFrame({"a": np.arange(30.0), "town": ["A", "B", "C"] * 10})
    assert load((frame, np.arange(30) / 7)).feature_names == ("a", "town=A", "town=B", "town=C")


def test_a_weight_column_is_no_feature(csv):
    rows = "".join(f"{i},{i % 5 / 2},{i % 3}\n" for i in range(30))
    data = load(csv("a,w,y\n" + rows), target="y", sample_weight="w")
    assert data.feature_names == ("a",)
    assert data.train.weight.tolist() == [i % 5 / 2 for i in data.train.index]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, r"got none; the columns are area, rooms, town, price\nhint: say target='price', as in "),
        ("prize", r"target: expected one of the columns of .*houses.csv, got 'prize'; they .*\nhint: did you mean 'p"),
        (["price", "zzz"], "got 'zzz'; they are area, rooms, town, price"),
        ([], r"target: expected at least one column, got \[\]"),
    ],
)
def test_wrong_and_missing_targets(csv, target, message):
    with pytest.raises(UsageError, match=message):
        load(csv(HEAD + ROWS), target=target)


def test_a_customary_target_is_suggested(csv):
    with pytest.raises(UsageError, match=r"target='Label'\); on the command line, --target Label"):
        load(csv("a,Label,b\n1,2,3\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "houses.csv: expected data, got an empty file"),
        ("\n\n", "houses.csv: expected a table, got an empty file"),
        (HEAD, "expected rows below the first line, got only the names of 4 columns"),
        (
            HEAD + "1,2,A,3\n1,2,A,3,9,9\n",
            r"houses.csv: line 3: expected 4 fields as in the first line, got 6\nhint: mend that line; a field that",
        ),
        (HEAD + "1,2,A,3,9\n1,2,A,3,9\n", "line 2: expected 4 fields as in the first line, got 5"),
        ('a,price\n"1,2\n3,4\n', "line 2: expected a quote that ends, got: unexpected end of data"),
        (
            "1.5,2,3\n1.5,2,3\n",
            r"names of the columns in the first line, got 1.5, 2, 3\nhint: if it has none, say",
        ),
        (
            "a,price\n" + "1e200,1\n3,2.5\n" * 9,
            "expected finite numbers, got 4 others in 11 training rows, such as 1e\\+200",
        ),
        (
            HEAD + "".join(f"{i},1,A,\n" for i in range(30)),
            r"'price': .* got none in 30 of 30 \(the first is row 0\)",
        ),
        (
            HEAD + "5,1,A,2\n7,2,A,3\ninf,3,A,4\n" * 10,
            "expected finite numbers, got 7 others in 19 training rows, such as inf",
        ),
        (
            "price\n" + "1\n2\n" * 20,
            "expected at least one column to learn from, got none: the table has no column but",
        ),
        (
            "a,price\n" + "5,1\n5,2\n" * 20,
            "expected at least one column .* got none: column 'a' is left out: it is 5 in",
        ),
        ("a,price\n" + "1.5,1\n3,2.5\n" * 4, "at least 10 rows to split into training, validation and test, got 8"),
    ],
)
def test_unsound_files(csv, content, message):
    with pytest.raises(DataError, match=message):
        load(csv(content), target="price")


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress((HEAD + ROWS).encode())[:-12],
        b"a,b\n1,2\n",
        b"\x1f\x8b" + b"x" * 30,
    ],
)
def test_damaged_gzip(csv, content):
    with pytest.raises(DataError, match="expected a whole gzip file, got a damaged one"):
        load(csv(content, "houses.csv.gz"), target="price")


def test_paths_that_cannot_be_read(tmp_path, csv):
    with pytest.raises(DataError, match=r"none\.csv: expected a file, got none of that name"):
        load(tmp_path / "none.csv", target="y")
    with pytest.raises(DataError, match=r"ends in one of \.csv, .* \(texts also with .* \.zst\), got \.sas\nhint: "):
        load(csv("a", "book.sas"))
    with pytest.raises(DataError, match="expected a path, got one that cannot be looked at: File name too long"):
        load("x" * 400)
    with pytest.raises(DataError, match="expected a path, got one that cannot be looked at: embedded null"):
        load("a\0b")
    with pytest.raises(DataError, match="got '/nowhere/at/all'"):
        load("/nowhere/at/all")


def test_a_column_named_twice():
    frame = pd.DataFrame(np.eye(12), columns=list("abcdefghijka"))
    with pytest.raises(DataError, match="a DataFrame: expected each column once, got 'a' twice"):
        load(frame, target="b")
    with pytest.raises(DataError, match="a DataFrame: expected rows, got none"):
        load(pd.DataFrame({"a": [], "y": []}), target="y")


def test_what_frames_may_hold():
    n = 30
    frame = pd.DataFrame(
        {
            "list": [[1, 2], [3]] * 15,
            "large": [10**30, 1, 2] * 10,
            "cut": pd.cut(np.arange(n), 3),
            "sparse": pd.arrays.SparseArray(np.arange(n) % 3),
            "y": np.arange(n) / 7,
        }
    )
    data = load(frame, target="y")
    assert data.feature_names[:5] == ("list=[1, 2]", "list=[3]", "large", "cut=(-0.029, 9.667]", "cut=(19.333, 29.0]")
    np.testing.assert_array_equal(data.encoder.transform(data.test.rows), data.test.x)
    nested = pd.DataFrame(
        np.arange(n * 3).reshape(n, 3), columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c"), ("d", "e")])
    )
    assert load((nested, np.arange(n) / 7)).feature_names == ("('a', 'b')", "('a', 'c')", "('d', 'e')")


def test_the_target_is_no_weight():
    with pytest.raises(UsageError, match="sample_weight: expected another column than the target, got 'y'"):
        load(pd.DataFrame({"a": range(20), "y": range(20)}), target="y", sample_weight="y")


def test_california_housing(shared_data):
    data = load(shared_data / "tables/california-housing.csv.gz", target="median_house_value")
    assert data.task == "regression" and sum(map(len, (data.train, data.valid, data.test))) == 20_640
    assert data.shape == (13,) and data.numeric.sum() == 8
    assert data.notices[0].startswith("column 'total_bedrooms': 207 holes are filled with")
    assert np.isfinite(data.train.x).all()


def test_diamonds(shared_data):
    data = load(shared_data / "tables/diamonds.csv.gz", target="price")
    assert data.task == "regression" and data.shape == (6 + 5 + 7 + 8,) and not data.notices


def test_covertype(shared_data):
    data = load(shared_data / "tables/covertype-92962.csv.gz", target="Cover_Type")
    assert data.class_names == (1, 2, 3, 4, 5, 6, 7) and data.numeric.sum() == 10
