"""Penalties: what large weights cost, beside the loss.

    L1(λ): λ Σ |w|        L2(λ): ½ λ Σ w²

Biases, slopes and the scales of norms are never penalised.
"""

from __future__ import annotations

from collections.abc import Iterable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from seedbed.core.fields import number
from seedbed.core.value import Value
from seedbed.network.layer import Params, role


class Penalty(Value, family=True):
    """What large weights cost. A new one is a subclass with `of_array`."""

    def of(self, params: Iterable[Params]) -> Float[Array, ""]:
        """The cost of a network's weights: of every array whose role is "weight", in every layer."""
        weights = (array for layer in params for name, array in layer.items() if role(name) == "weight")
        return sum(map(self.of_array, weights), start=jnp.zeros(()))

    def of_array(self, weight: Float[Array, " ..."]) -> Float[Array, ""]:
        """The cost of one array."""
        raise NotImplementedError


class L1(Penalty, kind="l1"):
    """strength · Σ |w|: it pulls every weight with the same force, so that many end at 0. At 0 its gradient is 0."""

    strength: float = number(low=0.0)

    def of_array(self, weight: Float[Array, " ..."]) -> Float[Array, ""]:
        # By the sign, because JAX gives |w| the slope 1 at 0, and a pruned or padded weight would be pushed off it.
        return self.strength * jnp.sum(weight * jax.lax.stop_gradient(jnp.sign(weight)))


class L2(Penalty, kind="l2"):
    """½ · strength · Σ w²: the gradient is strength · w, so that plain SGD shrinks weights by lr · strength a step."""

    strength: float = number(low=0.0)

    def of_array(self, weight: Float[Array, " ..."]) -> Float[Array, ""]:
        return 0.5 * self.strength * jnp.sum(jnp.square(weight))
