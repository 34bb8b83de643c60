"""Whether weights that were given belong to a network and to the examples it is to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from seedbed.core.errors import ShapeError
from seedbed.network.layer import Shape
from seedbed.network.network import Network, NetworkParams

Weights = Sequence[Mapping[str, Any]]  # as `Network.init` gives them, in arrays of any library


def in_double(network: Network, weights: Weights, in_shape: Shape) -> NetworkParams:
    """The weights in float64, once it is known that they fit. Call it where JAX has float64.

    Raises:
        ShapeError: the network does not take examples of `in_shape`, or with them has weights of other shapes.
        UsageError: a distribution still stands in the network.
    """
    expected = network.params_shapes(in_shape)
    if len(weights) != len(expected):
        raise ShapeError(f"params: expected one dictionary for each of {len(expected)} layers, got {len(weights)}")
    for place, (own, given) in enumerate(zip(expected, weights, strict=True)):
        wanted = {name: tuple(array.shape) for name, array in own.items()}
        came = {name: tuple(jnp.shape(array)) for name, array in given.items()}
        if wanted != came:
            hint = f"so it is for examples of shape {tuple(in_shape)}; were these weights made for others?"
            raise ShapeError(f"params[{place}]: expected {_shapes(wanted)}, got {_shapes(came)}", hint)
    return tuple({name: jnp.asarray(array, jnp.float64) for name, array in own.items()} for own in weights)


def _shapes(shapes: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name} of {shape}" for name, shape in sorted(shapes.items())) or "no weights"
