"""The check of a Jacobian against JAX's own forward and backward passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from seedbed.core.errors import UsageError

if TYPE_CHECKING:
    from seedbed.calculus.jacobian import Jacobian

ROUNDING = 1000  # roundings that a product may differ by: sums are formed in another order


@dataclass(frozen=True)
class Check:
    """What a comparison found. True where the Jacobian agrees.

    Attributes:
        forward: the largest difference of J @ v from `jax.jvp`, relative to the largest entry.
        backward: the same of J.T @ u from `jax.vjp`.
        tolerance: what is taken for rounding.
    """

    forward: float
    backward: float
    tolerance: float

    def __bool__(self) -> bool:
        return max(self.forward, self.backward) <= self.tolerance

    def __str__(self) -> str:
        found = "agrees" if self else "DOES NOT agree"
        return (
            f"{found} with jax.jvp to {self.forward:.1e} and with jax.vjp to {self.backward:.1e}, "
            f"where {self.tolerance:.1e} is rounding"
        )


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
    _, forward = jax.jvp(function, (x,), (v.astype(x.dtype),))
    _, pull = jax.vjp(function, x)
    (backward,) = pull(u)
    if tolerance is None:
        tolerance = ROUNDING * float(jnp.finfo(jacobian.dtype).eps) * len(jacobian.pieces) ** 0.5
    return Check(_apart(jacobian @ v, forward), _apart(jacobian.T @ u, backward), tolerance)


def _apart(one: Array, other: Array) -> float:
    scale = jnp.max(jnp.abs(other), initial=0.0)
    difference = jnp.max(jnp.abs(one - other), initial=0.0)
    return float(difference / jnp.where(scale > 0, scale, 1))
