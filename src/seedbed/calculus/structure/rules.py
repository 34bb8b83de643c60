"""What each operation of a linear program does to terms: one short rule for each.

A rule takes the operation and its operands, linear ones as `Linear`, and gives the terms of the result. A constant that
is added to something linear is zero, or the program would not be linear.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from seedbed.calculus.structure.program import Operation, Zero, bound
from seedbed.calculus.structure.strides import Strides
from seedbed.calculus.structure.sums import merged
from seedbed.calculus.structure.terms import (
    Axis,
    Label,
    Link,
    Term,
    common_cuts,
    cut,
    fresh,
    normal,
    size_of,
    sizes_of,
    summed_over,
    typed,
)

Shape = tuple[int, ...]


class Linear(NamedTuple):
    """What depends linearly on the input: its terms and its shape."""

    terms: tuple[Term, ...]
    shape: Shape


Rule = Callable[[Operation, Sequence[Any]], tuple[Term, ...]]
RULES: dict[str, Rule] = {}


class UncoveredError(Exception):
    """No rule gives the structure of an operation; the message names it."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers the rule for operations of these names."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


def normals(terms: Sequence[Term | None]) -> tuple[Term, ...]:
    """The terms in normal form, without those that are zero."""
    found = (normal(term) for term in terms if term is not None)
    return tuple(term for term in found if term is not None)


def the_linear(operands: Sequence[Any]) -> Linear:
    """The one operand that is linear."""
    linear = [operand for operand in operands if isinstance(operand, Linear)]
    if len(linear) != 1:
        raise UncoveredError("more than one linear operand")
    return linear[0]


