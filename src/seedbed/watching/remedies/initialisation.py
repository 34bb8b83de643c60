"""Remedies at the first weights: the initialiser that keeps signals alive, and biases that keep ReLU units open."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from seedbed.network import (
    Constant,
    HeNormal,
    Initializer,
    Layer,
    LeakyReLU,
    LeCunNormal,
    Network,
    Orthogonal,
    PReLU,
    ReLU,
    XavierNormal,
    Zeros,
)
from seedbed.training.setup import Setup
from seedbed.watching.remedies.anatomy import Spot, is_hidden_activation, reworked, spots
from seedbed.watching.remedies.remedy import Cost, Remedy

POSITIVE = 0.1  # Goodfellow, Bengio and Courville 2016, section 6.3: "a small positive value, such as 0.1"


def begun_with(network: Network, initializer: Initializer) -> Network:
    """The network with weights that begin so in every layer, also the last, and biases that begin at 0.

    A bias that begins at one number for all units was set on purpose, and stays.
    """

    def change(spot: Spot) -> Sequence[Layer]:
        if not spot.has_weights:
            return [spot.layer]
        bias = getattr(spot.layer, "bias", None)
        kept = bias if bias is None or isinstance(bias, Constant) else Zeros()
        return [spot.layer.replace(weight=initializer, bias=kept)]

    return reworked(network, change)


def _beginning(initializer: Initializer) -> Callable[[Setup, str], Setup | None]:
    return lambda setup, task: setup.replace(network=begun_with(setup.network, initializer))


def orthogonal(setup: Setup, task: str) -> Setup | None:
    """Weights that keep lengths, with the gain √2 in front of ReLUs, which drop half of the signal."""
    bent = [spot.layer for spot in spots(setup.network) if is_hidden_activation(spot)]
    gain = math.sqrt(2.0) if any(isinstance(layer, ReLU | LeakyReLU | PReLU) for layer in bent) else 1.0
    return setup.replace(network=begun_with(setup.network, Orthogonal(gain)))


def positive_bias(setup: Setup, task: str) -> Setup | None:
    """Biases in front of ReLUs that begin a little above 0, so that units begin on the side with a slope."""

    def change(spot: Spot) -> Sequence[Layer]:
        is_place = spot.has_weights and isinstance(spot.activation, ReLU)
        has_bias = getattr(spot.layer, "bias", None) is not None
        return [spot.layer.replace(bias=Constant(POSITIVE)) if is_place and has_bias else spot.layer]

    return setup.replace(network=reworked(setup.network, change))


REMEDIES = (
    Remedy("positive_bias", positive_bias, Cost.INITIALIZER),
    Remedy("he", _beginning(HeNormal()), Cost.INITIALIZER),
    Remedy("xavier", _beginning(XavierNormal()), Cost.INITIALIZER),
    Remedy("lecun", _beginning(LeCunNormal()), Cost.INITIALIZER),
    Remedy("orthogonal", orthogonal, Cost.INITIALIZER),
)
