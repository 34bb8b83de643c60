"""How the structure of a Jacobian is found: from stretches of the linear program, joined where that stays simple."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jaxtyping import Array

from seedbed.calculus.structure import windows  # noqa: F401  # its rules register themselves
from seedbed.calculus.structure.opaque import Opaque
from seedbed.calculus.structure.program import Program, Stretch, Variable, Zero, read, run
from seedbed.calculus.structure.rules import RULES, Linear, UncoveredError
from seedbed.calculus.structure.sharing import shared
from seedbed.calculus.structure.sums import Sum, row
from seedbed.calculus.structure.terms import Label, Term, UnalignedError, identity

Piece = Sum | Opaque
MOST_TERMS = 128  # of a stretch; beyond, its products alone are kept


def pieces(closed: jex.ClosedJaxpr, which: int) -> list[tuple[Piece, ...]]:
    """For each output, the maps that lead to it from one input, in the order in which they are applied."""
    program = read(closed, which)
    return [_pieces(program, output) for output in program.outputs]


def _pieces(program: Program, output: Variable | Zero) -> tuple[Piece, ...]:
    start = program.start
    if isinstance(output, Zero) or 0 in (*output.shape, *start.shape):
        return (Sum((), output.shape, start.shape, output.dtype),)
    found: list[Piece] = []
    for stretch in program.stretches(output):
        found.append(_piece(stretch))
        while len(found) > 1 and (both := _joined(found[-1], found[-2])) is not None:
            found[-2:] = [both]
    if len(found) > 1 and (vector := _as_vector(found)) is not None:
        found = [vector]
    if not found:
        found = [Sum((identity(start.shape, start.dtype),), start.shape, start.shape, start.dtype)]
    return tuple(_numbered(piece) if isinstance(piece, Sum) else piece for piece in found)


def _joined(second: Piece, first: Piece) -> Sum | None:
    """The first map and then the second as one; None where that is no simpler than both."""
    if any(isinstance(piece, Sum) and not piece.terms for piece in (first, second)):
        return Sum((), second.out_shape, first.in_shape, second.dtype)
    if (vector := _as_vector((first, second))) is not None:
        return vector
    return second.after(first) if isinstance(second, Sum) and isinstance(first, Sum) else None


def _as_vector(chain: Sequence[Piece]) -> Sum | None:
    """The product of some maps, where it has one row or one column; else None."""
    in_shape, out_shape, dtype = chain[0].in_shape, chain[-1].out_shape, chain[-1].dtype
    if not (_is_real(_in_dtype(chain[0])) and _is_real(dtype)):
        return None  # the real part of what goes through would be taken too early
    if math.prod(out_shape) == 1:  # backward a row stays a row
        back = [piece.transpose() for piece in reversed(chain)]
        if all(piece.has_products for piece in back):
            return row(_through(back, jnp.ones(out_shape, dtype)).astype(dtype), out_shape)
    if math.prod(in_shape) == 1:  # forward a column stays a column
        return row(_through(chain, jnp.ones(in_shape, _in_dtype(chain[0]))).astype(dtype), in_shape).transpose()
    return None


def _is_real(dtype: Any) -> bool:
    return bool(jnp.issubdtype(dtype, jnp.floating))


def _in_dtype(piece: Piece) -> Any:
    return piece.in_dtype if isinstance(piece, Opaque) else piece.dtype


def _through(pieces: Sequence[Piece], v: Array) -> Array:
    for piece in pieces:
        v = piece.apply(v)
    return v


def _piece(stretch: Stretch) -> Piece:
    start, end = stretch.start, stretch.end
    if 0 in (*start.shape, *end.shape):
        return Sum((), end.shape, start.shape, end.dtype)
    try:
        if not _is_real(start.dtype):
            raise UncoveredError("complex numbers")
        return Sum(_terms(stretch), end.shape, start.shape, end.dtype)
    except UncoveredError as error:
        operation = str(error)
    except UnalignedError:
        operation = "reshape"
    closed = jax.make_jaxpr(lambda v: run(stretch, v))(jax.ShapeDtypeStruct(start.shape, start.dtype))
    return Opaque(shared(closed.jaxpr), tuple(closed.consts), end.shape, start.shape, end.dtype, start.dtype, operation)


def _terms(stretch: Stretch) -> tuple[Term, ...]:
    """The terms of a stretch.

    Raises:
        UncoveredError: an operation has no rule; the error names it.
        UnalignedError: axes were cut in ways that do not fit.
    """
    start = stretch.start
    known = {start: Linear((identity(start.shape, start.dtype),), start.shape)}
    for op in stretch.operations:
        operands = [known[operand] if isinstance(operand, Variable) else operand for operand in op.operands]
        if op.name not in RULES or len(op.results) > 1:
            raise UncoveredError(op.name)
        terms = RULES[op.name](op, operands)
        if len(terms) > MOST_TERMS:
            raise UncoveredError(f"{op.name} of {len(terms)} terms")
        (result,) = op.results
        known[result] = Linear(terms if math.prod(result.shape) else (), result.shape)
    return known[stretch.end].terms


def _numbered(piece: Sum) -> Sum:
    """The piece with labels numbered anew, so that the same structure found twice is the same program."""
    return replace(piece, terms=tuple(map(_numbered_term, piece.terms)))


def _numbered_term(term: Term) -> Term:
    labels: Sequence[Label] = (*term.row_labels, *term.column_labels, *term.hidden)
    names = {label: Label(label.size, -1 - i) for i, label in enumerate(dict.fromkeys(labels))}
    return term.renamed(names)
