"""Contestants as processes: how each is started, and what came of those that ran side by side."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.searching.contests import CONTESTS

METHODS = ("random", "halving", "coarse-to-fine")
PEERS = ("optuna", "scikit-learn")
SHARING = 4  # processes of PyTorch that share a GPU
ENSEMBLE_SIZE = 8  # places, as Seedbed's by default
Row = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How much is done: trials, epochs, how many trials a peer does of them (all unless it says fewer); and where."""

    trials: int
    epochs: int
    sample: int
    on_gpu: bool = False


def contestants(names: Sequence[str], contest: str, folder: Path, sizes: Sizes) -> dict[str, Callable[[], Row]]:
    """What each contestant runs, in this order: with an empty cache first, which fills that of the second."""
    found: dict[str, Callable[[], Row]] = {}
    for method in METHODS:
        if method in names and not (method == "random" and CONTESTS[contest].halves):
            cold, warm = (
                partial(seedbed, contest, folder, sizes, method, is_warm=is_warm) for is_warm in (False, True)
            )
            found |= {f"Seedbed, {method}": cold, f"Seedbed, {method}, warm cache": warm}
    if "optuna" in names and machine.has("torch"):
        n = machine.n_cores()
        ways = [(SHARING, 1), (1, n)] if sizes.on_gpu else [(n, 1), (1, n)]
        for processes, threads in dict.fromkeys(ways):
            title = f"Optuna + PyTorch {processes}×{threads}"
            found[title] = partial(optuna_pytorch, contest, folder, sizes, processes, threads)
    if "scikit-learn" in names:
        found["scikit-learn"] = partial(scikit_learn, contest, folder, sizes)
    return found


def seedbed(contest: str, folder: Path, sizes: Sizes, method: str, *, is_warm: bool) -> Row:
    """Seedbed's search, with a cache of its own for each method."""
    cache, study = folder / f"cache-{method}", folder / "study.db"
    study.unlink(missing_ok=True)
    if not is_warm:
        shutil.rmtree(cache, ignore_errors=True)
    environment = {"SEEDBED_CACHE": str(cache)} | ({} if sizes.on_gpu else {"JAX_PLATFORMS": "cpu"})
    found = finish(start(seedbed_command(contest, folder, sizes, method, study), environment))
    study.unlink(missing_ok=True)
    return joined([found], sizes.trials)


def seedbed_command(contest: str, folder: Path, sizes: Sizes, method: str, study: Path) -> list[str]:
    """The command of a process of Seedbed's search."""
    options = [f"--folder={folder}", f"--method={method}", f"--study={study}"]
    return ["benchmarks.searching.ours", contest, *options, f"--trials={sizes.trials}", f"--epochs={sizes.epochs}"]


def optuna_pytorch(contest: str, folder: Path, sizes: Sizes, processes: int, threads: int) -> Row:
    """Optuna and PyTorch: in memory for one process, with a shared journal for several; the ensemble of all."""
    shared, outs = folder / "journal", [folder / f"predictions-{i}.npy" for i in range(processes)]
    for file in (shared, *outs):
        file.unlink(missing_ok=True)
    running = []
    for i, out in enumerate(outs):
        n = len(range(i, sizes.sample, processes))
        options = [f"--folder={folder}", f"--out={out}", f"--epochs={sizes.epochs}", f"--threads={threads}"]
        options += [f"--shared={shared}"] if processes > 1 else []
        options += ["--device=cuda"] if sizes.on_gpu else []
        command = ["benchmarks.searching.optuna_pytorch", contest, *options, f"--number={i}", f"--trials={n}"]
        running.append(start(command, {"OMP_NUM_THREADS": str(threads)}))
    row = joined([finish(one) for one in running], sizes.trials)
    return row | {"ensemble": ensemble_score(folder, [out for out in outs if out.exists()])}


def scikit_learn(contest: str, folder: Path, sizes: Sizes) -> Row:
    """scikit-learn's search; its two processes share the cores."""
    options = [f"--folder={folder}", f"--trials={sizes.sample}", f"--epochs={sizes.epochs}"]
    environment = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    return joined([finish(start(["benchmarks.searching.scikit_learn", contest, *options], environment))], sizes.trials)


Running = tuple[float, "subprocess.Popen[str]"]


def start(command: list[str], environment: dict[str, str], cores: set[int] | None = None) -> Running:
    """Starts a process, on some of the cores where they are given."""
    pinned = partial(os.sched_setaffinity, 0, cores) if cores else None
    began, told = time.perf_counter(), f"--started={time.time()!r}"
    everything = os.environ | environment
    return began, subprocess.Popen(
        [sys.executable, "-m", *command, told], stdout=subprocess.PIPE, text=True, env=everything, preexec_fn=pinned
    )


def finish(running: Running) -> Row:
    """What a process found, with its wall clock.

    Raises:
        RuntimeError: it failed; what it said is on the error stream.
    """
    began, process = running
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(process.args[2:])}: ended with status {process.returncode}")
    return json.loads(output) | {"wall_seconds": time.perf_counter() - began}


def joined(results: Sequence[Row], n_trials: int) -> Row:
    """The figures of processes that ran side by side; the training time scaled where they trained a sample."""
    n_trained = sum(one["n_trials"] for one in results)
    longest = max(results, key=lambda one: one["wall_seconds"])
    training = longest["training_seconds"]
    wall = longest["wall_seconds"] + training * (n_trials / n_trained - 1)
    times = sorted((when, score) for one in results for when, score in one["found"] if math.isfinite(score))
    best = accumulate((score for _, score in times), max)
    return {
        "wall_seconds": wall,
        "trials_per_second": n_trials / wall,
        "n_trained": n_trained,
        "n_epochs": None if "n_epochs" not in longest else sum(one["n_epochs"] for one in results),
        "best": max(one["best"] for one in results),
        "ensemble": longest.get("ensemble"),
        "compile_share": _share(longest, "compile_seconds"),
        "waited_share": _share(longest, "waited_seconds"),
        "storing_share": _share(longest, "storing_seconds"),
        "curve": [[when, score] for (when, _), score in zip(times, best, strict=True)],
    }


def _share(row: Row, name: str) -> float | None:
    return row[name] / row["wall_seconds"] if name in row else None


def ensemble_score(folder: Path, files: Sequence[Path]) -> float | None:
    """The validation score of the greedy ensemble of kept predictions, as Seedbed chooses its own."""
    import numpy as np

    from seedbed.recipe.results import metrics, select

    if not files:
        return None
    predicted = np.concatenate([np.load(file) for file in files])
    with np.load(folder / "arrays.npz") as arrays:
        task, y = str(arrays["task"]), arrays["valid_y"]
    said = predicted[select(task, y, predicted, ENSEMBLE_SIZE)].mean(axis=0)
    return metrics(task, y, said)["r2" if task == "regression" else "accuracy"]
