"""The linearisation of a function: what it does to small changes, beside what really happens.

f(x + Δx) ≈ f(x) + J Δx,        the error falls as |Δx|²
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from seedbed.calculus.derivatives import jacobian
from seedbed.calculus.matrix import Jacobian
from seedbed.calculus.points import checked_numbers
from seedbed.core.errors import ShapeError, UsageError


@dataclass(frozen=True, eq=False)
class Prediction:
    """A predicted change of the output beside the true one.

    Attributes:
        predicted: J Δx.
        true: f(x + Δx) − f(x).
    """

    predicted: Array
    true: Array

    @property
    def error(self) -> float:
        """The length of the difference."""
        return float(jnp.linalg.norm(jnp.ravel(self.predicted - self.true)))

    @property
    def relative_error(self) -> float:
        """The length of the difference, as a part of the true change."""
        return self.error / max(float(jnp.linalg.norm(jnp.ravel(self.true))), float(jnp.finfo(self.true.dtype).tiny))

    def __str__(self) -> str:
        return f"predicted {self.predicted}, true {self.true}, error {self.error:.3g}"


@dataclass(frozen=True, eq=False)
class Linearization:
    """A function at a point, and its Jacobian there."""

    function: Callable[[Any], Any]
    point: Array
    value: Array
    jacobian: Jacobian

    def predict(self, dx: Any) -> Prediction:
        """The change of the output for a change of the input: to first order, Σⱼ ∂f/∂xⱼ Δxⱼ, and truly.

        Raises:
            ShapeError: the change has another shape than the point.
            UsageError: it does not hold numbers.
        """
        change = checked_numbers("predict", dx, self.point.dtype)
        if change.shape != self.point.shape:
            raise ShapeError(f"predict: expected a change of shape {self.point.shape}, got {change.shape}")
        return Prediction(self.jacobian @ change, self.function(self.point + change) - self.value)


def linearize(f: Callable[..., Any], by: int | str = 0) -> Callable[..., Linearization]:
    """The function x ↦ the linearisation of f at x.

    Raises, when it is called:
        UsageError: x or f(x) is not one array of floating-point numbers.

    >>> change = linearize(lambda x: x**2)(3.0).predict(0.1)
    >>> round(float(change.predicted), 4), round(float(change.true), 4)
    (0.6, 0.61)
    """

    def at(*args: Any, **kwargs: Any) -> Linearization:
        found = jacobian(f, by)(*args, **kwargs)
        if not isinstance(found, Jacobian):
            raise UsageError("linearize: expected one array in and one array out, got trees", "use sb.jacobian")
        assert found.origin is not None
        function, x = found.origin
        return Linearization(function, x, function(x), found)

    return at
