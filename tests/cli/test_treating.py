"""`seedbed treat`, as a user types it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import seedbed as sb
from seedbed.cli.loading import Source
from seedbed.cli.options import as_typed
from seedbed.cli.setups import Changes
from seedbed.core import toml
from tests.cli.conftest import Command

SICK = (
    "--network",
    "linear 12 random_uniform(0.02), relu, linear out random_uniform(0.02)",
    "--optimizer",
    "sgd 0.001",
)


@pytest.fixture
def sick(seedbed: Command) -> str:
    said = seedbed("train", "iris", *SICK, "--members", "2", "--epochs", "4", "--out", "sick", "--quiet")
    assert said.code == 0, said.err
    return "sick"


def test_it_writes_the_healed_setup_and_the_page(seedbed: Command, sick: str) -> None:
    said = seedbed("treat", sick, "--remedy", "he + lr_up", "--remedy", "lr_down", "--seeds", "5")
    assert said.code == 0 and "Proved: He initialisation + ten times the learning rate" in said.out
    assert "optimizer.lr: 0.001 → 0.01" in said.out
    healed = toml.load(Path(sick, "healed.toml"), sb.Setup)
    assert healed.optimizer.lr == 0.01 and healed.network.layers[0].weight == sb.HeNormal()
    assert "Proved: " in Path(sick, "treatment.html").read_text("utf-8")
    again = seedbed("train", "iris", "--setup", "sick/healed.toml", "--members", "1", "--out", "healed", "--quiet")
    assert again.code == 0, again.err


@pytest.mark.slow
def test_json_is_one_object(seedbed: Command, sick: str) -> None:
    said = seedbed("treat", sick, "--remedy", "lr_down", "--seeds", "4", "--json", "--out", "mine.toml")
    found = json.loads(said.out)
    assert said.code == 0 and found["chosen"] is None and not Path("mine.toml").exists()
    assert [arm["arm"] for arm in found["arms"]] == ["control", "lr_down"] and found["arms"][0]["p"] is None
    assert len(found["scores"]["lr_down"]) in (4, 8) and "No remedy is proved" in said.err
    assert found["report"] == "sick/treatment.html" and "setup" not in found


@pytest.mark.slow
def test_a_healthy_run_is_left_alone(seedbed: Command) -> None:
    assert seedbed("train", "iris", "--members", "2", "--epochs", "30", "--out", "sound", "--quiet").code == 0
    before = sorted(path.name for path in Path("sound").iterdir())
    said = seedbed("treat", "sound")
    assert said.code == 0 and "Nothing was found in sound, so there is nothing to treat" in said.out
    assert sorted(path.name for path in Path("sound").iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "got 'nowhere'"),
        (["sick", "--epochs", "3"], "sick: expected nothing beside the run that changes it"),
        (["sick", "--out", "healed.txt"], "healed.txt: expected a file whose name ends in .toml"),
        (["sick", "--remedy", "tahn"], "did you mean 'tanh'?"),
        (["sick", "--finding", "dead_relus"], "findings: expected"),
        (["sick", "--target", "y"], "--target: expected --data beside it"),
        (["sick", "--data", "digits", "--remedy", "he"], "shape [4] is now [64]"),
        (["sick", "--remedy", "he", "--seeds", "3"], "seeds: expected a whole number of at least 4, got 3"),
    ],
)
def test_misuse_is_told_before_anything_trains(seedbed: Command, sick: str, arguments: list[str], said: str) -> None:
    found = seedbed("treat", *arguments)
    assert found.code == 2 and said in found.err and not Path(sick, "treatment.html").exists()


def test_a_setup_that_leaves_no_run_is_treated_by_the_command_that_train_names(seedbed: Command) -> None:
    network = "linear 8, relu, linear out"
    given = ("iris", "--network", network, "--optimizer", "sgd 1e30", "--epochs", "3", "--split-seed", "2")
    said = seedbed("train", *given, "--members", "2", "--out", "nan", "--quiet")
    assert said.code == 1 and not Path("nan").exists()
    words = f"iris --split-seed 2 --network '{network}' --optimizer 'sgd 1e30' --epochs 3"
    assert f"`seedbed diagnose {words}` looks closer" in said.err
    assert f"`seedbed treat {words}` tries remedies" in said.err
    treated = seedbed(*shlex.split(f"treat {words}"), "--seeds", "4", "--remedy", "lr_range")
    assert treated.code == 0, treated.err
    assert toml.load(Path("iris-healed.toml"), sb.Setup).optimizer.lr < 10 and Path("iris-treatment.html").is_file()


def test_what_was_typed_can_be_typed_again() -> None:
    assert as_typed(Source("a b.csv", target="y", missing=["?", "-"], header=False, stream=True)) == [
        "a b.csv", "--target", "y", "--missing", "?", "--missing", "-", "--no-header", "--stream",
    ]  # fmt: skip
    assert as_typed(Changes(setup_file=Path("nan.toml"), batch_size=8)) == ["--setup", "nan.toml", "--batch-size", "8"]
