"""Seedbed's search in a process of its own. Run as a program it prints what came of it as JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.searching.contests import CONTESTS, Contest, load, space


def searched(
    contest: Contest, folder: Path, *, method: str, trials: int, epochs: int, study: Path, started: float, workers: int
) -> dict[str, Any]:
    """What a search found, and when.

    Arguments:
        study: the file of its database; several processes may share one.
        started: when the process began, as `time.time` says it.
        workers: of a cluster of Ray on this machine; 0: none.
    """
    from benchmarks.compilation import Listener

    began: list[float] = []

    def tell(told: Any) -> None:
        began[:] = began or [time.time() - told.seconds]

    with Listener() as heard:
        from seedbed.recipe.searching.search import search

        dataset = load(contest, folder)
        found = search(
            space(contest, dataset.task, epochs), dataset,
            trials=trials, method=method, study=study, retrain=0, out=None, progress=False, on_told=tell,
            cluster="local" if workers else None, workers=workers or None,
        )  # fmt: skip
    offset = (began or [time.time()])[0] - started
    assert found.truth is not None
    assert found.worker is not None
    ensemble = found.truth.results["validation"]["ensemble"]
    return {
        "best": found.winner.score,
        "ensemble": ensemble["r2" if dataset.task == "regression" else "accuracy"],
        "n_trials": trials,
        "n_epochs": sum(trial.epochs for trial in found.listed),
        "compile_seconds": heard.seconds,
        "waited_seconds": found.worker.compile_seconds,
        "storing_seconds": found.worker.storing_seconds,
        "n_trained": found.worker.n_trained,
        "training_seconds": 0.0,
        "found": [
            [offset + t.finished, t.score] for t in found.listed if t.finished is not None and t.score is not None
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("contest", choices=CONTESTS)
    for name, kind in (
        ("folder", Path),
        ("method", str),
        ("trials", int),
        ("epochs", int),
        ("study", Path),
        ("started", float),
    ):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--workers", type=int, default=0)
    said = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):
        found = searched(
            CONTESTS[said.contest], said.folder, method=said.method, trials=said.trials, epochs=said.epochs,
            study=said.study, started=said.started, workers=said.workers,
        )  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
