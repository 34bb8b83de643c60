"""Remedies against learning by heart, and against too much of them."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.network import L2, Dropout, Layer
from seedbed.training.setup import Setup
from seedbed.watching.remedies.anatomy import WEIGHTED, Spot, is_hidden_activation, reworked, spots
from seedbed.watching.remedies.learning import HOLD_BACK, unmeasured
from seedbed.watching.remedies.remedy import Cost, Remedy

STRENGTH, STRONGER = 0.01, 10.0
DROPPED = 0.5  # Srivastava et al. 2014, for hidden units
LEAST_PATIENCE, PATIENCE_SHARE = 3, 10


def l2(setup: Setup, task: str) -> Setup | None:
    """A penalty of 0.01 on the squared weights; ten times the one that is there."""
    before = setup.penalty
    if before is None:
        return setup.replace(penalty=L2(STRENGTH))
    if not isinstance(before, L2) or not isinstance(before.strength, float):
        return None
    return setup.replace(penalty=L2(max(STRENGTH, STRONGER * before.strength)))


def dropout(setup: Setup, task: str) -> Setup | None:
    """Half of the units that a linear layer reads from a hidden activation fall out in training."""
    if any(isinstance(spot.layer, Dropout) for spot in spots(setup.network)):
        return None

    def change(spot: Spot) -> Sequence[Layer]:
        reader = next((layer for layer in spot.behind if isinstance(layer, WEIGHTED)), None)
        is_place = is_hidden_activation(spot) and reader is not None and reader.kind == "linear"
        return [spot.layer, Dropout(DROPPED)] if is_place else [spot.layer]

    return setup.replace(network=reworked(setup.network, change))


def early_stopping(setup: Setup, task: str) -> Setup | None:
    """Training ends when the validation loss has not become better for a tenth of the epochs."""
    if setup.patience is not None:
        return None
    return setup.replace(patience=max(LEAST_PATIENCE, setup.epochs // PATIENCE_SHARE))


def less_regularisation(setup: Setup, task: str) -> Setup | None:
    """No penalty, no weight decay, no dropout."""
    network = reworked(setup.network, lambda spot: [] if isinstance(spot.layer, Dropout) else [spot.layer])
    optimizer = setup.optimizer.replace(weight_decay=None)
    return setup.replace(network=network, optimizer=optimizer, penalty=None)


REMEDIES = (
    Remedy("l2", l2, Cost.PENALTY),
    Remedy("dropout", dropout, Cost.LAYER),
    Remedy("early_stopping", early_stopping, Cost.PENALTY),
    Remedy(HOLD_BACK, unmeasured, Cost.INPUTS),
    Remedy("less_regularisation", less_regularisation, Cost.PENALTY),
)
