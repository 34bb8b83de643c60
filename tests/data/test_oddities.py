"""What is odd about rows in pieces is told once, and as it is told of all of them together."""

import numpy as np
import pandas as pd
import pytest

from seedbed.core.errors import DataError
from seedbed.data import load
from seedbed.data.oddities import LEAST_VALUES, MOST_VALUES, Likeness, Oddities, Tally

N = 600
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def visits():
    frame = pd.DataFrame({
        "height": rng.normal(172, 9, N), "weight": rng.normal(70, 9, N), "town": rng.choice(["a", "b", "c"], N),
        "seen": rng.choice(["yes", "no"], N), "day": pd.date_range("2023-01-01", periods=N), "y": rng.normal(size=N),
    })  # fmt: skip
    return load(frame, target="y")


@pytest.fixture(scope="module")
def odd_rows(visits):
    """Strays of many kinds, another unit, another spelling, and dates out of all training."""
    rows = pd.concat([visits.train.rows, visits.valid.rows, visits.test.rows], ignore_index=True)
    rows = rows.astype({"height": object, "seen": object})
    rows.loc[::50, "height"] = [f"tall{i}" for i in range(12)]
    rows.loc[[3, 400], "seen"] = ["maybe", "perhaps"]
    rows.loc[[7, 8, 599], "day"] = pd.to_datetime(["1970-01-01", "2035-05-05", "2199-12-31"])
    return rows.assign(weight=rows.weight * 1000, town=rows.town.str.upper())


def said_of(encoder, *pieces):
    odd = Oddities()
    for piece in pieces:
        encoder.transform(piece, odd)
    return odd.sentences()


@pytest.mark.parametrize("size", [600, 599, 70, 7, 1])
def test_pieces_say_what_the_whole_says(visits, odd_rows, size):
    pieces = [odd_rows[start : start + size] for start in range(0, N, size)]
    grams = odd_rows.weight.median()
    low, high = np.quantile(visits.train.rows.weight, [0.01, 0.99])
    days = visits.train.rows.day.quantile([0.01, 0.99], interpolation="nearest").dt.strftime("%Y-%m-%d")
    height, seen, weight, town, day = said_of(visits.encoder, *pieces)
    assert height == (
        "column 'height': of 600 values that should be finite numbers, 12 are not and count as holes "
        "('tall0', 'tall1', 'tall2' and others)"
    )
    assert seen == (
        "column 'seen': of 600 values that should be 'no' or 'yes', 2 are not and count as holes ('maybe', 'perhaps')"
    )
    assert weight == (
        f"column 'weight': median {grams:.4g} here, {visits.train.rows.weight.median():.4g} in training, where 98 % of "
        f"the rows lie from {low:.4g} to {high:.4g}: another unit?"
    )
    assert town.startswith("column 'town': 600 of 600 values were never seen in training ('")
    assert day.startswith("column 'day': 3 of 600 dates are far from all training, such as 1970-01-01 where 98 % of")
    assert day.endswith(f" rows lie from {days.iloc[0]} to {days.iloc[1]}: predictions there are guesses")


def test_nothing_is_said_of_rows_like_those_of_training(visits):
    rows = visits.test.rows
    assert said_of(visits.encoder, *(rows[start : start + 10] for start in range(0, len(rows), 10))) == []


def test_a_column_without_one_good_value_is_refused_when_that_is_known(visits):
    """The last piece of a file may hold a single row; that it is strange says little."""
    rows, odd = visits.test.rows.astype({"height": object}), Oddities()
    visits.encoder.transform(rows[:1].assign(height="tall"), odd)
    odd.check(20)
    with pytest.raises(DataError, match="column 'height': expected finite numbers, got 'tall'\nhint: what is unknown"):
        odd.check()
    visits.encoder.transform(rows[1:2], odd)
    odd.check()
    with pytest.raises(DataError, match="column 'height': expected finite numbers, got 'tall'"):
        visits.encoder.transform(rows[:1].assign(height="tall"))


@pytest.mark.parametrize("size", [1_000, 30_000, 200_000])
def test_a_sample_of_many_pieces_has_the_median_of_all(size):
    """Also where values come in turns, as men's and women's would; the tolerance is six deviations of the rank."""
    values = np.where(np.arange(200_000) % 2, rng.normal(60, 5, 200_000), rng.normal(90, 5, 200_000))
    kept = []
    odd = Oddities()
    for start in range(0, len(values), size):
        piece = values[start : start + size]
        odd.see_likeness("a", Likeness(Tally(len(piece)), piece), lambda all_: [kept.append(all_)] * 0)
    assert odd.sentences() == []
    (likeness,) = kept
    assert likeness.tally.n == 200_000 and len(likeness.numbers) == MOST_VALUES
    share = (values < np.quantile(likeness.numbers, [[0.25, 0.5, 0.75]]).T).mean(axis=1)
    np.testing.assert_allclose(share, [0.25, 0.5, 0.75], atol=6 * 0.5 / np.sqrt(MOST_VALUES))


def test_many_columns_share_the_memory():
    kept = []
    odd = Oddities(n_columns=1_000_000)
    for _ in range(3):
        piece = rng.normal(size=90)
        odd.see_likeness("a", Likeness(Tally(90), piece), lambda all_: [kept.append(all_)] * 0)
    odd.sentences()
    assert len(kept[0].numbers) == LEAST_VALUES and kept[0].tally.n == 270
