"""Steeper and steeper sigmoids: how σ(k x) becomes the step, and a network of sigmoid neurons one of perceptrons.

    ∫ |σ(k x) - step(x)| dx = 2 ln 2 / k          the mean distance falls as 1 / k
    max |σ(k x) - step(x)| = ½                    near 0 it never falls: the sigmoid is continuous, the step is not

Multiplying the weights and biases in front of a sigmoid by k makes it steeper. Perceptrons do not notice: k z > 0 just
where z > 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.core.errors import UsageError, place_of
from seedbed.core.value import Path, rebuild, walk
from seedbed.functions import FUNCTIONS
from seedbed.network.activations import Sigmoid, Step
from seedbed.network.containers import Parallel, Repeat, Row, under
from seedbed.network.dropout import Dropout
from seedbed.network.fitting import Weights
from seedbed.network.layer import Layer, Params
from seedbed.network.linear import Linear
from seedbed.network.network import Network, NetworkParams

TELLING = 0.01  # a distance that can be told from none
PANELS, NODES = 4000, 8


class Distance(NamedTuple):
    """How far σ(k x) is from the step.

    Attributes:
        k: the steepness.
        area: the integral of the distance over all x.
        largest: the largest distance.
        width: of the band around 0 in which the distance is above `TELLING`.
    """

    k: float
    area: float
    largest: float
    width: float


def distance(k: float) -> Distance:
    """How far σ(k x) is from the step, measured on points that grow finer towards 0.

    Raises:
        UsageError: k is no number above 0.
    """
    if not 0 < k < np.inf:
        raise UsageError(f"k: expected a finite number above 0, got {k!r}")
    edges = np.concatenate([[0.0], np.geomspace(1e-12, 40.0, PANELS)]) / k  # beyond, the distance is below 1e-17
    node, weight = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    x = (edges[:-1, None] + half * (1 + node)).ravel()
    sigmoid, step = FUNCTIONS["sigmoid"], FUNCTIONS["step"]
    with jax.enable_x64(True):
        apart = [np.abs(np.asarray(sigmoid(k * side)) - np.asarray(step(side))) for side in (-x, x)]
    area = sum(float((half * weight).ravel() @ one) for one in apart)
    far = sum(float(x[one > TELLING].max(initial=0.0)) for one in apart)
    return Distance(k, area, float(max(one.max() for one in apart)), far)


def as_perceptrons(network: Network) -> Network:
    """The network with a step in the place of every sigmoid, inside blocks too.

    Raises:
        UsageError: there is no sigmoid in it.
    """
    if not any(isinstance(layer, Sigmoid) for _, layer in walk(network)):
        raise UsageError(f"network: expected one with sigmoid layers, got {network}")
    return rebuild(network, lambda _, value: Step() if isinstance(value, Sigmoid) else value)


def steeper(network: Network, params: Weights, k: float) -> NetworkParams:
    """The weights with which every sigmoid of the network is σ(k x): those of the layer in front of it, times k.

    A sigmoid inside a block needs its linear layer in the same block.

    Raises:
        UsageError: k is no number above 0, or something other than a linear layer stands in front of a sigmoid; the
            message names the place of the sigmoid.
    """
    if not 0 < k < np.inf:
        raise UsageError(f"k: expected a finite number above 0, got {k!r}")
    own = [{name: jnp.asarray(a) for name, a in layer.items()} for layer in params]
    return tuple(_row(network.layers, own, k, [("layers", i) for i in range(len(network.layers))]))


def _row(layers: Sequence[Layer], params: Sequence[Params], k: float, places: Sequence[Path]) -> list[Params]:
    """The weights of layers in a row, which stand at these places of the network."""
    scaled = [_layer(layer, own, k, at) for layer, own, at in zip(layers, params, places, strict=True)]
    for i, layer in enumerate(layers):
        if not isinstance(layer, Sigmoid):
            continue
        front = i - 1
        while front >= 0 and isinstance(layers[front], Dropout):
            front -= 1
        if front < 0 or not isinstance(layers[front], Linear):
            outside = "the input of its block" if len(places[i]) > 2 else "the input"
            came = layers[front].kind if front >= 0 else outside
            raise UsageError(f"{place_of(places[i])}: expected a linear layer in front of the sigmoid, got {came}")
        scaled[front] = {name: a * k for name, a in scaled[front].items()}
    return scaled


def _layer(layer: Layer, own: Params, k: float, place: Path) -> Params:
    """The weights of one layer: in a block, those of the rows inside."""
    if isinstance(layer, Repeat):  # the arrays of its copies are scaled together
        return _row([layer.block], [own], k, [(*place, "block")])[0]
    if not isinstance(layer, Row | Parallel):
        return own
    field = "layers" if isinstance(layer, Row) else "branches"
    parts, places = zip(*((under(own, i), (*place, field, i)) for i in range(len(layer.inside))), strict=True)
    if isinstance(layer, Row):
        rows = _row(layer.inside, parts, k, places)
    else:  # each branch is a row of its own
        rows = [_row([one], [part], k, [at])[0] for one, part, at in zip(layer.inside, parts, places, strict=True)]
    return {f"{i}.{name}": a for i, part in enumerate(rows) for name, a in part.items()}
