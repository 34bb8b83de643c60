"""A piece of a linear program whose structure is not known: it can be multiplied with, from both sides, and no more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

Shape = tuple[int, ...]


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False)
class Opaque:
    """A linear map as a program. `operation` names what no rule covers."""

    jaxpr: Any
    constants: tuple[Any, ...]
    out_shape: Shape
    in_shape: Shape
    dtype: Any
    operation: str
    is_transposed: bool = False

    def apply(self, v: Array) -> Array:
        """The product with an array of the input's shape."""
        if not self.is_transposed:
            return self._run(v)
        like = jax.ShapeDtypeStruct(self.out_shape, self.dtype)
        (result,) = jax.linear_transpose(self._run, like)(v)
        return result

    def _run(self, v: Array) -> Array:
        (result,) = jax.core.eval_jaxpr(self.jaxpr, self.constants, v)
        return result

    def transpose(self) -> Opaque:
        """The map the other way round."""
        rest = (self.dtype, self.operation, not self.is_transposed)
        return Opaque(self.jaxpr, self.constants, self.in_shape, self.out_shape, *rest)

    def dense(self) -> Array:
        """All entries, of shape (m, n), by a product for each column."""
        m, n = math.prod(self.out_shape), math.prod(self.in_shape)
        columns = jax.lax.map(lambda e: self.apply(e.reshape(self.in_shape)).reshape(m), jnp.eye(n, dtype=self.dtype))
        return columns.T

    def diagonal(self) -> None:
        """Not known without the other entries."""
        return

    @property
    def stored(self) -> list[Any]:
        """What is stored."""
        return list(self.constants)

    def tree_flatten(self) -> tuple[Any, Any]:
        """For JAX: the constants are leaves."""
        rest = (self.jaxpr, self.out_shape, self.in_shape, self.dtype, self.operation, self.is_transposed)
        return (self.constants,), rest

    @classmethod
    def tree_unflatten(cls, rest: Any, children: Any) -> Opaque:
        """For JAX."""
        return cls(rest[0], *children, *rest[1:])
