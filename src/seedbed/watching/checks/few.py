"""Can a few examples be learned by heart? Whatever cannot do that cannot learn a whole part either.

The setup's own network and optimizer, without what holds them back (penalty, decay, dropout, augmentation, schedule),
train on 20 examples, all in one batch: with the setup's own learning rate, and beside it with ten times and a tenth of
it, which tells what is wrong where only another rate succeeds.
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
FACTORS = (1.0, 10.0, 0.1)  # of the learning rate


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
    return Check(name, bool(passes[0]), tuple(evidence), _rate(passes, float(optimizer.lr)))


def _rate(passes: Any, lr: float) -> Finding | None:
    """The finding that only another learning rate gets there."""
    if passes[0] or not passes[1:].any():
        return None
    code, factor, remedy = ("lr_too_low", 10.0, "lr_up") if passes[1] else ("lr_too_high", 0.1, "lr_down")
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
