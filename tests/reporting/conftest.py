"""Evidence as a real run gives it, made without training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pandas import DataFrame

from seedbed.network import Network
from seedbed.reporting.evidence import Evidence, Step
from seedbed.reporting.most_wrong import most_wrong, wrong_table

Make = Callable[..., Evidence]
N_TEST = 60
METRICS = {
    "classification": {"accuracy": 0.95, "log_loss": 0.2, "macro_f1": 0.94},
    "multilabel": {"accuracy": 0.9, "log_loss": 0.3, "macro_f1": 0.8},
    "regression": {"rmse": 3.5, "mae": 2.5, "r2": 0.9},
}


def history_of(rng: np.random.Generator, members: int, epochs: int, diverged: set[int]) -> DataFrame:
    rows = []
    for member in range(members):
        rate, n = rng.uniform(0.05, 0.4), 2 if member in diverged else epochs - member % 3
        for epoch in range(max(1, n)):
            loss = np.inf if member in diverged and epoch else 0.1 + 2 * np.exp(-rate * epoch) + 0.02 * rng.normal()
            rows.append((member, epoch, loss * 0.9, 1 - loss / 3, loss, 1 - loss / 3, rate, 0.1 * epoch))
    names = "member epoch train_loss train_score valid_loss valid_score learning_rate wall_seconds"
    return DataFrame(rows, columns=names.split())


def members_of(history: DataFrame, members: int, diverged: set[int]) -> DataFrame:
    last = history.groupby("member").last()
    score = last["valid_score"].where(np.isfinite(last["valid_loss"]))
    last_epoch = history.groupby("member")["epoch"].max()
    best = score.idxmax() if score.notna().any() else 0
    ends = ["trained", "stopped early"]
    return DataFrame({
        "member": np.arange(members), "valid_score": score.to_numpy(), "valid_loss": last["valid_loss"].to_numpy(),
        "best_epoch": [-1 if m in diverged else int(last_epoch[m]) for m in range(members)],
        "outcome": ["diverged" if m in diverged else ends[m % 3 > 0] for m in range(members)],
        "is_best": np.arange(members) == best, "ensemble_weight": (np.arange(members) < 3).astype(int),
    })  # fmt: skip


def test_part(rng: np.random.Generator, task: str, k: int) -> tuple[Any, Any]:
    if task == "classification":
        y = np.arange(N_TEST) % k
        scores = rng.normal(size=(N_TEST, k)) + 2.5 * np.eye(k)[y]
        return y.astype(np.int32), np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    if task == "multilabel":
        y = (rng.random((N_TEST, k)) < 0.4) * 1.0
        return y, np.clip(y * 0.7 + rng.random((N_TEST, k)) * 0.4, 0, 1)
    y = rng.normal(size=(N_TEST, k)) * 10 + 50
    return y, y + rng.normal(size=(N_TEST, k)) * 3


@pytest.fixture
def make() -> Make:
    def evidence(
        task: str = "classification",
        *,
        members: int = 12,
        epochs: int = 10,
        k: int = 3,
        diverged: set[int] = frozenset(),
        names: tuple[Any, ...] = (),
        draws: bool | DataFrame = True,
        images: bool = False,
        rows: DataFrame | None = None,
        table: DataFrame | None = None,
        **changed: Any,
    ) -> Evidence:
        rng = np.random.default_rng(0)
        history = history_of(rng, members, epochs, set(diverged))
        y, prediction = test_part(rng, task, k)
        worst = most_wrong(y, prediction, task)
        classes = names or tuple(f"class {i}" for i in range(k)) if task == "classification" else ()
        drawn = DataFrame({"member": np.arange(members)})
        if isinstance(draws, DataFrame):
            drawn = draws
        elif draws:
            drawn["optimizer.lr"] = 10 ** rng.uniform(-4, 0, members)
            drawn["network.layers[1]"] = np.asarray(["relu", "tanh"])[np.arange(members) % 2]
        all_lost = len(diverged) == members
        results = {p: dict.fromkeys(("best", "ensemble"), METRICS[task]) for p in ("validation", "test")}
        given: dict[str, Any] = {
            "name": "flowers", "task": task, "data": {"name": "flowers", "fingerprint": "abc123"}, "seed": 7,
            "setup_toml": 'batch_size = 32\n[optimizer]\nkind = "sgd"\n',
            "steps": (Step("data", (("rows", "100: 60 to train"),)), Step("train", (("members", "all trained"),))),
            "members": members_of(history, members, set(diverged)) if table is None else table,
            "history": history, "draws": drawn,
            "results": {} if all_lost else results, "class_names": classes,
            "target_names": ("kind",) if task == "classification" else names or tuple(f"target {i}" for i in range(k)),
            "test_y": y, "test_best": None if all_lost else prediction,
            "test_ensemble": None if all_lost else prediction,
            "wrong": wrong_table(y, prediction, task, worst, classes),
            "wrong_images": rng.random((len(worst), 4, 5)) if images else None,
            "wrong_rows": rows, "summary": Network.parse("linear 8, relu, linear 3").summary((4,), batch=32),
            "environment": {"python": "3.11", "devices": "2 x cpu"}, "wall_seconds": 12.5,
        }  # fmt: skip
        return Evidence(**given | changed)

    return evidence