@rule("add", "add_any")
def _add(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    shape = op.results[0].shape
    return merged(itertools.chain(*(stretched(x, shape) for x in operands if isinstance(x, Linear))))


@rule("sub")
def _subtract(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    shape = op.results[0].shape
    parts = [stretched(x, shape) if isinstance(x, Linear) else () for x in operands]
    return merged((*parts[0], *map(_negative, parts[1])))


@rule("neg")
def _negate(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    return tuple(map(_negative, operands[0].terms))


def _negative(term: Term) -> Term:
    return replace(term, coefficient=-term.coefficient)


@rule(
    "convert_element_type", "copy", "copy_p", "stage", "optimization_barrier", "reduce_precision", "sharding_constraint"
)
def _same(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    if not jnp.issubdtype(op.results[0].dtype, jnp.floating) or len(op.results) > 1:
        raise UncoveredError(op.name)
    return tuple(typed(term, op.results[0].dtype) for term in the_linear(operands).terms)


@rule("mul")
def _multiply(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    x = the_linear(operands)
    other = operands[1] if operands[0] is x else operands[0]
    return scaled(x, other, op.results[0].shape)


@rule("div")
def _divide(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    if not isinstance(operands[0], Linear) or isinstance(operands[1], Linear):
        raise UncoveredError("div")
    return scaled(operands[0], 1.0 / operands[1], op.results[0].shape)


def scaled(x: Linear, constant: Any, shape: Shape) -> tuple[Term, ...]:
    """The terms of x times a constant, either of which may be repeated along axes of size 1."""
    if isinstance(constant, Zero):
        return ()
    terms = stretched(x, shape)
    if isinstance(constant, int | float | np.generic) or (isinstance(constant, np.ndarray) and constant.ndim == 0):
        return normals([replace(term, coefficient=term.coefficient * float(constant)) for term in terms])
    return normals([_times(term, constant) for term in terms])


def _times(term: Term, constant: Any) -> Term:
    """The term times a constant over its rows; axes of size 1 of the constant are repeated."""
    if constant.ndim == 0:
        return term.times(constant, ())
    axes = [axis if size > 1 else () for axis, size in zip(term.rows, constant.shape, strict=True)]
    labels = tuple(itertools.chain(*axes))
    return term.times(constant.reshape(sizes_of(labels)), labels)


def stretched(x: Linear, shape: Shape) -> tuple[Term, ...]:
    """The terms of x, repeated along axes that have size 1, or that are not there, to an array of this shape."""
    if x.shape == shape:
        return x.terms
    if x.shape and len(x.shape) != len(shape):
        raise UncoveredError("axes that are not there")
    place = {i: i for i in range(len(x.shape))}
    return _broadcast(x, shape, place)


@rule("broadcast_in_dim")
def _broadcast_in_dim(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    x, dimensions = operands[0], op.params["broadcast_dimensions"]
    if not isinstance(x, Linear):
        raise UncoveredError(op.name)
    return _broadcast(x, op.results[0].shape, {to: own for own, to in enumerate(dimensions)})


def _broadcast(x: Linear, shape: Shape, place: dict[int, int]) -> tuple[Term, ...]:
    """`place` says for an axis of the result which axis of x it is."""
    terms = []
    for term in x.terms:
        rows = [
            term.rows[place[to]] if to in place and x.shape[place[to]] == size else fresh(size)
            for to, size in enumerate(shape)
        ]
        terms.append(replace(term, rows=tuple(rows)))
    return tuple(terms)


@rule("tile")
def _tile(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    times = op.params["reps"]
    rows = [tuple((*fresh(n), *axis) for n, axis in zip(times, term.rows, strict=True)) for term in operands[0].terms]
    return tuple(replace(term, rows=own) for term, own in zip(operands[0].terms, rows, strict=True))


@rule("transpose")
def _transpose(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    order = op.params["permutation"]
    return tuple(replace(term, rows=tuple(term.rows[axis] for axis in order)) for term in operands[0].terms)


@rule("reshape", "squeeze", "expand_dims")
def _reshape(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    if op.params.get("dimensions") is not None and op.name == "reshape":
        raise UncoveredError("reshape in another order")
    return tuple(reshaped(term, op.results[0].shape) for term in the_linear(operands).terms)


def reshaped(term: Term, shape: Shape) -> Term:
    """The term with its rows as the axes of another shape: labels are cut where axes are, and put side by side."""
    sizes = [label.size for label in term.row_labels]
    wanted = [size for size in shape if size > 1]
    pieces = common_cuts(sizes, wanted)
    for label, own in zip(term.row_labels, _grouped(pieces, sizes), strict=True):
        term = cut(term, (label,), own)
    labels, rows = list(term.row_labels), []
    for size in shape:
        axis: list[Label] = []
        while math.prod(sizes_of(axis)) < size:
            axis.append(labels.pop(0))
        rows.append(tuple(axis))
    return replace(term, rows=tuple(rows))


def _grouped(pieces: Sequence[int], sizes: Sequence[int]) -> list[list[int]]:
    """The pieces shared out to the sizes that they make up."""
    left, groups = list(pieces), []
    for size in sizes:
        own: list[int] = []
        while math.prod(own) < size:
            own.append(left.pop(0))
        groups.append(own)
    return groups


@rule("reduce_sum")
def _reduce_sum(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    axes = op.params["axes"]
    return normals([dropped(term, axes) for term in operands[0].terms])


def dropped(term: Term, axes: Sequence[int]) -> Term:
    """The term summed over some of its rows."""
    kept = tuple(axis for place, axis in enumerate(term.rows) if place not in axes)
    gone = [label for place in axes for label in term.rows[place]]
    return summed_over(replace(term, rows=kept), gone)


@rule("dot_general")
def _dot_general(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    (contract, batch) = op.params["dimension_numbers"]
    x = the_linear(operands)
    own = 0 if operands[0] is x else 1
    constant = operands[1 - own]
    return normals([_product(term, constant, own, contract, batch) for term in x.terms])


def _product(term: Term, constant: Any, own: int, contract: Any, batch: Any) -> Term:
    """The product of a term (operand `own` of the two) with a constant, as XLA's general dot product has it."""
    axes: list[Axis] = [()] * constant.ndim
    pairs = zip((*contract[own], *batch[own]), (*contract[1 - own], *batch[1 - own]), strict=True)
    for mine, its in pairs:
        axes[its] = term.rows[mine]
    used = {*contract[1 - own], *batch[1 - own]}
    free = [place for place in range(constant.ndim) if place not in used]
    for place in free:
        axes[place] = fresh(constant.shape[place])
    labels = tuple(itertools.chain(*axes))
    rest = [axis for place, axis in enumerate(term.rows) if place not in {*contract[own], *batch[own]}]
    sides = [rest, [axes[place] for place in free]]
    if own == 1:
        sides.reverse()
    shared = [term.rows[place] for place in batch[own]]
    return replace(term, rows=(*shared, *sides[0], *sides[1])).times(constant.reshape(sizes_of(labels)), labels)


@rule("select_n")
def _select(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    which, *cases = operands
    shape, dtype = op.results[0].shape, op.results[0].dtype
    terms: list[Term] = []
    for number, case in enumerate(cases):
        if isinstance(case, Linear):
            chosen = (which == number) if which.dtype != bool else (which if number else ~which)
            terms += scaled(case, jnp.asarray(chosen, dtype), shape)
    return merged(terms)


@rule("slice")
def _slice(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    params, x = op.params, operands[0]
    steps = params["strides"] or (1,) * len(x.shape)
    terms = list(x.terms)
    cuts = zip(params["start_indices"], params["limit_indices"], steps, strict=True)
    for axis, (start, stop, step) in enumerate(cuts):
        size = len(range(start, stop, step))
        terms = [linked(term, axis, size, Strides(0, 1, int(start), int(step), size)) for term in terms]
    return normals(terms)


@rule("rev")
def _reverse(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    terms = list(operands[0].terms)
    for axis in op.params["dimensions"]:
        size = operands[0].shape[axis]
        terms = [linked(term, axis, size, Strides(0, 1, size - 1, -1, size)) for term in terms]
    return normals(terms)


@rule("pad")
def _pad(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    if not isinstance(operands[0], Linear) or isinstance(operands[1], Linear):
        raise UncoveredError(op.name)
    terms = list(operands[0].terms)
    for axis, config in enumerate(op.params["padding_config"]):
        terms = [_padded(term, axis, *map(int, config)) for term in terms]
    return normals(terms)


def _padded(term: Term, axis: int, low: int, high: int, interior: int) -> Term:
    size = size_of(term.rows[axis])
    step = interior + 1
    wide = low + high + 1 + (size - 1) * step if size else low + high
    first = max(0, -(low // step)) if low < 0 else 0  # negative padding cuts places off
    count = len(range(low + first * step, wide, step))
    return linked(term, axis, wide, Strides(low + first * step, step, first, 1, min(count, size - first)))


def linked(term: Term, axis: int, size: int, strides: Strides) -> Term:
    """The term with one of its rows read out by strides into an axis of another size."""
    own = term.rows[axis]
    if strides.is_identity(size, size_of(own)):
        return term
    if strides.count <= 0:
        return replace(term, coefficient=0.0)
    new = fresh(size)
    rows = (*term.rows[:axis], new, *term.rows[axis + 1 :])
    if not own:  # a single place goes to one of several
        one = jnp.zeros(size, term.dtype).at[strides.start_a].set(1.0)
        return replace(term, rows=rows).times(one, new)
    if len(own) > 1:
        raise UncoveredError("a part of axes that were merged")
    if not new:  # one of several places is taken: a hidden axis of size 1
        (label,) = own
        one = jnp.zeros(label.size, term.dtype).at[strides.start_b].set(1.0)
        return replace(term, rows=rows).times(one, own)
    return replace(term, rows=rows, links=(*term.links, Link(new[0], own[0], strides)))


@rule("concatenate")
def _concatenate(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    axis = int(op.params["dimension"])
    size = op.results[0].shape[axis]
    terms: list[Term] = []
    start = 0
    for x in operands:
        own = x.shape[axis]
        if isinstance(x, Linear):
            terms += normals([linked(term, axis, size, Strides(start, 1, 0, 1, own)) for term in x.terms])
        start += own
    return merged(terms)


@rule("stack")
def _stack(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    axis, size = op.params["axis"], len(operands)
    terms: list[Term] = []
    for place, x in enumerate(operands):
        if isinstance(x, Linear):
            rows = [replace(term, rows=(*term.rows[:axis], (), *term.rows[axis:])) for term in x.terms]
            terms += normals([linked(term, axis, size, Strides(place, 1, 0, 1, 1)) for term in rows])
    return merged(terms)


@rule("scatter")
def _overwrite(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    """Places of something linear are overwritten with zeros: what is left is a mask."""
    x, indices, updates = operands
    if not isinstance(x, Linear) or isinstance(updates, Linear):
        raise UncoveredError(op.name)
    ones = jnp.ones(x.shape, op.results[0].dtype)
    zeros = updates.array() if isinstance(updates, Zero) else updates
    (mask,) = bound(op.primitive, op.params, (ones, indices, zeros))
    return scaled(x, mask, x.shape)
