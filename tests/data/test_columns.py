"""Columns by kind: what each becomes, and what it says of holes, strays and rare values."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from seedbed.core.errors import DataError
from seedbed.data import load
from seedbed.data.cells import as_table, cells
from seedbed.data.columns import BooleanColumn, CategoryColumn, DateColumn, NumericColumn, column_from_dict
from seedbed.data.oddities import Oddities

rng = np.random.default_rng(0)


def encoded(column, values):
    odd = Oddities()
    features = column.encode(cells(column.name, values), odd)
    odd.check()
    return dict(zip(column.feature_names, features.T.tolist(), strict=True)), odd.sentences()


def doubts(column, values):
    return column.doubts(column.likeness(cells(column.name, values)))


def test_an_indicator_tells_the_holes_where_training_has_enough_of_them():
    few, many = [1.0, 2.0, None, 4.0], [1.0, None, None, 4.0]
    assert NumericColumn.fit(cells("a", few)).feature_names == ("a",)
    column = NumericColumn.fit(cells("a", many))
    assert column.numeric == [True, False]
    assert encoded(column, [5.0, None])[0] == {"a": [5.0, 2.5], "a=(missing)": [0.0, 1.0]}


def test_few_strays_and_infinities_are_holes_and_all_are_refused():
    column = NumericColumn.fit(cells("a", list(map(str, range(100)))))
    values, said = encoded(column, ["7", "eight", "1,234.5", "inf", "", None])
    assert values == {"a": [7.0, 49.5, 1234.5, 49.5, 49.5, 49.5]}
    assert said == [
        "column 'a': of 4 values that should be finite numbers, 2 are not and count as holes ('eight', 'inf')"
    ]
    with pytest.raises(DataError, match="column 'a': expected finite numbers, got 'x', 'y'\nhint: what is unknown"):
        encoded(column, ["x", "y", None])


def test_the_decimal_sign_is_that_of_the_training_rows():
    column = NumericColumn.fit(cells("a", ["1,5", "2,25", "1.234,5", "7"]))
    assert column.decimal == "," and encoded(column, ["0,5", "2.000,25", "3"])[0] == {"a": [0.5, 2000.25, 3.0]}


def test_no_thousands_follow_a_lone_zero():
    column = NumericColumn.fit(cells("a", ["4,213", "-0,149", "x"]))
    assert column.read(cells("a", ["0,149", "4,213"])).tolist() == [0.149, 4.213]


def test_rare_categories_share_an_indicator_with_those_never_seen():
    column = CategoryColumn.fit(cells("town", ["A"] * 1500 + ["B"] * 1490 + ["C"] * 2 + ["D"] * 2 + [None] * 6))
    assert column.feature_names == ("town=(missing)", "town=A", "town=B", "town=(rare)")
    said, _ = encoded(column, ["A", "C", "Z", None])
    assert said["town=(rare)"] == [0.0, 1.0, 1.0, 0.0] and said["town=(missing)"] == [0.0, 0.0, 0.0, 1.0]
    assert column.notices(cells("town", ["A", None])) == [
        "column 'town': 1 hole is a category of its own",
        "column 'town': its 3 most frequent categories are told apart, 2 rare ones count as one",
    ]


def test_a_category_of_100000_values_gives_257_features():
    values = [f"v{i}" for i in range(100_000)] * 3 + [f"v{i}" for i in range(256)] * 300
    column = CategoryColumn.fit(cells("v", values))
    assert len(column.feature_names) == 257 and column.n_pooled == 100_000 - 256
    assert encoded(column, ["v255", "v256"])[0]["v=(rare)"] == [0.0, 1.0]


@pytest.mark.parametrize(
    "pair", [("yes", "no"), ("Y", "n"), ("TRUE", "False"), ("t", "f"), ("on", "Off"), (1, 0), (True, False)]
)
def test_truth_values_in_any_words(pair):
    column = BooleanColumn.fit(cells("b", [*pair, pair[0]]))
    assert encoded(column, [pair[1], pair[0], None])[0] == {"b": [0.0, 1.0, 1.0]}
    assert encoded(column, ["YES", "false", "1.0"])[0] == {"b": [1.0, 0.0, 1.0]}


def test_dates_give_days_and_the_cycles_that_vary():
    days = pd.date_range("2023-01-01", "2024-12-31", freq="D")
    column = DateColumn.fit(cells("d", days.strftime("%d.%m.%Y").tolist()))
    assert column.format == "%d.%m.%Y" and column.cycles == ("year", "week")
    values, _ = encoded(column, ["01.01.2024", "02.07.2024", "04.07.2024"])
    assert values["d:days"] == [365.0, 548.0, 550.0]
    # 2 July is day 183 of the 366 of a leap year: half a turn; Mondays, Tuesdays and Thursdays have their own angles.
    np.testing.assert_allclose(values["d:year cos"], np.cos(2 * np.pi * np.array([0, 183, 185]) / 366))
    weekdays = np.array([pd.Timestamp(d).weekday() for d in ("2024-01-01", "2024-07-02", "2024-07-04")])
    np.testing.assert_allclose(values["d:week sin"], np.sin(2 * np.pi * weekdays / 7), atol=1e-12)


def test_times_of_the_day_are_a_cycle_of_their_own():
    instants = pd.date_range("2024-03-04", periods=48, freq="h")
    column = DateColumn.fit(cells("t", pd.Series(instants)))
    values, said = encoded(column, ["2024-03-04T06:00:00", "2024-03-04 18:30", "tomorrow"])
    np.testing.assert_allclose(values["t:day sin"][:2], [1.0, np.sin(2 * np.pi * 18.5 / 24)])
    assert said == ["column 't': of 3 values that should be dates, 1 is not and counts as a hole ('tomorrow')"]


def test_day_and_month_that_could_be_exchanged_are_said():
    column = DateColumn.fit(cells("d", [f"{d:02}/{m:02}/2024" for d in range(1, 13) for m in range(1, 13)]))
    assert column.notices(cells("d", ["01/02/2024"])) == [
        "column 'd': its dates are read with the month before day; the other order would fit as well"
    ]
    clear = DateColumn.fit(cells("d", [f"{d:02}/06/2024" for d in range(1, 31)]))
    assert clear.format == "%d/%m/%Y" and not clear.notices(cells("d", ["01/06/2024"]))


@pytest.mark.parametrize("kind", [NumericColumn, CategoryColumn, BooleanColumn, DateColumn])
def test_every_kind_goes_through_json(kind):
    values = {"date": ["2024-01-01", None, None, "2024-02-03"], "boolean": ["yes", "no", None, None]}
    column = kind.fit(cells("c", values.get(kind.kind, ["1", "2", None, None])))
    assert column_from_dict(column.to_dict()) == column


def test_rows_of_every_library_are_the_same_cells():
    frame = pd.DataFrame({
        "n": [1.5, None, 3.0], "i": pd.array([1, None, 3], "Int64"), "b": pd.array([True, None, False], "boolean"),
        "t": ["x", None, "y"], "d": pd.to_datetime(["2024-01-01 12:00", None, "2024-01-03 00:00"]),
        "c": pd.Categorical(["u", None, "v"]),
    })  # fmt: skip
    arrow = pa.Table.from_pandas(frame)
    lists = {name: [None if pd.isna(v) else v for v in frame[name]] for name in frame}
    expected = [[v if isinstance(v, str) else None if pd.isna(v) else v for v in frame[name]] for name in frame]
    for rows in (frame, arrow, lists, frame.astype(object)):
        table = as_table(rows)
        assert list(table) == list(frame)
        for one, values in zip(table.values(), expected, strict=True):
            assert one.holes.tolist() == [False, True, False], (one.name, values)
        assert table["d"].values[[0, 2]].tolist() == [19723.5, 19725.0]  # days since 1970
        for name in "tc":
            codes, texts = table[name].as_texts()
            assert [texts[codes[i]] for i in (0, 2)] == list(frame[name].dropna().astype(str))
        assert table["b"].values[[0, 2]].tolist() == [1.0, 0.0] and table["i"].values[[0, 2]].tolist() == [1.0, 3.0]


def test_adult_is_encoded_as_pandas_would(shared_data):
    raw = pd.read_csv(shared_data / "tables/adult-train.csv.gz", header=None, skipinitialspace=True, na_values="?")
    data = load(raw, target="14")
    names = [str(i) for i in (1, 3, 5, 6, 7, 8, 9, 13)]
    rows = data.test.rows
    dummies = pd.get_dummies(rows[names].fillna("(missing)").astype(str), prefix_sep="=", dtype=float)
    x = pd.DataFrame(data.test.x, columns=data.feature_names)
    shared = [name for name in x if name in dummies]
    assert len(shared) >= 85
    np.testing.assert_array_equal(x[shared], dummies[shared])
    np.testing.assert_array_equal(x["0"], rows["0"])


def test_a_number_that_is_no_truth_value_is_a_hole():
    column = BooleanColumn.fit(cells("a", ["yes", "no", "yes"] * 10))
    for values in (["yes", "7", "0"], [1.0, 7.0, 0.0]):
        features, said = encoded(column, values)
        assert features == {"a": [1.0, 1.0, 0.0]}
        assert len(said) == 1 and "1" in said[0] and "7" in said[0]


def test_unseen_categories_are_doubted_where_training_had_few_rare_ones():
    column = CategoryColumn.fit(cells("a", ["a"] * 50 + ["b"] * 50 + ["q", "w"]))
    assert column.n_pooled == 2
    (doubt,) = doubts(column, ["A"] * 100)
    assert doubt.startswith("column 'a': 100 of 100 values were never seen in training ('A')")
    names = CategoryColumn.fit(cells("a", [*["a"] * 40, *map(str, range(1000, 1060))]))
    assert doubts(names, list(map(str, range(100)))) == []  # most were rare in training as well


def test_a_number_far_from_all_training_is_doubted():
    column = NumericColumn.fit(cells("a", np.linspace(0, 1, 200)))
    (doubt,) = doubts(column, np.append(np.linspace(0, 1, 99), 1e9))
    assert doubt == (
        "column 'a': 1 of 100 numbers is far from all training, such as 1e+09 where 98 % of the rows lie from 0.01 to "
        "0.99: predictions there are guesses"
    )
    assert doubts(column, np.append(np.linspace(0, 1, 99), 50.0)) == []


@pytest.mark.parametrize("written", [str, float])
def test_whole_numbers_are_one_category_however_they_come(written):
    """Trained on a file in which a text stands among decimals, asked with a table of numbers alone; and back."""
    column = CategoryColumn.fit(cells("z", ["1.0", "2.0", "3.00", "x"] * 20))
    assert column.values == ("1", "2", "3", "x")
    new = [written(value) for value in (1.0, 2.0, 3.0)]
    for values in (new, np.array(new), pd.Series(new), pa.chunked_array([new])):
        assert encoded(column, values)[0]["z=2"] == [0.0, 1.0, 0.0]
    versions = CategoryColumn.fit(cells("z", ["1.1", "1.10", "01", "1.0.0"] * 20))
    assert versions.values == ("01", "1.0.0", "1.1", "1.10"), "what is no whole number stays as it is written"


def test_dates_far_from_all_training_are_doubted():
    """More than the span of training beyond its ends; what training itself holds is not far."""
    days = pd.Series([*pd.date_range("2023-01-01", "2023-12-31").astype(str), "1990-01-01"])
    column = DateColumn.fit(cells("d", days))
    assert doubts(column, ["2024-12-10", "2022-01-15", "1990-01-01", "1990-06-01", None, "soon"]) == []
    (doubt,) = doubts(column, ["2023-05-01", "2031-04-05 12:00", "0023-05-01", None])
    assert doubt == (
        "column 'd': 2 of 3 dates are far from all training, such as 2031-04-05T12:00:00 where 98 % of the rows lie "
        "from 2023-01-04 to 2023-12-27: predictions there are guesses"
    )
    (one,) = doubts(column, pd.to_datetime(["2023-05-01", "2031-04-05"]))
    assert one.startswith("column 'd': 1 of 2 dates is far from all training, such as 2031-04-05 where")


def test_dates_of_a_run_before_edges_were_kept_are_read_and_not_doubted():
    plain = DateColumn.fit(cells("d", ["2024-01-01", "2024-02-03"])).to_dict()
    del plain["edges"]
    column = column_from_dict(plain)
    assert column.likeness(cells("d", ["2300-01-01"])) is None
    assert encoded(column, ["2024-01-02"])[0]["d:days"] == [1.0]
