"""Where the hidden layers of a network are, and how to put others in their place, also in blocks and branches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seedbed.network import Chain, Identity, Layer, Linear, Network, Softmax
from seedbed.network.activations import Activation
from seedbed.network.containers import Container, Parallel, Repeat, Row
from seedbed.network.convolution import Convolution

WEIGHTED = (Linear, Convolution)  # what has weights that an initialiser draws


@dataclass(frozen=True)
class Spot:
    """One layer that is no block of others, seen in its place.

    Attributes:
        layer: the layer.
        behind: the layers behind it, first to last, without the blocks that they are in.
        is_hidden: whether it stands in front of the layer that gives the outputs.
    """

    layer: Layer
    behind: tuple[Layer, ...]
    is_hidden: bool

    @property
    def has_weights(self) -> bool:
        """Whether it is a linear layer or a convolution."""
        return isinstance(self.layer, WEIGHTED)

    @property
    def activation(self) -> Activation | None:
        """The activation that its outputs come to before other weights; None where there is none."""
        for layer in self.behind:
            if isinstance(layer, WEIGHTED):
                return None
            if isinstance(layer, Activation):
                return layer
        return None


Change = Callable[[Spot], Sequence[Layer]]


def spots(network: Network) -> list[Spot]:
    """All layers that are no blocks of others, in the order in which activations pass them."""
    leaves = [leaf for layer in network.layers for leaf in _leaves(layer)]
    weighted = [i for i, leaf in enumerate(leaves) if isinstance(leaf, WEIGHTED)]
    last = weighted[-1] if weighted else len(leaves)
    is_out = lambda leaf: isinstance(leaf, WEIGHTED) and leaf.units == "out"  # noqa: E731
    return [Spot(leaf, tuple(leaves[i + 1 :]), i < last and not is_out(leaf)) for i, leaf in enumerate(leaves)]


def hidden(network: Network) -> list[Spot]:
    """The hidden layers with weights."""
    return [spot for spot in spots(network) if spot.has_weights and spot.is_hidden]


def is_hidden_activation(spot: Spot) -> bool:
    """Whether it bends the outputs of a hidden layer; a softmax, as in attention, is something else."""
    return spot.is_hidden and isinstance(spot.layer, Activation) and not isinstance(spot.layer, Softmax)


def reworked(network: Network, change: Change) -> Network:
    """The network with `change(spot)` in the place of each layer: one layer, several in a row, or none."""
    todo = iter(spots(network))
    return network.replace(layers=_row(network.layers, change, todo))


def _leaves(layer: Any) -> Iterator[Layer]:
    if isinstance(layer, Container):
        for inside in layer.inside:
            yield from _leaves(inside)
    elif isinstance(layer, Layer):  # a distribution, in a space, is none
        yield layer


def _row(layers: Sequence[Layer], change: Change, todo: Iterator[Spot]) -> list[Layer]:
    return [new for layer in layers for new in _changed(layer, change, todo)] or [Identity()]


def _changed(layer: Any, change: Change, todo: Iterator[Spot]) -> Sequence[Layer]:
    if isinstance(layer, Row):
        return [layer.replace(layers=_row(layer.layers, change, todo))]
    if isinstance(layer, Parallel):
        return [layer.replace(branches=[_one(branch, change, todo) for branch in layer.branches])]
    if isinstance(layer, Repeat):
        return [layer.replace(block=_one(layer.block, change, todo))]
    return change(next(todo)) if isinstance(layer, Layer) else [layer]


def _one(layer: Layer, change: Change, todo: Iterator[Spot]) -> Layer:
    """What takes the place of a layer where only one may stand."""
    new = _changed(layer, change, todo)
    return new[0] if len(new) == 1 else Chain(list(new) or [Identity()])
