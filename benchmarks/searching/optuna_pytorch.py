"""Optuna's random search over PyTorch's usual loop, with a pruner; in a process of its own, which knows no Seedbed.

Run as a program it draws and trains trials of a study, alone in memory or as one of several that share a journal, and
prints what came of them as JSON. Validation predictions go to a file, so that an ensemble can be chosen from all.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.searching.contests import CONTESTS, DECAY, DROPOUT, LR, MOMENTUM, Contest

KEPT = 64  # trials whose predictions are kept: the best, as many as Seedbed keeps


class Job:
    """The data and what came of trials so far."""

    def __init__(self, contest: Contest, folder: Path, epochs: int, started: float, device: str) -> None:
        import numpy as np
        import torch

        with np.load(folder / "arrays.npz") as arrays:
            names = ("train_x", "train_y", "valid_x", "valid_y")
            self.parts = [torch.from_numpy(arrays[name]).to(device) for name in names]
            self.is_regression = str(arrays["task"]) == "regression"
        self.contest, self.epochs, self.started, self.device = contest, epochs, started, device
        self.n_out = 1 if self.is_regression else int(self.parts[1].max()) + 1
        self.variance = float(self.parts[3].float().var(correction=0))
        self.loss = torch.nn.functional.mse_loss if self.is_regression else torch.nn.functional.cross_entropy
        self.n_epochs = 0
        self.found: list[list[float]] = []
        self.kept: list[tuple[float, Any]] = []

    def objective(self, trial: Any) -> float:
        """The validation score of a trial, at the epoch of the smallest validation loss as Seedbed has it."""
        import optuna
        import torch

        torch.manual_seed(trial.number)
        network, optimizer = self.built(trial)
        best, score, outputs = float("inf"), -float("inf"), None
        for epoch in range(self.epochs):
            self.train(network, optimizer)
            loss, now, said = self.validate(network)
            if loss < best:
                best, score, outputs = loss, now, said
            trial.report(now, epoch)
            self.n_epochs += 1
            if trial.should_prune():
                self.found.append([time.time() - self.started, score])
                raise optuna.TrialPruned
        self.found.append([time.time() - self.started, score])
        if outputs is not None:
            self.kept = sorted([*self.kept, (score, outputs)], key=lambda pair: -pair[0])[:KEPT]
        return score

    def built(self, trial: Any) -> tuple[Any, Any]:
        """The network and the optimizer at a point."""
        import torch
        from torch import nn

        kinds = {"relu": nn.ReLU, "tanh": nn.Tanh, "elu": nn.ELU, "silu": nn.SiLU}
        kind = kinds[trial.suggest_categorical("activation", self.contest.activations)]
        dropout, n = trial.suggest_float("dropout", *DROPOUT), self.parts[0].shape[1]
        layers: list[Any] = []
        for name in ("units", "more_units") if trial.suggest_categorical("second", [False, True]) else ("units",):
            units = trial.suggest_int(name, *self.contest.widths)
            layers += [nn.Linear(n, units), kind(), nn.Dropout(dropout)]
            n = units
        network = nn.Sequential(*layers, nn.Linear(n, self.n_out)).to(self.device)
        return network, torch.optim.SGD(
            network.parameters(),
            lr=trial.suggest_float("lr", *LR, log=True),
            momentum=trial.suggest_float("momentum", *MOMENTUM),
            weight_decay=trial.suggest_float("weight_decay", *DECAY, log=True),
        )

    def train(self, network: Any, optimizer: Any) -> None:
        """One epoch, with batches from one shuffled copy."""
        import torch

        network.train()
        x, y = self.parts[:2]
        order, size = torch.randperm(len(y), device=self.device), self.contest.batch_size
        for batch, targets in zip(x[order].split(size), y[order].split(size), strict=True):
            optimizer.zero_grad()
            self.loss(network(batch), targets).backward()
            optimizer.step()

    def validate(self, network: Any) -> tuple[float, float, Any]:
        """Loss, score and predictions on the validation part."""
        import torch

        x, y = self.parts[2:]
        network.eval()
        with torch.no_grad():
            outputs = network(x)
            loss = self.loss(outputs, y).item()
            if self.is_regression:
                return loss, 1 - loss / self.variance, outputs
            return loss, (outputs.argmax(1) == y).float().mean().item(), outputs.softmax(1)


def run(said: argparse.Namespace) -> dict[str, Any]:
    """Trains the trials of this process."""
    import numpy as np
    import optuna
    import torch

    torch.set_num_threads(said.threads)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    contest = CONTESTS[said.contest]
    job = Job(contest, said.folder, said.epochs, said.started, said.device)
    study = optuna.create_study(
        storage=_storage(said.shared),
        study_name="search",
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=said.number),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=3, reduction_factor=3)
        if contest.halves
        else optuna.pruners.MedianPruner(),
    )
    began = time.perf_counter()
    study.optimize(job.objective, n_trials=said.trials)
    training = time.perf_counter() - began
    if job.kept:
        np.save(said.out, np.stack([outputs.cpu().numpy() for _, outputs in job.kept]))
    return {
        "n_trials": said.trials,
        "n_epochs": job.n_epochs,
        "training_seconds": training,
        "best": max((score for _, score in job.found), default=float("nan")),
        "found": job.found,
    }


def _storage(shared: str) -> Any:
    """Where a study is: None in memory; an address of SQLite, or the file of a journal."""

    if not shared or "://" in shared:
        return shared or None
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(shared))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("contest", choices=CONTESTS)
    for name in ("folder", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("trials", "epochs", "threads", "number"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--started", type=float, required=True)
    parser.add_argument("--shared", default="", help="the storage of several processes")
    parser.add_argument("--device", default="cpu", help="of PyTorch")
    said = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):
        found = run(said)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
