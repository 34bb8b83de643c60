"""Optimizers as values: their numbers are leaves, so that every member of a population may have its own.

The rules are Optax's. They work element by element, so one rule serves a whole population: a number that belongs to a
member is given the shape that lines it up with that member's slice of a weight array (see `update.py`).
"""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from seedbed.core.errors import Fault
from seedbed.core.fields import flag, number, part
from seedbed.core.value import Value
from seedbed.training.schedules import Schedule


class Optimizer(Value, family=True):
    """What turns gradients into steps: w ← w - lr · factor · (direction + weight_decay · w).

    `weight_decay` is decoupled from the gradient (Loshchilov & Hutter 2019) and acts on weights, never on biases or the
    scales of norms; for the coupled kind give the setup an `L2` penalty. `clip_norm` shortens a member's gradient, all
    layers together, to that Euclidean norm (Pascanu et al. 2013).
    """

    lr: float = number(low=0.0, doc="learning rate")
    _: KW_ONLY
    schedule: Schedule | None = part(Schedule, None, optional=True, doc="how the rate changes over the training")
    weight_decay: float | None = number(None, optional=True, low=0.0, doc="decoupled decay of the weights")
    clip_norm: float | None = number(
        None, optional=True, low=0.0, low_open=True, may_be_infinite=True, doc="longest gradient that is let by"
    )

    def rule(self) -> optax.GradientTransformation:
        """The direction of descent as Optax gives it, before the learning rate and with the sign of the gradient."""
        raise NotImplementedError


class SGD(Optimizer, kind="sgd"):
    """Stochastic gradient descent, with momentum as in PyTorch: v ← momentum · v + g, direction v.

    With `nesterov` the direction is g + momentum · v.                                         (Sutskever et al. 2013)
    """

    momentum: float | None = number(None, optional=True, low=0.0, high=1.0, high_open=True, doc="share kept of a step")
    nesterov: bool = flag(False, doc="look ahead along the momentum")

    def check(self) -> list[Fault]:
        if self.nesterov and self.momentum is None:
            return [Fault(("nesterov",), "false without momentum", "true", "give momentum a number, such as 0.9")]
        return []

    def rule(self) -> optax.GradientTransformation:
        return optax.identity() if self.momentum is None else optax.trace(self.momentum, self.nesterov)


class RMSProp(Optimizer, kind="rmsprop"):
    """Gradients divided by a running root mean square: direction g / (√v + eps), v ← decay · v + (1 - decay) · g².

    Tieleman & Hinton 2012, lecture 6.5; eps outside the root as in PyTorch. With momentum, as PyTorch's.
    """

    decay: float = number(0.99, low=0.0, high=1.0, high_open=True, doc="share kept of the running mean square")
    momentum: float | None = number(None, optional=True, low=0.0, high=1.0, high_open=True, doc="share kept of a step")
    eps: float = number(1e-8, low=0.0, low_open=True, doc="keeps the division finite")

    def rule(self) -> optax.GradientTransformation:
        scale = optax.scale_by_rms(self.decay, self.eps, eps_in_sqrt=False)
        return scale if self.momentum is None else optax.chain(scale, optax.trace(self.momentum))


class Adagrad(Optimizer, kind="adagrad"):
    """Gradients divided by the root of the sum of all squares so far: direction g / (√s + eps), s ← s + g².

    Duchi et al. 2011. The sum begins at 0 and eps is outside the root as in PyTorch; Optax departs in both.
    """

    eps: float = number(1e-10, low=0.0, low_open=True, doc="keeps the division finite")

    def rule(self) -> optax.GradientTransformation:
        return _scale_by_sum_of_squares(self.eps)


class Adam(Optimizer, kind="adam"):
    """Bias-corrected running means of the gradient and its square: direction m̂ / (√v̂ + eps).  (Kingma & Ba 2015)"""

    b1: float = number(0.9, low=0.0, high=1.0, high_open=True, doc="share kept of the running mean")
    b2: float = number(0.999, low=0.0, high=1.0, high_open=True, doc="share kept of the running mean square")
    eps: float = number(1e-8, low=0.0, low_open=True, doc="keeps the division finite")

    def rule(self) -> optax.GradientTransformation:
        return optax.scale_by_adam(self.b1, self.b2, self.eps)


class AdamW(Adam, kind="adamw"):
    """Adam with decoupled weight decay from the start: 0.01, as in PyTorch.  (Loshchilov & Hutter 2019)"""

    _: KW_ONLY
    weight_decay: float | None = number(0.01, optional=True, low=0.0, doc="decoupled decay of the weights")


class _SumOfSquares(NamedTuple):
    sum_of_squares: optax.Updates


def _scale_by_sum_of_squares(eps: float | Array) -> optax.GradientTransformation:
    def init(params: optax.Params) -> _SumOfSquares:
        return _SumOfSquares(jax.tree.map(jnp.zeros_like, params))

    def update(
        updates: optax.Updates, state: optax.OptState, params: optax.Params | None = None
    ) -> tuple[optax.Updates, _SumOfSquares]:
        assert isinstance(state, _SumOfSquares)
        total = jax.tree.map(lambda g, s: s + g * g, updates, state.sum_of_squares)
        return jax.tree.map(lambda g, s: g / (jnp.sqrt(s) + eps), updates, total), _SumOfSquares(total)

    return optax.GradientTransformation(init, update)
