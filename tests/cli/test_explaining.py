"""`seedbed explain`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_explain_prints_measures_and_writes_a_page(tmp_path: Path, seedbed: Command) -> None:
    said = seedbed("explain", "sigmoid", "--out", "deep/page.html")
    assert said.code == 0 and (tmp_path / "deep/page.html").stat().st_size > 500_000
    lines = said.out.splitlines()
    assert lines[0].split() == ["Sigmoid", "sigmoid"] and max(map(len, lines)) <= 80
    assert any(line.split() == ["range", "0", "to", "1"] for line in lines)
    assert said.out.endswith("\npage  deep/page.html\n") and "⠤" in said.out


def test_explain_in_korean_and_for_programs(seedbed: Command) -> None:
    assert seedbed("explain", "sigmoid", "--lang", "ko").out.startswith("시그모이드")
    data = json.loads(seedbed("explain", "sigmoid", "--json", "--out", "page.html").out)
    assert data["facts"]["max_slope"] == 0.25 and data["page"] == "page.html"


def test_explain_alone_lists_all(seedbed: Command) -> None:
    said = seedbed("explain")
    assert said.code == 0 and "Activations" in said.out and "  sigmoid" in said.out
    listed = json.loads(seedbed("explain", "--json").out)["explanations"]
    assert {"name": "sigmoid", "title": "Sigmoid", "theme": "activations"} in listed


@pytest.mark.parametrize(("arguments", "error", "hint"), [
    (("sigmoit",), "explain: expected the name of an explanation, got 'sigmoit'", "did you mean 'sigmoid'?"),
    (("sigmoid", "--lang", "eng"), "language: expected one of en, ko, got 'eng'", "did you mean 'en'?"),
    (("he", "xavier"), "explain: expected one name, got 2: he, xavier", "one goes at a time: seedbed explain he"),
    (("he", "--out", "foo.txt"), "foo.txt: expected a file whose name ends in .html, got .txt", "such as foo.html"),
    (("he", "--out", "foo"), "foo: expected a file whose name ends in .html, got none", "such as foo.html"),
    (("--out", "page.html"), "--out: expected what to explain before it", "`seedbed explain` lists"),
])  # fmt: skip
def test_explain_refuses_in_one_message(arguments, error, hint, tmp_path: Path, seedbed: Command) -> None:
    said = seedbed("explain", *arguments)
    assert not list(tmp_path.iterdir())
    assert said.code == 2 and said.err.startswith(f"error: {error}\nhint: {hint}") and not said.out
