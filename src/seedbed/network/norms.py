"""Norms: activations brought to mean 0 and variance 1, then scaled and shifted by numbers that are learned.

y = scale · (x - μ) / √(σ² + eps) + shift
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from seedbed.core.errors import ShapeError
from seedbed.core.fields import number, part, whole
from seedbed.network.initializers import Constant, Initializer, Zeros
from seedbed.network.layer import Layer, Params, Shape, batched
from seedbed.network.normalise import normalised, plainly

ONE = Constant(1.0)
MEAN, VARIANCE = "running_mean", "running_variance"


class Norm(Layer):
    """Abstract: a layer that normalises, with a scale and a shift for each feature, or for each channel."""

    _: KW_ONLY
    eps: float = number(1e-5, low=0.0, doc="added to the variance, so that a feature that never changes stays finite")
    scale: Initializer | None = part(Initializer, ONE, optional=True, doc="how scales begin; none: always 1")
    shift: Initializer | None = part(Initializer, Zeros(), optional=True, doc="how shifts begin; none: always 0")

    @property
    def _is_plain(self) -> bool:
        """Whether a feature begins as it would beside fewer others, and stays finite where it is always 0."""
        given = [how for how in (self.scale, self.shift) if how is not None]
        return self.eps > 0 and all(how.is_by_place and not how.reads_fan for how in given)

    def reads(self, data_shape: Shape) -> Shape | None:
        return None

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any) -> Params:
        self.out_shape(in_shape)
        n = in_shape[-1:]
        given = {"scale": self.scale, "shift": self.shift}
        return {
            name: how.sample(n, key=jax.random.fold_in(key, i), dtype=dtype, fan=(n[0], n[0]))
            for i, (name, how) in enumerate(given.items())
            if how is not None
        }

    def affine(self, params: Params, x: Array) -> Array:
        """Scale · x + shift, as far as they are there."""
        x = x * params["scale"] if "scale" in params else x
        return x + params["shift"] if "shift" in params else x

    def _centred(self, x: Array, axes: tuple[int, ...]) -> Array:
        """The numbers with mean 0 and variance 1 over axes; bfloat16 is reckoned in float32."""
        wide = x.astype(jnp.float32) if x.dtype == jnp.bfloat16 else x
        mean = wide.mean(axes, keepdims=True)
        variance = jnp.square(wide - mean).mean(axes, keepdims=True)
        return ((wide - mean) * jax.lax.rsqrt(variance + self.eps)).astype(x.dtype)

    def flops(self, in_shape: Shape) -> int:
        return 2 * math.prod(in_shape)


class BatchNorm(Norm, kind="batchnorm"):
    """Batch normalisation: one mean and variance per feature, per channel over batch and space.

        training     μ, σ² of the batch, σ² divided by n          running ← running + momentum · (batch's - running)
        prediction   the running ones, whose variance is the batch's divided by n - 1

    The running numbers begin at 0 and 1. A batch with fewer examples than the others moves them by so much less, and
    where a feature has a single number they stand in for its statistics. With scale σ and shift μ of its input it
    gives that back, but for eps.                     (Ioffe and Szegedy 2015, algorithms 1 and 2; momentum as PyTorch)
    """

    _: KW_ONLY
    momentum: float = number(0.1, low=0.0, high=1.0, doc="the share of a batch in the running statistics")

    @property
    def pads(self) -> bool:
        return self._is_plain

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any) -> Params:
        n = in_shape[-1:]
        running = {MEAN: jnp.zeros(n, dtype), VARIANCE: jnp.ones(n, dtype)}
        return super().init(in_shape, key=key, dtype=dtype) | running

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *in"]:
        return self._flow(params, x, training, None, plainly)[0]

    def forward(
        self,
        params: Params,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Key[Array, ""] | None = None,
        counted: Float[Array, "batch"] | None = None,
    ) -> tuple[Float[Array, "batch *in"], Params]:
        return self._flow(params, x, training, counted, normalised)

    def _flow(
        self, params: Params, x: Array, training: bool, counted: Array | None, normalise: Callable[..., Any]
    ) -> tuple[Array, Params]:
        running_mean, running_variance = jax.lax.stop_gradient((params[MEAN], params[VARIANCE]))
        dtype, x = x.dtype, x.astype(running_mean.dtype)  # statistics are float32 where activations are shorter
        as_running = lambda: self.affine(params, (x - running_mean) * jax.lax.rsqrt(running_variance + self.eps))  # noqa: E731
        if not training:
            return as_running().astype(dtype), {}
        places = math.prod(x.shape[1:-1])
        if x.shape[0] * places < 2:
            hint = "take a larger batch_size; or LayerNorm or GroupNorm, which look at one example"
            came = f"{x.shape}, a single number for each feature"
            raise ShapeError(f"{self.kind}: expected two examples at least in training, got {came}", hint)
        scale = params.get("scale", jnp.ones_like(running_mean)).astype(x.dtype)
        shift = params.get("shift", jnp.zeros_like(running_mean)).astype(x.dtype)
        y, mean, variance = normalise(x, scale, shift, counted, self.eps)
        n: Any = (x.shape[0] if counted is None else jnp.sum(counted)) * places
        share: Any = self.momentum if counted is None else self.momentum * jnp.mean(counted)
        if counted is not None and places == 1:  # a lone example has no variance
            y = jnp.where(n < 2, as_running(), y)
            share = jnp.where(n < 2, 0.0, share)
        unbiased = jax.lax.stop_gradient(variance) * (n / jnp.maximum(n - 1, 1))
        moved = {
            MEAN: running_mean + share * (jax.lax.stop_gradient(mean) - running_mean),
            VARIANCE: running_variance + share * (unbiased - running_variance),
        }
        return y.astype(dtype), {name: a.astype(x.dtype) for name, a in moved.items()}


class LayerNorm(Norm, kind="layernorm"):
    """Each example by itself: mean and variance over its features, or over channels at each place of an image.

    Source: Ba, Kiros and Hinton 2016; over the last axis, as PyTorch's LayerNorm(channels).
    """

    @property
    def pads(self) -> bool:
        return self._is_plain

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *in"]:
        return self.affine(params, self._centred(x, (-1,)))

    def among(
        self, params: Params, x: Float[Array, "batch *in"], real: Bool[Array, "features"]
    ) -> Float[Array, "batch *in"]:
        """As `apply`, over the features that are real. The others, which are 0, stay so where their shift is 0."""
        wide = x.astype(jnp.float32) if x.dtype == jnp.bfloat16 else x
        n = jnp.sum(real).astype(wide.dtype)
        wide = jnp.where(real, wide, 0)  # they are 0; but the mean's slope must not reach them
        off = jnp.where(real, wide - wide.sum(-1, keepdims=True) / n, 0)
        variance = jnp.square(off).sum(-1, keepdims=True) / n
        return self.affine(params, (off * jax.lax.rsqrt(variance + self.eps)).astype(x.dtype))


class GroupNorm(Norm, kind="groupnorm"):
    """Each example by itself: mean and variance over space and the channels of a group.  (Wu and He 2018)"""

    groups: int = whole(low=1, doc="parts that the channels are shared out to")

    def out_shape(self, in_shape: Shape) -> Shape:
        if in_shape[-1] % self.groups:
            came = f"{in_shape[-1]} of them in {batched(in_shape)}"
            hint = "take a number of groups that divides the channels"
            raise ShapeError(f"{self.kind}: expected channels that {self.groups} groups share evenly, got {came}", hint)
        return in_shape

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *in"]:
        self.out_shape(x.shape[1:])
        parts = x.reshape(x.shape[0], -1, self.groups, x.shape[-1] // self.groups)
        return self.affine(params, self._centred(parts, (1, 3)).reshape(x.shape))
