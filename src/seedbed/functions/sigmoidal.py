"""The functions that squash: sigmoid, tanh and softmax.

Far from 0 they are flat, and little of a gradient passes.

    σ(x) = 1 / (1 + e⁻ˣ)        tanh(x) = 2 σ(2x) - 1        softmax(x)ᵢ = e^xᵢ / Σⱼ e^xⱼ
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from seedbed.functions.function import Function, floats


def sigmoid(x: ArrayLike) -> Array:
    """1 / (1 + e⁻ˣ), in (0, 1)."""
    return jax.lax.logistic(floats(x)[0])


def sigmoid_derivative(x: ArrayLike) -> Array:
    """σ(x) σ(-x), at most 1/4. The second factor is 1 - σ(x), without its cancellation for large x."""
    return sigmoid(x) * sigmoid(-floats(x)[0])


def tanh(x: ArrayLike) -> Array:
    """The hyperbolic tangent, in (-1, 1)."""
    return jnp.tanh(floats(x)[0])


def tanh_derivative(x: ArrayLike) -> Array:
    """1 - tanh²(x), at most 1."""
    return 1.0 - tanh(x) ** 2


def softmax(x: ArrayLike) -> Array:
    """Numbers in (0, 1) that sum to one along the last axis, in the ratio of the exponentials of x.

    The largest x is taken off first, which changes nothing in the ratio and keeps every exponential at most 1.
    """
    return jax.nn.softmax(floats(x)[0], axis=-1)


def softmax_derivative(x: ArrayLike) -> Array:
    """The Jacobian diag(p) - p pᵀ with p = softmax(x), of shape (..., n, n): symmetric, its rows sum to zero."""
    p = softmax(x)
    return p[..., :, None] * jnp.eye(p.shape[-1], dtype=p.dtype) - p[..., :, None] * p[..., None, :]


def naive_softmax(x: ArrayLike) -> Array:
    """Softmax as its equation stands there, to be seen failing.

    From x = 88.73 on an exponential is infinite in float32, and inf / inf is NaN; where every x is very negative all
    exponentials are 0, and so is their sum. `softmax` takes off the largest x first.
    """
    e = jnp.exp(floats(x)[0])
    return e / e.sum(axis=-1, keepdims=True)


SIGMOIDAL = (
    Function(
        "sigmoid",
        sigmoid,
        sigmoid_derivative,
        "f(x) = 1 / (1 + exp(-x)); f'(x) = f(x) (1 - f(x))",
        "Nielsen, Neural Networks and Deep Learning, ch. 1, eq. (3)",
        n_operations=4,
    ),
    Function(
        "tanh",
        tanh,
        tanh_derivative,
        "f(x) = tanh(x) = 2 σ(2x) - 1; f'(x) = 1 - f(x)²",
        "LeCun et al. 1998, Efficient BackProp, section 4.4",
    ),
    Function(
        "softmax",
        softmax,
        softmax_derivative,
        "f(x)ᵢ = exp(xᵢ) / Σⱼ exp(xⱼ); J = diag(f) - f fᵀ",
        "Bridle 1990, Probabilistic interpretation of feedforward classification network outputs",
        n_operations=5,
        is_elementwise=False,
    ),
)

NAIVE = Function(
    "naive_softmax",
    naive_softmax,
    softmax_derivative,
    "f(x)ᵢ = exp(xᵢ) / Σⱼ exp(xⱼ), as it stands",
    "Goodfellow, Bengio and Courville, Deep Learning, section 4.1, on what it does",
    n_operations=3,
    is_elementwise=False,
)
