"""Where the examples of a step come from: all are on the devices, or they come in superbatches from a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from seedbed.training.state import Examples

SUPERBATCH_BYTES = 32_000_000  # of the features on each device; another superbatch is made ready meanwhile


class Feed(Protocol):
    """The examples that the program of a cohort reads.

    Attributes:
        valid: the validation part.
    """

    valid: Examples

    def train(self, epoch: int, number: int) -> Examples:
        """The training examples of superbatch `number` of an epoch, on the devices."""
        ...


class Held:
    """All examples, on the devices: one superbatch is the whole training part."""

    def __init__(self, train: Examples, valid: Examples) -> None:
        self.valid, self._train = valid, train

    def train(self, epoch: int, number: int) -> Examples:
        """All training examples."""
        del epoch, number
        return self._train


class Streamed:
    """Superbatches in their order, the next read and prepared while the devices work on one.

    Arguments:
        valid: the validation part.
        read: the superbatches of an epoch from one of them on.
        n: superbatches in an epoch.
        epochs: how many there are: behind the last one nothing is read ahead.
    """

    def __init__(self, valid: Examples, read: Callable[[int, int], Iterator[Examples]], n: int, epochs: int) -> None:
        self.valid, self._read, self._n, self._epochs = valid, read, n, epochs
        self._pool = ThreadPoolExecutor(1)
        self._here: tuple[tuple[int, int], Examples] | None = None
        self._next: tuple[tuple[int, int], Future[Examples]] | None = None
        self._reading: tuple[int, Iterator[Examples]] | None = None

    def train(self, epoch: int, number: int) -> Examples:
        """The training examples of superbatch `number` of an epoch, on the devices.

        Raises:
            DataError: the files were changed, damaged or removed since they were loaded.
        """
        asked = (epoch, number)
        if self._here is None or self._here[0] != asked:
            if self._next is None or self._next[0] != asked:
                self._ask(asked, is_continued=False)
            assert self._next is not None
            self._here = None  # its memory goes before the next comes
            self._here = (asked, self._next[1].result())
            following = (epoch, number + 1) if number + 1 < self._n else (epoch + 1, 0)
            if following[0] < self._epochs:
                self._ask(following, is_continued=True)
        return self._here[1]

    def _ask(self, what: tuple[int, int], *, is_continued: bool) -> None:
        epoch, number = what
        if not is_continued or self._reading is None or self._reading[0] != epoch:
            self._reading = (epoch, self._read(epoch, number))
        self._next = (what, self._pool.submit(next, self._reading[1]))


def rows_held(row_bytes: int, n_rows: int, batch_size: int) -> int:
    """How many examples a superbatch holds: whole batches, as many as its memory takes."""
    n = max(1, SUPERBATCH_BYTES // max(1, row_bytes) // batch_size) * batch_size
    return min(n, -(-n_rows // batch_size) * batch_size)


def filled(examples: Any, n: int) -> Any:
    """Arrays filled up to `n` rows with the first; those rows do not count."""
    missing = n - len(examples)
    return examples if not missing else np.concatenate([examples, np.repeat(examples[:1], missing, axis=0)])
