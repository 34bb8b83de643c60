"""What a real process does when it is stopped, killed, or finds no room."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from seedbed.recipe.compare import list_runs

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
POPULATION = """\
epochs = 2000
network = "linear choice(4, 6), choice(relu, tanh), dropout 0.1, linear out"
loss = "cross_entropy"
optimizer = "adam lr=log_uniform(1e-4, 1e-2)"
"""
SHORT = ("train", "iris", "--setup", "population.toml", "--members", "8", "--checkpoint-every", "0")
KILLS, KILLS_IN_A_CHAIN, MOST_CHAINS = 50, 6, 20
LONG = ("train", "digits", "--setup", "setup.toml", "--members", "4")


def start(*arguments: str, cwd: Path, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    (cwd / "setup.toml").write_text(SETUP, encoding="utf-8")
    (cwd / "population.toml").write_text(POPULATION, encoding="utf-8")
    command = [*before, sys.executable, "-m", "seedbed", *arguments]
    # With the bar of a terminal, and with a cache of its own: a process that is killed may leave half a program there.
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "FORCE_COLOR": "1", "SEEDBED_CACHE": f"{cwd}-cache"}
    env.pop("COLUMNS", None)  # tests that run side by side are told the width of a terminal, and long lines would wrap
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


@pytest.mark.slow
def test_ctrl_c_before_there_is_anything_writes_nothing(tmp_path: Path) -> None:
    process = start(*LONG, cwd=tmp_path)
    wait_for("compiling", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.strip().endswith("interrupted before there was a result; nothing was written")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["population.toml", "setup.toml"]


@pytest.mark.slow
def test_what_is_killed_at_any_moment_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """Fifty processes and more are killed, at random moments between their start and the last line of the report."""
    rng, n_killed = np.random.default_rng(0), 0
    run_of("warm", tmp_path)
    began = time.perf_counter()
    run_of("whole", tmp_path)
    life = time.perf_counter() - began
    for chain in range(MOST_CHAINS):
        out = f"run{chain}"
        for seconds in rng.uniform(0, life, KILLS_IN_A_CHAIN):
            process = start(*begin_or_go_on(out, tmp_path), cwd=tmp_path)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
            process.kill()
            _, err = process.communicate()
            assert process.returncode in (0, -signal.SIGKILL), err
            assert "Traceback" not in err and "warning" not in err, err
            n_killed += process.returncode != 0
        run_of(out, tmp_path)
        assert_same_run(tmp_path / out, tmp_path / "whole")
        if n_killed >= KILLS:
            return
    raise AssertionError(f"only {n_killed} processes were still there to be killed")


def begin_or_go_on(out: str, folder: Path) -> tuple[str, ...]:
    """What a user would type who finds this folder."""
    return ("train", "--resume", out, "--checkpoint-every", "0") if (folder / out / "job.json").exists() else (
        *SHORT, "--out", out
    )  # fmt: skip


def run_of(out: str, folder: Path) -> None:
    """Trains to the end."""
    process = start(*begin_or_go_on(out, folder), cwd=folder)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0 and "warning" not in err, err


def assert_same_run(ours: Path, theirs: Path) -> None:
    """Apart from the seconds, and with nothing left over."""
    assert {path.name for path in ours.iterdir()} == {path.name for path in theirs.iterdir()}
    for name in ("setup.toml", "job.json", "data.json", "weights.safetensors", "predictions.safetensors"):
        assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name
    a, b = sb.load_run(ours), sb.load_run(theirs)
    assert a.results == b.results and a.plans == b.plans and not a.is_interrupted
    seconds = ["wall_seconds"]
    pd.testing.assert_frame_equal(a.history.drop(columns=seconds), b.history.drop(columns=seconds), check_exact=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], capture_output=True)
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_up_while_it_trains(tmp_path: Path, small_disk: Path) -> None:
    """Training goes on, the end says what could not be written, and with room again the run ends as it should."""
    run_of("whole", tmp_path)
    process = start(*SHORT, "--out", "disk/run", cwd=tmp_path)
    wait_until(lambda: any(small_disk.glob("run/checkpoint/*.json")), process)
    filler = small_disk / "filler"
    fill(filler)
    err = said_by(process)
    assert process.returncode == 1 and "Traceback" not in err, err
    assert err.count("no checkpoint could be written (No space left on device); training goes on") == 1
    said = "error: disk/run: the run could not be written: No space left on device\n"
    hint = "hint: make room, then: seedbed train --resume disk/run (sb.resume in Python)\n"
    assert err.endswith(said + hint), err
    again = start("train", "--resume", "disk/run", cwd=tmp_path)
    err = said_by(again)
    assert again.returncode == 2 and "MB of room for the run and its checkpoints, got 0 MB" in err, err
    filler.unlink()
    run_of("disk/run", tmp_path)
    assert_same_run(small_disk / "run", tmp_path / "whole")


@pytest.mark.slow
def test_a_disk_without_room_is_said_before_training(tmp_path: Path, small_disk: Path) -> None:
    fill(small_disk / "filler")
    process = start(*SHORT, "--out", "disk/run", cwd=tmp_path)
    err = said_by(process)
    assert process.returncode == 2
    assert "error: disk/run: expected about 4 MB of room for the run and its checkpoints, got 0 MB\n" in err, err
    assert [path.name for path in small_disk.iterdir()] == ["filler"]


@pytest.mark.slow
def test_a_disk_that_can_only_be_read(tmp_path: Path, small_disk: Path) -> None:
    process = start(*SHORT, "--out", "disk/run", cwd=tmp_path)
    wait_until(lambda: any(small_disk.glob("run/checkpoint/*.json")), process)
    process.kill()
    process.communicate()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    before = sorted(small_disk.rglob("*"))
    for arguments, said in (
        (("--resume", "disk/run"), "error: disk/run: the run could not be written to: Read-only file system\n"),
        (("iris", "--out", "disk/new"), "error: disk/new: expected a folder that can be made, but "),
    ):
        refused = start("train", *arguments, cwd=tmp_path)
        err = said_by(refused)
        assert refused.returncode == 2 and said in err and "Traceback" not in err, err
    assert sorted(small_disk.rglob("*")) == before


@pytest.mark.slow
def test_files_that_may_not_grow_are_a_failure_that_can_be_mended(tmp_path: Path) -> None:
    limited = start(*SHORT, "--out", "run", cwd=tmp_path, before=("sh", "-c", 'ulimit -f 16; exec "$@"', "sh"))
    err = said_by(limited)
    assert limited.returncode == 1 and "Traceback" not in err
    assert "error: run: the run could not be written: File too large\n" in err, err
    assert err.count("warning: ") == 1 and "no checkpoint could be written (File too large)" in err, err
    run_of("run", tmp_path)
    run_of("whole", tmp_path)
    assert_same_run(tmp_path / "run", tmp_path / "whole")


@pytest.mark.slow
def test_a_second_process_is_refused(tmp_path: Path) -> None:
    first = start(*LONG, "--out", "run", cwd=tmp_path)
    wait_until((tmp_path / "run" / "job.json").exists, first)
    second = start("train", "--resume", "run", cwd=tmp_path)
    err = said_by(second)
    assert second.returncode == 2
    assert "error: run: expected a run that nobody works on, but another process does\n" in err, err
    assert list_runs(tmp_path)[0]["unfinished"] == "working"
    first.kill()
    first.communicate()
    assert list_runs(tmp_path)[0]["unfinished"] == "stopped"


def said_by(process: subprocess.Popen[str]) -> str:
    """What a process says on stderr until it ends, without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", process.communicate(timeout=120)[1])


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not is_so():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def fill(path: Path) -> None:
    """Takes all the room there is."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 12)):
            pass


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
