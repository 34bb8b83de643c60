"""`seedbed lr-range`: what it says, the picture, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import seedbed as sb
from tests.cli.conftest import Command

QUICK = ("iris", "--network", "linear 16, relu, linear out", "--optimizer", "sgd 0.1 momentum=0.9", "--rates", "9")


def test_a_suggestion_and_a_picture(seedbed: Command) -> None:
    said = seedbed("lr-range", *QUICK, "--out", "range.svg")
    assert said.code == 0 and "9 rates from 1e-06 to 10, 150 steps each" in said.out
    assert "suggested 0." in said.out and "picture  range.svg" in said.out
    assert "<svg" in Path("range.svg").read_text()


def test_one_object_for_programs(seedbed: Command) -> None:
    plain = json.loads(seedbed("lr-range", *QUICK, "--low", "1e-4", "--high", "1e6", "--epochs", "30", "--json").out)
    assert 1e-3 < plain["suggested"] < 1 and plain["rules"]["middle"] == plain["suggested"]
    assert len(plain["rates"]) == 9 and plain["steps"] == 30 * 6 and plain["data"] == "iris"
    assert any(line["diverged"] and line["loss_after"] is None for line in plain["rates"])


def test_misuse_exits_with_2_and_failure_with_1(seedbed: Command) -> None:
    said = seedbed("lr-range", *QUICK, "--low", "1", "--high", "0.1")
    assert said.code == 2 and "expected 0 < low < high, got 1 and 0.1" in said.err
    said = seedbed("lr-range", *QUICK, "--out", "range.gif")
    assert said.code == 2 and "expected a name that ends in one of .png, .svg" in said.err
    with pytest.MonkeyPatch.context() as patch:  # before rates are tried in vain
        patch.setattr(sb, "lr_range", None)
        assert seedbed("lr-range", *QUICK, "--out", "range.gif").code == 2
    said = seedbed("lr-range", *QUICK, "--low", "1e25", "--high", "1e30")
    assert said.code == 1 and "all from 1e+25 to 1e+30 diverged" in said.err
