"""The affine and the quadratic function: what a unit does to one input, and what a squared error is in one weight.

affine(x) = a x + b        quadratic(x) = a x² + b x + c = a (x - x₀)² + y₀ with x₀ = -b / 2a
"""

from __future__ import annotations

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from seedbed.core.errors import UsageError
from seedbed.functions.function import Function, floats


def affine(x: ArrayLike, slope: ArrayLike = 1.0, intercept: ArrayLike = 0.0) -> Array:
    """The sum slope · x + intercept. It is linear only where the intercept is 0."""
    x, slope, intercept = floats(x, slope, intercept)
    return slope * x + intercept


def affine_derivative(x: ArrayLike, slope: ArrayLike = 1.0, intercept: ArrayLike = 0.0) -> Array:
    """The slope, everywhere."""
    x, slope = floats(x, slope)
    return jnp.broadcast_to(slope, x.shape)


def quadratic(x: ArrayLike, a: ArrayLike = 1.0, b: ArrayLike = 0.0, c: ArrayLike = 0.0) -> Array:
    """The sum a x² + b x + c, by Horner."""
    x, a, b, c = floats(x, a, b, c)
    return (a * x + b) * x + c


def quadratic_derivative(x: ArrayLike, a: ArrayLike = 1.0, b: ArrayLike = 0.0, c: ArrayLike = 0.0) -> Array:
    """2 a x + b."""
    x, a, b = floats(x, a, b)
    return 2.0 * a * x + b


def vertex(a: float, b: float, c: float) -> tuple[float, float]:
    """Where a x² + b x + c is extreme, and its value there: the minimum for a > 0, the maximum for a < 0.

    The derivative 2 a x + b is 0 at x₀ = -b / 2a, and there the function is c - b² / 4a.

    Raises:
        UsageError: a is 0, so that the function is a line.
    """
    if a == 0:
        raise UsageError("vertex: expected a number other than 0 for a, got 0", "a line has no lowest point")
    return -b / (2.0 * a), c - b * b / (4.0 * a)


POLYNOMIAL = (
    Function(
        "affine",
        affine,
        affine_derivative,
        "f(x) = a x + b; f'(x) = a",
        "Strang, Introduction to Linear Algebra, section 8.1: linear, and shifted",
        n_operations=2,
    ),
    Function(
        "quadratic",
        quadratic,
        quadratic_derivative,
        "f(x) = a x² + b x + c; f'(x) = 2 a x + b",
        "Boyd and Vandenberghe, Convex Optimization, section 4.4",
        n_operations=4,
    ),
)
