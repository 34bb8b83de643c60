"""What a real process does when it is stopped, killed, or finds no room."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import seedbed as sb

SETUP = """\
epochs = 20000
[network]
layers = ["linear 8", "relu", "linear out"]
[loss]
kind = "cross_entropy"
[optimizer]
kind = "sgd"
lr = 0.01
"""
LONG = ("train", "digits", "--setup", "setup.toml", "--members", "4")


def start(*arguments: str, cwd: Path, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    (cwd / "setup.toml").write_text(SETUP, encoding="utf-8")
    command = [*before, sys.executable, "-m", "seedbed", *arguments]
    # With the bar of a terminal, and with a cache of its own: a process that is killed may leave half a program there.
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "FORCE_COLOR": "1", "SEEDBED_CACHE": f"{cwd}-cache"}
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(words: str, process: subprocess.Popen[str]) -> None:
    """Reads what the bar says until these words come."""
    assert process.stderr is not None
    read = ""
    while words not in read:
        letter = process.stderr.read(1)
        assert letter, read
        read += letter


def test_ctrl_c_keeps_the_best_so_far_and_says_where(tmp_path: Path) -> None:
    process = start(*LONG, "--out", "run", cwd=tmp_path)
    wait_for("best score", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "interrupted: this is the best so far" in err and "run     run" in out
    run = sb.load_run(tmp_path / "run")
    assert run.is_interrupted and (tmp_path / "run" / "report.html").is_file()


def test_ctrl_c_before_there_is_anything_writes_nothing(tmp_path: Path) -> None:
    process = start(*LONG, cwd=tmp_path)
    wait_for("compiling", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.strip().endswith("interrupted before there was a result; nothing was written")
    assert [path.name for path in tmp_path.iterdir()] == ["setup.toml"]


@pytest.mark.slow
def test_kill_leaves_no_half_written_run(tmp_path: Path) -> None:
    process = start(*LONG, "--out", "runs/run", cwd=tmp_path)
    wait_for("best score", process)
    process.kill()
    process.communicate(timeout=60)
    assert not (tmp_path / "runs" / "run").exists()
    assert sb.recipe.list_runs(tmp_path / "runs") == []


@pytest.mark.slow
def test_a_full_disk_is_a_failure_that_leaves_nothing(tmp_path: Path) -> None:
    quick = ("train", "iris", "--epochs", "1", "--members", "2", "--out", "run")
    process = start(*quick, cwd=tmp_path, before=("sh", "-c", 'ulimit -f 4; exec "$@"', "sh"))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "run: the run could not be written" in err and "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["setup.toml"]


def test_a_reader_that_stops_reading_is_no_trouble(tmp_path: Path) -> None:
    with start("data", cwd=tmp_path) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


@pytest.mark.slow
def test_the_main_job_is_fast_and_good_on_digits(tmp_path: Path) -> None:
    """`seedbed train`: under 30 s on two cores, ensemble test accuracy at least 97.5 %, the median of five seeds."""
    accuracies, seconds = [], []
    for seed in range(5):
        began = time.perf_counter()
        process = start("train", "--seed", str(seed), "--json", cwd=tmp_path)
        out, err = process.communicate(timeout=300)
        seconds.append(time.perf_counter() - began)
        assert process.returncode == 0, err
        accuracies.append(json.loads(out)["test"]["ensemble"]["accuracy"])
    assert sorted(accuracies)[2] >= 0.975, accuracies
    assert sorted(seconds)[2] < 30, seconds
