"""Digits repaired by one weight: what the tables hold, and that perceptrons flip more."""

from __future__ import annotations

import numpy as np
import pytest

from seedbed.recipe.repairing import PERCEPTRON, SIGMOID, SIZES, repair_digits


@pytest.fixture(scope="module")
def found():
    return repair_digits()


def test_both_kinds_read_digits(found):
    accuracy = found.networks.groupby("neurons")["test_accuracy"].mean()
    assert accuracy[SIGMOID] > 0.94 and accuracy[PERCEPTRON] > 0.88
    assert len(found.networks) == 4 and (found.networks["train_accuracy"] > 0.98).all()
    assert (found.networks["repairable"] <= found.networks["wrong"]).all()


def test_a_small_nudge_makes_perceptrons_jump_and_hardly_moves_sigmoid_neurons(found):
    means = found.nudges.groupby(["neurons", "size"]).mean(numeric_only=True)
    assert sorted(set(found.nudges["size"])) == list(SIZES)
    for size in SIZES[1:]:
        assert means.loc[(PERCEPTRON, size), "moved"] == 1.0
        # The slope of σ is ¼ at most in both layers, so the movement is bounded by the nudge.
        assert means.loc[(SIGMOID, size), "moved"] < size
        assert means.loc[(PERCEPTRON, size), "flipped"] > 2 * means.loc[(SIGMOID, size), "flipped"]


def test_a_repair_flips_more_digits_among_perceptrons(found):
    table = found.summary
    assert list(table.index) == [SIGMOID, PERCEPTRON]
    assert table.loc[PERCEPTRON, "flipped"] > 2 * table.loc[SIGMOID, "flipped"]
    assert table.loc[SIGMOID, "silent"] > table.loc[PERCEPTRON, "silent"]


def test_the_summary_is_that_of_the_ways(found):
    for neurons, line in found.summary.iterrows():
        ways = found.ways[found.ways["neurons"] == neurons]
        assert line["ways"] == len(ways) and line["flipped"] == pytest.approx(ways["flipped"].mean())
        assert line["repairable"] == len(set(zip(ways["member"], ways["row"], strict=True)))
        assert ways["is_gentlest"].sum() == line["repairable"]
        assert line["gentlest"] == pytest.approx(ways.loc[ways["is_gentlest"], "flipped"].mean())
        assert (ways["broken"] <= ways["flipped"] + 1).all() and np.isfinite(ways["change"]).all()
