"""`seedbed search` and `seedbed study`: what they say, the plan, going on, and bad input."""

from __future__ import annotations

import errno
import json
import re
import shlex
from pathlib import Path

import pytest

from seedbed.core.errors import TrainingError
from seedbed.recipe.searching.study import load_study
from seedbed.searching.rung_scores import rung_scores
from seedbed.searching.store import Store
from seedbed.searching.worker import Worker
from tests.cli.conftest import Command
from tests.searching.studies import add_round, config

SETUP = ("--network", "linear integers(4, 8), relu, linear out", "--optimizer", "sgd log_uniform(1e-2, 1.0)")
QUICK = ("iris", *SETUP, "--epochs", "3", "--method", "halving", "--trials", "12", "--retrain", "2")


def test_a_search_its_study_and_its_winner(seedbed: Command) -> None:
    said = seedbed("search", *QUICK, "--out", "found")
    assert said.code == 0, said.err
    assert "round 1: 12 trials, rungs at 1, 3 epochs, 1 program" in said.out
    assert "winner, best of 12" in said.out and "retrained, 2 fresh seeds" in said.out and "ensemble of 8" in said.out
    for name in ("study.db", "winner.toml", "winner/run.json"):
        assert Path("found", name).exists()
    shown = seedbed("study", "found/study.db")
    assert "iris, halving, seed 0; 12 trials: 8 pruned, 4 complete" in shown.out
    scores = rung_scores(load_study("found/study.db").store)
    for epochs, n in ((1, 12), (3, 4)):
        best = max(score for _, at, score in scores if at == epochs)
        assert re.search(rf"{epochs} +{n} +{best:.4f}", shown.out)
    plain = json.loads(seedbed("study", "found/study.db", "--json").out)
    assert plain["trials"] == 12 and plain["states"] == {"pruned": 8, "complete": 4}
    finished = seedbed("search", "iris", "--study", "found/study.db", "--resume", "--json")
    again = json.loads(finished.out)
    assert again["best"] == plain["best"] and again["retrained"] == plain["retrained"]
    assert "search: the study is finished, and nothing was left to do here" in finished.err
    other = seedbed("search", "iris", "--study", "found/study.db", "--resume", "--epochs", "4")
    assert other.code == 2 and "expected epochs 3, got 4" in other.err
    assert seedbed("predict", "found/winner", "iris.csv").code == 2  # a run like any other; the file is not there
    assert "winner" in seedbed("runs", ".").out
    for command in ("report", "diagnose"):
        said = seedbed(command, "found")
        assert said.code == 2 and "the run of its winner is found/winner" in said.err
    of_folder = seedbed("study", "found", "--out", "page.html")
    assert of_folder.out == seedbed("study", "found/study.db").out
    assert "Report of a hyperparameter search" in Path("page.html").read_text()


def test_a_plan_does_nothing(seedbed: Command) -> None:
    said = seedbed("search", *QUICK[:-6], "--method", "grid", "--steps", "3", "--plan")
    assert said.code == 0 and "how the grid grows with each dimension" in said.out
    assert "network.layers[0].units       3" in said.out and not list(Path().iterdir())


