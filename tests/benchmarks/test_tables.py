"""The benchmark on tables: one split for all contestants, metrics in the target's unit, and verdicts that can fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import seedbed as sb
from benchmarks import table_sets, tables
from benchmarks.contestants import table_models

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def wine(shared_data: Path, tmp_path: Path) -> Path:
    """The prepared folder of the smallest table."""
    table_sets.prepare("wine", shared_data / "tables", tmp_path)
    return tmp_path


def test_all_contestants_see_the_rows_that_the_command_sees(wine: Path) -> None:
    loaded = sb.data.load(wine / "table.csv", target="target", task="regression")
    parts = table_models.read(wine)
    for name, part in parts.items():
        assert part["target"].tolist() == getattr(loaded, name).y[:, 0].tolist()
        assert part["x0"].tolist() == getattr(loaded, name).rows["x0"].tolist()
    learned, _ = table_models._learned(parts)
    assert len(learned) == len(loaded.train) + len(loaded.valid)
    assert [type(part["colour"].dtype) for part in parts.values()] == [pd.CategoricalDtype] * 3
    assert set(parts["train"]["colour"].cat.categories) == {"red", "white"}


def test_what_the_tables_are(shared_data: Path) -> None:
    shapes = {name: one.read(shared_data / "tables").shape for name, one in table_sets.SETS.items()}
    assert shapes == {
        "adult": (48_842, 15),
        "covertype": (92_962, 55),
        "california": (20_640, 10),
        "diamonds": (53_940, 10),
        "wine": (6_497, 13),
        "bike": (17_379, 18),
        "kin40k": (40_000, 9),
        "pol": (15_000, 27),
    }
    adult = table_sets.SETS["adult"].read(shared_data / "tables")
    assert adult["target"].value_counts().to_dict() == {"<=50K": 37_155, ">50K": 11_687}
    assert adult["occupation"].isna().sum() == 2_809


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # 200 epochs, its default, are not enough for it
@pytest.mark.parametrize("name", ["mlp", "hgb"])
def test_a_model_beats_a_straight_line(wine: Path, name: str) -> None:
    parts = table_models.read(wine)
    y = parts["test"]["target"]
    found = table_models.measured(y, table_models.MODELS[name](parts, False, 0), False)
    x, t = table_models._learned(parts)
    numbers = x.select_dtypes("number").columns
    line = LinearRegression().fit(x[numbers], t).predict(parts["test"][numbers])
    assert found["rmse"] < float(np.sqrt(np.mean((line - y) ** 2)))
    assert found["r2"] == pytest.approx(1 - found["rmse"] ** 2 / np.var(y))


def test_the_metrics_of_classes() -> None:
    p = np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]])
    found = table_models.measured(pd.Series([0, 1]), p, True)
    assert found == {"accuracy": 0.5, "log_loss": pytest.approx(-np.log(0.5 * 0.2) / 2)}


def result(loss: float, wall: float, cpu: float = 10.0) -> dict[str, Any]:
    rows = {"train": 6, "valid": 2, "test": 2}
    return {"rmse": loss, "r2": 0.5, "wall_seconds": wall, "cpu_seconds": cpu, "rows": rows}


def test_an_aim_is_met_or_missed_and_named() -> None:
    found = {
        "bike": {"seedbed": result(1.0, 10.0), "tuned-mlp": result(1.1, 50.0, 49.0), "hgb": result(1.0, 1.0)},
        "pol": {"seedbed": result(2.0, 10.1), "tuned-mlp": result(2.0, 50.0, 50.0), "hgb": result(1.9, 1.0)},
        "wine": {"hgb": result(1.0, 1.0)},
    }
    assert tables.aims(found) == [
        "better than tuned-mlp: 1 of 2; not on pol",
        "in a fifth of its time: 1 of 2; not on pol",
        "in a fifth of its CPU seconds: 1 of 2; not on bike",
        "as good as hgb: 1 of 2; not on pol",
    ]


@pytest.mark.slow
def test_the_program_keeps_results_and_shows_them(shared_data: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "benchmarks.tables", "--sets=wine", "--patience=0", f"--out={tmp_path}"]
    command += [f"--data={shared_data / 'tables'}"]

    def shown(contestants: str) -> str:
        done = subprocess.run(
            [*command, f"--contestants={contestants}"], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    shown("seedbed")
    file = tmp_path / "wine.seedbed.0.json"
    before = file.read_bytes()
    text = shown("seedbed,hgb")
    assert file.read_bytes() == before  # what is there is not measured again
    assert all(name in text for name in ("seedbed", "hgb", "as good as hgb", "processor", "versions"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["wine.hgb.0.json", "wine.seedbed.0.json"]
    ours = json.loads(before)
    assert 0.6 < ours["rmse"] < 0.7 and 0.35 < ours["r2"] < 0.5
    assert ours["cpu_seconds"] > 1 and ours["wall_seconds"] > 1
