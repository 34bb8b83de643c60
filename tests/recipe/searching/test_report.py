"""The report of a study: its numbers are those of the study."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import seedbed as sb
from seedbed.core import toml
from seedbed.core.errors import RunError, UsageError
from seedbed.recipe.report import written
from seedbed.recipe.searching.report import command, evidence_of
from seedbed.recipe.searching.search import search
from seedbed.recipe.searching.study import Study
from seedbed.searching.rung_scores import rung_scores


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    lr = sb.log_uniform(1e-3, 1e-1)
    setup = sb.Setup(
        network=sb.Network([sb.Linear("out")]), loss=sb.CrossEntropy(), optimizer=sb.Adam(lr), epochs=2, batch_size=32
    )
    return search(setup, "iris", trials=2, method="random", retrain=0, out=tmp_path_factory.mktemp("s") / "study")


def test_the_folder_has_a_report_with_the_numbers_of_the_study(study: Study, tmp_path: Path) -> None:
    assert study.folder is not None and study.truth is not None
    html = (study.folder / "report.html").read_text("utf-8")
    assert f"{100 * study.truth.found:.1f}\u202f%" in html and f"trial {study.winner.number}" in html
    assert toml.dumps(study.setup) == (study.folder / "winner.toml").read_text("utf-8")
    evidence = evidence_of(study)
    assert evidence.worth is not None and evidence.worth.results == study.truth.results
    assert "was not trained again with fresh seeds" in html
    assert evidence.trials["score"].tolist() == study.trials["score"].tolist()
    assert evidence.points["optimizer.lr"].tolist() == study.trials["optimizer.lr"].tolist()
    assert rung_scores(study.store) == [(t.number, 2, t.score) for t in study.listed]
    assert study.report(tmp_path / "a.html", language="ko") == tmp_path / "a.html"
    assert 'lang="ko"' in (tmp_path / "a.html").read_text("utf-8")


def test_the_command_trains_the_winner(study: Study) -> None:
    words = shlex.split(command(study))
    assert words[:4] == ["seedbed", "train", "iris", "--setup"]
    assert tomllib.loads(Path(words[4]).read_text("utf-8"))["epochs"] == 2


def test_the_command_says_how_the_data_are_read(study: Study) -> None:
    def of(options: dict) -> str:
        config = SimpleNamespace(source={"source": "/a b.csv", "options": options}, folds=None)
        return command(SimpleNamespace(folder=Path("/f"), config=config))

    assert of({"target": "y", "missing": ["?", "NA"], "stream": False, "types": {"a": "drop"}}) == (
        "seedbed train '/a b.csv' --target y --missing '?' --missing NA --no-stream --types a=drop "
        "--setup /f/winner.toml"
    )
    assert "--valid-share 0.3" in of({"valid_share": 0.3})
    assert of({"name": "another"}) == ""  # no command loads it so


def test_a_report_needs_a_place_and_replaces_no_other_file(study: Study, tmp_path: Path) -> None:
    homeless = Study(study.store, study.config)
    with pytest.raises(RunError, match=re.escape("report: expected a path, because the study has no folder")):
        homeless.report()
    other = tmp_path / "mine.html"
    other.write_text("mine")
    with pytest.raises(UsageError, match="that seedbed search wrote"):
        study.report(other)
    assert "is not known here" in homeless.report(tmp_path / "b.html", language="en").read_text("utf-8")


def test_a_page_that_cannot_be_drawn_does_not_cost_the_search(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seedbed.reporting.search.page.page", lambda *_: 1 / 0)
    with pytest.warns(UserWarning, match="the report could not be written.*the study is in"):
        written(study.report, f"the study is in {study.store.shown}")
