"""The proof as sentences, figure and page, from a treatment that is made up."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from pandas import DataFrame

from seedbed.reporting.proof.arms import arms_data, draw_arms
from seedbed.reporting.proof.page import card, lines, page
from seedbed.reporting.proof.told import Told
from seedbed.reporting.proof.words import headline, notes, sentences, verdict


def told(task: str = "classification", *, healed: bool = True, control_first: bool = True) -> Told:
    rng = np.random.default_rng(0)
    names = ["control", "tanh", "he & <co>", "lr_up", "adam"]
    means = [0.3, 0.9, 0.89, 0.31, 0.1]
    scores = {name: mean + 0.01 * rng.normal(size=8) for name, mean in zip(names, means, strict=True)}
    proved = [False, healed, healed, False, False]
    arms = DataFrame(
        {
            "arm": names,
            "role": ["control", "remedy", "remedy", "random", "remedy"],
            "title": names,
            "mean": [scores[name].mean() for name in names],
            "std": [scores[name].std(ddof=1) for name in names],
            "worst": [scores[name].min() for name in names],
            "n_seeds": 8,
            "d": [0.0, 30.0, 29.0, 0.5, -20.0],
            "p_holm": [np.nan, 0.0003, 0.0003, 0.2, 1.0],
            "proved": proved,
            "ties_best": proved,
            "given_up": [False, False, False, False, True],
            "cleared": [False, True, True, True, None],
            "seconds": 1.25,
        }
    )
    rows = [(name, seed, score, "trained") for name in names for seed, score in enumerate(scores[name])]
    return Told(
        name="rings",
        task=task,
        findings=(("Vanishing gradient", "It shrinks.", ("ratio: 1e-06 (expected 0.1 to 10)",)),),
        arms=arms,
        scores=DataFrame(rows, columns=["arm", "seed", "score", "outcome"]),
        chosen="tanh" if healed else None,
        differences=(("network.layers[1]", "sigmoid", "tanh"),) if healed else (),
        valid_share=None,
        setup_toml='batch_size = 32\nname = "<b>"\n' if healed else "",
        wall_seconds=12.0,
        seed=0,
    )


def test_a_better_score_with_the_symptom_is_no_cure() -> None:
    one = told()
    one.arms.loc[2, "cleared"] = False
    assert verdict(one.arms.iloc[2], "en") == "better, not cured"
    assert verdict(one.arms.iloc[1], "en") == "among the best"
    one.arms.loc[1, "cleared"] = False
    assert headline(one, "en").startswith("Proved to be better, but no cure, for what was found is still there: tanh.")
    one.arms.loc[1, "cleared"] = True
    [said] = [note for note in notes(one, "en") if "no cure" in note]
    assert said.endswith("so no cure: he & <co>.")


def test_what_nobody_saw_in_the_control_is_not_called_gone() -> None:
    one, unknown = told(healed=False), "Whether what was found is gone is not known"
    assert not any(unknown in note for note in notes(one, "en"))
    one.arms["cleared"] = None
    assert any(unknown in note for note in notes(one, "en")) and unknown in page(one, "en")
    assert any("알 수 없습니다" in note for note in notes(one, "ko"))
    assert not any("gone, but" in line for line in sentences(one, "en"))


def test_the_result_is_told_with_its_numbers() -> None:
    said = headline(told(), "en")
    assert said.startswith("Proved: tanh. The mean accuracy goes from 30.4") and "d > 10, p 0.0003" in said
    assert said.endswith("come to the same, and change no less: he & <co>.")
    assert headline(told(healed=False), "en").startswith(
        "No remedy is proved. The best of 4 arms, he & <co>, has a mean"
    )
    assert "R²" in headline(told("regression"), "en") and "0.304" in headline(told("regression"), "en")


def test_what_should_be_known_beside_it_is_said() -> None:
    assert [said.split(",")[0] for said in notes(told(), "en")] == [
        "Drawn by lot", "Behind the control half-way and given up", "The symptom is gone"
    ]  # fmt: skip
    text = "\n".join(sentences(told(), "en"))
    assert "  network.layers[1]: sigmoid → tanh" in text and "given up half-way" in text and "among the best" in text


def test_a_row_for_each_network_and_one_for_each_arm() -> None:
    dots, arms = arms_data(told(), "en")
    assert len(dots) == 40 and len(arms) == 5
    assert arms["look"].tolist() == ["control", "proved", "proved", "other", "other"]
    assert (arms["high"] - arms["low"]).to_numpy() == pytest.approx(2 * told().arms["std"].to_numpy())
    assert dots[dots["arm"] == "tanh"]["look"].unique().tolist() == ["proved"]


@pytest.mark.parametrize("task", ["classification", "regression", "multilabel"])
def test_the_figure_shows_all_of_it_in_the_order_of_the_table(task: str) -> None:
    spec = draw_arms(told(task), "en").to_dict()
    fields = {
        channel["field"] for layer in spec["layer"] for channel in layer["encoding"].values() if "field" in channel
    }
    assert {"mean", "low", "score", "title", "look"} <= fields
    assert spec["layer"][1]["encoding"]["y"]["sort"] == told().arms["title"].tolist()
    low, high = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert low < told().scores["score"].min() and high > told().scores["score"].max()


class Blocks(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.charts: list[str] = []
        self.ids: set[str] = set()
        self._is_chart = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_chart = tag == "script" and ("type", "application/json") in attrs
        self.ids |= {str(value) for name, value in attrs if name == "id"}

    def handle_endtag(self, tag: str) -> None:
        self._is_chart = False

    def handle_data(self, data: str) -> None:
        if self._is_chart:
            self.charts.append(data)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_holds_everything(language: str) -> None:
    html = page(told(), language)
    blocks = Blocks()
    blocks.feed(html)
    (chart,) = blocks.charts
    assert {"found", "arms", "change"} <= blocks.ids and json.loads(chart)["layer"]
    assert "he &amp; &lt;co&gt;" in html and "<co>" not in html and "&lt;b&gt;" in html
    assert html.count('<tr class="best">') == 1 and 'content="seedbed treat ' in html


def test_a_page_without_arms_and_one_without_a_cure() -> None:
    nothing = told(healed=False)
    assert 'id="change"' not in page(nothing, "en")
    healthy = Told("rings", "classification", (), nothing.arms[:0], nothing.scores[:0], None, (), None, "", 1.0, 0)
    html = page(healthy, "en")
    assert "Nothing was found in rings" in html and 'id="arms"' not in html
    assert sentences(healthy, "en") == [headline(healthy, "en")] and "<svg" not in card(healthy, "en")


def test_the_table_has_a_line_for_each_arm() -> None:
    shown = lines(told(), "en")
    assert [look for look, *_ in shown] == ["", "best", "", "", ""]
    assert shown[0][2][4:6] == ("–", "–") and shown[4][3] == "given up half-way"
    assert "<svg" in card(told(), "en")
