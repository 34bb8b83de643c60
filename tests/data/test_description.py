"""What a data set looks like, as figures: holes, ranges, histograms, and what could be done."""

import json

import numpy as np
import pandas as pd
import pytest

from seedbed.data import load
from seedbed.data.description import describe, histogram

N = 500
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def data():
    frame = pd.DataFrame({
        "size": np.where(np.arange(N) == 3, 900.0, rng.normal(50, 5, N)), "rooms": rng.integers(1, 6, N),
        "town": rng.choice([f"t{i}" for i in range(12)], N), "day": pd.date_range("2024-01-01", periods=N),
        "id": rng.permutation(N), "y": np.where(rng.random(N) < 0.06, "rare", "usual"),
    })  # fmt: skip
    frame.loc[100:199, "size"] = np.nan
    return load(frame, target="y")


@pytest.fixture(scope="module")
def told(data):
    return describe(data)


def test_columns_are_told_of_the_training_part(data, told):
    rows = data.train.rows
    facts = {fact.name: fact for fact in told.columns}
    assert list(facts) == ["size", "rooms", "town", "day", "id"]
    assert [fact.kind for fact in facts.values()] == ["numeric", "numeric", "category", "date", "id"]
    size = facts["size"]
    assert (size.holes, size.distinct) == (rows["size"].isna().sum(), rows["size"].nunique())
    assert float(size.median) == pytest.approx(rows["size"].median(), rel=1e-5)
    assert facts["day"].low == str(rows["day"].min().date()) and facts["day"].high == str(rows["day"].max().date())
    counts = rows["town"].value_counts()
    assert facts["town"].top[0][1] == counts.iloc[0] and len(facts["town"].top) == 8
    assert facts["town"].bars[-1].label == "" and facts["town"].bars[-1].count == counts.iloc[8:].sum()
    assert facts["id"].reason == "it names the rows: every one has another number" and not facts["id"].bars
    assert facts["rooms"].features == ("rooms",) and len(facts["town"].features) == 12


def test_far_out_is_tukeys(data, told):
    values = data.train.rows["size"].dropna()
    first, third = values.quantile([0.25, 0.75])
    far = (values > third + 3 * (third - first)) | (values < first - 3 * (third - first))
    assert told.columns[0].far_out == far.sum() == int(3 in data.train.index)


def test_holes_stand_where_they_are_in_the_file(data, told):
    (shares,) = told.holes.values()
    assert len(shares) == 60
    order = np.argsort(data.train.index)
    expected = [b.mean() for b in np.array_split(data.train.rows["size"].isna().to_numpy()[order], 60)]
    np.testing.assert_allclose(shares, expected)
    assert shares[0] == 0.0 and max(shares[14:22]) == 1.0


def test_what_training_takes_as_a_hole_is_one_in_the_table_and_in_the_pictures():
    """Texts among numbers and dates: the indicators that networks read are the reference."""
    frame = pd.DataFrame({
        "size": rng.normal(50, 5, N).round(2).astype(str), "day": pd.date_range("2024-01-01", periods=N).astype(str),
        "one": rng.choice(["yes", "no"], N), "y": rng.normal(size=N),
    })  # fmt: skip
    frame.loc[100:103, "size"], frame.loc[[7, 250], "size"], frame.loc[300:303, "day"] = "n. a.", None, "unknown"
    data = load(frame, target="y")
    told = describe(data)
    size, day, one = told.columns
    x = pd.DataFrame(data.train.x, columns=data.feature_names)
    assert size.holes == x["size=(missing)"].sum() > frame["size"].isna().sum()
    assert day.holes == x["day=(missing)"].sum() > 0 == one.holes and set(told.holes) == {"size", "day"}
    order = np.argsort(data.train.index)
    for fact in (size, day):
        is_hole = x[f"{fact.name}=(missing)"].to_numpy()[order]
        np.testing.assert_allclose(told.holes[fact.name], [b.mean() for b in np.array_split(is_hole, 60)])
        assert sum(bar.count for bar in fact.bars) == len(x) - fact.holes
        assert fact.distinct == data.train.rows[fact.name][~is_hole[np.argsort(order)].astype(bool)].nunique()
    assert float(size.low) == data.train.rows["size"].pipe(pd.to_numeric, errors="coerce").min()


def test_categories_that_training_does_not_tell_apart_go_with_no_target():
    """A few rows each, they would tell any target by chance: a fit to as many means as there are names."""
    frame = pd.DataFrame({"name": [f"v{i % 5_000}" for i in range(10_000)], "y": rng.normal(size=10_000)})
    (name,) = describe(load(frame, target="y", types="name=category")).columns
    assert len(name.features) == 257 and name.association < 0.2


def test_hints(data, told):
    rare, usual = np.bincount(data.train.y)
    assert told.hints[:2] == (
        f"class 'usual' has {usual} training rows and class 'rare' {rare}: accuracy says little about rare classes; "
        "look at macro F1, or weigh the classes",
        "whole numbers with few values are taken as quantities: rooms; if they are codes, say so: "
        "--types rooms=category",
    )


def test_a_sign_among_words_may_mean_a_hole():
    rows = range(400)
    frame = pd.DataFrame({
        "work": ["?" if i % 50 == 1 else f"job {i % 9}" for i in rows], "blood": ["A+", "B-", "0+", "AB"] * 100,
        "sign": ["+", "-"] * 200, "country": ["?" if i % 40 == 1 else f"land {i % 3}" for i in rows],
        "y": rng.normal(size=400),
    })  # fmt: skip
    data = load(frame, target="y")
    work, country = ((data.train.rows[name] == "?").mean() for name in ("work", "country"))
    assert describe(data).hints == (
        f"'?' stands among words in work ({work:.1%}), country ({country:.1%}): if it means a hole, say "
        '--missing "?"',
    )
    assert not describe(load(frame.replace("?", None), target="y")).hints


def test_it_goes_to_json(told):
    assert json.loads(json.dumps(told.to_dict()))["columns"][1]["name"] == "rooms"


@pytest.mark.parametrize(
    "values",
    [rng.normal(size=300), rng.integers(0, 1000, 300) * 1.0, rng.lognormal(0, 3, 300), np.repeat([1.0, 2, 5], 9)],
)
def test_histograms_lose_no_value(values):
    bars = histogram(values)
    assert sum(bar.count for bar in bars) == len(values) and len(bars) <= 41
    edges = np.array([bar.low for bar in bars] + [bars[-1].high])
    np.testing.assert_allclose(np.diff(edges), edges[1] - edges[0])
    inner = bars[1:-1]
    assert [bar.count for bar in inner] == [((values >= b.low) & (values < b.high)).sum() for b in inner]


@pytest.mark.parametrize("name", ["digits", "wine", "diabetes"])
def test_arrays_are_described_too(name):
    data = load(name)
    told = describe(data)
    assert len(told.columns) == (0 if name == "digits" else data.shape[0])
    assert sum(bar.count for bar in next(iter(told.target.values()))) == len(data.train)
