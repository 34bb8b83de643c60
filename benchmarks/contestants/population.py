"""Seedbed: a whole population through `Training`, with everything that it does by default.

History with loss and score of the training and the validation part, the best weights of each member, the gate that
holds a member whose loss is no number any more. The other contestants do none of that.
"""

from __future__ import annotations

import contextlib
import time

from benchmarks.compilation import Listener
from benchmarks.contestants import Block
from benchmarks.networks import LEARNING_RATE, LayerTask, Task, examples

EPOCHS, EPOCHS_OF_ONE = 100, 1000  # more than the first device call holds, whose length is a cautious guess


class Seedbed:
    """A population of `members` networks that validates on `n_valid` examples after each epoch."""

    def __init__(self, task: Task | LayerTask, *, members: int, n_valid: int | None = None) -> None:
        from seedbed import data
        from seedbed.network import CrossEntropy, Network
        from seedbed.training import SGD, Setup

        n_valid = task.n_valid if n_valid is None else n_valid
        n = task.n_train + 2 * n_valid  # as many for the test part, which nobody reads
        self.data = data.load(examples(task, n), valid_share=n_valid / n, test_share=n_valid / n)
        assert len(self.data.train) == task.n_train
        setup = Setup(
            network=Network.parse(getattr(task, "repeated", None) or task.line),
            loss=CrossEntropy(),
            optimizer=SGD(LEARNING_RATE),
            batch_size=task.batch_size,
            epochs=EPOCHS if members > 1 else EPOCHS_OF_ONE,
        )
        self.setups = [setup] * members
        with Listener() as heard:
            self.block(0.0)
        self.info = {"members": members, "compile_seconds": heard.seconds}

    def block(self, seconds: float) -> Block:
        from seedbed.training.trainer import Training

        clock = _Clock(seconds)
        with contextlib.suppress(_EnoughError):
            Training(self.setups, range(len(self.setups)), self.data, on_progress=clock).run()
        return Block(clock.n_steps, clock.seconds)


class _EnoughError(Exception):
    """The block is long enough."""


class _Clock:
    """Counts the steps and the time from the first device call on, which is short and finds out how long a step takes.

    The calls between two of its ticks hold whole epochs, with their validation, unless an epoch of one wave takes
    longer than a call may.
    """

    def __init__(self, least: float) -> None:
        self.least = least
        self.first: tuple[float, int] | None = None

    def __call__(self, progress: object) -> None:
        now = (time.perf_counter(), progress.n_steps)  # type: ignore[attr-defined]
        if self.first is None:
            self.first = now
            return
        self.seconds, self.n_steps = (b - a for a, b in zip(self.first, now, strict=True))
        if self.seconds >= self.least:
            raise _EnoughError
