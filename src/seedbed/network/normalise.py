"""Normalising over a batch, with its slope written out.

    x̂ = (x - μ) r          r = 1 / √(σ² + eps)          μ, σ² over the n numbers of a feature
    ∂C/∂x = r (g - Σ g / n - x̂ Σ (g x̂) / n)          where g = ∂C/∂x̂

Automatic differentiation gives the same by more passes over the activations: half as long again on CPU. Source: Ioffe
and Szegedy 2015, section 3.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@jax.custom_vjp
def normalised(
    x: Float[Array, "batch *space features"], eps: Any
) -> tuple[Float[Array, "batch *space features"], Float[Array, "features"], Float[Array, "features"]]:
    """x̂, μ and σ², which is divided by n. No slope flows back through μ and σ² as results."""
    return _forward(x, eps)[0]


def plainly(x: Array, eps: Any) -> tuple[Array, Array, Array]:
    """As `normalised`, with the slopes that JAX finds, forwards too."""
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axes)
    variance = jnp.square(x - mean).mean(axes)
    return (x - mean) * jax.lax.rsqrt(variance + eps), mean, variance


def _forward(x: Array, eps: Any) -> tuple[tuple[Array, Array, Array], tuple[Array, Array, Array]]:
    y, mean, variance = plainly(x, eps)
    return (y, mean, variance), (x, mean, jax.lax.rsqrt(variance + eps))


def _backward(kept: tuple[Array, Array, Array], slopes: tuple[Array, Array, Array]) -> tuple[Array, None]:
    x, mean, r = kept
    g, *_ = slopes
    axes = tuple(range(x.ndim - 1))
    first = g.mean(axes)
    second = (g * (x - mean)).mean(axes) * r * r
    return (g - first - (x - mean) * second) * r, None


normalised.defvjp(_forward, _backward)
