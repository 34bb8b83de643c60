"""scikit-learn's random search over its MLP, with its own parameters; in a process of its own that starts others.

Run as a program it prints what came of it as JSON. Where the contest halves, it is HalvingRandomSearchCV with epochs as
the resource, which begins anew at each rung.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.searching.contests import CONTESTS, DECAY, DEEP, LR, MOMENTUM, Contest

KINDS = {"relu": "relu", "tanh": "tanh", "elu": "logistic", "silu": "identity"}  # it has no ELU and no SiLU


class Sizes:
    """One hidden layer or two, as wide as the contest says."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def rvs(self, random_state: Any = None) -> tuple[int, ...]:
        n = 1 + int(random_state.uniform() < DEEP)
        return tuple(int(units) for units in random_state.randint(self.low, self.high + 1, size=n))


def run(contest: Contest, folder: Path, *, trials: int, epochs: int, started: float) -> dict[str, Any]:
    """The best score on the validation rows."""
    from scipy.stats import loguniform, uniform
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV, PredefinedSplit, RandomizedSearchCV
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    with np.load(folder / "arrays.npz") as arrays:
        x, y = (np.concatenate([arrays[f"{part}_{name}"] for part in ("train", "valid")]) for name in "xy")
        is_valid = np.repeat([-1, 0], [len(arrays["train_y"]), len(arrays["valid_y"])])
        kind = MLPRegressor if str(arrays["task"]) == "regression" else MLPClassifier
    space = {
        "hidden_layer_sizes": Sizes(*contest.widths),
        "activation": [KINDS[name] for name in contest.activations],
        "learning_rate_init": loguniform(*LR),
        "momentum": uniform(MOMENTUM[0], MOMENTUM[1] - MOMENTUM[0]),
        "alpha": loguniform(*DECAY),
    }
    model = kind(solver="sgd", max_iter=epochs, batch_size=contest.batch_size, random_state=0)
    same = {"cv": PredefinedSplit(is_valid), "n_jobs": 2, "random_state": 0, "refit": False, "error_score": np.nan}
    if contest.halves:
        halving = {
            "resource": "max_iter",
            "factor": 3,
            "min_resources": max(1, -(-epochs // 9)),
            "max_resources": epochs,
        }
        search = HalvingRandomSearchCV(model, space, n_candidates=trials, **same, **halving)
    else:
        search = RandomizedSearchCV(model, space, n_iter=trials, **same)
    began = time.perf_counter()
    search.fit(x, y.ravel())
    training = time.perf_counter() - began
    best = float(np.nanmax(search.cv_results_["mean_test_score"]))
    return {
        "n_trials": trials,
        "training_seconds": training,
        "best": best,
        "found": [[time.time() - started, best]],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("contest", choices=CONTESTS)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--trials", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--started", type=float, required=True)
    said = parser.parse_args()
    warnings.simplefilter("ignore")  # that an MLP has not converged, or diverged
    with contextlib.redirect_stdout(sys.stderr):
        found = run(
            CONTESTS[said.contest], said.folder, trials=said.trials, epochs=said.epochs, started=said.started
        )  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
