"""The encoder: new rows in every form, through JSON, and what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest

from seedbed.core.errors import DataError
from seedbed.data import Encoder, load

N = 60
FRAME = pd.DataFrame(
    {
        "area": np.arange(N) * 1.5,
        "town": np.array(["A", "B", "C"])[np.arange(N) % 3],
        "zip": pd.Categorical(np.arange(N) % 4),
        "same": 1,
        "y": np.array(["no", "yes"])[np.arange(N) % 2],
    }
)


@pytest.fixture(scope="module")
def table():
    return load(FRAME, target="y")


@pytest.mark.parametrize("source", ["digits", "diabetes", "table"])
def test_json_changes_nothing(source, table):
    data = table if source == "table" else load(source)
    text = json.dumps(data.encoder.to_dict())
    encoder = Encoder.from_dict(json.loads(text))
    assert encoder == data.encoder and json.dumps(encoder.to_dict()) == text
    for part in (data.train, data.valid, data.test):
        np.testing.assert_array_equal(encoder.transform(part.rows), part.x)
    assert [type(c) for c in encoder.target.class_names] == [type(c) for c in data.class_names]


def test_every_form_of_rows_gives_the_same(table):
    rows, x = table.test.rows, table.test.x
    transform = table.encoder.transform
    shuffled = rows.assign(extra="?", y="no")[["zip", "extra", "y", "town", "area", "same"]]
    forms = {
        "other order, more columns": shuffled,
        "without the columns that are left out": rows[["area", "town", "zip"]],
        "dictionary of columns": rows.to_dict("list"),
        "list of dictionaries": rows.to_dict("records"),
        "list of rows": rows.to_numpy(dtype=object).tolist(),
        "array": rows.to_numpy(dtype=object),
        "texts": rows.astype(str).to_numpy(dtype=str),
    }
    for form, new in forms.items():
        np.testing.assert_array_equal(transform(new), x, err_msg=form)


def test_what_was_never_seen_gives_zeros_and_a_hole_the_median(table):
    x = table.encoder.transform({"area": [None, 3.0], "town": ["Z", None], "zip": [2.0, 9]})
    named = dict(zip(table.feature_names, x.T.tolist(), strict=True))
    assert named["area"] == [np.median(table.train.rows.area), 3.0]
    assert [named[f"town={t}"] for t in "ABC"] == [[0.0, 0.0]] * 3
    assert named["zip=2"] == [1.0, 0.0]  # the category 2 is found again in 2.0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            FRAME[["zip", "same"]],
            "rows: expected the columns the data was loaded with, got rows without 'area', 'town'",
        ),
        ({"Area": [1.0], "town": ["A"], "zip": [1]}, r"got rows without 'area'\nhint: did you mean 'Area'\?"),
        (np.ones((2, 3)), r"rows: expected 4 columns \(area, town, zip, same\), got 3\nhint: give a DataFrame"),
        (
            FRAME.assign(area="big"),
            r"column 'area': expected finite numbers, got 'big'\nhint: what is unknown may stay empty",
        ),
        (FRAME.assign(area=np.inf), "column 'area': expected finite numbers, got inf"),
        (
            {"area": [1.0, 2.0], "town": ["A"], "zip": [1]},
            "rows: expected columns of one length, got 1, 2\nhint: give l",
        ),
        (pd.concat([FRAME, FRAME], axis=1), "rows: expected each column once, got 'area' twice"),
        (np.ones((2, 2, 2)), r"rows: expected a table, got an array of shape \(2, 2, 2\)"),
    ],
)
def test_unsound_rows_for_a_table(table, rows, message):
    with pytest.raises(DataError, match=message):
        table.encoder.transform(rows)


def test_arrays_with_named_features_take_tables_too():
    data = load("wine")
    frame = pd.DataFrame(data.test.rows, columns=data.feature_names)[sorted(data.feature_names)]
    np.testing.assert_array_equal(data.encoder.transform(frame), data.test.x)
    with pytest.raises(DataError, match="got rows without 'hue'"):
        data.encoder.transform(frame.drop(columns="hue"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones((2, 5)), r"rows: expected an array of shape \(n, 4\), got \(2, 5\)\nhint: give the features it was"),
        (np.full((2, 4), np.nan), r"rows: expected finite numbers, got nan at \[0, 0\] and 7 more"),
        (np.full((2, 4), "a"), "rows: expected an array of numbers, got type <U1"),
        (np.ones(4), r"rows: expected an array of shape \(n, features\), got \(4,\)"),
    ],
)
def test_unsound_rows_for_an_array(rows, message):
    with pytest.raises(DataError, match=message):
        load("iris").encoder.transform(rows)


def test_images_have_no_names():
    data = load((np.arange(20.0 * 8).reshape(20, 2, 4), np.arange(20) % 2))
    with pytest.raises(
        DataError, match=r"an array of shape \(n, 2, 4\), got a table with the columns 'a'\nhint: give an"
    ):
        data.encoder.transform({"a": [1]})
    images = load((np.arange(20 * 16, dtype=np.uint8).reshape(20, 4, 4, 1) % 251, np.arange(20) % 2))
    with pytest.raises(
        DataError, match=r"expected images, or .*, got a table with the columns 'a', 'b'\nhint: give a fol"
    ):
        images.encoder.transform({"a": [1], "b": [2]})


def test_it_is_fitted_on_the_training_part_only(table):
    changed = FRAME.copy()
    changed["town"] = changed["town"].astype(object)
    outside = np.concatenate([table.valid.index, table.test.index])
    changed.loc[outside, "area"] = 1e6
    changed.loc[outside, "town"] = "elsewhere"
    assert load(changed, target="y").encoder == table.encoder
