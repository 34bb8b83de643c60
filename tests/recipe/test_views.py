"""What a run shows: the card in a notebook, progress, two runs side by side, the environment."""

from __future__ import annotations

import dataclasses
import re
import sys
import types
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import seedbed as sb
from seedbed.recipe.compare import list_runs
from seedbed.recipe.progress import is_notebook, showing
from seedbed.recipe.report import evidence_of, page_of
from seedbed.reporting.hyperparameters import hyperparameters_data
from seedbed.training.trainer import Progress
from tests.recipe.test_train import quick

TICK = Progress(16, 20, 4.6, 0.23, 0.9312, 123_456, 2.0)


def test_the_card_stands_by_itself(any_run: sb.Run) -> None:
    card = any_run._repr_html_()
    assert card.count("<svg") == 2 and "<script" not in card
    assert not re.search(r'(src|href)="(?!#|data:)', card)
    assert len(card) < 200_000
    svg = card[card.index("<svg") : card.index("</svg>") + 6]
    ElementTree.fromstring(svg)
    assert "<td" in card and any_run.data["name"] in card


def test_a_name_in_the_card_cannot_be_markup(digits_run: sb.Run) -> None:
    run = dataclasses.replace(digits_run, data={**digits_run.data, "name": "<b>&"})
    assert "&lt;b&gt;&amp;" in run._repr_html_() and "<b>&<" not in run._repr_html_()


def test_draws_inside_an_option_and_absent_parts_are_shown(mixed_run: sb.Run) -> None:
    layers = [sb.Linear(4), sb.choice(sb.ReLU(), None), sb.Linear("out")]
    rule = sb.choice(sb.SGD(sb.log_uniform(1e-3, 1e-1)), sb.Adam(sb.log_uniform(1e-3, 1e-1)))
    space = mixed_run.setup.replace(network=sb.Network(layers), optimizer=rule, patience=sb.choice(None, 3))
    run = dataclasses.replace(mixed_run, setup=space)
    table = run.draws.set_index("member")
    assert set(table["network.layers[1]"]) == {"relu", "none"} and set(table["optimizer"]) == {"sgd", "adam"}
    assert set(table["patience"]) == {"none", 3}
    assert table["optimizer.lr"].between(1e-3, 1e-1).all()
    words = {place.name: place.words for place in hyperparameters_data(evidence_of(run))}
    assert set(words["network.layers[1]"]) == {"none", "relu"} and set(words["optimizer"]) == {"adam", "sgd"}


def test_the_report_says_what_must_not_be_missed(mixed_run: sb.Run) -> None:
    assert evidence_of(mixed_run).warnings == ()
    best, diverged = mixed_run.best, {"outcome": "diverged"}
    members = tuple(m if m is best else dataclasses.replace(m, **diverged) for m in mixed_run.members)
    data = {**mixed_run.data, "notices": ["column 'a': 3 holes are a category of their own"]}
    run = dataclasses.replace(mixed_run, data=data, is_interrupted=True, members=members)
    assert [words.partition(":")[0] for words in evidence_of(run).warnings] == [
        "column 'a'",
        "The training was interrupted after epoch 2; what stands here is the best until then.",
        "5 networks diverged and were frozen",
    ]
    assert "2번째 에포크가 끝난 뒤 학습이 중단되었습니다" in page_of(run, "ko")


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A fake IPython that remembers what is displayed."""
    shown: list[str] = []
    shell = type("ZMQInteractiveShell", (), {})()
    display = types.ModuleType("IPython.display")
    handle = types.SimpleNamespace(update=shown.append)
    display.HTML = str  # type: ignore[attr-defined]
    display.display = lambda content, display_id: (shown.append(content), handle)[1]  # type: ignore[attr-defined]
    package = types.ModuleType("IPython")
    package.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def test_a_notebook_shows_a_bar_and_takes_it_away(notebook: list[str]) -> None:
    assert is_notebook()
    with showing(None) as tell:
        assert tell is not None
        tell(TICK)
    assert notebook[0] == "compiling" and notebook[-1] == ""
    assert notebook[1] == (
        '<progress max="1" value="0.2300"></progress> 16 members, epoch 5/20, best score 0.9312, 61,728 network steps/s'
    )


def test_training_in_python_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    ticks: list[Any] = []
    quick(epochs=1, on_progress=ticks.append)
    assert ticks and ticks[-1].share_done == 1.0
    assert capfd.readouterr() == ("", "")


def test_a_bar_is_drawn_on_a_terminal_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    quick(epochs=1, progress=True)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with showing(True) as tell:
        assert tell is not None
        tell(TICK)
    assert "16 members, epoch 5/20, best score 0.9312, 61,728 network steps/s" in capsys.readouterr().err


def test_before_the_first_score_none_is_shown(notebook: list[str]) -> None:
    with showing(True) as tell:
        assert tell is not None
        tell(Progress(2, 3, 0.0, 0.0, float("-inf"), 0, 0.0))
    assert "2 members, epoch 0/3, 0 network steps/s" in notebook[1]


def test_two_runs_side_by_side(digits_run: sb.Run, mixed_run: sb.Run) -> None:
    alike = sb.compare(digits_run, digits_run)
    assert alike.differences == () and all(a == b for _, a, b in alike.scores)
    found = sb.compare(digits_run, mixed_run)
    places = {place: (a, b) for place, a, b in found.differences}
    assert places["data.name"] == ("digits", "iris") and places["seed"] == (5, 0) and places["members"] == (4, 6)
    assert any(place.startswith("optimizer") for place in places) and "network.layers" in places
    assert [name for name, _, _ in found.scores][:3] == [
        "test accuracy, best", "test log loss, best", "test macro F1, best"
    ]  # fmt: skip
    assert list(found.curves.index) == [0, 1, 2] and found.curves["b_best"].isna().tolist() == [False, False, True]
    best = digits_run.history.groupby("epoch")["valid_loss"].min()
    assert found.curves["a_best"].tolist() == best.tolist()


def test_a_regression_and_a_classification_side_by_side(digits_run: sb.Run, houses_run: sb.Run) -> None:
    scores = {name: (a, b) for name, a, b in sb.compare(digits_run, houses_run).scores}
    assert scores["test accuracy, best"][1] is None and scores["test RMSE, best"][0] is None


def test_runs_are_listed_the_newest_first_and_a_damaged_one_says_so(tmp_path: Path) -> None:
    for name in ("a", "b"):
        quick(epochs=1, out=tmp_path / name)
    (tmp_path / "a" / "data.json").write_text("{", encoding="utf-8")
    second, first = list_runs(tmp_path)
    assert first["run"].endswith("a") and first["damaged"].startswith("JSONDecodeError")
    assert (second["data"], second["members"], second["metric"]) == ("iris", 2, "accuracy")
    assert list_runs(tmp_path / "none") == []


def test_the_environment_names_what_a_result_depends_on(digits_run: sb.Run) -> None:
    assert {"python", "jax", "jaxlib", "numpy", "devices", "processor", "system"} <= set(sb.environment())
    assert digits_run.environment == sb.environment()
