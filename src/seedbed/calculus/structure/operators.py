"""Jacobians as operators of the library lineax, for its solvers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax

from seedbed.calculus.structure import kinds
from seedbed.core.errors import UsageError

if TYPE_CHECKING:
    from seedbed.calculus.matrix import Jacobian


def to_lineax(jacobian: Jacobian) -> Any:
    """The Jacobian as a lineax operator: diagonal and identity as such, others by products.

    Raises:
        UsageError: lineax is not installed.
    """
    try:
        import lineax
    except ModuleNotFoundError:
        raise UsageError("to_lineax: expected the library lineax, got none", "pip install 'seedbed[lineax]'") from None
    like = jax.ShapeDtypeStruct(jacobian.in_shape, jacobian.dtype)
    if jacobian.kind == kinds.IDENTITY:
        return lineax.IdentityLinearOperator(like)
    if jacobian.kind in (kinds.DIAGONAL, kinds.SCALED_IDENTITY):
        return lineax.DiagonalLinearOperator(jacobian.diagonal().reshape(jacobian.in_shape))
    return lineax.FunctionLinearOperator(lambda v: jacobian @ v, like)
