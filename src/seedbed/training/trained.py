"""What training leaves of a cohort, on the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.data.preprocessor import Preprocessor
from seedbed.training.cohorts import Group
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.training.state import Blueprint
from seedbed.training.waves import Wave

TRAINED, STOPPED, DIVERGED, INTERRUPTED = "trained", "stopped early", "diverged", "interrupted"


@dataclass(frozen=True)
class Trained:
    """The members of one cohort after training, on the host. Arrays have a member axis in front.

    Attributes:
        setup: of the first member, bound to the data.
        numbers: the leaves of all members' setups.
        places: where the members stand among all.
        preprocessor: fitted to the data.
        params: the best weights of each member, by validation loss.
        best_epoch: the epoch of those, from 0; -1 where none was sound.
        outcomes: how each member's training ended.
        history: (member, epoch, column), columns as in `COLUMNS`; NaN where a member did not train.
        seconds: (member, epoch), wall clock since the start.
        seen: what `observe` returned, (member, epoch, ...).
        ended: the step of the whole training, from 0, whose loss was no number, or behind which that of the validation
            part was none; -1 where there was no such step.
        broken: the place of the first layer whose outputs were no numbers there, the number of layers where the loss
            alone was none; -1 where that is not known.
    """

    setup: Setup
    numbers: Any
    places: NDArray[np.int64]
    preprocessor: Preprocessor
    params: Any
    best_epoch: NDArray[np.int32]
    outcomes: list[str]
    history: NDArray[Any]
    seconds: NDArray[np.float64]
    seen: Any
    ended: NDArray[np.int32]
    broken: NDArray[np.int32]
    plan: Plan

    @property
    def n_epochs(self) -> NDArray[np.int64]:
        """The epochs that each member has behind it."""
        return np.asarray((~np.isnan(self.history[:, :, -1])).sum(axis=1))


def collected(
    waves: Sequence[dict[str, Any]], members: Group, blueprint: Blueprint, preprocessor: Preprocessor
) -> Trained:
    """The results of a cohort from those of its waves; without the members whose waves did not begin."""
    one = jax.tree.map(lambda *parts: np.concatenate(parts), *waves)
    there = np.arange(len(one["active"]))
    flags = zip(one["active"], one["stopped"], one["is_over"], strict=True)
    return Trained(
        setup=members.setup,
        numbers=jax.tree.map(lambda leaf: leaf[there], members.numbers),
        places=members.places[there],
        preprocessor=preprocessor,
        params=one["best"],
        best_epoch=one["best_epoch"],
        outcomes=[_outcome(*map(bool, each)) for each in flags],
        history=one["history"],
        seconds=one["seconds"],
        seen=one["seen"],
        ended=one["ended"],
        broken=one["broken"],
        plan=blueprint.plan,
    )


def on_host(wave: Wave, axes: Any) -> dict[str, Any]:
    """What is kept of a wave: NumPy arrays with the member axis in front, without its ghosts."""
    n, state = len(wave.numbers), wave.state
    front = lambda a, axis: np.moveaxis(np.asarray(a), axis, 0)[:n]  # noqa: E731
    seconds = np.full((n, state.setup.epochs), np.nan)
    seconds[:, : len(wave.seconds)] = wave.seconds
    return {
        "best": jax.tree.map(front, state.best, axes.best),
        "best_epoch": front(state.best_epoch, 0),
        "active": front(state.active, 0),
        "stopped": front(state.stopped, 0),
        "is_over": np.full(n, wave.is_over),
        "history": front(state.history, 0),
        "seconds": seconds,
        "ended": front(state.ended, 0),
        "seen": jax.tree.map(lambda a: front(a, 0), state.seen),
    }


def _outcome(active: bool, stopped: bool, is_over: bool) -> str:
    if not active and not stopped:
        return DIVERGED
    if stopped:
        return STOPPED
    return TRAINED if is_over else INTERRUPTED
