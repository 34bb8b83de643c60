"""The check of a Jacobian against JAX's own forward and backward passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from seedbed.core.errors import UsageError

if TYPE_CHECKING:
    from seedbed.calculus.matrix import Jacobian

ROUNDING = 1000  # roundings that a product may differ by: sums are formed in another order


@dataclass(frozen=True)
class Check:
    """What a comparison found. True where the Jacobian agrees.

    Attributes:
        forward: the largest difference of J @ v from `jax.jvp`, relative to the largest entry; None where JAX has no
            forward pass of the function.
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
    forward = _pushed(function, x, v.astype(x.dtype)) if jacobian.has_products else None
    backward = jax.vjp(function, x)[1](u)[0] if jacobian.T.has_products else None
    return Check(
        None if forward is None else _apart(jacobian @ v, forward),
        None if backward is None else _apart(jacobian.T @ u, backward),
        tolerance,
    )


def _pushed(function: Callable[..., Any], x: Array, v: Array) -> Array | None:
    try:
        _, change = jax.jvp(function, (x,), (v,))
    except TypeError:  # a function with a jax.custom_vjp goes backward alone
        return None
    return change


def _apart(one: Array, other: Array) -> float:
    scale = jnp.max(jnp.abs(other), initial=0.0)
    difference = jnp.max(jnp.abs(one - other), initial=0.0)
    return float(difference / jnp.where(scale > 0, scale, 1))
