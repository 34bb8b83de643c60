"""The Jacobian as a value: a matrix of m outputs by n inputs that keeps its structure and is never written out unasked.

J[i, j] = ∂ output i / ∂ input j                         (numerator layout; arrays are read row by row)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from seedbed.calculus.checking import Check, compared
from seedbed.calculus.points import checked_numbers
from seedbed.calculus.structure.discovery import Piece
from seedbed.calculus.structure.kinds import Kind, blocks_of, kind_of
from seedbed.calculus.structure.opaque import Opaque
from seedbed.calculus.structure.sums import Sum
from seedbed.core.errors import ShapeError, UsageError

Shape = tuple[int, ...]
MAX_BYTES = 2**30  # of a matrix that is written out
MOST_PROGRAMS = 256  # of products that are kept compiled
MOST_PRODUCTS = 4096  # for a diagonal that has to be found by one product for each entry


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False, repr=False)
class Jacobian:
    """A Jacobian, or its transpose. It goes through `jax.jit` as an argument and as a result.

    Attributes:
        pieces: the maps that it is the product of, in the order in which they are applied.
        out_shape: the shape of the output.
        in_shape: the shape of the input.
        dtype: of the entries.
        origin: the function and its input, for `check`; None behind `jax.jit`.
    """

    pieces: tuple[Piece, ...]
    out_shape: Shape
    in_shape: Shape
    dtype: Any
    origin: tuple[Callable[..., Any], Any] | None = None
    is_transposed: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix, m × n."""
        return math.prod(self.out_shape), math.prod(self.in_shape)

    @functools.cached_property
    def structure(self) -> Kind:
        """What kind of matrix it is, with blocks, rank and offsets."""
        return kind_of(self.pieces, self.out_shape, self.in_shape)

    @property
    def kind(self) -> str:
        """The word for its structure: `diagonal`, `block-diagonal`, `Kronecker`, `product` …"""
        return self.structure.name

    def explain(self, language: str | None = None) -> str:
        """Its structure and its size in one sentence, in English or Korean."""
        from seedbed.calculus.structure.wording import sentence

        return sentence(self, language)

    @functools.cached_property
    def _program(self) -> Callable[[Array], Array]:
        """The product, with its program found once: to compare the labels of a deep network takes longer than it."""
        arrays, tree = jax.tree.flatten(self.pieces)
        return functools.partial(_program_of(tree), arrays)

    @property
    def nbytes(self) -> int:
        """Bytes that are stored; an array that is used twice counts once."""
        stored = {id(array): array for piece in self.pieces for array in piece.stored}
        return sum(math.prod(jnp.shape(a)) * jnp.result_type(a).itemsize for a in stored.values())

    @property
    def dense_bytes(self) -> int:
        """Bytes that all entries would take."""
        return math.prod(self.shape) * jnp.dtype(self.dtype).itemsize

    def __matmul__(self, other: Any) -> Any:
        """J @ v: for a small change v of the input, the change of the output to first order.

        `v` has the input's shape, or is flat, (n,), or several columns, (n, k); or another Jacobian: the chain rule.

        Raises:
            ShapeError: it has another shape.
            UsageError: it does not hold numbers.
        """
        if isinstance(other, Jacobian):
            return _chained(self, other)
        is_ready = isinstance(other, jax.Array) and other.dtype == self.dtype  # for small ones it counts
        said, name = ("J.T @ u", "u") if self.is_transposed else ("J @ v", "v")
        v = other if is_ready else checked_numbers(said, other, self.dtype)
        if v.shape == self.in_shape:
            return _product(self, v)
        m, n = self.shape
        if v.shape == (n,):
            return _product(self, v.reshape(self.in_shape)).reshape(m)
        if v.ndim == 2 and v.shape[0] == n:
            return jax.vmap(lambda c: _product(self, c.reshape(self.in_shape)).reshape(m), 1, 1)(v)
        ways = f"{self.in_shape}, ({n},) or ({n}, k)" if self.in_shape != (n,) else f"({n},) or ({n}, k)"
        side = "J.T is" if self.is_transposed else "J is"
        raise ShapeError(f"{said}: {side} {m} × {n}, so expected {name} of shape {ways}, got {v.shape}")

    @functools.cached_property
    def T(self) -> Jacobian:  # noqa: N802
        """The transpose: J.T @ u is what `jax.vjp` gives."""
        pieces = tuple(piece.transpose() for piece in reversed(self.pieces))
        return replace(
            self, pieces=pieces, out_shape=self.in_shape, in_shape=self.out_shape, is_transposed=not self.is_transposed
        )

    @property
    def layers(self) -> tuple[Jacobian, ...]:
        """The Jacobians that it is the product of, as they are applied: J = layers[-1] @ … @ layers[0]."""
        return tuple(
            Jacobian((piece,), piece.out_shape, piece.in_shape, piece.dtype, is_transposed=self.is_transposed)
            for piece in self.pieces
        )

    def as_matrix(self, max_bytes: float = MAX_BYTES) -> Array:
        """All entries, (m, n).

        Raises:
            UsageError: they take more than `max_bytes`, or that is no number of bytes.
        """
        if not _is_size(max_bytes):
            hint = "such as as_matrix(max_bytes=2e9)"
            raise UsageError(f"as_matrix: expected max_bytes as a number of bytes from 0, got {max_bytes!r}", hint)
        widths = [self.shape[1], *(math.prod(piece.out_shape) for piece in self.pieces)]
        wanted = max(m * self.shape[1] for m in widths[1:]) * jnp.dtype(self.dtype).itemsize
        if wanted > max_bytes:
            hidden = next((piece.operation for piece in self.pieces if isinstance(piece, Opaque)), None)
            why = f", and no structure is known of {hidden}" if hidden else ""
            raise UsageError(
                f"as_matrix: expected at most {max_bytes:,} bytes, but {self.shape[0]:,} × {self.shape[1]:,} entries, "
                f"{self.kind}, take {wanted:,}{why}",
                "use J @ v, J.T @ u, J.diagonal() or J.blocks(), or raise max_bytes",
            )
        return _matrix(self) if self.has_products else _matrix(self.T).T

    @property
    def has_products(self) -> bool:
        """Whether J @ v is known: not where an operation goes backward alone, as those of `jax.custom_vjp` do."""
        return all(piece.has_products for piece in self.pieces)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.as_matrix(), dtype)

    def diagonal(self) -> Array:
        """The entries J[i, i], (n,), of a square Jacobian.

        Raises:
            UsageError: it is not square; or it would take more than 4,096 products to find.
        """
        m, n = self.shape
        if m != n:
            raise UsageError(f"diagonal: expected as many outputs as inputs, got a Jacobian of {m:,} × {n:,}")
        if len(self.pieces) == 1 and (found := self.pieces[0].diagonal()) is not None:
            return found
        if n > MOST_PRODUCTS:
            raise UsageError(
                f"diagonal: expected at most {MOST_PRODUCTS:,} entries, got {n:,}: a Jacobian that is {self.kind} "
                "shows them only by one product each"
            )
        return _diagonal_by_products(self if self.has_products else self.T)

    def blocks(self) -> Array:
        """The blocks along the diagonal, (block, row, column).

        Raises:
            UsageError: there are none, or they take more than a gibibyte.
        """
        piece = self.pieces[0]
        n_bytes = self.dense_bytes // max(1, self.structure.n_blocks)
        if n_bytes > MAX_BYTES:
            raise UsageError(f"blocks: expected at most {MAX_BYTES:,} bytes, but the blocks take {n_bytes:,}")
        found = blocks_of(piece) if len(self.pieces) == 1 and isinstance(piece, Sum) else None
        if found is None:
            hint = "J.layers has the factors of a product; J.as_matrix() writes it out"
            raise UsageError(f"blocks: expected a block-diagonal Jacobian, got one that is {self.kind}", hint)
        return found

    def singular_values(self, k: int | None = None) -> Array:
        """Its singular values, largest first; the k largest, or all min(m, n).

        Raises:
            UsageError: all are asked for of a matrix that is too large to be written out.
        """
        from seedbed.calculus.structure.spectrum import singular_values

        return singular_values(self, k)

    def check(self, key: Any = 0, tolerance: float | None = None) -> Check:
        """Whether products with random vectors agree with `jax.jvp` and `jax.vjp` of the function.

        Raises:
            UsageError: the function is not known any more, because the Jacobian came out of `jax.jit`.
        """
        return compared(self, key, tolerance)

    def to_lineax(self) -> Any:
        """The same as a linear operator of the library lineax, tagged with what is known.

        Raises:
            UsageError: lineax is not installed.
        """
        from seedbed.calculus.structure.operators import to_lineax

        return to_lineax(self)

    def __repr__(self) -> str:
        return f"<Jacobian {self.shape[0]} × {self.shape[1]}, {self.explain()}>"

    def tree_flatten(self) -> tuple[Any, Any]:
        """For JAX: the arrays are leaves."""
        return (self.pieces,), (self.out_shape, self.in_shape, self.dtype, self.is_transposed)

    @classmethod
    def tree_unflatten(cls, rest: Any, children: Iterable[Any]) -> Jacobian:
        """For JAX."""
        (pieces,) = children
        out_shape, in_shape, dtype, is_transposed = rest
        return cls(pieces, out_shape, in_shape, dtype, None, is_transposed)