def test_what_was_done_to_the_data_is_said(seedbed: Command) -> None:
    rows = [f"{i % 7},{i % 5},{i % 3}" for i in range(120)]
    Path("whole.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    said = seedbed("search", "whole.csv", "--target", "y", "--trials", "4", "--plan")
    assert "notice  the target's 3 different whole numbers are taken as classes" in said.out


def test_the_winner_with_folds_has_the_score_of_its_trial(seedbed: Command) -> None:
    quick = ("--epochs", "2", "--method", "random", "--trials", "2", "--folds", "3", "--retrain", "1")
    said = seedbed("search", "diabetes", *SETUP, *quick, "--out", "found").out
    shown = re.search(r"winner, best of 2 +(\S+)", said)
    assert shown is not None and shown[1] == f"{load_study('found').winner.score:.4f}"
    assert re.search(r"retrained, 1 fresh seed +\S+ +\S+$", said, re.MULTILINE)  # of one there is no deviation


def test_the_space_can_be_edited_and_given_back(seedbed: Command) -> None:
    Path("space.toml").write_text(seedbed("setup", "iris", "--space").out)
    assert "log_uniform" in Path("space.toml").read_text()
    assert "about" in seedbed("search", "iris", "--setup", "space.toml", "--trials", "8", "--plan").out


def test_ctrl_c_before_a_trial_says_how_to_go_on(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(worker: Worker) -> None:
        worker.is_interrupted = True

    with monkeypatch.context() as patched:
        patched.setattr(Worker, "run", stopped)
        said = seedbed("search", *QUICK, "--valid-share", "0.3", "--out", "a search")
    assert said.code == 1
    words = "seedbed search iris --valid-share 0.3 --study 'a search/study.db' --name search --resume"
    assert f"interrupted before a trial was done; `{words}` goes on" in said.err.replace("\n", " ")
    assert seedbed(*shlex.split(words)[1:]).code == 0


def test_a_study_that_has_just_begun_can_be_shown(seedbed: Command) -> None:
    store = Store("s.db", "a")
    store.begin(config())
    assert "a: made-up, random, seed 3; 0 trials: none yet" in seedbed("study", "s.db").out
    add_round(store)
    assert "8 trials: 8 waiting" in seedbed("study", "s.db").out
    plain = json.loads(seedbed("study", "s.db", "--json").out)
    assert plain["best"] is None and plain["states"] == {"waiting": 8}
    with pytest.raises(TrainingError, match="expected a trial with a finite score, got none of 8 so far"):
        load_study("s.db").winner  # noqa: B018


def test_a_folder_that_cannot_be_made_costs_no_work(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *arguments: object, **options: object) -> None:
        if path.name == "found":
            raise OSError(errno.EROFS, "Read-only file system")
        made(path, *arguments, **options)

    made = Path.mkdir
    monkeypatch.setattr(Path, "mkdir", refused)
    said = seedbed("search", *QUICK, "--out", "found")
    assert said.code == 2 and "found: the study could not be written there: Read-only file system" in said.err
    said = seedbed("search", *QUICK, "--out", "found", "--study", "s.db")
    assert said.code == 0 and "winner, best of 12" in said.out
    assert "Read-only file system); the study is in sqlite:///s.db" in said.err.replace("\n", " ")


def test_misuse_exits_with_2(seedbed: Command) -> None:
    said = seedbed("search", "iris", "--trials", "0")
    assert said.code == 2 and "trials: expected a whole number of at least 1, got 0" in said.err
    said = seedbed("search", "iris", "--network", "linear out", "--optimizer", "sgd 0.1")
    assert said.code == 2 and "expected a space" in said.err and "train this setup" in said.err
    said = seedbed("search", "iris", "--optimizer", "sgd log_uniform(0, 1)")
    assert said.code == 2 and "a logarithm needs positive numbers" in said.err
    said = seedbed("search", "iris", "--optimizer", "sgd uniform(1, 0.1)")
    assert said.code == 2 and "expected low < high" in said.err
    said = seedbed("search", "iris", "--rungs", "2,six")
    assert said.code == 2 and "rungs: expected epochs with commas between them, got '2,six'" in said.err
    said = seedbed("search", "iris", "--trials", "20", "--rungs", "2,6", "--plan")
    assert "round 1: 10 trials, compared at 2, 6 epochs" in said.out
    said = seedbed("study", ".")
    assert said.code == 2 and "got the folder . without study.db" in said.err
    said = seedbed("study", "none.db")
    assert said.code == 2 and "expected a file with a study, got none.db" in said.err
    Path("text.db").write_text("no database")
    said = seedbed("study", "text.db")
    assert said.code == 2 and "expected a database with a study in it" in said.err
    said = seedbed("search", "iris", "--optimizer", "sgd lr=loguniform(1e-3, 1)")
    assert said.code == 2 and "did you mean 'log_uniform'?" in said.err
    Path("space.toml").write_text(seedbed("setup", "iris", "--space").out.replace("log_uniform", "loguniform"))
    said = seedbed("search", "iris", "--setup", "space.toml")
    assert said.code == 2 and "did you mean 'log_uniform'?" in said.err
    for options, hint in (
        (("--workers", "2"), "--ray local"),
        (("--resume",), "--study FOLDER/study.db"),
        (("--trials", "100000000"), "expected at most 100,000, got 100,000,000"),
        (("--name", ""), "name: expected 1 to 512 characters, got ''"),
        (("--study", ""), "expected a file or the address of a database, got an empty text"),
    ):
        said = seedbed("search", "iris", *options)
        assert said.code == 2 and hint in said.err
    assert not Path("runs").exists()
