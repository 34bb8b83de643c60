"""The functions made of straight pieces: step, linear, ReLU, leaky ReLU and PReLU.

Their slopes are constant, so a gradient passes whole, scaled or not at all.

    step(x) = 1 if x > 0 else 0        relu(x) = max(x, 0)        leaky_relu(x) = x if x > 0 else a x
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from seedbed.functions.function import Function, floats

LEAKY_SLOPE = 0.01
PRELU_SLOPE = 0.25


def step(x: ArrayLike) -> Array:
    """1 where x > 0, else 0: the perceptron's output. Its derivative is 0, so nothing learns through it."""
    (x,) = floats(x)
    return jnp.where(x > 0, 1.0, 0.0).astype(x.dtype)


def step_derivative(x: ArrayLike) -> Array:
    """0 everywhere; at 0, where there is none, 0 too."""
    return jnp.zeros_like(floats(x)[0])


def linear(x: ArrayLike) -> Array:
    """The input itself."""
    return floats(x)[0]


def linear_derivative(x: ArrayLike) -> Array:
    """1 everywhere."""
    return jnp.ones_like(floats(x)[0])


def relu(x: ArrayLike) -> Array:
    """max(x, 0)."""
    # jnp.maximum would give one half as gradient at 0, and a plain select would turn NaN into 0 and hide it.
    return jax.nn.relu(floats(x)[0])


def relu_derivative(x: ArrayLike) -> Array:
    """1 where x > 0, else 0; at 0, where there is none, 0."""
    return step(x)


def leaky_relu(x: ArrayLike, slope: ArrayLike = LEAKY_SLOPE) -> Array:
    """The input where it is above 0, else slope · x."""
    x, slope = floats(x, slope)
    return jnp.where(x > 0, x, slope * x)


def leaky_relu_derivative(x: ArrayLike, slope: ArrayLike = LEAKY_SLOPE) -> Array:
    """1 where x > 0, else the slope; at 0, where there is none, the slope."""
    x, slope = floats(x, slope)
    return jnp.where(x > 0, jnp.ones_like(x), slope)


def prelu(x: ArrayLike, slope: ArrayLike = PRELU_SLOPE) -> Array:
    """The input where it is above 0, else slope · x, with a slope that is learned."""
    return leaky_relu(x, slope)


def prelu_derivative(x: ArrayLike, slope: ArrayLike = PRELU_SLOPE) -> Array:
    """1 where x > 0, else the slope; at 0, where there is none, the slope."""
    return leaky_relu_derivative(x, slope)


PIECEWISE = (
    Function(
        "step",
        step,
        step_derivative,
        "f(x) = 1 if x > 0 else 0; f'(x) = 0",
        "Rosenblatt 1958, The perceptron; Nielsen, Neural Networks and Deep Learning, ch. 1, eq. (1)",
    ),
    Function("linear", linear, linear_derivative, "f(x) = x; f'(x) = 1", "the identity", n_operations=0),
    Function(
        "relu",
        relu,
        relu_derivative,
        "f(x) = max(x, 0); f'(x) = 1 if x > 0 else 0",
        "Nair and Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
    ),
    Function(
        "leaky_relu",
        leaky_relu,
        leaky_relu_derivative,
        "f(x) = x if x > 0 else a x; f'(x) = 1 if x > 0 else a",
        "Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network acoustic models, eq. (2)",
        n_operations=2,
    ),
    Function(
        "prelu",
        prelu,
        prelu_derivative,
        "f(x) = x if x > 0 else a x, a learned; f'(x) = 1 if x > 0 else a",
        "He et al. 2015, Delving deep into rectifiers, eq. (1)",
        n_operations=2,
    ),
)
