"""The order in which examples are seen: a fresh permutation for each epoch, drawn on the host.

Drawn there because a sort inside the program costs more compilation (0.13 s) than all the permutations of a short run.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from seedbed.core.keys import DATA_ORDER
from seedbed.training.state import Blueprint

MOST_BYTES = 1 << 24  # of the permutations that one call gets


def shape(b: Blueprint) -> tuple[int, ...]:
    """The shape of the orders that one call gets: (epoch, row), or (member, epoch, row) where each has its own."""
    members = (b.wave,) if b.setup.data_order == "own" else ()
    rows = b.n_held_steps * b.batch_size
    if b.n_held is not None:
        return (1, rows)
    n_epochs = max(1, min(b.setup.epochs, MOST_BYTES // (4 * rows * (members or (1,))[0])))
    return (*members, n_epochs, rows)


def for_call(b: Blueprint, seed: int, numbers: NDArray[np.int32], first: int, n_epochs: int) -> NDArray[np.int32]:
    """The orders that one call gets, for `n_epochs` epochs from `first`; what stands behind those is not read.

    Arguments:
        numbers: of the members, ghosts among them; they matter where each member has its own order.
    """
    if b.n_held is not None:  # streamed examples come in a fresh order
        return np.arange(shape(b)[-1], dtype=np.int32)[None]
    made = np.zeros(shape(b), np.int32)
    rows = (first, n_epochs, b.n_train, made.shape[-1])
    is_own = made.ndim == 3
    made[..., :n_epochs, :] = own_orders(seed, numbers, *rows) if is_own else shared_orders(seed, *rows)
    return made


def shared_orders(seed: int, first: int, n_epochs: int, n: int, n_rows: int) -> NDArray[np.int32]:
    """The orders of all members for epochs from `first`, (epoch, row): the `n` examples, filled up to `n_rows`."""
    return np.stack([_shared((seed, DATA_ORDER, epoch), n, n_rows) for epoch in range(first, first + n_epochs)])


def own_orders(
    seed: int, numbers: NDArray[np.int32], first: int, n_epochs: int, n: int, n_rows: int
) -> NDArray[np.int32]:
    """For each member its own orders, (member, epoch, row)."""
    epochs = range(first, first + n_epochs)
    return np.stack(
        [
            np.stack([_order((seed, DATA_ORDER, epoch, 1 + int(number)), n, n_rows) for epoch in epochs])
            for number in numbers
        ]
    )


def _order(stream: tuple[int, ...], n: int, n_rows: int) -> NDArray[np.int32]:
    order = np.random.default_rng(stream).permutation(n).astype(np.int32)
    return np.resize(order, n_rows)  # the rows that fill up the last batch are the first of the epoch again


_shared = functools.lru_cache(maxsize=64)(_order)  # every wave of a cohort asks for the same
