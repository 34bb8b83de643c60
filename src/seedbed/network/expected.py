"""The theory beside a network's measured singular values: what wide layers with these initialisers come to.

A *block* is a layer with weights and the activations that follow it. Its Jacobian is D W: D diagonal, with the slopes
φ' of the activation, and W random. For the m eigenvalues s² of J Jᵀ, with a block of n inputs and m units,

    mean s² = χ = σw² E[φ'²]        Var s² = χ² (v + E[φ'⁴] / E[φ'²]² - 1)

    v = m / n               independent weights          v = max(m / n - 1, 0)     orthogonal ones

and along a network means multiply, while relative variances add up, each times m_last / m. For L square blocks at χ = 1
that is Var s² = L (μ₂ / μ₁² - 1 - s₁) with s₁ = -1 and 0: Pennington, Schoenholz and Ganguli 2018, The emergence of
spectral universality in deep networks, eq. (22). D and W are taken as free of one another, which wide layers are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seedbed.functions import Function
from seedbed.network.activations import Activation
from seedbed.network.dropout import Dropout
from seedbed.network.flatten import Flatten
from seedbed.network.initializers import Constant, Orthogonal, Zeros
from seedbed.network.layer import Layer
from seedbed.network.linear import Linear
from seedbed.network.mean_field import Steps, moments, moments_at

Block = tuple[Layer, ...]


class Expected(NamedTuple):
    """What theory says of a block, or of several in a row; NaN where it has nothing to say.

    Attributes:
        mean: of s².
        spread: the variance of s², over the squared mean.
        signal: the mean square of the outputs.
        n_outputs: how many they are.
    """

    mean: float
    spread: float
    signal: float
    n_outputs: int

    @property
    def variance(self) -> float:
        """The variance of s²."""
        return self.spread * self.mean**2


def blocks(layers: Sequence[Layer]) -> list[Block]:
    """The layers in blocks, each but the first beginning with a layer that has weights of its own."""
    found: list[list[Layer]] = []
    for layer in layers:
        if found and isinstance(layer, Activation | Dropout | Flatten):
            found[-1].append(layer)
        else:
            found.append([layer])
    return [tuple(block) for block in found]


def expectations(layers: Sequence[Block], sizes: Sequence[int], x: NDArray[np.float64]) -> list[Expected]:
    """What theory says of each block, where the first one reads `x`.

    Arguments:
        sizes: the numbers of one example in front of the first block and behind each.
    """
    found: list[Expected] = []
    for i, block in enumerate(layers):
        signal = found[-1].signal if found else float(np.mean(x**2))
        found.append(_of_block(block, sizes[i], sizes[i + 1], signal, x if i == 0 else None))
    return found


def in_a_row(parts: Sequence[Expected]) -> Expected:
    """What theory says of blocks in a row."""
    last = parts[-1].n_outputs
    spread = sum(part.spread * last / part.n_outputs for part in parts)
    return Expected(math.prod(part.mean for part in parts), spread, parts[-1].signal, last)


def _of_block(block: Block, n_inputs: int, n_outputs: int, signal: float, x: NDArray[np.float64] | None) -> Expected:
    unknown = Expected(np.nan, np.nan, np.nan, n_outputs)
    steps = _steps(block[1:] if isinstance(block[0], Linear) else block)
    if steps is None or math.isnan(signal):
        return unknown
    if not isinstance(block[0], Linear):
        if x is None:
            return unknown
        found = moments_at(steps, x.ravel(), np.full(x.size, 1 / x.size))
        return Expected(found.slope2, found.spread, found.signal, n_outputs)
    if isinstance(block[0].weight, Zeros | Constant):
        return unknown
    weight, bias = _variances(block[0], n_inputs)
    found = moments(steps, weight * signal + bias)
    ratio = n_outputs / n_inputs
    of_weights = max(ratio - 1, 0.0) if isinstance(block[0].weight, Orthogonal) else ratio
    return Expected(weight * found.slope2, of_weights + found.spread, found.signal, n_outputs)


def _steps(layers: Sequence[Layer]) -> Steps | None:
    """The functions of activations, one after the other; None where one is not a function of each number by itself."""
    steps: list[tuple[Function, tuple[float, ...]]] = []
    for layer in layers:
        if isinstance(layer, Activation) and layer.function.is_elementwise:
            steps.append((layer.function, tuple(float(getattr(layer, name)) for name in layer.specs)))
        elif not isinstance(layer, Dropout | Flatten):
            return None
    return steps


def _variances(layer: Linear, n_inputs: int) -> tuple[float, float]:
    """σw² and σb² of a linear layer as its initialisers draw it."""
    assert isinstance(layer.units, int)
    fan = (n_inputs, layer.units)
    bias = 0.0 if layer.bias is None else layer.bias.mean_square((layer.units,), fan)
    return n_inputs * layer.weight.mean_square(fan, fan), bias
