"""`seedbed diagnose` and `--watch` as a user types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from seedbed.cli.subjects import is_run
from seedbed.training import checkpoint, waves
from tests.cli.conftest import Command
from tests.training.test_checkpoint import StopError, stop_after

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


@pytest.mark.parametrize("is_in_memory", [False, True], ids=["data on disk", "data from memory"])
def test_a_run_that_was_stopped(is_in_memory: bool, seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "WRITING_SHARE", np.inf)
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    data = sb.data.load("iris")
    setup = sb.Setup(
        network=sb.Network.parse("linear 4, tanh, linear out"), loss=sb.CrossEntropy(), optimizer=sb.SGD(0.01),
        epochs=50,
    )  # fmt: skip
    given = (data.train.x, data.train.y) if is_in_memory else data
    with pytest.raises(StopError):
        sb.train(
            setup, given, members=2, out="mine", watch="full", checkpoint_every=0.0, on_progress=stop_after(8)
        )  # fmt: skip
    said = seedbed("diagnose", "mine")
    assert said.code == 0 and "`seedbed train --resume mine` goes on with it" in said.out
    plain = json.loads(seedbed("diagnose", "mine", "--json").out)
    if is_in_memory:
        assert said.out.startswith("Nothing could be looked at.\n")
        assert "not known: mine: expected the data, which came from memory" in said.err and "hint: give the" in said.err
        assert plain["members"] == 0
    else:
        assert said.out.startswith("Nothing was found that keeps these networks from learning so far.\n")
        assert "at which the run was stopped" in said.err and plain["members"] == 2
    shutil.rmtree("mine/checkpoint")
    if not is_in_memory:  # two members are trained in its place
        said = seedbed("diagnose", "mine")
        assert "so far" in said.out and "2 of its 2 members were trained once more" in said.err
        assert said.err.startswith("trains 2 members once more, as the run did, to epoch 20 of 50, and watches them\n")


def test_a_folder_with_data_may_hold_a_setup(tmp_path: Path) -> None:
    (tmp_path / "setup.toml").write_text("epochs = 3")
    assert is_run(str(tmp_path))  # what is left of a damaged run
    (tmp_path / "cats").mkdir()
    assert not is_run(str(tmp_path)) and not is_run(str(tmp_path / "setup.toml"))
    (tmp_path / "job.json").write_text("{")
    assert is_run(str(tmp_path))


@pytest.mark.parametrize("command", ["diagnose", "treat"])
def test_a_path_at_which_there_is_nothing(command: str, seedbed: Command) -> None:
    said = seedbed(command, "runs/typo")
    assert said.code == 2 and said.err.startswith(
        "error: runs/typo: expected the folder of a run, or data, but nothing"
    )
    assert "`seedbed runs` lists the runs" in said.err
    said = seedbed(command, "runs/typo.csv")
    assert said.code == 2 and "runs/typo.csv: expected a file" in said.err
