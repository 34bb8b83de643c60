"""How the structure of a Jacobian is found: from stretches of the linear program, joined where that stays simple."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import jax
import jax.extend.core as jex
import jax.numpy as jnp

from seedbed.calculus import windows  # noqa: F401  # its rules register themselves
from seedbed.calculus.opaque import Opaque
from seedbed.calculus.program import Program, Stretch, Variable, Zero, read, run
from seedbed.calculus.rules import RULES, Linear, UncoveredError
from seedbed.calculus.sums import Sum, row
from seedbed.calculus.terms import Label, Term, UnalignedError, identity

Piece = Sum | Opaque
MOST_TERMS = 128  # of a stretch; beyond, its products alone are kept


def pieces(closed: jex.ClosedJaxpr, which: int) -> list[tuple[Piece, ...]]:
    """For each output, the maps that lead to it from one input, in the order in which they are applied."""
    program = read(closed, which)
    return [_pieces(program, output) for output in program.outputs]


def _pieces(program: Program, output: Variable | Zero) -> tuple[Piece, ...]:
    start = program.start
    if isinstance(output, Zero):
        return (Sum((), output.shape, start.shape, output.dtype),)
    found: list[Piece] = []
    for stretch in program.stretches(output):
        found.append(_piece(stretch))
        while len(found) > 1 and (both := _joined(found[-1], found[-2])) is not None:
            found[-2:] = [both]
    if not found:
        found = [Sum((identity(start.shape, start.dtype),), start.shape, start.shape, start.dtype)]
    return tuple(_numbered(piece) if isinstance(piece, Sum) else piece for piece in found)


def _joined(second: Piece, first: Piece) -> Sum | None:
    """The first map and then the second as one; None where that is no simpler than both."""
    if math.prod(second.out_shape) == 1:  # backward: a row stays a row, whatever it goes through
        ones = jnp.ones(second.out_shape, second.dtype)
        return row(first.transpose().apply(second.transpose().apply(ones)), second.out_shape)
    if math.prod(first.in_shape) == 1:  # forward: a column stays a column
        return row(second.apply(first.apply(jnp.ones(first.in_shape, first.dtype))), first.in_shape).transpose()
    return second.after(first) if isinstance(second, Sum) and isinstance(first, Sum) else None


def _piece(stretch: Stretch) -> Piece:
    start, end = stretch.start, stretch.end
    try:
        return Sum(_terms(stretch), end.shape, start.shape, end.dtype)
    except UncoveredError as error:
        operation = str(error)
    except UnalignedError:
        operation = "reshape"
    closed = jax.make_jaxpr(lambda v: run(stretch, v))(jax.ShapeDtypeStruct(start.shape, start.dtype))
    return Opaque(closed.jaxpr, tuple(closed.consts), end.shape, start.shape, end.dtype, operation)


def _terms(stretch: Stretch) -> tuple[Term, ...]:
    """The terms of a stretch.

    Raises:
        UncoveredError: an operation has no rule; the error names it.
        UnalignedError: axes were cut in ways that do not fit.
    """
    start = stretch.start
    known = {start: Linear((identity(start.shape, start.dtype),), start.shape)}
    for op in stretch.operations:
        if op.name not in RULES or len(op.results) > 1:
            raise UncoveredError(op.name)
        operands = [known[operand] if isinstance(operand, Variable) else operand for operand in op.operands]
        terms = RULES[op.name](op, operands)
        if len(terms) > MOST_TERMS:
            raise UncoveredError(f"{op.name} of {len(terms)} terms")
        known[op.results[0]] = Linear(terms, op.results[0].shape)
    return known[stretch.end].terms


def _numbered(piece: Sum) -> Sum:
    """The piece with labels numbered anew, so that the same structure found twice is the same program."""
    return replace(piece, terms=tuple(map(_numbered_term, piece.terms)))


def _numbered_term(term: Term) -> Term:
    labels: Sequence[Label] = (*term.row_labels, *term.column_labels, *term.hidden)
    names = {label: Label(label.size, -1 - i) for i, label in enumerate(dict.fromkeys(labels))}
    return term.renamed(names)
