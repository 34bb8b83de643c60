"""The page as a whole: all there, nothing loaded, nothing injected, small enough."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from pandas import DataFrame

from seedbed.core.messages import catalogue
from seedbed.reporting.curves import draw_curves
from seedbed.reporting.page import page, vega
from seedbed.reporting.saving import save_png, save_svg
from seedbed.reporting.theme import PALETTE, colour, with_variables

EVIL = '</script><script>alert(1)</script><img src="http://evil.test/x.png" onerror=alert(2)>"\'&'
LOADING = {"src", "href", "srcset", "action", "data", "poster", "xlink:href"}


class Reader(HTMLParser):
    """What a browser would see: elements with their attributes, text, and the bodies of scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.styles, self.words, self.inside = [], [], "", [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside = tag if tag in ("script", "style") else self.inside

    def handle_endtag(self, tag):
        self.inside = "" if tag == self.inside else self.inside

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append((self.elements[-1][1].get("type"), data))
        elif self.inside == "style":
            self.styles += data
        else:
            self.words.append(data)

    @property
    def specs(self):
        return [json.loads(body) for kind, body in self.scripts if kind == "application/json"]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def rows_of(spec):
    return sum(len(rows) for rows in spec["datasets"].values())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_everything_is_there_in_the_readers_language(make, language):
    read = Reader(page(make(images=True, diverged={3}), language))
    said = catalogue(language)
    for key in (
        "recipe",
        "curves",
        "hyperparameters",
        "confusion",
        "most_wrong",
        "members",
        "environment",
        "summary_network",
    ):
        assert said[f"report.{key}"] in read.text, key
    for text in (
        "flowers",
        "100: 60 to train",
        "class 1",
        "optimizer.",
        "linear 8",
        'kind = "sgd"',
        "2 x cpu",
        "abc123",
    ):
        assert text in read.text, text
    assert read.elements[0] == ("html", {"lang": language})
    assert len(read.specs) == 2 + 2 + 1 + 1 + 1  # curves, draws, confusion, classes, reliability
    assert all(spec["description"] for spec in read.specs)
    images = read.all("img")
    assert images
    assert all(image["alt"] and image["src"].startswith("data:image/png;base64,") for image in images)
    assert len(read.all("h1")) == 1


def test_nothing_is_loaded_from_anywhere(make):
    read = Reader(page(make(images=True), "en"))
    for tag, attrs in read.elements:
        for name in LOADING & attrs.keys():
            assert re.match(r"#|data:", attrs[name]), (tag, name, attrs[name])
    assert "url(" not in read.styles
    assert "@import" not in read.styles
    policy = next(meta["content"] for meta in read.all("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe-eval" not in policy
    assert all("url" not in json.dumps(spec.get("data", {})) for spec in read.specs)


def test_vega_stands_in_the_page_once(make):
    text = page(make(), "en")
    assert text.count(vega()) == 1
    own = [body for kind, body in Reader(text).scripts if kind is None]
    assert len(own) == 2
    assert "</script" not in vega().lower()


def test_no_word_of_the_users_becomes_markup(make):
    draws = DataFrame({"member": range(12), EVIL: np.linspace(0, 1, 12), "word": [EVIL, "b"] * 6})
    words = {"name": EVIL, "data": {"name": EVIL}, "setup_toml": EVIL, "environment": {EVIL: EVIL}, "warnings": (EVIL,)}
    read = Reader(page(make(names=(EVIL, "b", "c"), **words | {"draws": draws}), "en"))
    assert [body for kind, body in read.scripts if kind is None and body.startswith("alert")] == []
    assert all("evil.test" not in str(attrs.get("src")) and "onerror" not in attrs for _, attrs in read.elements)
    assert read.text.count("alert(1)") >= 6  # shown as the text it is
    assert any(EVIL in json.dumps(spec, ensure_ascii=False).replace('\\"', '"') for spec in read.specs)


def test_a_large_population_stays_small(make):
    text = page(make(members=500, epochs=100), "en")
    specs = Reader(text).specs
    assert max(map(rows_of, specs)) < 5000
    assert len(text.encode()) < 4e6
    assert len(text.encode()) < len(vega()) + 4e5  # the evidence itself is the smaller part


@pytest.mark.parametrize(
    "changed",
    [
        {"members": 1}, {"members": 1, "epochs": 1}, {"draws": False}, {"diverged": set(range(12))}, {"diverged": {0}},
        {"task": "regression", "k": 1}, {"task": "regression", "k": 6}, {"task": "multilabel", "k": 4}, {"k": 40},
        {"test_ensemble": None}, {"wrong": DataFrame({"row": []}), "k": 2}, {"summary": None}, {"steps": ()},
        {"results": {}}, {"test_y": np.zeros(0, int), "test_ensemble": np.zeros((0, 3)), "test_best": None},
    ],
    ids=str,
)  # fmt: skip
def test_every_kind_of_run_has_a_page(make, changed):
    read = Reader(page(make(**changed), "en"))
    assert "flowers" in read.text
    assert all(rows_of(spec) < 5000 for spec in read.specs)


def test_of_many_targets_the_first_few_are_shown_and_the_rest_is_said(make):
    read = Reader(page(make("regression", k=6), "en"))
    assert "The first 4 of 6 targets." in read.text
    assert len(read.specs) == 2 + 2 + 2 * 4 + 4


def test_colours_become_variables_and_data_do_not():
    spec = {
        "mark": {"color": colour("accent")},
        "datasets": {"d": [{"value": colour("accent")}]},
        "list": [colour("ink")],
    }
    assert with_variables(spec) == {
        "mark": {"color": "var(--accent)"}, "datasets": {"d": [{"value": colour("accent")}]}, "list": ["var(--ink)"],
    }  # fmt: skip


def luminance(code):
    parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("name", ["ink", "muted", "accent", "wrong"])
@pytest.mark.parametrize("mode", [0, 1])
def test_text_has_the_contrast_of_wcag_aa(name, mode):
    dark, light = sorted((luminance(PALETTE[name][mode]), luminance(PALETTE["paper"][mode])))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_figure_can_be_saved(make, tmp_path):
    chart = draw_curves(make(), "loss")
    assert save_png(chart, tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    svg = save_svg(chart, tmp_path / "a.svg").read_text()
    assert svg.startswith("<svg")
    assert "var(" not in svg


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to open the page with")
@pytest.mark.parametrize("task", ["classification", "regression", "multilabel"])
def test_a_browser_draws_every_chart_without_a_network(make, tmp_path, task):
    path = tmp_path / "report.html"
    path.write_text(page(make(task, diverged={2}), "en"), "utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--proxy-server=127.0.0.1:9", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000",
        "--enable-logging=stderr", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    read = Reader(done.stdout)
    assert dict(read.elements)["html"]["data-drawn"] == "true", done.stderr
    assert sum("marks" in (svg.get("class") or "") for svg in read.all("svg")) == len(read.specs)
    assert "CONSOLE" not in done.stderr, done.stderr
    assert sum("var(--" in str(path) for path in read.all("path")) > 20
