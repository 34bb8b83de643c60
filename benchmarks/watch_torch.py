"""What the watcher of PyTorch costs: the same training loop without it and with it, in turns."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import seedbed as sb

Sizes = tuple[tuple[int, ...], int]
WAYS = ("plain", "watched, 16")


def torch_costs(sizes: dict[str, Sizes], n_train: int, rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds of a step of eager PyTorch on one thread, for each way: the best of epochs that took turns.

    It is the time of the processor, which other programs on it do not add to.
    """
    import torch

    torch.set_num_threads(1)
    return {f"{name}, PyTorch": _cost(torch, *one, n_train, rounds) for name, one in sizes.items()}


def _cost(torch: Any, widths: tuple[int, ...], batch: int, n_train: int, rounds: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(n_train, widths[0])).astype(np.float32))
    y = torch.from_numpy(rng.integers(0, widths[-1], n_train))
    batches = list(zip(x.split(batch), y.split(batch), strict=True))
    epochs = {WAYS[0]: _loop(torch, widths, batches, None), WAYS[1]: _loop(torch, widths, batches, 16)}
    best = dict.fromkeys(WAYS, math.inf)
    for _ in range(rounds):
        for way, epoch in epochs.items():
            before = time.process_time()
            epoch()
            best[way] = min(best[way], 1e6 * (time.process_time() - before) / len(batches))
    return best


def _loop(torch: Any, widths: tuple[int, ...], batches: Any, every: int | None) -> Callable[[], None]:
    """An epoch of training; watched where `every` steps lie between two looks."""
    modules = []
    for a, b in pairwise(widths):
        modules += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    model, criterion = torch.nn.Sequential(*modules[:-1]), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    watcher = None if every is None else sb.interop.torch.watch(model, optimizer, loss=criterion, every=every)

    def epoch() -> None:
        for x, y in batches:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        if watcher is not None:
            watcher.epoch(train_loss=1.0, train_score=0.5, valid_loss=1.0, valid_score=0.5)

    return epoch
