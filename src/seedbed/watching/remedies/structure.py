"""Remedies at the structure: norms and shortcuts that let the gradient pass, fewer layers, wider ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seedbed.network import BatchNorm, Dropout, Layer, Linear, Residual
from seedbed.network.activations import Activation
from seedbed.network.containers import Container
from seedbed.network.norms import Norm
from seedbed.training.setup import Setup
from seedbed.watching.remedies.anatomy import WEIGHTED, Spot, hidden, reworked
from seedbed.watching.remedies.remedy import Cost, Remedy

LEAST_BATCH = 2  # one example has no variance
WIDER = 2


def batchnorm(setup: Setup, task: str) -> Setup | None:
    """Batch normalisation behind each hidden layer with weights, in front of its activation."""
    if setup.batch_size < LEAST_BATCH:
        return None

    def change(spot: Spot) -> Sequence[Layer]:
        is_place = spot.has_weights and spot.is_hidden and not isinstance(next(iter(spot.behind), None), Norm)
        return [spot.layer, BatchNorm()] if is_place else [spot.layer]

    return setup.replace(network=reworked(setup.network, change))


def residual(setup: Setup, task: str) -> Setup | None:
    """A way past each hidden linear layer that has as many units as the one before: x + f(x)."""
    layers: list[Layer] = []
    width = None
    segments = _segments(setup.network.layers)
    for i, segment in enumerate(segments):
        units = segment[0].units if isinstance(segment[0], Linear) and _keeps_vectors(segment) else None
        is_place = units is not None and units == width and i < len(segments) - 1
        layers += [Residual(segment)] if is_place else segment
        width = units
    return setup.replace(network=setup.network.replace(layers=layers))


def fewer_layers(setup: Setup, task: str) -> Setup | None:
    """The network without the later half of its hidden linear layers, each with its activation."""
    segments = _segments(setup.network.layers)
    places = [i for i, segment in enumerate(segments[:-1]) if _keeps_vectors(segment)]
    dropped = places[-(len(places) // 2) :] if len(places) > 1 else []
    kept = [layer for i, segment in enumerate(segments) if i not in dropped for layer in segment]
    return setup.replace(network=setup.network.replace(layers=kept)) if dropped else None


def wider(setup: Setup, task: str) -> Setup | None:
    """Twice the units in every hidden layer; not where a shortcut has to keep the width of the inputs."""
    first = next((layer for layer in setup.network.layers if _is_block(layer) or isinstance(layer, WEIGHTED)), None)
    if first is None or _is_block(first) or not hidden(setup.network):
        return None

    def change(spot: Spot) -> Sequence[Layer]:
        units: Any = getattr(spot.layer, "units", None)
        is_place = spot.has_weights and spot.is_hidden and isinstance(units, int)
        return [spot.layer.replace(units=WIDER * units) if is_place else spot.layer]

    return setup.replace(network=reworked(setup.network, change))


def _segments(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Layers in a row, cut in front of each linear layer, convolution or block."""
    segments: list[list[Layer]] = []
    for layer in layers:
        if isinstance(layer, WEIGHTED) or _is_block(layer) or not segments:
            segments.append([])
        segments[-1].append(layer)
    return segments


def _keeps_vectors(segment: Sequence[Layer]) -> bool:
    """Whether it is a linear layer with what belongs to it, behind which nothing else changes the shape."""
    rest_is_even = all(isinstance(layer, Activation | Norm | Dropout) for layer in segment[1:])
    return isinstance(segment[0], Linear) and rest_is_even


def _is_block(layer: Layer) -> bool:
    return isinstance(layer, Container)


REMEDIES = (
    Remedy("batchnorm", batchnorm, Cost.LAYER),
    Remedy("residual", residual, Cost.STRUCTURE),
    Remedy("fewer_layers", fewer_layers, Cost.STRUCTURE),
    Remedy("wider", wider, Cost.STRUCTURE),
)