def _is_size(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and float(value) >= 0


def _product(jacobian: Jacobian, v: Array) -> Array:
    return jacobian._program(v)


@functools.lru_cache(maxsize=MOST_PROGRAMS)
def _program_of(tree: Any) -> Callable[[list[Array], Array], Array]:
    """The compiled product with Jacobians of one structure."""

    @jax.jit
    def product(arrays: list[Array], v: Array) -> Array:
        for piece in jax.tree.unflatten(tree, arrays):
            v = piece.apply(v)
        return v

    return product


@jax.jit
def _matrix(jacobian: Jacobian) -> Array:
    first, *others = jacobian.pieces
    result = first.dense()
    for piece in others:
        columns = jax.vmap(lambda c, p=piece: p.apply(c.reshape(p.in_shape)).reshape(-1), 1, 1)
        result = columns(result)
    return result


@jax.jit
def _diagonal_by_products(jacobian: Jacobian) -> Array:
    n = jacobian.shape[1]

    def entry(i: Array) -> Array:
        v = jax.nn.one_hot(i, n, dtype=jacobian.dtype).reshape(jacobian.in_shape)
        return _product(jacobian, v).reshape(n)[i]

    return jax.lax.map(entry, jnp.arange(n), batch_size=64)


def _chained(second: Jacobian, first: Jacobian) -> Jacobian:
    """The Jacobian of one function behind another."""
    if second.in_shape != first.out_shape:
        raise ShapeError(
            f"J₂ @ J₁: expected outputs of J₁ to be inputs of J₂, got {first.out_shape} and {second.in_shape}"
        )
    return Jacobian((*first.pieces, *second.pieces), second.out_shape, first.in_shape, second.dtype)
