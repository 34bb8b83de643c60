"""The recurrences of a network, values forward and slopes backward, written as they stand in the textbook.

    forward     zˡ = aˡ⁻¹ Wˡ + bˡ             aˡ = σ(zˡ)                       a⁰ = x
    backward    δᴸ = ∂C/∂aᴸ ⊙ σ′(zᴸ)                                           (BP1)
                δˡ = (δˡ⁺¹ (Wˡ⁺¹)ᵀ) ⊙ σ′(zˡ)                                   (BP2)
                ∂C/∂bˡ = Σ δˡ over the examples                                (BP3)
                ∂C/∂Wˡ = (aˡ⁻¹)ᵀ δˡ                                            (BP4)

σ′ is the closed form of `functions`, ∂C/∂a that of the loss. A layer that is neither linear nor an activation of single
numbers passes slopes back by JAX's vjp.

C is the mean loss over the examples, without penalty and without class weights, of the network as it predicts: dropout
does nothing. So for n examples δ of one of them is 1/n of what it is for that example alone. Examples are rows here,
and products stand the other way round than in the source: Nielsen, Neural Networks and Deep Learning, ch. 2.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from seedbed.network.activations import Activation
from seedbed.network.layer import Layer, Params
from seedbed.network.linear import Linear
from seedbed.network.losses import Loss
from seedbed.network.network import Network, NetworkParams


class Recurrences(NamedTuple):
    """What flows through a network. There is one more place than layers: in front of the first.

    Attributes:
        values: the activations at each place, (batch, *shape); the input first, the outputs last.
        slopes: ∂C/∂ of each of those, of the same shape.
        gradients: ∂C/∂ of each weight: for each layer a dictionary, as the weights have it.
        losses: the loss of each example, (batch,); C is their mean.
    """

    values: tuple[Array, ...]
    slopes: tuple[Array, ...]
    gradients: tuple[Params, ...]
    losses: Array


def recurrences(
    network: Network,
    params: NetworkParams,
    loss: Loss,
    x: Float[Array, "batch *in"],
    y: Shaped[Array, "batch *k"],
) -> Recurrences:
    """Values forward and slopes backward. Can be compiled, and mapped over members.

    Arguments:
        y: targets as the loss takes them.

    Raises:
        ShapeError: examples do not fit the network, or targets the loss.
    """
    x = x.reshape(x.shape[0], *network.input_shape(x.shape[1:]))
    values = (x, *network.activations(params, x))
    slope = loss.gradient(values[-1], y) / x.shape[0]
    slopes: list[Array] = [slope]
    gradients: list[Params] = []
    for layer, own, value in reversed(list(zip(network.layers, params, values[:-1], strict=True))):
        gradient, slope = backward(layer, own, value, slope)
        gradients.insert(0, gradient)
        slopes.insert(0, slope)
    return Recurrences(values, tuple(slopes), tuple(gradients), loss.per_example(values[-1], y))


def backward(layer: Layer, params: Params, x: Array, slope: Array) -> tuple[Params, Array]:
    """∂C/∂ of the weights of a layer and of its input x, from `slope`, the ∂C/∂ of its output."""
    if type(layer) is Linear:
        gradient = {"weight": x.T @ slope}  # (BP4)
        if "bias" in params:
            gradient["bias"] = jnp.sum(slope, axis=0)  # (BP3)
        return gradient, slope @ params["weight"].T  # the first factor of (BP2)
    # An activation without weights or an `apply` of its own, which works on each number by itself.
    if isinstance(layer, Activation) and type(layer).apply is Activation.apply and layer.function.is_elementwise:
        numbers = (getattr(layer, name) for name in layer.specs)
        return {}, slope * layer.function.derivative(x, *numbers)  # the second factor of (BP1) and (BP2)
    _, pull = jax.vjp(layer.apply, params, x)
    gradient, slope = pull(slope)
    return gradient, slope
