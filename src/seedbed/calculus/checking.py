"""The check of a Jacobian against JAX's own forward and backward passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from seedbed.calculus.structure.rounding import magnitudes
from seedbed.core.errors import UsageError

if TYPE_CHECKING:
    from seedbed.calculus.matrix import Jacobian

Pass = Callable[[Array, Array], Array | None]  # of a point and a vector: what JAX makes of the vector there
ROUNDING = 1000  # roundings that a product may differ by: sums are formed in another order
CANCELLED = 1 / 8  # as many of those that numbers which cancel may leave: they are measured, and cover real errors


@dataclass(frozen=True)
class Check:
    """What a comparison found. True where the Jacobian agrees.

    Attributes:
        forward: the largest difference of J @ v from `jax.jvp`, relative to the largest entry, or to an eighth of the
            numbers that cancel in it where that is more; None where JAX has no forward pass of the function.
        backward: the same of J.T @ u from `jax.vjp`.
        tolerance: what is taken for rounding.
    """

    forward: float | None
    backward: float | None
    tolerance: float

    @property
    def error(self) -> float:
        """The larger of the two; NaN where one is."""
        return float(np.max([apart for apart in (self.forward, self.backward) if apart is not None], initial=0.0))

    def __bool__(self) -> bool:
        return self.error <= self.tolerance

    def __str__(self) -> str:
        passes = (("jvp", self.forward), ("vjp", self.backward))
        said = " and ".join(f"with jax.{name} to {apart:.1e}" for name, apart in passes if apart is not None)
        return f"{'agrees' if self else 'DOES NOT agree'} {said}, where {self.tolerance:.1e} is rounding"


def compared(jacobian: Jacobian, key: Any, tolerance: float | None) -> Check:
    """The largest relative differences for one random vector on each side.

    Raises:
        UsageError: the Jacobian does not know its function, or it is transposed.
    """
    if jacobian.origin is None:
        hint = "check the Jacobian where it is made, outside of jax.jit: sb.jacobian(f)(x).check(key)"
        raise UsageError("check: expected a Jacobian that knows its function, got one that came out of jax.jit", hint)
    if jacobian.is_transposed:
        return compared(jacobian.T, key, tolerance)
    function, x = jacobian.origin
    key = jax.random.key(key) if isinstance(key, int) else key
    keys = jax.random.split(key)
    v = jax.random.normal(keys[0], jacobian.in_shape, jacobian.dtype)
    u = jax.random.normal(keys[1], jacobian.out_shape, jacobian.dtype)
    if tolerance is None:
        tolerance = ROUNDING * float(jnp.finfo(jacobian.dtype).eps) * len(jacobian.pieces) ** 0.5
    return Check(
        _apart(jacobian @ v, partial(_pushed, function), x, v.astype(x.dtype)) if jacobian.has_products else None,
        _apart(jacobian.T @ u, partial(_pulled, function), x, u) if jacobian.T.has_products else None,
        tolerance,
    )


def _pushed(function: Callable[..., Any], x: Array, v: Array) -> Array | None:
    try:
        _, change = jax.jvp(function, (x,), (v,))
    except TypeError:  # a function with a jax.custom_vjp goes backward alone
        return None
    return change


def _pulled(function: Callable[..., Any], x: Array, u: Array) -> Array:
    (slope,) = jax.vjp(function, x)[1](u)
    return slope


def _apart(found: Array, jax_pass: Pass, x: Array, v: Array) -> float | None:
    """The largest difference of a product from what a pass of JAX gives; None where there is no such pass."""
    if (other := jax_pass(x, v)) is None:
        return None
    difference = jnp.max(jnp.abs(found - other), initial=0.0)
    scale = max(float(jnp.max(jnp.abs(other), initial=0.0)), CANCELLED * _cancelled(jax_pass, x, v))
    return float(difference) / (scale if scale != 0 else 1.0)


def _cancelled(jax_pass: Pass, x: Array, v: Array) -> float:
    """How large the numbers are that cancel in a pass; 0 for a function that JAX follows at known numbers alone."""
    try:
        program = jax.make_jaxpr(jax_pass)(x, v)
    except (UsageError, TypeError, IndexError):
        return 0.0
    (sizes,) = magnitudes(program, [x, v])
    return float(np.max(sizes, initial=0.0))
