"""Can a few examples be learned by heart? Whatever cannot do that cannot learn a whole part either.

The setup's own network and optimizer, without what holds them back (penalty, decay, dropout, augmentation, schedule),
train on 20 examples, all in one batch, with the setup's own learning rate, and beside it with others up to ten thousand
times larger or smaller. A network that needs ten times the rate is slow on so few steps, and no more; one that learns
with a farther rate alone, or nothing with its own and everything with a tenth, has a rate that is wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from seedbed.core.value import rebuild
from seedbed.data.dataset import Dataset, Part
from seedbed.network.dropout import Dropout
from seedbed.training.layout import STACKED
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.training.state import COLUMNS
from seedbed.training.trainer import Training
from seedbed.watching.case import chance_of
from seedbed.watching.checks.check import Check
from seedbed.watching.checks.subject import Subject
from seedbed.watching.finding import FATAL, Evidence, Finding

EXAMPLES = 20
FEWEST_STEPS, MOST_STEPS = 300, 1000
LEARNED, RIGHT = 0.9, 0.95  # of the loss of chance taken away; or of the examples said right
FACTORS = (1.0, 10.0, 0.1, 100.0, 0.01, 1e3, 1e-3, 1e4, 1e-4)  # of the learning rate, the nearest first
NOTHING = 0.1  # of the loss of chance taken away


def overfits_few(subject: Subject) -> Check:
    """Trains on a few examples until they are known by heart."""
    name, data = "overfits_few", subject.data
    few = a_few(subject)
    n_outputs = subject.setup.loss.n_outputs(data.task, n_classes=data.n_classes, n_targets=data.n_targets)
    chance = chance_of(subject.setup.loss, subject.preprocessor.y(np.asarray(few.train.y)), n_outputs)
    if not chance > 0:
        return Check(name, None, reason="few_alike")
    steps = int(np.clip(subject.case.n_steps, FEWEST_STEPS, MOST_STEPS))
    setup = unbound(subject.setup).replace(batch_size=len(few.train), epochs=steps)
    optimizer = setup.optimizer
    setups = [setup.replace(optimizer=optimizer.replace(lr=float(optimizer.lr * f))) for f in FACTORS]
    plans = [Plan(1, len(setups), STACKED)]
    training = Training(setups, [0] * len(setups), few, subject.seed, plans, fitted=[subject.preprocessor])
    training.run()
    if training.is_interrupted:
        raise KeyboardInterrupt
    history = training.results[0].history
    learned = 1 - _best(history, "train_loss", np.fmin) / chance
    right = _best(history, "valid_score", np.fmax) if data.task == "classification" else np.zeros(len(setups))
    passes = (learned >= LEARNED) | (right >= RIGHT)
    evidence = [
        Evidence(
            f"smallest loss of {len(few.train)} examples / chance, in {steps} steps", 1 - float(learned[0]), "below 0.1"
        )
    ]
    if data.task == "classification":
        evidence.append(Evidence("share of them that is right", float(right[0]), f"{RIGHT:g} at least"))
    found = _rate(passes, bool(learned[0] < NOTHING), float(optimizer.lr))
    return Check(name, bool(passes.any()) and found is None, tuple(evidence), found)


def _rate(passes: Any, learns_nothing: bool, lr: float) -> Finding | None:
    """The finding that only a far learning rate gets there."""
    factor = FACTORS[int(np.argmax(passes))]
    is_near = factor in (1.0, 10.0) or (factor == 0.1 and not learns_nothing)
    if is_near or not passes.any():
        return None
    code, remedy = ("lr_too_low", "lr_up") if factor > 1 else ("lr_too_high", "lr_down")
    evidence = (Evidence("learning rate", lr, f"{lr * factor:.3g} gets there"),)
    return Finding(code, (), (), FATAL, evidence, (remedy, "adam"))


def a_few(subject: Subject) -> Dataset:
    """A data set of a few training examples, of as many classes as there is room for; they also validate."""
    part, rows = subject.data.train, np.sort(subject.rows[:EXAMPLES])
    few = Part(part.x[rows].copy(), np.asarray(part.y)[rows].copy(), None, rows)
    return replace(subject.data, train=few, valid=few)


def unbound(setup: Setup) -> Setup:
    """The setup without what keeps it from learning by heart."""
    off = lambda _, layer: layer.replace(rate=0.0) if isinstance(layer, Dropout) else layer  # noqa: E731
    optimizer = setup.optimizer.replace(weight_decay=None, schedule=None)
    network = rebuild(setup.network, off)
    free: dict[str, Any] = {"penalty": None, "augmentation": (), "class_weight": None, "patience": None}
    return setup.replace(network=network, optimizer=optimizer, **free)


def _best(history: Any, column: str, best: Any) -> Any:
    """The best of a column that is a number, for each member; infinite where there is none."""
    values = history[:, :, COLUMNS.index(column)].astype(np.float64)
    worst = np.inf if best is np.fmin else -np.inf
    return best.reduce(np.where(np.isfinite(values), values, worst), axis=1)
