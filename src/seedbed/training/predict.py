"""Prediction of trained members, many at a time: what their networks say of encoded examples."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.training import devices
from seedbed.training.compiling import keep_programs
from seedbed.training.scopes import precision
from seedbed.training.trained import Trained

ROWS, MEMBERS = 1024, 32  # that one call takes
FEWEST = 8  # members of a call for several


def predictions(
    trained: Trained, which: NDArray[np.int64], x: NDArray[Any], task: str, *, at_once: int | None = None
) -> NDArray[Any]:
    """What some members of a cohort predict for encoded examples.

    Arguments:
        trained: the cohort.
        which: the places of the members in it.
        x: encoded features (n, *shape), not yet preprocessed.
        task: what the targets are.
        at_once: how many members a call takes, where calls for as many members and rows recur: they get a program for
            just so many.

    Returns:
        (member, n, k): probabilities of the classes, or of each label, or values in the targets' own units.

    Raises:
        ShapeError: an example has a category that the network does not know.
        SetupError: the devices do not compute with the precision of the setup.
    """
    setup = trained.setup
    devices.check_precision(setup.precision)
    rows = trained.preprocessor.x(x)
    rows = rows.reshape(len(x), *setup.network.input_shape(rows.shape[1:])).astype(setup.storage, copy=False)
    setup.network.check_input(rows)
    numbers = jax.tree.map(lambda leaf: np.asarray(leaf)[which].astype(setup.storage), trained.numbers)
    params = jax.tree.map(lambda a: a[which], trained.params)
    with precision(setup.storage):
        keep_programs()
        function = _compiled(jax.tree.structure(setup), task)
        n = at_once or MEMBERS
        calls = [range(at, min(at + n, len(which))) for at in range(0, len(which), n)]
        blocks = [_of_members(function, numbers, params, rows, call, is_exact=at_once is not None) for call in calls]
    values = np.concatenate(blocks)
    return trained.preprocessor.unscale(values) if task == "regression" else values


@functools.lru_cache(maxsize=64)
def _compiled(structure: Any, task: str) -> Callable[..., Any]:
    has_windows = jax.tree.unflatten(structure, [0.0] * structure.num_leaves).network.has_windows

    def one(setup: Any, params: Any, x: Any) -> Any:
        network, own, inputs = setup.compute(params, x)
        return setup.loss.predict(network.forward(own, inputs)[0].astype(x.dtype), task)

    def each(setups: Any, params: Any, x: Any) -> Any:
        if jax.default_backend() == "cpu" and has_windows:
            return jax.lax.map(lambda member: one(member[0], member[1], x), (setups, params))
        return jax.vmap(one, in_axes=(0, 0, None))(setups, params, x)

    return jax.jit(each)


def _of_members(
    function: Callable[..., Any], numbers: Any, params: Any, x: NDArray[Any], which: range, *, is_exact: bool
) -> NDArray[Any]:
    """The predictions of some members for all rows; both filled up to whole blocks."""
    n_members = len(which)
    filled = np.resize(np.asarray(which), n_members if is_exact else _filled(n_members, 2, FEWEST, MEMBERS))
    here = jax.tree.map(lambda a: a[filled], (numbers, params))
    n_rows = max(1, min(len(x), ROWS)) if is_exact else _filled(len(x), 4, 1, ROWS)
    blocks = []
    for row in range(0, max(1, len(x)), n_rows):  # one block of filling where there are no rows
        block = x[row : row + n_rows]
        missing = n_rows - len(block)
        block = np.concatenate([block, np.zeros((missing, *block.shape[1:]), block.dtype)]) if missing else block
        blocks.append(np.asarray(function(*here, block))[:n_members, : n_rows - missing])
    return np.concatenate(blocks, axis=1)


def _filled(n: int, factor: int, least: int, most: int) -> int:
    """`n` filled up to one of a few sizes, so that few programs are compiled; 1 stays 1.

    >>> [_filled(n, 2, 8, 32) for n in (1, 2, 9, 40)]
    [1, 8, 16, 32]
    """
    size = 1 if n <= 1 else least
    while size < n:
        size *= factor
    return min(size, most)
