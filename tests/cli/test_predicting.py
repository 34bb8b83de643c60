"""`seedbed predict` from file to file: endings, pieces, warnings, and what is left when it fails."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from tests.cli.conftest import Command

NAMES = [f"{part} {side} (cm)" for part in ("sepal", "petal") for side in ("length", "width")]


def flowers(n: int) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).uniform(0.1, 7, (n, 4)).round(2), columns=NAMES)


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in small pieces."""
    monkeypatch.setattr("seedbed.recipe.streaming.ROWS", 40)
    monkeypatch.setattr("seedbed.data.readers.csv.BLOCK", 1 << 10)


def test_every_ending_holds_the_same(seedbed: Command, iris: Path, in_pieces: None) -> None:
    flowers(333).to_parquet("new.parquet")
    for out in ("p.csv", "p.csv.gz", "p.parquet", "P.CSV"):
        assert seedbed("predict", iris, "new.parquet", "--proba", "--out", out).out == f"333 predictions in {out}\n"
    expected = pd.read_csv("p.csv")
    assert list(expected) == ["prediction", "p_setosa", "p_versicolor", "p_virginica"] and len(expected) == 333
    pd.testing.assert_frame_equal(pd.read_parquet("p.parquet"), expected, check_dtype=False)
    assert gzip.decompress(Path("p.csv.gz").read_bytes()) == Path("p.csv").read_bytes() == Path("P.CSV").read_bytes()
    np.testing.assert_allclose(
        expected.iloc[:, 1:].to_numpy(), sb.load_run(iris).ensemble().predict_proba(flowers(333)), rtol=1e-5
    )


def test_texts_in_pieces_are_predicted_as_a_whole(seedbed: Command, iris: Path, in_pieces: None) -> None:
    flowers(333).to_csv("new.csv", index=False)
    said = seedbed("predict", iris, "new.csv").out.splitlines()
    assert said == ["prediction", *sb.load_run(iris).ensemble().predict(flowers(333))]


def test_the_file_alone_is_enough(seedbed: Command, iris: Path) -> None:
    flowers(9).to_csv("new.csv", index=False)
    expected = seedbed("predict", iris, "new.csv").out
    (iris / "ensemble.safetensors").rename("alone.safetensors")
    assert seedbed("predict", "alone.safetensors", "new.csv").out == expected
    assert seedbed("predict", iris, "new.csv").out == expected  # from the whole run, and nothing is said
    said = seedbed("predict", "alone.safetensors", "new.csv", "--model", "best")
    assert said.code == 2 and "alone.safetensors: expected the folder of a run" in said.err


def test_an_ending_that_is_not_written(seedbed: Command, iris: Path) -> None:
    for out, came in (("p.xlsx", ".xlsx"), ("p", "no ending")):
        said = seedbed("predict", iris, "nowhere.csv", "--out", out)
        expected = f"error: --out {out}: expected a file that ends in .csv, .csv.gz, .parquet, got {came}\n"
        assert (said.code, said.err) == (2, expected)


def test_what_fails_on_the_way_leaves_nothing(seedbed: Command, iris: Path, in_pieces: None) -> None:
    """Also what stood there before stays."""
    table = flowers(300).astype(str)
    table.loc[250:, NAMES[2]] = "tall"
    table.to_csv("new.csv", index=False)
    Path("p.csv").write_text("before")
    said = seedbed("predict", iris, "new.csv", "--out", "p.csv")
    assert said.code == 2 and f"column {NAMES[2]!r}" in said.err and "rows from row 2" in said.err
    assert Path("p.csv").read_text() == "before"
    assert sorted(path.name for path in Path().iterdir()) == ["iris", "new.csv", "p.csv"]


def test_it_is_interrupted(seedbed: Command, iris: Path, in_pieces: None, monkeypatch: pytest.MonkeyPatch) -> None:
    flowers(300).to_csv("new.csv", index=False)

    from seedbed.recipe import streaming

    columns, calls = streaming._columns, []

    def once_then_interrupt(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return columns(*arguments, **named)

    monkeypatch.setattr(streaming, "_columns", once_then_interrupt)
    said = seedbed("predict", iris, "new.csv", "--out", "p.csv")
    assert (said.code, said.err) == (1, "interrupted before there was a result; nothing was written\n")
    assert sorted(path.name for path in Path().iterdir()) == ["iris", "new.csv"]


def test_no_rows(seedbed: Command, iris: Path) -> None:
    flowers(0).to_csv("new.csv", index=False)
    said = seedbed("predict", iris, "new.csv", "--out", "p.csv")
    assert said.code == 2 and "new.csv: expected rows" in said.err and not Path("p.csv").exists()
