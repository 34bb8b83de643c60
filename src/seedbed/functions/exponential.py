"""The exponential, and the density of the normal distribution made of it.

exp(x) = eˣ        normal(x) = exp(-½ ((x - μ) / σ)²) / (σ √(2π))
"""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from seedbed.functions.function import Function, floats


def exponential(x: ArrayLike) -> Array:
    """eˣ, its own derivative. In float32 it is infinite from x = 88.73 on."""
    return jnp.exp(floats(x)[0])


def normal(x: ArrayLike, mean: ArrayLike = 0.0, deviation: ArrayLike = 1.0) -> Array:
    """The density of the normal distribution, whose area is 1."""
    x, mean, deviation = floats(x, mean, deviation)
    z = (x - mean) / deviation
    return jnp.exp(-0.5 * z * z) / (deviation * math.sqrt(2.0 * math.pi))


def normal_derivative(x: ArrayLike, mean: ArrayLike = 0.0, deviation: ArrayLike = 1.0) -> Array:
    """-(x - μ) / σ² times the density; steepest one deviation from the mean."""
    x, mean, deviation = floats(x, mean, deviation)
    return -(x - mean) / (deviation * deviation) * normal(x, mean, deviation)


EXPONENTIAL = (
    Function(
        "exponential",
        exponential,
        exponential,
        "f(x) = exp(x); f'(x) = f(x)",
        "Euler 1748, Introductio in analysin infinitorum, ch. 7",
    ),
    Function(
        "normal",
        normal,
        normal_derivative,
        "f(x) = exp(-½ ((x - μ) / σ)²) / (σ √(2π)); f'(x) = -(x - μ) / σ² f(x)",
        "Gauss 1809, Theoria motus, book 2, section 177",
        n_operations=6,
    ),
)
