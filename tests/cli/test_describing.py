"""`seedbed data` and `seedbed data describe`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import Command


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": range(200), "a": rng.normal(size=200), "flag": rng.choice(["yes", "no"], 200)})
    frame["y"] = np.where(frame["a"] > 0, "up", "down")
    frame.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"


def test_describe_prints_and_writes_a_page(table: Path, tmp_path: Path, seedbed: Command) -> None:
    said = seedbed("data", "describe", "table.csv", "--target", "y", "--types", "flag=category")
    assert said.code == 0 and (tmp_path / "describe-table.html").stat().st_size > 500_000
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0][:4] == ["table", "200", "rows:", "127"]
    assert ["id", "identifier", "127"] in [line[:3] for line in lines]
    assert ["flag", "categories", "2"] in [line[:3] for line in lines]
    assert (
        "notice  column 'a' alone tells the target 'y' (100.0% of the training rows): does it come from it?" in said.out
    )
    assert said.out.endswith("\npage  describe-table.html\n")


def test_describe_for_programs(table: Path, tmp_path: Path, seedbed: Command) -> None:
    said = seedbed("data", "describe", "table.csv", "--target", "y", "--json", "--out", "deep/page.html")
    found = json.loads(said.out)
    assert found["page"] == "deep/page.html" and (tmp_path / "deep/page.html").is_file()
    assert [column["kind"] for column in found["columns"]] == ["id", "numeric", "boolean"]
    assert found["columns"][0]["reason"].startswith("it ") and found["rows"] == {"train": 127, "valid": 33, "test": 40}


def test_a_page_takes_the_place_of_one_like_it_and_of_nothing_else(
    table: Path, tmp_path: Path, seedbed: Command
) -> None:
    assert seedbed("data", "describe", "table.csv", "--target", "y").code == 0
    before = (tmp_path / "describe-table.html").read_text()
    again = seedbed("data", "describe", "table.csv", "--target", "a")
    assert again.out.endswith("\npage  describe-table.html, in the place of the one before\n")
    assert (tmp_path / "describe-table.html").read_text() != before
    told = json.loads(seedbed("data", "describe", "iris", "--json").out)
    assert (told["page"], told["is_replaced"]) == ("describe-iris.html", False)
    (tmp_path / "thesis.html").write_text("all of it")
    (tmp_path / "folder").mkdir()
    said = seedbed("data", "describe", "table.csv", "--target", "y", "--out", "thesis.html")
    assert said.code == 2 and said.out == "" and (tmp_path / "thesis.html").read_text() == "all of it"
    assert said.err == (
        "error: thesis.html: expected no file, or a page that seedbed data describe wrote, got another file\n"
        "hint: choose another name: --out FILE\n"
    )
    (tmp_path / "describe-table.html").write_text("my own notes")
    said = seedbed("data", "describe", "table.csv", "--target", "y")
    assert said.code == 2 and (tmp_path / "describe-table.html").read_text() == "my own notes"
    for place, what in (("folder", "Is a directory"), ("thesis.html/page.html", "Not a directory")):
        said = seedbed("data", "describe", "table.csv", "--target", "y", "--out", place)
        assert said.code == 2 and f"error: {place}: expected a file that can be written, but {what}" in said.err
        assert "Traceback" not in said.err


def test_describe_refuses_as_train_does(table: Path, seedbed: Command) -> None:
    said = seedbed("data", "describe", "table.csv", "--target", "aa")
    assert said.code == 2 and "target: expected one of the columns of" in said.err and "got 'aa'" in said.err
    said = seedbed("data", "describe", "table.csv", "--target", "y", "--types", "a=number")
    assert said.code == 2 and "for 'a', got 'number'\nhint: did you mean 'numeric'?" in said.err
