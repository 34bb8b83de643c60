"""`seedbed diagnose` and `--watch` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Command

SICK = ("--network", "linear 16 weight=normal(5), tanh, linear 16 weight=normal(5), tanh, linear out", "--epochs", "3")


def test_a_run_is_watched_and_diagnosed(seedbed: Command) -> None:
    said = seedbed("train", "digits", *SICK, "--members", "2", "--watch", "full", "--out", "mine")
    assert said.code == 0 and "initial weights too large" in said.out
    assert {"gradient", "dead", "histogram"} <= set(pd.read_parquet("mine/signals.parquet").columns)
    assert "How the layers learned" in Path("mine/report.html").read_text(encoding="utf-8")
    told = seedbed("diagnose", "mine")
    assert told.code == 0 and told.out.startswith("Initial weights too large")
    assert "and so: saturated units" in told.out and "`seedbed treat mine`" in told.out
    (finding,) = json.loads(seedbed("diagnose", "mine", "--json").out)["findings"]
    assert finding["code"] == "init_too_large" and finding["members"] == [0, 1]
    assert finding["evidence"][0]["value"] > 100


@pytest.mark.slow
def test_a_setup_is_tried_out_and_nothing_written(seedbed: Command) -> None:
    said = seedbed("diagnose", "digits", *SICK, "--members", "2")
    assert said.code == 0 and said.out.startswith("Initial weights too large  in 2 of 2 members")
    assert not list(Path().iterdir())


@pytest.mark.slow
def test_without_a_finding_it_says_so(seedbed: Command) -> None:
    seedbed("train", "iris", "--members", "2", "--epochs", "30", "--watch", "off", "--out", "mine")
    assert not Path("mine/signals.parquet").exists()
    assert seedbed("diagnose", "mine").out == "Nothing was found that keeps these networks from learning.\n"


@pytest.mark.slow
def test_wrong_use(seedbed: Command) -> None:
    said = seedbed("train", "iris", "--watch", "ful")
    assert said.code == 2 and "expected one of off, economy, full" in said.err and "did you mean 'full'?" in said.err
    assert seedbed("diagnose", "nowhere").code == 2
    seedbed("train", "iris", "--members", "1", "--epochs", "1", "--out", "mine")
    said = seedbed("diagnose", "mine", "--epochs", "3")
    assert said.code == 2 and "mine: expected nothing beside the run" in said.err
    said = seedbed("diagnose", "mine", "--data", "wine")
    assert said.code == 2 and "expected the data" in said.err
