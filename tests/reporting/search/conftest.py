"""A search that is made up: what a study gives, without training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pandas import DataFrame

from seedbed.reporting.search.evidence import Axis, Round, Searched, Worth

Make = Callable[..., Searched]
LR = Axis("optimizer.lr", (), 1e-4, 1.0, is_log=True)
BLOCK = Axis("block", ("identity", "linear, relu, dropout", "linear, <tanh>"))
MOMENTUM = Axis("optimizer.momentum", (), 0.0, 0.95)
METRICS = {"classification": ("accuracy", "log_loss"), "regression": ("rmse", "mae", "r2")}


def trials_of(n: int, epochs: int, rng: np.random.Generator, *, is_halved: bool) -> list[tuple[Any, ...]]:
    """Rounds of two thirds and of one; of each the first third goes on, trial 2 diverges, the last is waiting."""
    rows = []
    for trial in range(n):
        round_, place = (0, trial) if trial < 2 * n // 3 else (1, trial - 2 * n // 3)
        size = 2 * n // 3 if round_ == 0 else n - 2 * n // 3
        state = "complete" if not is_halved or place < max(1, size // 3) else "pruned"
        state = "diverged" if n > 3 and trial == 2 else "waiting" if n > 3 and trial == n - 1 else state
        rungs, trained = {"complete": (2, epochs), "waiting": (0, 0)}.get(state, (1, 2))
        score = {"diverged": 0.1, "waiting": np.nan}.get(state, 0.9 + 0.002 * trial - 0.2 * (state == "pruned"))
        loss = np.nan if state == "waiting" else 1 - score
        finished = np.nan if state == "waiting" else 10.0 * round_ + rungs + 0.01 * rng.random()
        rows.append((trial, round_, state, rungs, score, loss, trained, trained - 1, 0.5, finished))
    return rows


@pytest.fixture
def make() -> Make:
    def searched(n: int = 30, epochs: int = 6, task: str = "classification", **changed: Any) -> Searched:
        rng = np.random.default_rng(0)
        names = "trial round state rungs score loss epochs best_epoch seconds finished".split()
        trials = DataFrame(trials_of(n, epochs, rng, is_halved=n > 3), columns=names)
        whole = trials[trials["state"] == "complete"]
        winner = int(whole.loc[whole["score"].idxmax(), "trial"]) if len(whole) else None
        rows = [
            {"optimizer.lr": float(10 ** rng.uniform(-4, 0)), "block": BLOCK.options[t % 3]}
            | ({"optimizer.momentum": 0.03 * t} if t % 2 else {})
            for t in range(n)
        ]
        rungs = [
            (row.trial, at, row.score - 0.1 * (at == 2 and row.rungs > 1))
            for row in trials.itertuples()
            for at in (2, epochs)[: row.rungs]
        ]
        curves = [
            (row.trial, epoch, 1 / (epoch + 1), row.score, 1 / (epoch + 1), row.score - 0.1 / (epoch + 1), 0.01)
            for row in trials.itertuples()
            for epoch in range(row.epochs)
        ]
        columns = "trial epoch train_loss train_score valid_loss valid_score learning_rate".split()
        ranges = [{LR.name: (1e-4, 1.0), BLOCK.name: BLOCK.options, MOMENTUM.name: (0.0, 0.95)}]
        ranges.append({LR.name: (1e-2, 2.0), BLOCK.name: BLOCK.options[:2], MOMENTUM.name: (0.2, 0.6)})
        kinds = {LR.name: "widened", BLOCK.name: "dropped", MOMENTUM.name: "narrowed"}
        shares = [0.8, 0.2] if n > 3 else [0.0, 0.0]
        metrics = dict.fromkeys(METRICS[task], 0.9)
        found = float(trials.loc[trials["trial"] == winner, "score"].iloc[0]) if winner is not None else 0.0
        results = {part: dict.fromkeys(("winner", "ensemble"), metrics) for part in ("validation", "test")}
        given: dict[str, Any] = {
            "name": "rings & <co>", "study": ("search", "sqlite:///study.db"), "task": task, "method": "coarse-to-fine",
            "seed": 0, "epochs": epochs, "folds": None, "axes": (MOMENTUM, BLOCK, LR),
            "rounds": (
                Round(0, 2 * n // 3, (2, epochs), 1, ranges[0], {}),
                Round(1, n - 2 * n // 3, (2, epochs), 2, ranges[1], kinds),
            ),
            "trials": trials, "points": DataFrame(rows, dtype=object), "present": dict(enumerate(map(frozenset, rows))),
            "rung_scores": DataFrame(rungs, columns=["trial", "epochs", "score"]),
            "curves": DataFrame(curves, columns=columns),
            "importance": DataFrame({"dimension": [LR.name, BLOCK.name], "importance": shares}),
            "winner": winner, "worth": Worth(found, (0.88, 0.9), (metrics, metrics), results),
            "space_toml": "epochs = 6\n", "winner_toml": 'a = "<b>"\n', "command": "seedbed train rings --setup w.toml",
        }  # fmt: skip
        return Searched(**(given | changed))

    return searched
