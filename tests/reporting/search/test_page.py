"""The report of a search as a page, from evidence that is made up."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from seedbed.reporting.search.evidence import Axis, Worth
from seedbed.reporting.search.page import contents, page
from seedbed.reporting.search.table import best_lines, winner_values
from seedbed.reporting.search.words import figures, lead, notes, pruned_lines, pruned_words, verdict


def charts(html: str) -> list[dict]:
    return [json.loads(one) for one in re.findall(r'<script type="application/json">(.*?)</script>', html, re.S)]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_holds_everything(make, language) -> None:
    html = page(make(), language)
    ids = set(re.findall(r'id="(\w+)"', html))
    assert {"winner", "parameters", "importance", "parallel", "rungs", "narrowing", "curves", "clock"} <= ids
    assert {"best", "pruned", "environment"} <= ids and 'content="seedbed search ' in html
    assert len(charts(html)) == 1 + 3 + 1 + 1 + 2 + 3 + 2 + 1
    assert "rings &amp; &lt;co&gt;" in html and "<tanh>" not in html and "<b>" not in html
    assert html.count('<tr class="best">') == 1 and "seedbed train rings --setup w.toml" in html


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("n", [1, 3, 4])
def test_small_searches_have_a_page(make, n, task) -> None:
    evidence = make(n, 1, task)
    html = page(evidence, "en")
    assert ("too few trials" in html) == (n < 4) and len(contents([], evidence, "en")) == 3


def test_a_search_without_a_winner_and_one_without_the_truth(make) -> None:
    lost = make(4)
    lost = make(4, trials=lost.trials.assign(state="diverged"), winner=None, worth=None, command="")
    html = page(lost, "en")
    assert "No trial has a finite score." in html and 'id="winner"' not in html
    assert figures(lost, "en") == [] and best_lines(lost, "en")[1] == []
    opened = make(worth=None)
    assert verdict(opened, "en")[0].startswith("What the winner is worth with fresh seeds")
    assert len(figures(opened, "en")) == 1 and "truth" not in page(opened, "en").split("</style>")[1][:9000]


def test_what_was_found_and_what_it_is_worth_is_said(make) -> None:
    evidence = make()
    assert lead(evidence, "en").startswith("30 trials by coarse to fine, in 2 rounds, over 3 dimensions; 6 epochs")
    found = evidence.worth.found
    retrained, as_found, *_ = figures(evidence, "en")
    assert retrained[0] == "89.0\u202f%" and retrained[2] == "mean of 2, deviation 1.4 percentage points"
    assert as_found[0] == f"{100 * found:.1f}\u202f%" and "the best of 29" in as_found[1]  # one still waits
    assert "fresh seeds, the same setup scores 89.0" in verdict(evidence, "en")[0]
    better = make(worth=Worth(found, (found + 0.01,), (), {}))
    assert "once more" in verdict(better, "en")[0] and "cost nothing" in verdict(better, "en")[0]
    assert "mean over 5 folds" in verdict(make(folds=5), "en")[1]
    untried = make(worth=Worth(found, (), (), {}))
    assert "not trained again" in verdict(untried, "en")[0]


def test_what_should_not_be_missed_is_said(make) -> None:
    said = notes(make(), "en")
    assert "1 of 30 trials are unfinished" in said[0] and said[1].endswith("widened: optimizer.lr.")
    evidence = make()
    assert "saved" in pruned_words(evidence, "en") and pruned_lines(evidence, "en")[0][2:6] == ("20", "5", "14", "1")


def test_the_best_trials_and_the_winner_by_dimension(make) -> None:
    evidence = make()
    names, lines = best_lines(evidence, "en")
    assert names[0] == "optimizer.lr" and len(lines) == 20 and lines[0].is_winner
    assert [line.status for line in lines[:8]] == ["complete"] * 8 and lines[-1].status == "given up"
    values = {name: (value, given) for name, value, given in winner_values(evidence, "en")}
    assert values["block"][1] == "identity | linear, relu, dropout | linear, <tanh>"
    assert values["optimizer.lr"][1] == "0.0001 to 1, by its logarithm"


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to open the page with")
@pytest.mark.parametrize("n", [3, 30, 200])
def test_a_browser_draws_every_chart(make, tmp_path, n) -> None:
    many = tuple(Axis(f"a.rather_long_name_{i}", (), 0.0, 1.0) for i in range(20))
    evidence = make(n)
    path = tmp_path / "report.html"
    path.write_text(page(make(n, axes=(*evidence.axes, *many)), "en"), "utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--virtual-time-budget=20000", "--dump-dom", path.as_uri()]
    html = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert 'data-drawn="true"' in html
