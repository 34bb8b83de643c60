"""Data that are odd but can be used, through the command: what is done with them is said, with figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from tests.cli.conftest import Command

N = 200
rng = np.random.default_rng(0)
TABLE = pd.DataFrame({"a": rng.normal(size=N).round(3), "b": rng.integers(0, 50, N), "town": rng.choice([*"xyz"], N)})
TABLE["price"] = (3 * TABLE["a"] + rng.normal(size=N)).round(3)
DAYS = pd.Series(pd.date_range("2023-01-01", periods=N).strftime("%Y-%m-%d"))

CASES = {
    "a class with one row": (
        TABLE.assign(price=np.where(TABLE.index == 9, "once", np.where(TABLE["a"] > 0, "up", "down"))),
        "classes with fewer than 3 rows are for training only, with none to validate or test them: once",
    ),
    "dates that are none": (
        TABLE.assign(day=DAYS.where(DAYS.index != 7, "2023-02-31")),
        "column 'day': of 200 values that should be dates, 1 is not and counts as a hole ('2023-02-31')",
    ),
    "texts for dates": (
        TABLE.assign(day="day " + DAYS),
        "column 'day' is left out: nearly every row has another text (127 different ones in 127 training rows)",
    ),
    "an infinity": (
        TABLE.assign(a=TABLE["a"].where(TABLE.index != 7, np.inf)),
        "column 'a': of 200 values that should be finite numbers, 1 is not and counts as a hole (inf)",
    ),
    "a leak": (
        TABLE.assign(later=2 * TABLE["price"] + 1),
        "column 'later' alone tells the target 'price' (correlation 1.0000): does it come from it?",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_done_is_said(case: str, seedbed: Command, tmp_path: Path) -> None:
    frame, notice = CASES[case]
    frame.to_csv(tmp_path / "odd.csv", index=False)
    said = seedbed("data", "describe", "odd.csv", "--target", "price", "--json")
    assert said.code == 0 and notice in json.loads(said.out)["notices"], said


def test_a_category_of_100000_values_is_left_out_unless_it_is_asked_for() -> None:
    n = 150_000
    frame = pd.DataFrame({"name": [f"v{i % 100_000}" for i in range(n)], "a": rng.normal(size=n)})
    frame["y"] = frame["a"] + rng.normal(size=n)
    (notice,) = sb.data.load(frame, target="y").notices
    assert notice.startswith("column 'name' is left out: nearly every row has another text (")
    data = sb.data.load(frame, target="y", types="name=category")
    assert data.shape == (258,) and " rare ones count as one" in data.notices[0]


def test_columns_in_another_order_and_more_of_them(seedbed: Command, iris: Path) -> None:
    rows = sb.data.load("iris").test.rows
    frame = pd.DataFrame(rows, columns=sb.data.load("iris").feature_names)
    frame.to_csv("new.csv", index=False)
    frame[frame.columns[::-1]].assign(more=1, species="?").to_csv("other.csv", index=False)
    told = [seedbed("predict", iris, name, "--proba") for name in ("new.csv", "other.csv")]
    assert told[0] == told[1] and told[0].code == 0 and not told[0].err


def test_columns_that_are_missing(seedbed: Command, iris: Path) -> None:
    pd.DataFrame({"sepal length (cm)": [5.0], "petal length": [1.0]}).to_csv("few.csv", index=False)
    said = seedbed("predict", iris, "few.csv")
    message = "error: few.csv: rows: expected the columns the data was loaded with, got rows without 'sepal width (cm)'"
    assert said.code == 2 and said.err.startswith(message) and "did you mean 'petal length'?" in said.err
