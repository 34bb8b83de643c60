"""The z-score: how many standard deviations a number lies above the mean.

z(x) = (x - μ) / σ, an affine function with slope 1 / σ and intercept -μ / σ.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from seedbed.functions.function import Function, floats


def z_score(x: ArrayLike, mean: ArrayLike = 0.0, deviation: ArrayLike = 1.0) -> Array:
    """(x - mean) / deviation."""
    x, mean, deviation = floats(x, mean, deviation)
    return (x - mean) / deviation


def z_score_derivative(x: ArrayLike, mean: ArrayLike = 0.0, deviation: ArrayLike = 1.0) -> Array:
    """1 / deviation, everywhere: the same stretch at every place, which keeps the shape of a distribution."""
    x, deviation = floats(x, deviation)
    return jnp.broadcast_to(1.0 / deviation, x.shape)


SCORING = (
    Function(
        "z_score",
        z_score,
        z_score_derivative,
        "f(x) = (x - μ) / σ; f'(x) = 1 / σ",
        "LeCun et al. 1998, Efficient BackProp, section 4.3: inputs of mean 0 and the same variance",
        n_operations=2,
    ),
)
