"""The page of `seedbed data describe`."""

import re

import numpy as np
import pandas as pd
import pytest

from seedbed.data import load
from seedbed.data.description import Bar, describe
from seedbed.reporting.described.associations import associations_data, draw_associations
from seedbed.reporting.described.bars import bars_data, draw_bars
from seedbed.reporting.described.figures import figures
from seedbed.reporting.described.holes import draw_holes, holes_data
from seedbed.reporting.described.lines import column_line, target_line
from seedbed.reporting.described.page import page
from seedbed.reporting.saving import save_png

N = 200
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def told():
    frame = pd.DataFrame({
        "a": np.where(np.arange(N) < 50, np.nan, rng.normal(size=N)), "day": pd.date_range("2024-01-01", periods=N),
        "<b>town": rng.choice([f"t{i}" for i in range(12)], N), "same": 1, "y": rng.choice(["u", "v"], N),
    })  # fmt: skip
    return describe(load(frame, target="y"))


def test_data_of_the_figures(told):
    assert bars_data(told.columns[2].bars)["label"].iloc[-1] == "all others"
    table = associations_data(told)
    assert sorted(table["column"]) == ["<b>town", "a", "day"] and table["association"].is_monotonic_decreasing
    holes = holes_data(told)
    assert set(holes["column"]) == {"a"} and holes["share"].tolist() == list(told.holes["a"])
    assert holes["first"].iloc[0] == 0.0 and holes["last"].iloc[-1] == 1.0


def test_every_figure_can_be_drawn(told, tmp_path):
    charts = [draw_bars(fact.bars, fact.name, is_date=fact.kind == "date") for fact in told.columns[:3]]
    for i, chart in enumerate([*charts, draw_holes(told), draw_associations(told)]):
        assert save_png(chart, tmp_path / f"{i}.png").stat().st_size > 4000


def test_lines(told):
    lines = {fact.name: column_line(fact, told.rows["train"]) for fact in told.columns}
    assert lines["same"]["becomes"] == "left out: it is 1 in every training row"
    assert lines["<b>town"]["becomes"] == "12 features" and lines["day"]["kind"] == "dates"
    assert lines["day"]["holds"].startswith("2024-01-0")
    assert target_line((Bar("u", None, None, 3), Bar("v", None, None, 1))) == "u 3 (75.0\u202f%), v 1 (25.0\u202f%)"
    assert target_line((Bar("", 0.0, 1.0, 3), Bar("", 1.0, 2.5, 1))) == "0 … 2.500"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_holds_everything_and_loads_nothing(told, language):
    html = page(told, language)
    assert len(re.findall(r'<script type="application/json">', html)) == sum(
        len(f.panels) for f in figures(told, language)
    )
    assert "<b>town" not in html and "&lt;b&gt;town" in html
    markup = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r'(src|href)="(https?:)?//', markup) and "default-src &#39;none&#39;" in html
    for name in ("target", "columns", "associations", "holes", "table"):
        assert f'<section id="{name}">' in html
    assert ("Alone with the target" in html) == (language == "en") and ("목표와의 관련" in html) == (language == "ko")


def test_images_have_a_page_without_columns():
    html = page(describe(load("digits")))
    assert '<section id="target">' in html and '<section id="table">' not in html
