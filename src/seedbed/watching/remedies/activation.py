"""Remedies at the activations: another one in all hidden layers, each with the initialiser that belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seedbed.network import (
    ELU,
    SELU,
    HeNormal,
    Initializer,
    Layer,
    LeakyReLU,
    LeCunNormal,
    Network,
    ReLU,
    Tanh,
    XavierNormal,
)
from seedbed.network.activations import Activation
from seedbed.training.setup import Setup
from seedbed.watching.remedies.anatomy import Spot, is_hidden_activation, reworked, spots
from seedbed.watching.remedies.initialisation import begun_with
from seedbed.watching.remedies.remedy import Cost, Remedy


def bent_by(network: Network, activation: Activation) -> Network:
    """The network with this activation in place of each hidden one; behind each hidden layer where there was none."""
    is_bent = any(is_hidden_activation(spot) for spot in spots(network))

    def change(spot: Spot) -> Sequence[Layer]:
        if is_hidden_activation(spot):
            return [activation]
        is_place = not is_bent and spot.has_weights and spot.is_hidden
        return [spot.layer, activation] if is_place else [spot.layer]

    return reworked(network, change)


def _bending(activation: Activation, initializer: Initializer) -> Callable[[Setup, str], Setup | None]:
    def apply(setup: Setup, task: str) -> Setup | None:
        bent = bent_by(setup.network, activation)
        if bent == setup.network:  # it is there, and an initialiser alone is another remedy
            return None
        return setup.replace(network=begun_with(bent, initializer))

    return apply


REMEDIES = (
    Remedy("relu", _bending(ReLU(), HeNormal()), Cost.ACTIVATION),
    Remedy("leaky_relu", _bending(LeakyReLU(), HeNormal()), Cost.ACTIVATION),
    Remedy("elu", _bending(ELU(), HeNormal()), Cost.ACTIVATION),
    Remedy("selu", _bending(SELU(), LeCunNormal()), Cost.ACTIVATION),
    Remedy("tanh", _bending(Tanh(), XavierNormal()), Cost.ACTIVATION),
)
