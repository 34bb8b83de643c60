"""The singular values of a Jacobian, by its kind.

A diagonal has those of its entries, a Kronecker product the products of its factors' own, blocks those of each block, a
scaled identity plus rank r all but 2 r equal to the scale. Where nothing is known the matrix is written out, or its
largest ones come from products alone (Golub and Kahan's bidiagonalisation, as SciPy's ARPACK has it).
"""

from __future__ import annotations

import math
from numbers import Integral
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from seedbed.calculus.structure import kinds
from seedbed.calculus.structure.kinds import blocks_of
from seedbed.calculus.structure.sums import Sum
from seedbed.core.errors import UsageError

if TYPE_CHECKING:
    from seedbed.calculus.matrix import Jacobian

ONE_ENTRY_A_ROW = {
    kinds.IDENTITY,
    kinds.SCALED_IDENTITY,
    kinds.DIAGONAL,
    kinds.PERMUTATION,
    kinds.SCALED_PERMUTATION,
}
WRITTEN_OUT = 2048  # the smaller side of a matrix up to which it is written out


def singular_values(jacobian: Jacobian, k: int | None) -> Array:
    """The k largest singular values, or all, largest first; see `Jacobian.singular_values`."""
    most = min(jacobian.shape)
    if k is not None and not _is_count(k, most):
        hint = "such as J.singular_values(1), or J.singular_values() for all"
        raise UsageError(f"singular_values: expected k as a whole number from 1 to {most}, got {k!r}", hint)
    found = _by_kind(jacobian)
    if found is None:
        found = _by_products(jacobian, k) if most > WRITTEN_OUT else _written_out(jacobian)
    found = jnp.sort(jnp.abs(found), descending=True)
    return found if k is None else found[:k]


def _is_count(value: Any, most: int) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and 1 <= int(value) <= most


def _written_out(jacobian: Jacobian) -> Array:
    return jnp.linalg.svd(jacobian.as_matrix(), compute_uv=False)


def _by_products(jacobian: Jacobian, k: int | None) -> Array:
    from scipy.sparse.linalg import LinearOperator, svds

    if k is None:
        raise UsageError(
            f"singular_values: expected k, because all of a {jacobian.kind} Jacobian of "
            f"{jacobian.shape[0]:,} × {jacobian.shape[1]:,} are too many",
            "such as J.singular_values(10)",
        )
    turned = jacobian.T
    operator = LinearOperator(
        jacobian.shape,
        matvec=lambda v: np.asarray(jacobian @ v.reshape(-1)),
        rmatvec=lambda u: np.asarray(turned @ u.reshape(-1)),
        dtype=np.dtype(jacobian.dtype),
    )
    return jnp.asarray(svds(operator, k, return_singular_vectors=False, random_state=0))


def _by_kind(jacobian: Jacobian) -> Array | None:
    """All singular values where the kind makes them cheap, else None."""
    structure = jacobian.structure
    piece = jacobian.pieces[0]
    m, n = jacobian.shape
    if not isinstance(piece, Sum) or len(jacobian.pieces) > 1:
        return None
    if structure.name == kinds.ZERO:
        return jnp.zeros(min(m, n), jacobian.dtype)
    if structure.name in ONE_ENTRY_A_ROW:
        return jnp.abs(piece.apply(jnp.ones(piece.in_shape, piece.dtype)).reshape(-1))
    if structure.name in (kinds.ROW, kinds.COLUMN):
        ones = jnp.ones(piece.out_shape if m == 1 else piece.in_shape, piece.dtype)
        entries = piece.transpose().apply(ones) if m == 1 else piece.apply(ones)
        return jnp.linalg.norm(entries.reshape(-1))[None]
    if structure.name in (kinds.KRONECKER, kinds.BLOCKS) and structure.n_blocks > 1:
        return _of_blocks(piece, structure)
    if structure.name == kinds.SCALED_PLUS and 4 * structure.rank < n:
        return _of_scaled_plus(jacobian, structure.rank)
    return None


def _of_blocks(piece: Sum, structure: kinds.Kind) -> Array | None:
    if math.prod(structure.shape) // structure.n_blocks > WRITTEN_OUT**2 * 4:
        return None
    blocks = blocks_of(piece)
    assert blocks is not None
    if structure.name == kinds.KRONECKER:  # one block stands for all
        values = jnp.linalg.svd(blocks[0], compute_uv=False)
        return jnp.tile(values, structure.n_blocks)
    return jnp.linalg.svd(blocks, compute_uv=False).reshape(-1)


def _of_scaled_plus(jacobian: Jacobian, rank: int) -> Array:
    """The map c I + U Vᵀ is c on all that is orthogonal to U and V; on their span it is a matrix of 2 r by 2 r."""
    n, dtype = jacobian.shape[1], jacobian.dtype
    rng = np.random.default_rng(0)
    # U's columns are what J − c I makes of anything, V's what its transpose does.
    probes = jnp.asarray(rng.normal(size=(n, rank)), dtype)
    c = _scale(jacobian)
    span = jnp.concatenate([jacobian @ probes - c * probes, jacobian.T @ probes - c * probes], axis=1)
    basis, _ = jnp.linalg.qr(span)
    small = basis.T @ (jacobian @ basis)
    inside = jnp.linalg.svd(small, compute_uv=False)
    return jnp.concatenate([jnp.full(n - basis.shape[1], jnp.abs(c), dtype), inside])


def _scale(jacobian: Jacobian) -> Any:
    piece = jacobian.pieces[0]
    assert isinstance(piece, Sum)
    term = next(term for term in piece.terms if term.coupled)
    scale = jnp.asarray(term.coefficient, jacobian.dtype)
    for factor in term.factors:
        scale = scale * factor.array.reshape(())
    return scale
