"""The dropout layer: in training, units fall out at random."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Key, UInt32

from seedbed.core.errors import UsageError
from seedbed.core.fields import number
from seedbed.network.layer import Layer, Params, Shape
from seedbed.network.words import columns, halves, random_words

LEVELS = 1 << 16


class Dropout(Layer, kind="dropout"):
    """In training each unit is 0 with probability `rate`, and else divided by 1 - rate; otherwise x itself.

    The rate is rounded to a multiple of 2⁻¹⁶, and the divisor with it, so that the mean stays exact. A unit's mask
    does not depend on how many units or examples there are. Source: Srivastava et al. 2014, Dropout; the division in
    training, inverted dropout, as in CS231n. Rate 0.0 gives exactly x, and draws all the same.
    """

    rate: float = number(low=0.0, high=1.0, high_open=True, doc="the probability that a unit falls out")

    def reads(self, data_shape: Shape) -> Shape | None:
        return None

    @property
    def pads(self) -> bool:
        return True

    @property
    def is_noisy(self) -> bool:
        return True

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *in"]:
        if not training:
            return x
        if key is None:
            raise UsageError("dropout: expected a key in training, got None", "pass key=jax.random.key(seed)")
        return self.dropped(x, key, columns(x.shape[1:]))

    def dropped(
        self, x: Float[Array, "batch *in"], key: Key[Array, ""], numbers: UInt32[Array, "*in"]
    ) -> Float[Array, "batch *in"]:
        """The activations with units fallen out, whose masks follow from their numbers."""
        # Two bytes decide on a unit: four masks a call of the generator, where jax.random.bernoulli makes one.
        n_draws = -(-x.shape[0] // 2)
        draws = halves(random_words(key, n_draws, numbers))[: x.shape[0]]
        n_dropped = jnp.clip(jnp.round(jnp.asarray(self.rate, jnp.float32) * LEVELS), 0, LEVELS - 1)
        scale = (LEVELS / (LEVELS - n_dropped)).astype(x.dtype)
        # A select and not a product with 0: where an activation is inf or NaN, a product would be NaN.
        return jnp.where(draws >= n_dropped.astype(jnp.uint32), x * scale, jnp.zeros_like(x))
