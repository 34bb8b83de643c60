"""Matrix products of activations and weights, whose sums are carried in single precision at least."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array


def product(a: Array, b: Array) -> Array:
    """The product a b in their own type; bfloat16 is summed up in float32, which has more than its eight digits."""
    if a.dtype != jnp.bfloat16:
        return a @ b
    if jax.default_backend() == "cpu":  # which has no such product for all shapes; as numbers of float32 it is the same
        return (a.astype(jnp.float32) @ b.astype(jnp.float32)).astype(a.dtype)
    return jnp.matmul(a, b, preferred_element_type=jnp.float32).astype(a.dtype)
