"""A piece of a linear program whose structure is not known: it can be multiplied with, from both sides, and no more."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from seedbed.core.errors import UsageError

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
    in_dtype: Any
    operation: str
    is_transposed: bool = False

    def apply(self, v: Array) -> Array:
        """The product with an array of the input's shape.

        Raises:
            UsageError: JAX knows no pass in this direction, as for a `while` backward.
        """
        v = v.astype(self.in_dtype)
        if not self.is_transposed:
            return self._run(v)
        like = jax.ShapeDtypeStruct(self.out_shape, self.dtype)
        try:
            (result,) = jax.linear_transpose(self._run, like)(v)
        except (NotImplementedError, ValueError, AssertionError):  # JAX has one of these for each kind of operation
            raise UsageError(
                f"product: expected operations that go both ways, but JAX has no pass in this direction for "
                f"{self.operation}",
                "multiply from the other side, or write the matrix out: J.as_matrix()",
            ) from None
        return result

    def _run(self, v: Array) -> Array:
        (result,) = jax.core.eval_jaxpr(self.jaxpr, self.constants, v)
        return result

    @functools.cached_property
    def has_products(self) -> bool:
        """Whether JAX knows a pass in this direction."""
        try:
            jax.eval_shape(self.apply, jax.ShapeDtypeStruct(self.in_shape, self.in_dtype))
        except UsageError:
            return False
        return True

    def transpose(self) -> Opaque:
        """The map the other way round."""
        return replace(
            self,
            out_shape=self.in_shape,
            in_shape=self.out_shape,
            dtype=self.in_dtype,
            in_dtype=self.dtype,
            is_transposed=not self.is_transposed,
        )

    def dense(self) -> Array:
        """All entries, of shape (m, n), by a product for each column."""
        m, n = math.prod(self.out_shape), math.prod(self.in_shape)
        unit = jnp.eye(n, dtype=self.in_dtype)
        columns = jax.lax.map(lambda e: self.apply(e.reshape(self.in_shape)).reshape(m), unit)
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
        types = (self.dtype, self.in_dtype)
        return (self.constants,), (
            self.jaxpr,
            self.out_shape,
            self.in_shape,
            *types,
            self.operation,
            self.is_transposed,
        )

    @classmethod
    def tree_unflatten(cls, rest: Any, children: Any) -> Opaque:
        """For JAX."""
        return cls(rest[0], *children, *rest[1:])
