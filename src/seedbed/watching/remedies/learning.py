"""Remedies at the steps: the learning rate, how it changes, the optimizer, the batch, the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seedbed.training.optimizers import SGD, Adam, Optimizer
from seedbed.training.schedules import WarmUp
from seedbed.training.setup import Setup
from seedbed.watching.remedies.remedy import Cost, Remedy

CLIP_NORM = 1.0
ADAM_RATE, SGD_RATE, MOMENTUM = 1e-3, 1e-2, 0.9
LEAST_BATCH, BATCH_GROWTH = 32, 4
LONGER = 3
RANGE, HOLD_BACK = "lr_range", "hold_back"  # that take the data


# Other rates run in the program of the sick setup, so that where one is asked for the farther one costs little more.
FARTHER = {"lr_down": "lr_far_down", "lr_up": "lr_far_up"}


def _rate_times(factor: float) -> Callable[[Setup, str], Setup | None]:
    def apply(setup: Setup, task: str) -> Setup | None:
        lr: Any = setup.optimizer.lr
        if not isinstance(lr, float):  # drawn, in a space
            return None
        return setup.replace(optimizer=setup.optimizer.replace(lr=float(f"{lr * factor:.12g}")))

    return apply


def at_rate(setup: Setup, lr: float) -> Setup:
    """The setup with this learning rate."""
    return setup.replace(optimizer=setup.optimizer.replace(lr=float(f"{lr:.2g}")))


def unmeasured(setup: Setup, task: str) -> Setup | None:
    """Nothing: which rate a range test speaks for, or which rows are held back, only who has the data can try."""
    return None


def warm_up(setup: Setup, task: str) -> Setup | None:
    """A rate that grows from 0 over the first tenth of the training."""
    before = setup.optimizer.schedule
    if isinstance(before, WarmUp):
        return None
    after = WarmUp() if before is None else WarmUp(after=before)
    return setup.replace(optimizer=setup.optimizer.replace(schedule=after))


def clip(setup: Setup, task: str) -> Setup | None:
    """Gradients of length 1 at most."""
    before = setup.optimizer.clip_norm
    if before is not None and (not isinstance(before, float) or before <= CLIP_NORM):
        return None
    return setup.replace(optimizer=setup.optimizer.replace(clip_norm=CLIP_NORM))


def adam(setup: Setup, task: str) -> Setup | None:
    """Adam at its usual rate."""
    old = setup.optimizer
    if isinstance(old, Adam):
        return None
    return setup.replace(optimizer=Adam(ADAM_RATE, **_shared(old)))


def sgd_momentum(setup: Setup, task: str) -> Setup | None:
    """Plain gradient descent with momentum: at the rate of plain SGD where that was the optimizer."""
    old = setup.optimizer
    if isinstance(old, SGD):
        return setup.replace(optimizer=old.replace(momentum=MOMENTUM)) if old.momentum is None else None
    return setup.replace(optimizer=SGD(SGD_RATE, momentum=MOMENTUM, **_shared(old)))


def larger_batch(setup: Setup, task: str) -> Setup | None:
    """Steps that each see at least 32 examples, or four times as many."""
    n = setup.batch_size
    return setup.replace(batch_size=LEAST_BATCH if n < LEAST_BATCH else BATCH_GROWTH * n)


def longer(setup: Setup, task: str) -> Setup | None:
    """Three times the epochs."""
    return setup.replace(epochs=LONGER * setup.epochs)


def _shared(optimizer: Optimizer) -> dict[str, Any]:
    """What every optimizer has beside its rate."""
    return {name: getattr(optimizer, name) for name in ("schedule", "weight_decay", "clip_norm")}


REMEDIES = (
    Remedy("lr_down", _rate_times(0.1), Cost.RATE),
    Remedy("lr_up", _rate_times(10.0), Cost.RATE),
    Remedy("lr_far_down", _rate_times(0.01), Cost.RATE),
    Remedy("lr_far_up", _rate_times(100.0), Cost.RATE),
    Remedy(RANGE, unmeasured, Cost.RATE),
    Remedy("warm_up", warm_up, Cost.SCHEDULE),
    Remedy("clip", clip, Cost.SCHEDULE),
    Remedy("adam", adam, Cost.OPTIMIZER),
    Remedy("sgd_momentum", sgd_momentum, Cost.OPTIMIZER),
    Remedy("larger_batch", larger_batch, Cost.BATCH),
    Remedy("longer", longer, Cost.TIME),
)
