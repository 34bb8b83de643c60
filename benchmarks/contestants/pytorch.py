"""PyTorch, eager, one network at a time: zero_grad, forward, backward, step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from benchmarks.contestants import Block, repeated
from benchmarks.networks import LEARNING_RATE, LayerTask, Task, examples

Batches = Iterator[tuple[Any, Any]]


class PyTorch:
    """A training loop on `threads` threads, or on a GPU."""

    def __init__(
        self, task: Task | LayerTask, *, threads: int, device: str = "cpu", memory: str = "contiguous"
    ) -> None:
        import torch

        self.torch, self.task, self.device = torch, task, device
        torch.set_num_threads(threads)
        x, y = (torch.from_numpy(a).to(device) for a in examples(task, task.n_train))
        x = x.movedim(-1, 1).contiguous()
        network = torch.nn.Sequential(*modules(torch.nn, task)).to(device)
        if memory == "channels_last":
            x, network = x.to(memory_format=torch.channels_last), network.to(memory_format=torch.channels_last)
        self.network = network
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=LEARNING_RATE)
        ways = {"gathered once an epoch": self.gathered, "gathered at each step": self.indexed}
        self.batches = min(ways.values(), key=lambda way: self._seconds(way, x, y))
        self.x, self.y = x, y
        self.info = {"batches": next(name for name, way in ways.items() if way == self.batches)}

    def gathered(self, x: Any, y: Any) -> Batches:
        """The batches of an epoch, cut from one shuffled copy."""
        order = self.torch.randperm(self.task.n_train, device=self.device)
        size = self.task.batch_size
        return zip(x[order].split(size), y[order].split(size), strict=True)

    def indexed(self, x: Any, y: Any) -> Batches:
        """The batches of an epoch, each gathered when its turn comes."""
        rows = self.torch.randperm(self.task.n_train, device=self.device).split(self.task.batch_size)
        return ((x[at], y[at]) for at in rows)

    def block(self, seconds: float) -> Block:
        return repeated(lambda: self.epoch(self.batches(self.x, self.y)), seconds)

    def epoch(self, batches: Batches) -> float:
        """One epoch; returns its number of steps."""
        cross_entropy = self.torch.nn.functional.cross_entropy
        for x, y in batches:
            self.optimizer.zero_grad()
            cross_entropy(self.network(x), y).backward()
            self.optimizer.step()
        if self.device != "cpu":
            self.torch.cuda.synchronize()
        return self.task.n_train // self.task.batch_size

    def _seconds(self, way: Callable[[Any, Any], Batches], x: Any, y: Any) -> float:
        """How long the fastest of three epochs takes."""
        ends = [time.perf_counter()]
        for _ in range(3):
            self.epoch(way(x, y))
            ends.append(time.perf_counter())
        return min(b - a for a, b in pairwise(ends))


def modules(nn: Any, task: Task | LayerTask) -> list[Any]:
    """The layers of a task's line, one after the other; those with weights take as many channels as came before."""
    n, made, size = task.shape[-1], [], task.shape[:-1]
    convolution, norm, pool = (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d) if len(size) == 1 else (
        nn.Conv2d, nn.BatchNorm2d if size else nn.BatchNorm1d, nn.MaxPool2d)  # fmt: skip
    for item in task.line.split(", "):
        match item.split():
            case ["conv" | "conv1d", units, kernel]:
                width = int(kernel.split("x")[0])
                made.append(convolution(n, int(units), width, padding=width // 2))
                n = int(units)
            case ["linear", units]:
                made.append(nn.Linear(n, int(units)))
                n = int(units)
            case ["maxpool", window]:
                made.append(pool(int(window)))
                size = tuple(side // int(window) for side in size)
            case ["flatten"]:
                made.append(nn.Flatten())
                n *= math.prod(size)
            case ["batchnorm"]:
                made.append(norm(n))
            case ["relu"]:
                made.append(nn.ReLU())
    return made
