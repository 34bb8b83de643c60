"""Random against grid, from points whose score is known."""

from __future__ import annotations

import numpy as np
import pytest
from pandas import DataFrame, concat

from seedbed.reporting.search.random_against_grid import (
    GRID,
    RANDOM,
    best_data,
    differences,
    distinct_data,
    draw_random_against_grid,
    shown_data,
)


@pytest.fixture
def trials() -> DataFrame:
    rng, tables = np.random.default_rng(0), []
    for repeat in range(6):
        for k in (2, 3):
            at = (np.arange(k) + rng.random()) / k
            grid = [axis.ravel() for axis in np.meshgrid(at, at)]
            for design, (x, y) in ((GRID, grid), (RANDOM, rng.random((2, k * k)))):
                told = {
                    "design": design,
                    "n": k * k,
                    "repeat": repeat,
                    "x": 10**x,
                    "y": 10**y,
                    "score": 1 - abs(x - 0.5),
                }
                tables.append(DataFrame(told))
    return concat(tables, ignore_index=True)


def test_a_grid_tries_few_values_of_each_axis(trials) -> None:
    counts = distinct_data(trials).set_index(["design", "n"])
    assert counts.loc[(GRID, 9)].tolist() == [3, 3] and counts.loc[(RANDOM, 9)].tolist() == [9, 9]
    assert len(shown_data(trials, 9)) == 18


def test_the_best_of_each_design_and_their_difference(trials) -> None:
    table = best_data(trials).set_index(["design", "n"])
    own = trials[(trials["design"] == GRID) & (trials["n"] == 9)].groupby("repeat")["score"].max()
    one = table.loc[(GRID, 9)]
    assert one["mean"] == pytest.approx(own.mean()) and one["repeats"] == 6
    assert one["high"] - one["mean"] == pytest.approx(1.96 * own.std(ddof=1) / 6**0.5)
    assert one["p10"] <= one["mean"] <= one["p90"]
    apart = differences(trials).set_index("n")
    assert apart.at[9, "mean"] == pytest.approx(table.at[(RANDOM, 9), "mean"] - one["mean"])
    assert apart.at[9, "low"] < apart.at[9, "mean"] < apart.at[9, "high"]
    assert differences(trials[trials["repeat"] == 0]).empty


def test_the_figure_shows_both_designs(trials) -> None:
    spec = draw_random_against_grid(trials, 9, ("rate", "decay"), "en").to_dict()
    designs, below = spec["vconcat"]
    assert [one["title"]["text"] for one in designs["hconcat"]] == ["grid", "random"]
    assert designs["hconcat"][0]["title"]["subtitle"] == "9 trials: 3 values of rate, 3 of decay"
    assert below["title"]["subtitle"].startswith("Means over 6 repeats")
