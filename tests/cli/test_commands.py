"""Each command as a user types it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import types
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from tests.cli.conftest import BARE, QUICK, Command

FIRST_ROWS = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"


def test_train_prints_the_steps_the_folder_and_the_report(seedbed: Command) -> None:
    said = seedbed("train", "iris", *BARE, "--out", "runs/mine")
    assert said.code == 0 and said.err == ""
    heads = re.findall(r"^\d \w+", said.out, flags=re.MULTILINE)
    assert heads == ["1 Data", "2 Preprocessing", "3 Network", "4 Training", "5 Findings", "6 Result"]
    assert re.search(r"^  layers +linear 16, relu, linear out *$", said.out, flags=re.MULTILINE)
    assert said.out.splitlines()[-2] == "run     runs/mine"
    assert said.out.splitlines()[-1].startswith("report  runs/mine/report.html   (")
    assert Path("runs/mine/report.html").is_file() and Path("runs/mine/signals.parquet").is_file()


@pytest.mark.parametrize("name", ["x[/a]", "[b]", ":smile:"])
def test_a_folder_of_any_name_is_printed_as_it_is(seedbed: Command, name: str) -> None:
    said = seedbed("train", "iris", *QUICK, "--out", name)
    assert said.code == 0 and said.out.splitlines()[-2] == f"run     {name}" and Path(name, "run.json").is_file()
    again = seedbed("train", "iris", *QUICK, "--out", name)
    assert again.code == 2 and again.err.startswith(f"error: {name}: expected a new or empty folder")
    assert f"\n{name} " in seedbed("runs", Path(name).parent).out


def test_quiet_prints_the_folder_alone(seedbed: Command) -> None:
    said = seedbed("train", "iris", *QUICK, "--quiet")
    assert said.code == 0 and said.err == ""
    (folder,) = said.out.splitlines()
    assert re.fullmatch(r"runs/iris-\d{8}-\d{6}", folder) and Path(folder, "run.json").is_file()


def test_json_is_one_object_and_everything_else_goes_to_stderr(seedbed: Command) -> None:
    said = seedbed("train", "iris", *QUICK, "--out", "mine", "--json")
    found = json.loads(said.out)
    assert said.out.count("\n") == 1 and "1 Data" in said.err
    assert {"run", "data", "task", "members", "wall_seconds", "validation", "test"} <= set(found)
    assert (found["run"], found["data"], found["task"], found["members"]) == ("mine", "iris", "classification", 2)
    for part in ("validation", "test"):
        assert set(found[part]) == {"best", "ensemble"}
        assert all(set(one) == {"accuracy", "log_loss", "macro_f1"} for one in found[part].values())
    run = sb.load_run("mine")
    assert found["test"] == run.results["test"]
    low, high = found["intervals"]["test"]["ensemble"]["accuracy"]
    assert (
        low < found["test"]["ensemble"]["accuracy"] <= high
        and (low, high) == run.intervals["test"]["ensemble"]["accuracy"]
    )


@pytest.mark.slow
def test_json_of_a_regression_and_a_table_with_categories(seedbed: Command) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"area": rng.uniform(30, 200, 120), "town": rng.choice(["Ulm", "Bonn"], 120)})
    table.assign(price=table["area"] * 2000).to_csv("houses.csv", index=False)
    said = seedbed("train", "houses.csv", "--target", "price", *QUICK, "--json", "--quiet", "--out", "run")
    assert said.code == 0 and said.err == ""
    found = json.loads(said.out)
    assert (found["data"], found["task"]) == ("houses", "regression")
    assert set(found["test"]["best"]) == {"rmse", "mae", "r2"}
    assert seedbed("predict", "run", "houses.csv").out.startswith("prediction\n")
    assert "--proba: expected a run that tells classes apart" in seedbed("predict", "run", "houses.csv", "--proba").err


def test_several_targets_with_commas_between(seedbed: Command) -> None:
    x = np.random.default_rng(0).normal(size=(90, 3))
    pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "up": x[:, 0] * 2, "down": x[:, 1] - 1}).to_csv("two.csv", index=False)
    assert seedbed("train", "two.csv", "--target", "up, down", *QUICK, "--out", "run").code == 0
    assert seedbed("predict", "run", "two.csv").out.splitlines()[0] == "up,down"


def test_a_target_whose_name_holds_a_comma(seedbed: Command) -> None:
    x = np.random.default_rng(0).normal(size=(90, 2))
    pd.DataFrame({"a": x[:, 0], "width, cm": x[:, 1]}).to_csv("table.csv", index=False)
    assert seedbed("train", "table.csv", "--target", "width, cm", *QUICK, "--out", "run").code == 0
    assert sb.load_run("run").encoder.target.names == ("width, cm",)
    assert "got 'cm'" in seedbed("train", "table.csv", "--target", "a, cm", *QUICK).err


def test_setup_prints_what_train_reads_and_both_do_the_same(seedbed: Command) -> None:
    printed = seedbed("setup", "iris", "--epochs", "1").out
    Path("setup.toml").write_text(printed, encoding="utf-8")
    assert seedbed("setup", "iris", "--setup", "setup.toml").out == printed
    assert seedbed("train", "iris", "--setup", "setup.toml", "--members", "2", "--out", "a").code == 0
    assert seedbed("train", "iris", "--epochs", "1", "--members", "2", "--out", "b").code == 0
    a, b = sb.load_run("a"), sb.load_run("b")
    columns = ["member", "valid_loss"]
    pd.testing.assert_frame_equal(a.history[columns], b.history[columns])
    assert Path("a/setup.toml").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("quantile, pca 3", ["quantile", "pca components=3", "standardize_target"]),
        ("standardize_target, center", ["standardize_target", "center"]),
        ("none", ["standardize_target"]),
    ],
)
def test_a_line_of_steps_keeps_those_on_targets_unless_it_has_some(
    line: str, steps: list[str], seedbed: Command
) -> None:
    printed = seedbed("setup", "diabetes", "--preprocessing", line).out
    assert tomllib.loads(printed)["preprocessing"] == steps


def test_steps_that_members_draw_and_that_reshape(seedbed: Command) -> None:
    line = "standardize, choice(pca components=choice(2, 3), piecewise_linear 4)"
    said = seedbed("train", "diabetes", *QUICK[2:], "--members", 3, "--preprocessing", line, "--out", "run")
    assert said.code == 0 and "each member draws" in said.out
    assert Path("run/report.html").read_text(encoding="utf-8").count('class="bars"') > 4


@pytest.mark.slow
def test_lines_with_distributions_and_choices(seedbed: Command) -> None:
    said = seedbed(
        "train", "iris", "--members", 6, "--epochs", 1, "--seed", 3, "--out", "run", "--batch-size", 16,
        "--network", "linear choice(4, 8), choice(relu, tanh), linear out",
        "--optimizer", "adam lr=log_uniform(1e-4, 1e-1)", "--loss", "cross_entropy label_smoothing=0.1",
    )  # fmt: skip
    assert said.code == 0 and "one for each of" in said.out
    run = sb.load_run("run")
    assert run.seed == 3 and run.setup.batch_size == 16 and run.setup.loss.label_smoothing == 0.1
    assert {"network.layers[0].units", "network.layers[1]", "optimizer.lr"} < set(run.draws.columns)


def test_training_begins_with_another_run(seedbed: Command, iris: Path) -> None:
    said = seedbed("train", "iris", *QUICK, "--optimizer", "sgd 0", "--from", iris, "--out", "next")
    assert said.code == 0
    first = sb.load_run(iris).best.params[0]["weight"]
    assert all((member.params[0]["weight"] == first).all() for member in sb.load_run("next").members)


def test_a_run_is_repeated_to_the_bit_with_its_plan(seedbed: Command, iris: Path) -> None:
    assert seedbed("train", "iris", *QUICK, "--plan", iris, "--out", "again").code == 0
    first, again = sb.load_run(iris), sb.load_run("again")
    pd.testing.assert_frame_equal(
        again.history.drop(columns="wall_seconds"), first.history.drop(columns="wall_seconds"), check_exact=True
    )
    assert again.plans == first.plans
    said = seedbed("train", "iris", "--members", 4, "--network", "linear choice(4, 8), linear out", "--plan", iris)
    assert said.code == 2 and "plans: expected one for each cohort, got 1 for 2 cohorts" in said.err


def test_a_report_that_cannot_be_drawn_costs_no_run(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("seedbed.recipe.report.page_of", broken)
    said = seedbed("train", "iris", *QUICK, "--out", "[mine]")
    assert said.code == 0 and "report" not in said.out and "run     [mine]   (" in said.out
    assert said.err.startswith("warning: the report could not be written (ZeroDivisionError: by nothing); the run is")
    assert "in [mine]" in said.err


OWN_LAYER = '''
from seedbed.core.fields import number
from seedbed.network import Layer

class Halve(Layer, kind="halve"):
    """Half of what comes in."""
    share: float = number(0.5)

    def apply(self, params, x, *, training=False, key=None):
        return x * self.share
'''


def test_a_layer_of_ones_own_is_imported_and_a_file_without_it_says_so(seedbed: Command) -> None:
    layer = "seedbed_own_layer"
    Path(f"{layer}.py").write_text(OWN_LAYER, encoding="utf-8")
    line = ("--network", "linear 4, halve, linear out", "--members", 2, "--epochs", 1)
    unknown = seedbed("train", "iris", *line)
    assert unknown.code == 2 and "network.layers[1]: expected a layer, one of" in unknown.err
    assert seedbed("train", "iris", *line, "--import", layer, "--out", "run").code == 0
    assert seedbed("report", "run", "--import", layer).code == 0
    elsewhere = [sys.executable, "-m", "seedbed", "report", "run"]
    other = subprocess.run(elsewhere, capture_output=True, text=True, timeout=120, check=False)
    assert other.returncode == 2 and "expected a layer" in other.stderr and "Traceback" not in other.stderr


def test_a_module_that_is_not_there(seedbed: Command) -> None:
    said = seedbed("train", "iris", "--import", "no_such_module.py")
    assert said.code == 2
    assert "error: --import no_such_module.py: expected a module, but No module named" in said.err
    assert "hint: give its name without .py" in said.err


def test_predict_writes_to_stdout_or_to_a_file(seedbed: Command, iris: Path) -> None:
    Path("new.csv").write_text(FIRST_ROWS, encoding="utf-8")
    said = seedbed("predict", iris, "new.csv")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "prediction" and len(lines) == 3 and set(lines[1:]) <= {"setosa", "versicolor", "virginica"}
    told = seedbed("predict", iris, "new.csv", "--out", "p.csv")
    assert (told.code, told.out) == (0, "2 predictions in p.csv\n")
    assert Path("p.csv").read_text(encoding="utf-8") == said.out


def test_probabilities_and_models(seedbed: Command, iris: Path) -> None:
    Path("new.csv").write_text(FIRST_ROWS, encoding="utf-8")
    run = sb.load_run(iris)
    rows = pd.read_csv("new.csv")
    for name, model in (("ensemble", run.ensemble()), ("best", run.best), ("1", run.members[1])):
        seedbed("predict", iris, "new.csv", "--model", name, "--proba", "--out", "p.csv")
        found = pd.read_csv("p.csv")
        assert list(found.columns) == ["prediction", "p_setosa", "p_versicolor", "p_virginica"]
        np.testing.assert_allclose(found.iloc[:, 1:].to_numpy(), model.predict_proba(rows), rtol=1e-6)
    said = seedbed("predict", iris, "new.csv", "--model", "bets")
    assert (
        said.code == 2 and "--model: expected ensemble, best, or the number of a member, 0, 1, got 'bets'" in said.err
    )
    assert "did you mean 'best'?" in said.err


def test_columns_in_another_order_or_missing(seedbed: Command, iris: Path) -> None:
    Path("new.csv").write_text(FIRST_ROWS, encoding="utf-8")
    rows = pd.read_csv("new.csv")
    rows[rows.columns[::-1]].assign(note="x").to_csv("mixed.csv", index=False)
    assert seedbed("predict", iris, "mixed.csv").out == seedbed("predict", iris, "new.csv").out
    rows.drop(columns="petal width (cm)").to_csv("less.csv", index=False)
    said = seedbed("predict", iris, "less.csv", "--out", "p.csv")
    assert said.code == 2 and "got rows without 'petal width (cm)'" in said.err and not Path("p.csv").exists()


def test_report_writes_again_and_names_the_page(seedbed: Command, iris: Path) -> None:
    Path(iris, "report.html").unlink()
    assert seedbed("report", iris) == (0, "iris/report.html\n", "")
    assert Path(iris, "report.html").is_file()
    assert seedbed("report", iris, "--out", "deep/page.html", "--language", "ko").out == "deep/page.html\n"
    assert 'lang="ko"' in Path("deep/page.html").read_text(encoding="utf-8")
    assert "language: expected one of en, ko" in seedbed("report", iris, "--language", "xx").err


def test_report_takes_the_place_of_a_report_alone(seedbed: Command, iris: Path) -> None:
    Path("thesis.html").write_text("<p>mine</p>")
    said = seedbed("report", iris, "--out", "thesis.html")
    assert said.code == 2 and "thesis.html: expected no file, or a page that seedbed report wrote" in said.err
    assert Path("thesis.html").read_text() == "<p>mine</p>"
    assert seedbed("report", iris, "--out", "page.html").code == seedbed("report", iris, "--out", "page.html").code == 0


def test_runs_lists_what_is_there(seedbed: Command, iris: Path) -> None:
    assert seedbed("runs") == (0, "", "no runs in runs; `seedbed train` makes one\n")
    said = seedbed("runs", ".")
    assert said.code == 0 and said.out.splitlines()[0].split() == "run data members test (ensemble) seconds".split()
    assert re.match(r"iris +iris +2 +accuracy 0\.\d+ +\d+\.\d", said.out.splitlines()[1])


def test_runs_says_how_a_run_that_was_stopped_goes_on(seedbed: Command, iris: Path) -> None:
    Path(iris, "run.json").unlink()
    line = seedbed("runs", ".").out.splitlines()[1]
    assert re.match(r"iris +iris +2 +stopped: seedbed train --resume iris", line), line


def test_compare_shows_what_differs(seedbed: Command, iris: Path) -> None:
    seedbed("train", "iris", *QUICK, "--epochs", 3, "--optimizer", "sgd 0.1", "--out", "other")
    said = seedbed("compare", iris, "other")
    assert said.code == 0
    assert re.search(r"^optimizer +adam.* +sgd 0\.1 *$", said.out, flags=re.MULTILINE)
    assert re.search(r"^epochs +2 +3 *$", said.out, flags=re.MULTILINE)
    assert re.search(r"^test accuracy, best +[\d.]+ +[\d.]+ +[+−]0\.\d{4}", said.out, flags=re.MULTILINE)
    assert re.search(r"^3 +– \| – +[\d.]+ \| [\d.]+", said.out, flags=re.MULTILINE)
    assert "setup, data, seed, folds and members are the same" in seedbed("compare", iris, iris).out


@pytest.mark.slow
def test_compare_names_folds_and_split_and_members_as_they_were_given(seedbed: Command) -> None:
    lines = "".join(f"{i % 7},{i % 5},p{i // 4},{i % 2}\n" for i in range(120))
    Path("some.csv").write_text(f"a,b,patient,y\n{lines}")
    for name, more in (("plain", ()), ("folds", ("--folds", 3)), ("group", ("--group", "patient"))):
        assert seedbed("train", "some.csv", "--target", "y", *QUICK, *more, "--quiet", "--out", name).code == 0
    said = seedbed("compare", "plain", "folds").out
    assert re.search(r"^folds +none +3 *$", said, flags=re.MULTILINE) and "members" not in said.split("score")[0]
    assert re.search(r"^data\.group +none +patient *$", seedbed("compare", "plain", "group").out, flags=re.MULTILINE)


def test_data_lists_sizes_and_licences(seedbed: Command) -> None:
    lines = seedbed("data").out.splitlines()
    assert lines[0].split() == "name rows features task licence what it is".split()
    assert [line.split()[0] for line in lines[1:]] == [entry.name for entry in sb.data.catalogue()]
    assert re.match(r"digits +1,797 +64 +10 classes +CC BY 4\.0 ", lines[1])


def test_doctor_says_what_a_bug_report_needs(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    said = seedbed("doctor")
    assert said.code == 0
    for word in ("python", "jax", "jaxlib", "devices", "cache", "compiled programs", "remembered plans"):
        assert re.search(rf"^{word} +\S", said.out, flags=re.MULTILINE), word
    assert "passed: population against members alone" in said.out
    for there, words in (("lanes", "lanes"), (None, "none: the next training tests first")):
        mark = lambda layout, there=there: types.SimpleNamespace(exists=lambda: layout == there)  # noqa: E731
        monkeypatch.setattr("seedbed.training.selftest.mark_path", mark)
        assert re.search(rf"^self-test marks +{words}", seedbed("doctor").out, flags=re.MULTILINE)
    monkeypatch.setattr("seedbed.training.selftest.disagreement", lambda: float("nan"))
    wrong = seedbed("doctor")
    assert wrong.code == 1 and "FAILED" in wrong.out


def test_version_and_help(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seedbed("--version") == (0, f"seedbed {sb.__version__}\n", "")
    for width in ("80", "120"):
        monkeypatch.setenv("COLUMNS", width)
        pages = [seedbed(*command, "--help") for command in ([], *([c] for c in COMMANDS))]
        assert all(page.code == 0 and max(map(len, page.out.splitlines())) <= int(width) for page in pages)
    assert all(command in pages[0].out for command in COMMANDS)
    assert all("Usage: seedbed" in page.out for page in pages)


COMMANDS = ("train", "setup", "predict", "report", "runs", "compare", "data", "doctor")


def test_the_shell_completes_commands() -> None:
    asked = {"_SEEDBED_COMPLETE": "complete_bash", "COMP_WORDS": "seedbed pre", "COMP_CWORD": "1"}
    command = [sys.executable, "-m", "seedbed"]
    env: dict[str, Any] = {**os.environ, **asked}
    said = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.split() == ["predict"]


def test_the_trace_is_shown_on_request(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDBED_DEBUG", "")
    with pytest.raises(sb.UsageError):
        seedbed("--debug", "train", "iris", "--members", "0")
