"""A function of arrays that is called once, without compilation: it is traced, and what the result needs is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.extend.core as jex
import numpy as np

from seedbed.calculus.structure.hosting import hosted, result
from seedbed.calculus.structure.program import bound, called

Seen = Callable[[str, Any], Any]  # of an operation's name and a result: what is taken in its place
SAME = {"copy", "copy_p", "stage"}  # what gives its operand back


def evaluated(function: Callable[..., Any], arrays: Sequence[Any]) -> Any:
    """What a function of arrays gives, a tree of arrays.

    Raises:
        jax.errors.ConcretizationTypeError: it asks for a number before it is computed; other errors of JAX and of the
            function in such a case.
    """
    closed, like = jax.make_jaxpr(function, return_shape=True)(*arrays)
    with np.errstate(all="ignore"):  # what comes of 1/0 and 0/0 is to be seen in the result
        found = performed(closed, arrays)
    arrays_by_id = {id(array): array for array in found}  # one that comes twice stays one
    own = [array for array in arrays_by_id.values() if isinstance(array, np.ndarray)]
    arrays_by_id |= zip(map(id, own), jax.device_put(own), strict=True)  # `jnp.asarray` compiles for each shape
    return jax.tree.unflatten(jax.tree.structure(like), [arrays_by_id[id(array)] for array in found])


def performed(closed: jex.ClosedJaxpr, arguments: Sequence[Any], seen: Seen | None = None) -> list[Any]:
    """What a program gives for its arguments, operation by operation.

    Arguments:
        seen: what makes of each result that which is taken in its place.
    """
    jaxpr = closed.jaxpr
    known: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*closed.consts, *arguments), strict=True))

    def of(atom: Any) -> Any:
        return _literal(atom) if isinstance(atom, jex.Literal) else known[atom]

    for eqn, done_with in _steps(jaxpr):
        known |= zip(eqn.outvars, _results(eqn, [of(atom) for atom in eqn.invars], seen), strict=True)
        for variable in done_with:
            del known[variable]
    return [of(atom) for atom in jaxpr.outvars]


def _literal(atom: Any) -> Any:
    return np.asarray(atom.val, atom.aval.dtype)


def _results(eqn: jex.JaxprEqn, operands: list[Any], seen: Seen | None) -> Sequence[Any]:
    if (inner := called(eqn)) is not None:
        return performed(inner, operands, seen)
    if eqn.primitive.name in SAME:
        return operands
    results = _computed(eqn, operands)
    return results if seen is None else [seen(eqn.primitive.name, one) for one in results]


def _computed(eqn: jex.JaxprEqn, operands: list[Any]) -> Sequence[Any]:
    if len(eqn.outvars) == 1:
        like: Any = eqn.outvars[0].aval
        ready = result(eqn.primitive.name, eqn.params, list(map(hosted, operands)), like)
        if ready is not None:
            return [ready]
    return bound(eqn.primitive, eqn.params, operands)


def _steps(jaxpr: jex.Jaxpr) -> Iterator[tuple[jex.JaxprEqn, set[Any]]]:
    """The equations that the result needs, in their order, each with the variables that no later one needs."""
    wanted: set[Any] = {atom for atom in jaxpr.outvars if not isinstance(atom, jex.Literal)}
    found = []
    for eqn in reversed(jaxpr.eqns):
        if eqn.effects or wanted & set(eqn.outvars):
            own = {atom for atom in eqn.invars if not isinstance(atom, jex.Literal)}
            unused = {variable for variable in eqn.outvars if variable not in wanted}
            found.append((eqn, (own - wanted) | unused))
            wanted |= own
    return reversed(found)
