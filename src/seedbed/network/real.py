"""Which units of a padded layer are real, and what each layer has to do so that the others stay zero.

A padded unit begins with zero weights in, no bias and zero weights out, and its activation is 0. Then each of its
gradients is 0, under every optimizer, decay, penalty and clipping, and nothing has to be computed for it. There are
three exceptions: an activation whose value at 0 is not 0, what mixes the features of an example, and what is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Key

from seedbed.network.activations import Activation, Softmax
from seedbed.network.convolution import Convolution
from seedbed.network.dropout import Dropout
from seedbed.network.flatten import Flatten
from seedbed.network.initializers import weight_and_bias
from seedbed.network.layer import Layer, Params, Shape, is_running
from seedbed.network.linear import Linear
from seedbed.network.norms import LayerNorm, Norm

Passed = Callable[..., tuple[Array, Params]]  # (layer, params, x, key): the activations and the running numbers
BETWEEN = ("init", "apply", "forward")


class Real(NamedTuple):
    """Which features of an example a member has, of those that the program has."""

    places: Bool[Array, "features"]
    numbers: Int[Array, "features"] | None  # of each among the member's own; None: the real ones are the first


def first_units(used: Any, n: int) -> Real:
    """The first `used` of `n` units."""
    # In float32, which has every size exactly, whatever type the numbers of the setup came in.
    return Real(jnp.arange(n, dtype=jnp.float32) < jnp.asarray(used, jnp.float32), None)


def has_units(layer: Layer) -> bool:
    """Whether a layer makes units that may be padded."""
    return isinstance(layer, Linear | Convolution)


def pads(layer: Layer) -> bool:
    """Whether a layer knows padding: it says so, and does what the class does that says so."""
    how = [getattr(layer, name, None) for name in ("weight", "bias")] if has_units(layer) else []
    drawn = all(_says(type(one), "is_by_place", ("draw", "sample")) for one in how if one is not None)
    return layer.pads and drawn and _says(type(layer), "pads", BETWEEN)


def _says(cls: type, word: str, acts: tuple[str, ...]) -> bool:
    """Whether what a class says is said no farther up than what it does is done."""
    first = lambda name: next(i for i, c in enumerate(cls.__mro__) if name in vars(c))  # noqa: E731
    return all(first(word) <= first(act) for act in acts)


def behind(layer: Layer, used: Any, present: Any, real: Real | None, in_shape: Shape, n: int) -> Real | None:
    """Which of the `n` features behind a layer are real, from those in front of it; None: all."""
    if has_units(layer):
        own = None if used is None else first_units(used, n)
    elif isinstance(layer, Flatten) and real is not None and len(in_shape) > 1:
        places = jnp.tile(real.places, math.prod(in_shape[:-1]))
        own = Real(places, jnp.maximum(jnp.cumsum(places) - 1, 0))
    else:
        return real  # nothing is padded in front of a layer that does not know it
    if present is None or (own is None and real is None):
        return own
    there = jnp.asarray(present) > 0
    yes, no = (Real(jnp.ones(n, bool), None) if one is None else one for one in (own, real))
    numbers = None
    if yes.numbers is not None or no.numbers is not None:
        own_numbers, numbers = (jnp.arange(n) if one.numbers is None else one.numbers for one in (yes, no))
        numbers = jnp.where(there, own_numbers, numbers)
    return Real(jnp.where(there, yes.places, no.places), numbers)


def drawn(
    layer: Layer,
    present: Any,
    front: Real | None,
    back: Real | None,
    in_shape: Shape,
    *,
    key: Key[Array, ""],
    dtype: Any,
) -> Params:
    """The first weights: the real ones as without padding, all others 0; also all of a layer that is not present."""
    if has_units(layer) and not (front is None and back is None):
        params = _weights(layer, front, back, in_shape, key=key, dtype=dtype)
    else:
        params = layer.init(in_shape, key=key, dtype=dtype)
    if isinstance(layer, Norm) and front is not None:
        params = {name: a if is_running(name) else jnp.where(front.places, a, 0) for name, a in params.items()}
    if present is None:
        return params
    return {name: a if is_running(name) else jnp.where(jnp.asarray(present) > 0, a, 0) for name, a in params.items()}


def _weights(
    layer: Any, front: Real | None, back: Real | None, in_shape: Shape, *, key: Key[Array, ""], dtype: Any
) -> Params:
    """Weights and bias drawn in the program's shape, with the member's own fan."""
    shape = layer.weight_shape(in_shape)
    size = math.prod(shape[:-2])
    n_in, n_out = (n if one is None else jnp.sum(one.places) for n, one in zip(shape[-2:], (front, back), strict=True))
    params = weight_and_bias(layer.weight, layer.bias, shape, key=key, dtype=dtype, fan=(size * n_in, size * n_out))
    if front is not None and front.numbers is not None:
        params["weight"] = params["weight"][front.numbers]  # each real input with the row that it has without padding
    if front is not None:
        params["weight"] = jnp.where(front.places[:, None], params["weight"], 0)
    return params if back is None else {name: jnp.where(back.places, a, 0) for name, a in params.items()}


def passed(
    layer: Layer, present: Any, params: Params, x: Array, real: Real | None, key: Key[Array, ""] | None, call: Passed
) -> tuple[Array, Params]:
    """The activations behind a layer, or in front of it where it is not present, and its running numbers."""
    y, moved = _padded(layer, params, x, real, key, call) if real is not None else call(layer, params, x, key)
    return (y if present is None else jnp.where(jnp.asarray(present) > 0, y, x)), moved


def _padded(
    layer: Layer, params: Params, x: Array, real: Real, key: Key[Array, ""] | None, call: Passed
) -> tuple[Array, Params]:
    """The activations behind a layer in front of which some are padded."""
    if isinstance(layer, LayerNorm):
        return layer.among(params, x, real.places), {}
    if isinstance(layer, Softmax):
        return layer.among(x, real.places), {}
    if isinstance(layer, Dropout) and key is not None and real.numbers is not None:
        return layer.dropped(x, key, real.numbers.astype(jnp.uint32)), {}
    y, moved = call(layer, params, x, key)
    if isinstance(layer, Activation) and not layer.keeps_zero:
        y = jnp.where(real.places, y, 0)  # a select: where an activation is inf, a product with 0 would be NaN
    return y, moved
