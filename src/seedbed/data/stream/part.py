"""The training part of a table that is read from its files in every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, UsageError
from seedbed.data.dataset import Part
from seedbed.data.oddities import Oddities
from seedbed.data.statistics import Moments
from seedbed.data.stream.reading import Reading, RowQueue
from seedbed.data.stream.shuffle import counted, schedule

Superbatch = tuple[NDArray[Any], NDArray[Any], NDArray[np.float64] | None]  # x, y, weight


def single(x: NDArray[Any]) -> NDArray[np.float32]:
    """Features as float32, with nothing else done to them."""
    return x.astype(np.float32)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StreamedPart(Part):
    """A training part larger than memory. Its arrays and rows are those of a sample, and its length counts all rows.

    Attributes:
        n: all training rows.
        moments: those of all encoded features, over all training rows.
        target_moments: those of all targets; None in a classification.
        class_counts: the training rows of each class, (classes,); None unless a classification.
        digest: a hash of all encoded rows in the order of the files.
        reading: how rows are found, selected and encoded.
    """

    n: int
    moments: Moments
    target_moments: Moments | None
    class_counts: NDArray[np.int64] | None
    digest: bytes
    reading: Reading

    @property
    def sample(self) -> Part:
        """The sample: at most 100,000 rows, each training row with the same chance, as a part in memory."""
        return Part(self.x, self.y, self.rows, self.index, self.weight)

    def superbatches(
        self,
        epoch: int,
        seed: int,
        size: int,
        skip: int = 0,
        prepare: Callable[[NDArray[np.float64]], NDArray[Any]] = single,
    ) -> Iterator[Superbatch]:
        """All training rows once, in random order: x, y and weight of `size` rows at a time, of fewer in the last.

        The same epoch and seed give the same rows in the same order, on any machine. Rows that stand together in the
        file come apart as far as the lanes of `schedule` take them.

        Arguments:
            epoch: from 0; another one gives another order.
            seed: of the training, not of the split.
            size: rows of a superbatch, from 1; its x and one block of rows are all that is in memory.
            skip: how many superbatches to pass over, as a run does that goes on after a break; costs next to nothing.
            prepare: from encoded features, float64 (rows, *shape), to what x is to hold: the preprocessing of a setup,
                which loses less in front of float32 than behind it.

        Raises:
            UsageError: `size` or `skip` is not sound.
            DataError: a file was changed, damaged or removed since it was loaded.
        """
        if size < 1 or skip < 0:
            raise UsageError(f"superbatches: expected a size from 1 and a skip from 0, got {size} and {skip}")
        return self._superbatches((seed, epoch), size, skip, prepare)

    def _superbatches(self, seed: tuple[int, int], size: int, skip: int, prepare: Any) -> Iterator[Superbatch]:
        source = self.reading.source
        order = schedule(source.groups, len(source.names), seed)
        first = min(skip * size, self.n)
        starts = np.fromiter(counted(order, self.reading.counts), np.int64, len(order))
        at = int(np.searchsorted(starts, first, side="right")) - 1  # the last batch that begins at or before it
        queue = RowQueue(self.reading.training_batches(order[at:]))
        if first < self.n:
            queue.take(first - int(starts[at]))
        for number in range(skip, -(-self.n // size)):
            n = min(size, self.n - number * size)
            yield self._superbatch(queue, np.random.default_rng((*seed, number)).permutation(n), prepare)

    def _superbatch(self, queue: RowQueue, places: NDArray[np.int64], prepare: Any) -> Superbatch:
        """The next rows of the queue, each at its place."""
        made: list[NDArray[Any]] = []
        for start in range(0, len(places), self.reading.block):
            here = places[start : start + self.reading.block]
            table = queue.take(len(here))
            if table.num_rows < len(here):
                raise DataError(
                    f"{self.reading.source.given}: expected {self.n:,} training rows, got fewer", "load it again"
                )
            x, y, weight = self.reading.encoded(table, Oddities())
            block = [prepare(x), y] if weight is None else [prepare(x), y, weight]
            made = made or [np.empty((len(places), *array.shape[1:]), array.dtype) for array in block]
            for array, values in zip(made, block, strict=True):
                array[here] = values
        return made[0], made[1], made[2] if len(made) == 3 else None

    @property
    def is_streamed(self) -> bool:
        return True

    @property
    def known(self) -> dict[str, Moments]:
        return {"x": self.moments} | ({} if self.target_moments is None else {"y": self.target_moments})

    def class_sizes(self, n_classes: int) -> NDArray[np.int64]:
        return np.zeros(n_classes, dtype=np.int64) if self.class_counts is None else self.class_counts

    def span(self, what: str, i: int | None = None) -> dict[str, float]:
        found = self.moments if what == "x" or self.target_moments is None else self.target_moments
        at = ... if i is None else i
        return {
            "low": float(found.low[at].min()),
            "high": float(found.high[at].max()),
            "mean": float(found.mean[at].mean()),
        }

    def hash_into(self, digest: Any) -> None:
        digest.update(self.digest)

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        return f"StreamedPart({self.n:,} rows, sample={self.sample!r})"
