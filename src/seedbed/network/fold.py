"""Folding: linear layers in a row are one linear layer.

    (x W₁ + b₁) W₂ + b₂ = x (W₁ W₂) + (b₁ W₂ + b₂)

So depth without a bend between the layers adds nothing to what a network can say. What stands between them may be an
identity; a bend, a dropout (which is none in prediction, but is in training) or any other layer ends the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seedbed.core.errors import ShapeError
from seedbed.core.plain import to_line
from seedbed.network.activations import Identity
from seedbed.network.linear import Linear

if TYPE_CHECKING:
    from seedbed.network.network import Network

Weights = Sequence[Any]  # for each layer a dictionary of arrays, of NumPy or JAX


@dataclass(frozen=True, eq=False)
class Folded:
    """A network with one layer for each row of linear layers, and the way of its weights.

    Attributes:
        before: the network as it was.
        network: the folded one.
        rows: for each of its layers the places of the layers of `before` that it stands for.
    """

    before: Network
    network: Network
    rows: tuple[tuple[int, ...], ...]

    def params(self, params: Weights) -> tuple[dict[str, Any], ...]:
        """The weights with which the folded network says what `before` says with `params`, but for rounding.

        Arguments:
            params: of `before`: arrays of NumPy or JAX, which stay what they are, in their precision.

        Raises:
            ShapeError: they are not those of the network.
        """
        if len(params) != len(self.before.layers):
            n = len(self.before.layers)
            raise ShapeError(f"fold: expected weights for {n} layers, got {len(params)}", "give the params of `before`")
        return tuple(self._product(row, params) if len(row) > 1 else dict(params[row[0]]) for row in self.rows)

    def _product(self, row: tuple[int, ...], params: Weights) -> dict[str, Any]:
        """The weights of one layer that stands for a row."""
        first, *rest = (place for place in row if isinstance(self.before.layers[place], Linear))
        weight, bias = params[first]["weight"], params[first].get("bias")
        for place in rest:
            own = params[place]
            if weight.shape[-1] != own["weight"].shape[-2]:
                came = f"{weight.shape} and then {own['weight'].shape}"
                raise ShapeError(f"fold: expected weights that follow on one another at layers[{place}], got {came}")
            bias = _added(None if bias is None else bias @ own["weight"], own.get("bias"))
            weight = weight @ own["weight"]
        return {"weight": weight} if bias is None else {"weight": weight, "bias": bias}

    def __str__(self) -> str:
        lines = [f"{self.before}  →  {self.network}"]
        for layer, row in zip(self.network.layers, self.rows, strict=True):
            if len(row) > 1:
                made_of = ", ".join(to_line(self.before.layers[place]) for place in row)
                lines.append(f"layers {row[0]} to {row[-1]}: {made_of}  →  {to_line(layer)}")
        return "\n".join(lines)


def fold(network: Network) -> Folded:
    """The network with its rows of linear layers folded; what is no such row stays as it is.

    A folded layer has the initialisers of the last linear layer of its row, which matter only if it is trained anew. A
    narrow layer between wide ones limits the rank, so folding it may cost more weights than it saves.
    """
    rows = _rows(network.layers)
    layers = [_one(network.layers[row[0] : row[-1] + 1]) for row in rows]
    return Folded(network, network.replace(layers=layers), tuple(map(tuple, rows)))


def _rows(layers: Sequence[Any]) -> list[list[int]]:
    """The places of the layers, those that fold into one together."""
    rows: list[list[int]] = []
    for place, layer in enumerate(layers):
        if rows and _is_straight(layer) and _is_straight(layers[rows[-1][-1]]):
            rows[-1].append(place)
        else:
            rows.append([place])
    has_linear = [any(isinstance(layers[place], Linear) for place in row) for row in rows]
    # Identities alone are no row: there is no linear layer that they could be.
    return [part for row, ok in zip(rows, has_linear, strict=True) for part in ([row] if ok else [[i] for i in row])]


def _is_straight(layer: Any) -> bool:
    return type(layer) in (Linear, Identity)  # a subclass may compute something else; a distribution is none yet


def _one(layers: Sequence[Any]) -> Any:
    """The layer that stands for a row."""
    linear = [layer for layer in layers if isinstance(layer, Linear)]
    if len(layers) == 1 or not linear:
        return layers[0]
    biases = [layer.bias for layer in linear if layer.bias is not None]
    return linear[-1].replace(bias=biases[-1] if biases else None)


def _added(a: Any, b: Any) -> Any:
    """The sum of what is there."""
    if a is None or b is None:
        return b if a is None else a
    return a + b
