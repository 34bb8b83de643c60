"""Folding: linear layers in a row are one linear layer, and a batch norm in prediction is part of the layer before it.

    (x W₁ + b₁) W₂ + b₂ = x (W₁ W₂) + (b₁ W₂ + b₂)
    ((x W + b) - μ) f + t = x (W f) + ((b - μ) f + t)          f = scale / √(σ² + eps), one for each unit or channel

So depth without a bend between the layers adds nothing to what a network can say. What stands between them may be an
identity; a bend, a dropout (which is none in prediction, but is in training) or any other layer ends the row. A
convolution takes up the batch norms behind it, and no more. A block ends the row too, and has its own rows inside; the
copies of a repeated one fold together, along the axis that their arrays have in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seedbed.core.errors import ShapeError
from seedbed.core.plain import to_line
from seedbed.network.activations import Identity
from seedbed.network.containers import Chain, Parallel, Repeat, Residual, under
from seedbed.network.convolution import Conv1d, Conv2d, Convolution
from seedbed.network.initializers import Zeros
from seedbed.network.linear import Linear
from seedbed.network.norms import MEAN, VARIANCE, BatchNorm

if TYPE_CHECKING:
    from seedbed.network.network import Network

Weights = Sequence[Any]  # for each layer a dictionary of arrays, of NumPy or JAX


@dataclass(frozen=True, eq=False)
class Folded:
    """A network with one layer for each row that is one, and the way of its weights.

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
        return tuple(_weights(self.before.layers, params, "layers"))

    def __str__(self) -> str:
        lines = [f"{self.before}  →  {self.network}"]
        for layer, row in zip(self.network.layers, self.rows, strict=True):
            made_of = ", ".join(to_line(self.before.layers[place]) for place in row)
            if len(row) > 1:
                lines.append(f"layers {row[0]} to {row[-1]}: {made_of}  →  {to_line(layer)}")
            elif made_of != to_line(layer):
                lines.append(f"layer {row[0]}: {made_of}  →  {to_line(layer)}")
        return "\n".join(lines)


def fold(network: Network) -> Folded:
    """The network with its rows of linear layers and batch norms folded; what is no such row stays as it is.

    It is for prediction: in training a batch norm works with the batch. A folded layer has the initialisers of the last
    layer of its row that has weights, which matter only if it is trained anew. A narrow layer between wide ones limits
    the rank, so folding it may cost more weights than it saves.
    """
    rows = _rows(network.layers)
    return Folded(network, network.replace(layers=_layers(network.layers)), tuple(map(tuple, rows)))


def _layers(layers: Sequence[Any]) -> list[Any]:
    """The layers that stand for the rows of some."""
    return [_one([layers[place] for place in row]) for row in _rows(layers)]


def _weights(layers: Sequence[Any], params: Weights, where: str) -> list[dict[str, Any]]:
    """For each row of layers, at a place of the network, the weights of the one that stands for it."""
    return [
        _product(layers, row, params, where)
        if len(row) > 1
        else _inside(layers[row[0]], params[row[0]], f"{where}[{row[0]}]")
        for row in _rows(layers)
    ]


def _rows(layers: Sequence[Any]) -> list[list[int]]:
    """The places of the layers, those that fold into one together."""
    rows: list[list[int]] = []
    for place, layer in enumerate(layers):
        if rows and _joins([layers[i] for i in rows[-1]], layer):
            rows[-1].append(place)
        else:
            rows.append([place])
    has_weights = [any(_has_weights(layers[place]) for place in row) for row in rows]
    # Identities alone are no row: there is no layer that they could be.
    return [part for row, ok in zip(rows, has_weights, strict=True) for part in ([row] if ok else [[i] for i in row])]


def _joins(row: Sequence[Any], layer: Any) -> bool:
    """Whether a layer folds into the one that a row in front of it is; a subclass may compute something else."""
    is_straight = all(type(one) in (Linear, Identity, BatchNorm) or _is_convolution(one) for one in row)
    if not is_straight or type(row[0]) is BatchNorm:
        return False
    if type(layer) is Linear:
        return not any(map(_is_convolution, row))
    return type(layer) is Identity or (type(layer) is BatchNorm and any(map(_has_weights, row)))


