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
    assert said.code == 0 and (tmp_path / "describe.html").stat().st_size > 500_000
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0][:4] == ["table", "200", "rows:", "127"]
    assert ["id", "identifier", "127"] in [line[:3] for line in lines]
    assert ["flag", "categories", "2"] in [line[:3] for line in lines]
    assert (
        "notice  column 'a' alone tells the target 'y' (100.0% of the training rows): does it come from it?" in said.out
    )
    assert said.out.endswith("\npage  describe.html\n")


def test_describe_for_programs(table: Path, tmp_path: Path, seedbed: Command) -> None:
    said = seedbed("data", "describe", "table.csv", "--target", "y", "--json", "--out", "deep/page.html")
    found = json.loads(said.out)
    assert found["page"] == "deep/page.html" and (tmp_path / "deep/page.html").is_file()
    assert [column["kind"] for column in found["columns"]] == ["id", "numeric", "boolean"]
    assert found["columns"][0]["reason"].startswith("it ") and found["rows"] == {"train": 127, "valid": 33, "test": 40}


def test_describe_refuses_as_train_does(table: Path, seedbed: Command) -> None:
    said = seedbed("data", "describe", "table.csv", "--target", "aa")
    assert said.code == 2 and "target: expected one of the columns of" in said.err and "got 'aa'" in said.err
    said = seedbed("data", "describe", "table.csv", "--target", "y", "--types", "a=number")
    assert said.code == 2 and "for 'a', got 'number'\nhint: did you mean 'numeric'?" in said.err
