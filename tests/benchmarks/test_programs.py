"""The benchmark programs run with tiny sizes, and their tables name every contestant."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks.searching.processes import METHODS

ROOT = Path(__file__).resolve().parents[2]
PYTORCH = find_spec("torch") is not None


def run(tmp_path: Path, *arguments: str) -> tuple[str, dict[str, Any]]:
    """What a program prints, and what it writes as JSON."""
    file = tmp_path / "figures.json"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-m", *arguments, f"--json={file}"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(file.read_text())


@pytest.mark.slow
def test_population_measures_every_contestant(tmp_path: Path) -> None:
    shown, figures = run(
        tmp_path, "benchmarks.population", "--networks=0", "--rounds=1", "--seconds=0.01", "--patience=0"
    )
    others = figures["rows"][0]["others"]
    for name in ("Seedbed", *others, "2-16-16-2 / 32", "GFLOP/s", "peak", "processor", "versions"):
        assert name in shown
    assert {"JAX scan", "JAX step", "scikit-learn"} <= set(others)
    assert any("PyTorch" in name for name in others) == PYTORCH
    assert [one["members"] for one in figures["rows"][0]["seedbed"]] == [64, 256, 1024]
    assert all(one["us"] > 0 for one in [*figures["rows"][0]["seedbed"], *others.values()])
    assert figures["peak_flops"] > 0


@pytest.mark.slow
def test_search_measures_every_contestant(tmp_path: Path) -> None:
    sizes = ("--contests=a", "--trials=6", "--sample=2", "--epochs=2", "--patience=0")
    picture = tmp_path / "search.png"
    shown, figures = run(tmp_path, "benchmarks.search", *sizes, f"--figure={picture}")
    rows = figures["contests"]["a"]["rows"]
    ours = {f"Seedbed, {method}{end}" for method in METHODS for end in ("", ", warm cache")}
    assert {*ours, "scikit-learn"} <= set(rows)
    assert any("PyTorch" in name for name in rows) == PYTORCH
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert all(name in shown for name in (*rows, "÷ best peer", "versions"))
    for name, row in rows.items():
        assert row["n_trained"] == (6 if name in ours else 2)
        assert 0.0 < row["best"] <= 1.0
        assert (row["compile_share"] is not None) == (row["storing_share"] is not None) == (name in ours)
        assert row["curve"][-1][1] == row["best"]


@pytest.mark.slow
def test_search_measures_scaling(tmp_path: Path) -> None:
    sizes = ("--contests=a", "--trials=6", "--epochs=2", "--patience=0", "--scaling")
    shown, figures = run(tmp_path, "benchmarks.search", *sizes)
    rows = figures["scaling"]["a"]
    assert len(rows) == 3
    assert all(name in shown for name in rows)
    assert all(sum(row["shares"]) == pytest.approx(1.0) for row in rows.values())
    assert all(0.0 < row["best"] <= 1.0 for row in rows.values())


@pytest.mark.slow
def test_jacobian_measures_every_contestant(tmp_path: Path) -> None:
    shown, figures = run(
        tmp_path, "benchmarks.jacobian", "--tiny", "--rounds=1", "--patience=0", "--cases=batch/weights"
    )
    assert list(figures["rows"]) == ["batch", "weights"]
    for (case, row), kind in zip(figures["rows"].items(), ("block-diagonal", "Kronecker"), strict=True):
        found = row["contestants"]
        assert {"Seedbed", "Seedbed, compiled", "jax.jacfwd", "jax.jacrev"} <= set(found)
        assert [name in found for name in ("torch jacrev", "asdex")] == [PYTORCH, find_spec("asdex") is not None]
        assert all(name in shown for name in found)
        assert found["Seedbed"]["kind"] == found["Seedbed, compiled"]["kind"] == kind
        assert max(max(one["errors"]) for one in found.values()) < 1e-5, case
        assert all(one["first_seconds"] > one["warm_seconds"] > 0 for one in found.values())
        assert found["Seedbed"]["stored_bytes"] < found["jax.jacrev"]["stored_bytes"] == row["dense_bytes"]
        assert all(seconds > 0 for seconds in row["products"].values())
    assert all(name in shown for name in ("processor", "versions", "tiny", "eager vjp", "all agree: met"))
