"""The linearised program of a function, read as operations on what depends linearly on one of its inputs.

`jax.linearize` gives a program that is linear in the tangents. What in it does not depend on the tangent of that one
input is a constant and is computed at once; the rest is operations. Calls of functions are read in their places.
Where one linear variable alone is alive, the program falls into two that are linked by the chain rule: a cut.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
from jax.extend.core.primitives import slice_p, squeeze_p

Shape = tuple[int, ...]
CALLS = {
    "jit",
    "pjit",
    "closed_call",
    "core_call",
    "remat",
    "remat2",
    "checkpoint",
    "custom_jvp_call",
    "custom_vjp_call",
}


@dataclass(frozen=True)
class Variable:
    """An intermediate result that depends linearly on the input."""

    number: int
    shape: Shape
    dtype: Any


@dataclass(frozen=True)
class Zero:
    """A tangent of another input: nothing, of a shape."""

    shape: Shape
    dtype: Any

    def array(self) -> Any:
        """The zeros."""
        return jnp.zeros(self.shape, self.dtype)


@dataclass(frozen=True, eq=False)
class Operation:
    """One step of the program: operands are variables, zeros and constants."""

    primitive: Any
    params: dict[str, Any]
    operands: tuple[Any, ...]
    results: tuple[Variable, ...]

    @property
    def name(self) -> str:
        """The name of the operation."""
        return str(self.primitive.name)

    @property
    def variables(self) -> list[Variable]:
        """The operands that depend on the input."""
        return [operand for operand in self.operands if isinstance(operand, Variable)]


@dataclass(frozen=True, eq=False)
class Stretch:
    """The operations from one cut to the next."""

    operations: tuple[Operation, ...]
    start: Variable
    end: Variable


@dataclass(eq=False)
class Program:
    """What depends on one input, with the outputs: variables, or zeros where they do not depend on it."""

    start: Variable
    operations: list[Operation] = field(default_factory=list)
    outputs: list[Variable | Zero] = field(default_factory=list)
    count: int = 0

    def stretches(self, output: Variable) -> Iterator[Stretch]:
        """The pieces between cuts that lead to one output, in their order."""
        needed = _needed(self.operations, output)
        last_use = {variable: place for place, op in enumerate(needed) for variable in op.variables}
        alive, start, begin = {self.start}, self.start, 0
        for place, op in enumerate(needed):
            alive = {variable for variable in alive if last_use.get(variable, -1) > place}
            alive |= {variable for variable in op.results if variable == output or last_use.get(variable, -1) > place}
            if len(alive) == 1:
                (end,) = alive
                if end != start:
                    yield Stretch(tuple(needed[begin : place + 1]), start, end)
                    start, begin = end, place + 1


def read(closed: jex.ClosedJaxpr, which: int) -> Program:
    """The part of a linear program that depends on one of its inputs."""
    avals: list[Any] = [v.aval for v in closed.jaxpr.invars]
    program = Program(Variable(0, avals[which].shape, avals[which].dtype))
    tangents = [program.start if i == which else Zero(aval.shape, aval.dtype) for i, aval in enumerate(avals)]
    consts = [jnp.asarray(const) for const in closed.consts]
    for out in _read(program, closed.jaxpr, consts, tangents):
        # A linear program gives a constant only where that is zero.
        program.outputs.append(out if isinstance(out, Variable | Zero) else Zero(jnp.shape(out), jnp.result_type(out)))
    return program


def _read(program: Program, jaxpr: jex.Jaxpr, consts: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    known: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *arguments), strict=True))

    def of(atom: Any) -> Any:
        return atom.val if isinstance(atom, jex.Literal) else known[atom]

    for eqn in jaxpr.eqns:
        operands = [of(atom) for atom in eqn.invars]
        known |= zip(eqn.outvars, _results(program, eqn, operands), strict=True)
    return [of(atom) for atom in jaxpr.outvars]


def _results(program: Program, eqn: jex.JaxprEqn, operands: list[Any]) -> Sequence[Any]:
    """What an equation gives: variables where it depends on the input, else zeros or constants."""
    inner = called(eqn)
    if inner is not None and any(isinstance(operand, Variable | Zero) for operand in operands):
        return _read(program, inner.jaxpr, inner.consts, operands)
    avals: list[Any] = [v.aval for v in eqn.outvars]
    if eqn.primitive.name == "split" and isinstance(operands[0], Variable):
        return [_sliced(program, operands[0], *cut) for cut in _cuts(eqn)]
    if eqn.primitive.name == "unstack" and isinstance(operands[0], Variable):
        axis = int(eqn.params["axis"])
        parts = [_sliced(program, operands[0], axis, place, place + 1) for place in range(len(avals))]
        return [_added(program, squeeze_p, {"dimensions": (axis,)}, part, avals[0].shape) for part in parts]
    if any(isinstance(operand, Variable) for operand in operands):
        program.count += len(avals)
        first = program.count - len(avals) + 1
        results = tuple(Variable(first + i, aval.shape, aval.dtype) for i, aval in enumerate(avals))
        program.operations.append(Operation(eqn.primitive, eqn.params, tuple(operands), results))
        return results
    if any(isinstance(operand, Zero) for operand in operands):
        return [Zero(aval.shape, aval.dtype) for aval in avals]
    return bound(eqn.primitive, eqn.params, operands)


def _cuts(eqn: jex.JaxprEqn) -> list[tuple[int, int, int]]:
    """Axis, start and stop of the parts into which an equation splits an array."""
    sizes = [int(size) for size in eqn.params["sizes"]]
    stops = itertools.accumulate(sizes)
    return [(int(eqn.params["axis"]), stop - size, stop) for size, stop in zip(sizes, stops, strict=True)]


def _sliced(program: Program, x: Variable, axis: int, start: int, stop: int) -> Variable:
    """A part of a variable along one axis: an operation of its own, so that a part can be needed without the others."""
    begin, end = [0] * len(x.shape), list(x.shape)
    begin[axis], end[axis] = start, stop
    params = {"start_indices": tuple(begin), "limit_indices": tuple(end), "strides": None}
    return _added(program, slice_p, params, x, (*x.shape[:axis], stop - start, *x.shape[axis + 1 :]))


def _added(program: Program, primitive: Any, params: dict[str, Any], x: Variable, shape: Shape) -> Variable:
    """The result of one more operation of the program."""
    program.count += 1
    result = Variable(program.count, shape, x.dtype)
    program.operations.append(Operation(primitive, params, (x,), (result,)))
    return result


def called(eqn: jex.JaxprEqn) -> jex.ClosedJaxpr | None:
    """The function that an equation does nothing but call."""
    if eqn.primitive.name not in CALLS:
        return None
    inner: Any = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
    return inner if isinstance(inner, jex.ClosedJaxpr) else jex.ClosedJaxpr(inner, ())


def names_of(jaxpr: jex.Jaxpr) -> set[str]:
    """The names of the operations in a program, and in those that it calls."""
    names = {eqn.primitive.name for eqn in jaxpr.eqns}
    for leaf in jax.tree.leaves([eqn.params for eqn in jaxpr.eqns]):
        if isinstance(leaf, jex.Jaxpr | jex.ClosedJaxpr):
            names |= names_of(leaf.jaxpr if isinstance(leaf, jex.ClosedJaxpr) else leaf)
    return names


def bound(primitive: Any, params: dict[str, Any], operands: Sequence[Any]) -> Sequence[Any]:
    """What an operation gives for arrays."""
    results = primitive.bind(*map(_value, operands), **primitive.get_bind_params(params))
    return results if primitive.multiple_results else [results]


def _value(operand: Any) -> Any:
    return operand.array() if isinstance(operand, Zero) else operand


def run(stretch: Stretch, v: Any) -> Any:
    """The end of a stretch for an array in place of its start."""
    known = {stretch.start: v}
    for op in stretch.operations:
        operands = [known[operand] if isinstance(operand, Variable) else operand for operand in op.operands]
        known |= zip(op.results, bound(op.primitive, op.params, operands), strict=True)
    return known[stretch.end]


def _needed(operations: Sequence[Operation], output: Variable) -> list[Operation]:
    """The operations that an output depends on."""
    wanted, found = {output}, []
    for op in reversed(operations):
        if wanted & set(op.results):
            found.append(op)
            wanted |= set(op.variables)
    return found[::-1]
