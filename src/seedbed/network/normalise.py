"""Normalising over the examples of a batch that count, with its slope written out.

    x̂ = (x - μ) r          r = 1 / √(σ² + eps)          y = scale · x̂ + shift
    ∂C/∂x = scale · r · (g - c (Σ g / n + x̂ Σ (g x̂) / n))          where g = ∂C/∂y

μ and σ² are over the n numbers of a feature in rows that count, c is 1 for those and 0 for the others. Automatic
differentiation gives the same by twice as many passes over the activations, which are what it costs on CPU. Source:
Ioffe and Szegedy 2015, section 3.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Features = Float[Array, "features"]


@jax.custom_vjp
def normalised(
    x: Float[Array, "batch *space features"],
    scale: Features,
    shift: Features,
    counted: Float[Array, "batch"] | None,
    eps: Any,
) -> tuple[Float[Array, "batch *space features"], Features, Features]:
    """y, μ and σ², which is divided by n. No slope flows back through μ and σ² as results, nor to `counted` and eps."""
    return plainly(x, scale, shift, counted, eps)


def plainly(x: Array, scale: Array, shift: Array, counted: Array | None, eps: Any) -> tuple[Array, Array, Array]:
    """As `normalised`, with the slopes that JAX finds, forwards too."""
    axes = tuple(range(x.ndim - 1))
    n = _n(x, counted)
    mean = jnp.sum(_only(x, counted), axes) / n
    variance = jnp.sum(_only(jnp.square(x - mean), counted), axes) / n
    return (x - mean) * (jax.lax.rsqrt(variance + eps) * scale) + shift, mean, variance


def _forward(x: Array, scale: Array, shift: Array, counted: Array | None, eps: Any) -> tuple[Any, Any]:
    y, mean, variance = plainly(x, scale, shift, counted, eps)
    return (y, mean, variance), (x, scale, counted, mean, jax.lax.rsqrt(variance + eps))


def _backward(kept: Any, slopes: tuple[Array, Array, Array]) -> tuple[Array, Array, Array, None, None]:
    x, scale, counted, mean, r = kept
    g, *_ = slopes
    axes = tuple(range(x.ndim - 1))
    n = _n(x, counted)
    d_shift, with_x = g.sum(axes), (g * (x - mean)).sum(axes)
    through_statistics = d_shift / n + (x - mean) * (with_x * r * r / n)
    return (g - _only(through_statistics, counted)) * (scale * r), with_x * r, d_shift, None, None


normalised.defvjp(_forward, _backward)


def _n(x: Array, counted: Array | None) -> Any:
    """The numbers of a feature that count, 1 at least."""
    places = x.size // (x.shape[0] * x.shape[-1])
    return x.shape[0] * places if counted is None else jnp.maximum(jnp.sum(counted), 1).astype(x.dtype) * places


def _only(a: Array, counted: Array | None) -> Array:
    """Zero in the rows that do not count, whatever stands there."""
    return a if counted is None else jnp.where(counted.reshape(-1, *[1] * (a.ndim - 1)) > 0, a, 0)
