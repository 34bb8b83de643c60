"""The trace of a network on some examples: z, a, δ and the slopes of its weights, layer by layer, to look at.

The recurrences behind it, with their equations, stand in `recurrences`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.core.plain import to_line
from seedbed.network.activations import Activation
from seedbed.network.grid import Grid, Shown
from seedbed.network.layer import Layer
from seedbed.network.losses import Loss
from seedbed.network.network import Network
from seedbed.network.recurrences import recurrences

HEADINGS = ("", "layer", "z", "‖z‖", "‖a‖", "‖δ‖", "‖∂C/∂w‖", "‖∂C/∂b‖")
N_TEXTS = 3


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """One layer of the textbook: what is learned, and the activation behind it.

    Attributes:
        places: where its layers stand in the network: one, or two with its activation.
        name: those layers as a text.
        x: its input, aˡ⁻¹, (batch, *in).
        z: what goes into the activation, (batch, *out).
        a: what comes out; z itself where there is no activation.
        delta: δ = ∂C/∂z, (batch, *out).
        gradients: ∂C/∂ of each of its weights by name, `weight` and `bias` for a linear layer.
    """

    places: tuple[int, ...]
    name: str
    x: NDArray[Any]
    z: NDArray[Any]
    a: NDArray[Any]
    delta: NDArray[Any]
    gradients: dict[str, NDArray[Any]]

    @property
    def d_weight(self) -> NDArray[Any] | None:
        """∂C/∂w of a linear layer; None where there is nothing of that name."""
        return self.gradients.get("weight")

    @property
    def d_bias(self) -> NDArray[Any] | None:
        """∂C/∂b of a linear layer; None where there is nothing of that name."""
        return self.gradients.get("bias")

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row in the table: shapes, and Euclidean norms of all numbers together."""
        arrays = (self.z, self.a, self.delta, self.d_weight, self.d_bias)
        place = "-".join(map(str, self.places))
        return (place, self.name, str(self.z.shape), *("" if a is None else f"{np.linalg.norm(a):.4g}" for a in arrays))


@dataclass(frozen=True, eq=False, repr=False)
class Trace(Shown):
    """A network at work on some examples. Print it for a table of its layers.

    Attributes:
        layers: first to last.
        loss: C, the mean loss.
        losses: the loss of each example, (batch,).
        targets: as the loss took them.
        outputs: of the network, (batch, k).
        gradients: ∂C/∂ of each weight: for each layer of the network a dictionary, as its weights have it.
        d_input: ∂C/∂ of the input, (batch, *in).
        loss_name: the loss as a text.
    """

    layers: tuple[LayerTrace, ...]
    loss: float
    losses: NDArray[Any]
    targets: NDArray[Any]
    outputs: NDArray[Any]
    gradients: tuple[dict[str, NDArray[Any]], ...]
    d_input: NDArray[Any]
    loss_name: str

    @property
    def grid(self) -> Grid:
        """The layers as a table of texts."""
        n = len(self.losses)
        of = "one example" if n == 1 else f"{n:,} examples"
        caption = f"C = {self.loss:.6g}, {self.loss_name} of {of}; ‖·‖ over all numbers"
        return Grid(HEADINGS, tuple(layer.cells for layer in self.layers), caption, N_TEXTS)

    def __repr__(self) -> str:
        return f"Trace({len(self.layers)} layers, {len(self.losses)} examples, loss={self.loss:.6g})"


def trace(network: Network, params: Sequence[Any], loss: Loss, x: Any, y: Any) -> Trace:
    """The trace of a network with its weights on a batch of examples, as arrays of NumPy.

    Arguments:
        x: examples (batch, *in), as the network reads them.
        y: targets as the loss takes them.

    Raises:
        ShapeError: examples do not fit the network, or targets the loss.
    """
    weights, x, y = jax.tree.map(jnp.asarray, (tuple(params), x, y))
    flow = jax.tree.map(np.asarray, recurrences(network, weights, loss, x, y))
    return Trace(
        layers=tuple(_layer(network, flow, places) for places in _groups(network.layers)),
        loss=float(np.mean(flow.losses, dtype=np.float64)),
        losses=flow.losses,
        targets=np.asarray(y),
        outputs=flow.values[-1],
        gradients=flow.gradients,
        d_input=flow.slopes[0],
        loss_name=to_line(loss),
    )


def _groups(layers: Sequence[Layer]) -> list[tuple[int, ...]]:
    """The places of layers that are one in the textbook: an activation belongs to the layer in front of it."""
    groups: list[tuple[int, ...]] = []
    for place, layer in enumerate(layers):
        is_behind = isinstance(layer, Activation) and place > 0 and not isinstance(layers[place - 1], Activation)
        groups[-1:] = [(place - 1, place)] if is_behind else [*groups[-1:], (place,)]
    return groups


def _layer(network: Network, flow: Any, places: tuple[int, ...]) -> LayerTrace:
    first, last = places[0], places[-1]
    is_activation_alone = first == last and isinstance(network.layers[first], Activation)
    at_z = first if is_activation_alone else first + 1
    return LayerTrace(
        places=places,
        name=", ".join(to_line(network.layers[place]) for place in places),
        x=flow.values[first],
        z=flow.values[at_z],
        a=flow.values[last + 1],
        delta=flow.slopes[at_z],
        gradients={name: array for place in places for name, array in flow.gradients[place].items()},
    )
