"""`seedbed check`: what it says, and the exit code that a script can rely on."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Command

SOUND = ("--network", "linear 16, relu, linear out", "--optimizer", "adam 0.01")


def test_a_sound_setup(seedbed: Command) -> None:
    said = seedbed("check", "iris", *SOUND)
    assert said.code == 0 and "failed " not in said.out.replace("0 failed", "")
    assert "passed   The loss before training is that of chance" in said.out
    assert "19 checks, 0 failed" in said.out and not said.err


def test_what_is_wrong_is_named_and_exits_with_1(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ("check", "iris", *SOUND[2:], "--network", "linear 16, relu, linear out, softmax")
    said = seedbed(*wrong, "--json")
    plain = json.loads(said.out)
    assert said.code == 1 and plain["passed"] is False and plain["data"] == "iris"
    by_name = {one["name"]: one for one in plain["checks"]}
    assert by_name["output_fits"]["finding"]["code"] == "redundant_softmax"
    assert by_name["output_fits"]["because"].startswith("Redundant softmax. The loss applies")
    monkeypatch.setenv("SEEDBED_LANG", "ko")
    said = seedbed(*wrong)
    assert said.code == 1 and "출력과 손실이 서로 맞음" in said.out and "중복된 소프트맥스" in said.out


def test_misuse_exits_with_2(seedbed: Command) -> None:
    said = seedbed("check", "irs")
    assert said.code == 2 and "error:" in said.err
    said = seedbed("check", "iris", "--network", "linear 16, maxpool 2, linear out")
    assert said.code == 2 and "network.layers[1]" in said.err
