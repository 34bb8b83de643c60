"""What the checks look at: a setup that is still to be trained, with real weights and real examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from seedbed.data.dataset import Dataset
from seedbed.data.preprocessor import Preprocessor
from seedbed.network.initializers import Constant, LeCunNormal, Zeros
from seedbed.network.layer import Params, role
from seedbed.training.member import begin
from seedbed.training.setup import Setup
from seedbed.watching.case import Case
from seedbed.watching.signals import Flow, flow_of

SAMPLE = 512  # examples of the training part that are looked at


class Start(NamedTuple):
    """A network at its start, looked at once.

    Attributes:
        flow: of the sample.
        gradients: of the mean loss by the weights.
    """

    flow: Flow
    gradients: tuple[Params, ...]


@dataclass(frozen=True, eq=False)
class Subject:
    """A setup before training.

    Attributes:
        case: what setup and data tell by themselves.
        preprocessor: of the setup, fitted.
        seed: that the first weights are drawn with, those of member 0.
    """

    case: Case
    data: Dataset
    preprocessor: Preprocessor
    seed: int

    @property
    def setup(self) -> Setup:
        """Bound to the data."""
        return self.case.setup

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """The places of the sample in the training part, all its kinds of labels among the first."""
        part = self.data.train
        n = len(part.x)
        order = np.random.default_rng([self.seed, n]).permutation(n)
        if self.data.task == "classification":  # the first of each class, then the second of each
            labels = np.asarray(part.y)[order]
            by_class = np.argsort(labels, kind="stable")
            counts = np.bincount(labels)
            turn = np.empty(n, np.int64)
            turn[by_class] = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
            order = order[np.argsort(turn, kind="stable")]
        return order[:SAMPLE]

    @cached_property
    def sample(self) -> tuple[Array, Array]:
        """Examples and targets of it as the network reads them."""
        part = self.data.train
        x = self.preprocessor.x(part.x[self.rows])
        y = self.preprocessor.y(np.asarray(part.y)[self.rows])
        kind = np.int32 if self.data.task == "classification" else np.float32
        return jnp.asarray(np.asarray(x, np.float32)), jnp.asarray(np.asarray(y, kind))

    @cached_property
    def params(self) -> tuple[Params, ...]:
        """The first weights."""
        return self._begun(self.setup)

    @cached_property
    def start(self) -> Start:
        """What flows through the network with its first weights; nothing in it is random."""
        return _looked_at(self.setup, self.params, *self.sample)

    @cached_property
    def flowing(self) -> Start:
        """The same; where a last layer begins with zeros, which let no gradient by at first, with others there."""
        last = self.case.weighted[-1] if self.case.weighted else None
        if last is None or not isinstance(self.case.layers[last].weight, Zeros | Constant):  # type: ignore[attr-defined]
            return self.start
        layers = list(self.case.layers)
        layers[last] = layers[last].replace(weight=LeCunNormal())
        setup = self.setup.replace(network=self.setup.network.replace(layers=layers))
        return _looked_at(setup, self._begun(setup), *self.sample)

    def _begun(self, setup: Setup) -> tuple[Params, ...]:
        start = jax.jit(lambda seed, number: begin(setup, self.case.in_shape, jnp.float32, seed, number))
        return tuple(start(jnp.int32(self.seed), jnp.int32(0)))


def _looked_at(setup: Setup, params: Any, x: Array, y: Array) -> Start:
    """Flow and gradients, as one program."""

    def look(params: Any, x: Array, y: Array) -> Any:
        flow = flow_of(setup, params, x, y)
        gradients = jax.grad(lambda params: mean_loss(setup, params, x, y))(params)
        return (flow.values, flow.slopes, flow.loss), gradients

    flow, gradients = jax.jit(look)(params, x, y)
    return Start(Flow(*flow), gradients)


def mean_loss(setup: Setup, params: Sequence[Params], x: Array, y: Array) -> Array:
    """The mean loss in training, with nothing random: norms take the batch's statistics, dropout lets all by."""
    a = x.reshape(x.shape[0], *setup.network.input_shape(x.shape[1:]))
    for layer, own in zip(setup.network.layers, params, strict=True):
        a = layer.forward(own, a, training=not layer.is_noisy)[0]
    return jnp.mean(setup.loss.per_example(a, y))


def weights_of(own: Any) -> list[Any]:
    """The arrays of a layer, or of its gradient, that are weights."""
    return [array for name, array in own.items() if role(name) == "weight"]


def rms(arrays: Sequence[Any]) -> float:
    """The root mean square over all numbers of some arrays."""
    total = sum(float(np.sum(np.square(np.asarray(a, np.float64)))) for a in arrays)
    return float(np.sqrt(total / max(1, sum(np.size(a) for a in arrays))))
