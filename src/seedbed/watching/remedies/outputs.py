"""Remedies at the outputs: the last layer and the loss put right for what the targets are."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.network import (
    BinaryCrossEntropy,
    CrossEntropy,
    Dropout,
    Huber,
    Layer,
    Loss,
    MeanSquaredError,
    Network,
    QuadraticCost,
    Softmax,
)
from seedbed.network.activations import Activation
from seedbed.training.setup import Setup
from seedbed.watching.remedies.anatomy import WEIGHTED, Spot, reworked, spots
from seedbed.watching.remedies.remedy import Cost, Remedy

FROM_LOGITS = (CrossEntropy, BinaryCrossEntropy)  # losses that apply softmax or sigmoid themselves
FITTING: dict[str, tuple[type[Loss], ...]] = {  # the first is the usual one
    "classification": FROM_LOGITS,
    "multilabel": (BinaryCrossEntropy,),
    "regression": (MeanSquaredError, QuadraticCost, Huber),
}


def no_softmax(setup: Setup, task: str) -> Setup | None:
    """No softmax in front of a loss that applies it itself, nor on a single unit, where it is always 1."""
    last = _last(setup.network)
    is_single = getattr(last, "units", None) == 1
    if not (is_single or isinstance(setup.loss, FROM_LOGITS)):
        return None
    return setup.replace(network=_without_behind(setup.network, (Softmax,)))


def fit_output(setup: Setup, task: str) -> Setup | None:
    """Linear outputs, as many as the targets ask for, and the loss that belongs to the task."""
    kinds = FITTING[task]
    network = _without_behind(setup.network, (Activation, Dropout))
    loss = setup.loss if isinstance(setup.loss, kinds) else kinds[0]()
    if network == setup.network and loss == setup.loss:
        return None
    return setup.replace(network=_with_open_units(network), loss=loss)


def class_weight(setup: Setup, task: str) -> Setup | None:
    """Classes that count alike in the loss, however many examples each has."""
    is_place = task == "classification" and setup.class_weight is None
    return setup.replace(class_weight="balanced") if is_place else None


def _last(network: Network) -> Layer | None:
    """The layer that gives the outputs."""
    weighted = [spot.layer for spot in spots(network) if spot.has_weights]
    return weighted[-1] if weighted else None


def _is_behind(spot: Spot) -> bool:
    """Whether no weights come behind it, and it has none: what the outputs still pass."""
    return not spot.has_weights and not any(isinstance(layer, WEIGHTED) for layer in spot.behind)


def _without_behind(network: Network, kinds: tuple[type[Layer], ...]) -> Network:
    """The network without layers of these kinds behind the one that gives the outputs."""

    def change(spot: Spot) -> Sequence[Layer]:
        return [] if _is_behind(spot) and isinstance(spot.layer, kinds) else [spot.layer]

    return reworked(network, change) if _last(network) is not None else network


def _with_open_units(network: Network) -> Network:
    """The network with as many outputs as the data asks for."""

    def change(spot: Spot) -> Sequence[Layer]:
        is_output = spot.has_weights and not any(isinstance(layer, WEIGHTED) for layer in spot.behind)
        return [spot.layer.replace(units="out") if is_output else spot.layer]

    return reworked(network, change)


REMEDIES = (
    Remedy("no_softmax", no_softmax, Cost.OUTPUT),
    Remedy("fit_output", fit_output, Cost.OUTPUT),
    Remedy("class_weight", class_weight, Cost.PENALTY),
)
