"""The order in which the batches of a table are read in an epoch, and which part each row belongs to.

A file is read best from front to back, and learned best in random order. So it is read at many places at once: each
*lane* reads some stretches of the file one after the other, and batches are taken from the lanes in turn, from each in
proportion to its length, so that all lanes end together. What stands in one superbatch comes from as many places as
there are lanes, and is then put in random order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seedbed.data.stream.source import RowGroup

FEWEST_LANES, MOST_LANES = 8, 32
LANE_BYTES = 512 << 20  # what all lanes together may hold; each has a page of every column in memory
PAGE_BYTES = 3 << 20  # of a column: packed, unpacked, and its dictionary


@dataclass(frozen=True)
class Stretch:
    """Batches of one row group that are read in order: from batch `start` up to `stop`."""

    group: int
    start: int
    stop: int


def stretches(groups: Sequence[RowGroup]) -> list[Stretch]:
    """The row groups, large ones cut, so that there are at least `FEWEST_LANES` where there are as many batches.

    The front of a cut group is unpacked again for each of its stretches: Parquet is not read from the middle.
    """
    most = max(1, -(-sum(group.n_batches for group in groups) // FEWEST_LANES))
    made = []
    for number, group in enumerate(groups):
        cuts = np.linspace(0, group.n_batches, -(-group.n_batches // most) + 1).astype(int)
        made += [Stretch(number, int(a), int(b)) for a, b in pairwise(cuts)]
    return made


def n_lanes(groups: Sequence[RowGroup], n_columns: int) -> int:
    """At how many places to read at once: as many as memory is set aside for."""
    group_bytes = max(group.n_bytes for group in groups)
    held = min(2 * group_bytes, PAGE_BYTES * n_columns)
    return int(np.clip(LANE_BYTES // max(1, held), 2, MOST_LANES))


def schedule(groups: Sequence[RowGroup], n_columns: int, seed: Sequence[int]) -> list[tuple[int, int, int]]:
    """All batches of the table in the order of one epoch: the lane, the row group and the batch's number in it."""
    rng = np.random.default_rng(seed)
    pieces = stretches(groups)
    lanes: list[list[tuple[int, int]]] = [[] for _ in range(min(n_lanes(groups, n_columns), len(pieces)))]
    for i in rng.permutation(len(pieces)):
        shortest = min(lanes, key=len)
        shortest += [(pieces[i].group, batch) for batch in range(pieces[i].start, pieces[i].stop)]
    # Batch j of a lane with m of them comes at (j + u) / m of the epoch, u drawn once for each lane.
    times = np.concatenate([(np.arange(len(lane)) + rng.random()) / len(lane) for lane in lanes])
    batches = [(number, *batch) for number, lane in enumerate(lanes) for batch in lane]
    return [batches[i] for i in np.argsort(times, kind="stable")]


def uniform(rows: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """A number in [0, 1) for each row number, the same in every pass: the counter-based generator SplitMix64.

    Source: G. Steele, D. Lea, C. Flood (2014), "Fast splittable pseudorandom number generators", figure 17.
    """
    key = np.random.SeedSequence(seed).generate_state(1, np.uint64)
    z = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + key
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.asarray((z >> np.uint64(11)) * 2.0**-53)


def counted(order: Sequence[tuple[int, int, int]], counts: Sequence[NDArray[np.int64]]) -> Iterator[int]:
    """For each batch of a schedule how many training rows stand before it."""
    before = 0
    for _, group, batch in order:
        yield before
        before += int(counts[group][batch])