def _has_weights(layer: Any) -> bool:
    return type(layer) is Linear or _is_convolution(layer)


def _is_convolution(layer: Any) -> bool:
    return type(layer) in (Conv1d, Conv2d)


def _one(layers: Sequence[Any]) -> Any:
    """The layer that stands for a row."""
    weighty = [layer for layer in layers if _has_weights(layer)]
    if len(layers) == 1 or not weighty:
        return _block(layers[0])
    biases = [layer.bias for layer in weighty if layer.bias is not None]
    has_norm = any(isinstance(layer, BatchNorm) for layer in layers)
    return weighty[-1].replace(bias=biases[-1] if biases else Zeros() if has_norm else None)


def _block(layer: Any) -> Any:
    """A block with its layers folded; any other layer as it is."""
    if type(layer) in (Chain, Residual):
        return layer.replace(layers=_layers(layer.layers))
    if type(layer) is Parallel:
        return layer.replace(branches=[_block(branch) for branch in layer.branches])
    return layer.replace(block=_block(layer.block)) if type(layer) is Repeat else layer


def _inside(layer: Any, own: Any, where: str) -> dict[str, Any]:
    """The weights of `_block(layer)`."""
    if type(layer) is Repeat:
        return _inside(layer.block, own, f"{where}.block")
    if type(layer) not in (Chain, Residual, Parallel):
        return dict(own)
    parts = [under(own, i) for i in range(len(layer.inside))]
    if type(layer) is Parallel:
        pairs = enumerate(zip(layer.branches, parts, strict=True))
        folded = [_inside(branch, part, f"{where}.branches[{i}]") for i, (branch, part) in pairs]
    else:
        folded = _weights(layer.layers, parts, f"{where}.layers")
    return {f"{i}.{name}": array for i, part in enumerate(folded) for name, array in part.items()}


def _product(layers: Sequence[Any], row: Sequence[int], params: Weights, where: str) -> dict[str, Any]:
    """The weights of one layer that stands for a row. Arrays may have an axis for copies in front."""
    weight, bias = None, None
    for place in row:
        layer, own = layers[place], params[place]
        if isinstance(layer, BatchNorm):
            factor = own.get("scale", 1.0) / (own[VARIANCE] + layer.eps) ** 0.5
            weight = weight * _across(factor, weight)
            bias = _added((-own[MEAN] if bias is None else bias - own[MEAN]) * factor, own.get("shift"))
        elif isinstance(layer, Linear | Convolution) and weight is None:
            weight, bias = own["weight"], own.get("bias")
        elif isinstance(layer, Linear):
            _check_follow(weight, own["weight"], f"{where}[{place}]")
            through = None if bias is None else (bias[..., None, :] @ own["weight"])[..., 0, :]
            bias = _added(through, own.get("bias"))
            weight = weight @ own["weight"]
    return {"weight": weight} if bias is None else {"weight": weight, "bias": bias}


def _across(factor: Any, weight: Any) -> Any:
    """A factor for each unit, (*copies, units), in the shape that multiplies weights (*copies, ..., units)."""
    return factor.reshape(*factor.shape[:-1], *[1] * (weight.ndim - factor.ndim), factor.shape[-1])


def _check_follow(weight: Any, after: Any, where: str) -> None:
    """Refuses weights that cannot be multiplied.

    Raises:
        ShapeError: both shapes, and the place of the second.
    """
    if weight.shape[-1] != after.shape[-2]:
        came = f"{weight.shape} and then {after.shape}"
        raise ShapeError(f"fold: expected weights that follow on one another at {where}, got {came}")


def _added(a: Any, b: Any) -> Any:
    """The sum of what is there."""
    if a is None or b is None:
        return b if a is None else a
    return a + b
