"""One weight nudged: how a network's outputs change, and what their slope said before.

    f(w + h) - f(w) ≈ h ∂f/∂w           the linear prediction
    error(h) = max |f(w + h) - f(w) - h ∂f/∂w|

Sigmoid neurons answer a small nudge with a small change: the error falls as h², so half the nudge has a quarter of it.
A perceptron answers with nothing, and then with a jump: its slope is 0 and foresees none of it.

Nielsen, Neural Networks and Deep Learning, ch. 1, eq. (5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from seedbed.calculus.linearization import linearize
from seedbed.core.errors import ShapeError, UsageError, nearest
from seedbed.network.fitting import Weights, in_double
from seedbed.network.network import Network, NetworkParams

LEAST, MOST, N_STEPS = 1e-4, 1e-1, 25
STEPS = np.concatenate([-np.logspace(-1, -4, N_STEPS), np.logspace(-4, -1, N_STEPS)])

Place = tuple[Any, ...]  # the layer's number, the name of its weights, and the index: (0, "weight", 3, 5)


@dataclass(frozen=True, eq=False)
class Nudge:
    """What nudging one weight did.

    Attributes:
        place: the weight, as in `layers[0].weight[3, 5]`.
        weight: its value before.
        steps: how far it was nudged each time.
        before: the outputs with the weight as it was.
        outputs: the outputs after each nudge.
        slope: their derivative by the weight, as it was.
    """

    place: str
    weight: float
    steps: Float[np.ndarray, " steps"]
    before: Float[np.ndarray, "batch *out"]
    outputs: Float[np.ndarray, "steps batch *out"]
    slope: Float[np.ndarray, "batch *out"]

    @property
    def predicted(self) -> Float[np.ndarray, "steps batch *out"]:
        """What the slope says of the outputs after each nudge."""
        return self.before + self.steps.reshape(-1, *[1] * self.slope.ndim) * self.slope

    @cached_property
    def error(self) -> Float[np.ndarray, " steps"]:
        """For each nudge the largest error of the prediction, over examples and outputs."""
        return self._largest(self.outputs - self.predicted)

    @cached_property
    def change(self) -> Float[np.ndarray, " steps"]:
        """For each nudge the largest change of an output."""
        return self._largest(self.outputs - self.before)

    @property
    def jump(self) -> float:
        """The largest change of an output from one nudge to the next larger: a whole step, for a perceptron."""
        order = np.argsort(self.steps)
        return float(np.abs(np.diff(self.outputs[order], axis=0)).max(initial=0.0))

    def order(self, least: float = LEAST, most: float = MOST) -> float:
        """The power of the nudge with which the error grows, from nudges of size `least` to `most`: 2 where smooth.

        The slope of a straight line, fitted to log error against log |nudge|. NaN where the prediction is exact for
        some of them: for perceptrons whose outputs stay, and for outputs that are linear in the weight.

        Raises:
            UsageError: fewer than two different sizes of nudges lie in that range.
        """
        size = np.abs(self.steps)
        inside = (size >= least * (1 - 1e-9)) & (size <= most * (1 + 1e-9))
        if len(set(size[inside])) < 2:
            raise UsageError(f"order: expected two nudges or more from {least:g} to {most:g}, got {inside.sum()}")
        if not (self.error[inside] > 0).all():
            return float(np.nan)
        return float(np.polyfit(np.log(size[inside]), np.log(self.error[inside]), 1)[0])

    def __repr__(self) -> str:
        size = np.abs(self.steps)
        return (
            f"Nudge({self.place} = {self.weight:.4g}, {len(size)} steps of {size.min():.1g} to {size.max():.1g}: "
            f"outputs change by up to {self.change.max():.3g}, which their slope misses by {self.error.max():.3g})"
        )

    @staticmethod
    def _largest(values: Float[np.ndarray, "steps batch *out"]) -> Float[np.ndarray, " steps"]:
        return np.abs(values.reshape(len(values), -1)).max(axis=1)


def nudge(
    network: Network,
    params: Weights,
    x: Any,
    at: Place,
    *,
    steps: Any = STEPS,
) -> Nudge:
    """The outputs of a network for a batch, with one weight nudged by each of `steps`, in float64.

    Arguments:
        x: a batch of examples, (batch, *in), as the network reads them.
        at: which weight: the number of its layer, its name there, and its index, such as `(0, "weight", 3, 5)`.
        steps: how far it is nudged; by default 25 sizes either way, from 1e-4 to 0.1.

    Raises:
        UsageError: there is no such weight, or steps are no list of finite numbers.
        ShapeError: the network cannot take `x`, or `params` are those of another.

    >>> network = Network.parse("linear 3, sigmoid, linear 1, sigmoid")
    >>> params = network.init((2,), key=jax.random.key(0))
    >>> found = nudge(network, params, [[0.5, -1.0]], (0, "weight", 1, 2))
    >>> round(found.order(), 1)
    2.0
    """
    sizes = np.asarray(steps, np.float64)
    if sizes.ndim != 1 or not sizes.size or not np.isfinite(sizes).all():
        raise UsageError(f"steps: expected a list of finite numbers, got {steps!r}")
    with jax.enable_x64(True):
        rows = jnp.asarray(x, jnp.float64)
        weights = in_double(network, params, tuple(rows.shape[1:]))
        layer, name, index = _found(weights, at)

        def outputs(step: Any) -> Any:
            moved = {**weights[layer], name: weights[layer][name].at[index].add(step)}
            return network.apply((*weights[:layer], moved, *weights[layer + 1 :]), rows)

        found = linearize(outputs)(jnp.float64(0.0))
        after = jax.jit(lambda steps: jax.lax.map(outputs, steps))(jnp.asarray(sizes))
        slope = found.jacobian @ jnp.float64(1.0)
        weight = float(weights[layer][name][index])
        shown = f"layers[{layer}].{name}" + (f"[{', '.join(map(str, index))}]" if index else "")
        return Nudge(shown, weight, sizes, np.asarray(found.value), np.asarray(after), np.asarray(slope))


def _found(params: NetworkParams, at: Place) -> tuple[int, str, tuple[int, ...]]:
    """The place of a weight, or what is wrong with it."""
    expected = "at: expected the place of a weight such as (0, 'weight', 3, 5)"
    if len(at) < 2:
        raise UsageError(f"{expected}, got {at!r}")
    layer, name, *index = at
    learning = [i for i, own in enumerate(params) if own]
    if layer not in learning:
        raise UsageError(f"{expected}, got layer {layer!r}", f"layers with weights: {', '.join(map(str, learning))}")
    if name not in params[layer]:
        raise UsageError(f"{expected}, got {name!r} of layer {layer}", nearest(str(name), params[layer]))
    shape = params[layer][name].shape
    fits = len(index) == len(shape) and all(isinstance(i, int | np.integer) for i in index)
    if not fits or not all(0 <= i < n for i, n in zip(index, shape, strict=True)):
        raise ShapeError(f"{expected}, got index {tuple(index)} into layers[{layer}].{name} of shape {tuple(shape)}")
    return layer, name, tuple(int(i) for i in index)
