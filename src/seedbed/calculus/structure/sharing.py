"""One object for all programs that do the same, so that what was compiled for one point serves at the next.

JAX compares programs by identity, and each point has its program traced anew.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax.extend.core as jex
import numpy as np

MOST_PROGRAMS = 256  # that are kept


def shared(jaxpr: jex.Jaxpr) -> jex.Jaxpr:
    """The first program that does the same as this one, step by step; this one where none did."""
    return jaxpr if _holds_arrays(jaxpr) else _first(Alike(jaxpr))


@functools.lru_cache(maxsize=MOST_PROGRAMS)
def _first(program: Alike) -> jex.Jaxpr:
    return program.jaxpr


def _holds_arrays(jaxpr: jex.Jaxpr) -> bool:
    """Whether a program that is called inside has constants of its own, which belong to one point."""
    return any(
        (isinstance(inner, jex.ClosedJaxpr) and bool(inner.consts)) or _holds_arrays(getattr(inner, "jaxpr", inner))
        for eqn in jaxpr.eqns
        for inner in _inner(list(eqn.params.values()))
    )


def _inner(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if isinstance(value, jex.Jaxpr | jex.ClosedJaxpr):
            found.append(value)
        elif isinstance(value, tuple | list):
            found += _inner(value)
    return found


class Alike:
    """A program that equals all that do the same."""

    def __init__(self, jaxpr: jex.Jaxpr) -> None:
        self.jaxpr = jaxpr

    def __hash__(self) -> int:
        return hash(tuple(eqn.primitive.name for eqn in self.jaxpr.eqns))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and _same(self.jaxpr, other.jaxpr)


def _same(one: jex.Jaxpr, other: jex.Jaxpr) -> bool:
    names: dict[Any, Any] = {}  # of the variables of the first in the second

    def named(own: Sequence[Any], theirs: Sequence[Any]) -> bool:
        names.update(zip(own, theirs, strict=False))
        return len(own) == len(theirs) and all(a.aval == b.aval for a, b in zip(own, theirs, strict=True))

    def read(own: Sequence[Any], theirs: Sequence[Any]) -> bool:
        return len(own) == len(theirs) and all(_same_atom(a, b, names) for a, b in zip(own, theirs, strict=True))

    return (
        len(one.eqns) == len(other.eqns)
        and named((*one.constvars, *one.invars), (*other.constvars, *other.invars))
        and all(
            a.primitive is b.primitive
            and read(a.invars, b.invars)
            and _same_value(dict(a.params), dict(b.params))
            and named(a.outvars, b.outvars)
            for a, b in zip(one.eqns, other.eqns, strict=True)
        )
        and read(one.outvars, other.outvars)
    )


def _same_atom(a: Any, b: Any, names: dict[Any, Any]) -> bool:
    if isinstance(a, jex.Literal) or isinstance(b, jex.Literal):
        is_both = isinstance(a, jex.Literal) and isinstance(b, jex.Literal)
        return is_both and a.aval == b.aval and np.asarray(a.val).tobytes() == np.asarray(b.val).tobytes()
    return names.get(a) is b


def _same_value(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is not type(b):  # 1, 1.0 and True are equal, and three programs
        return False
    if isinstance(a, jex.Jaxpr):
        return _same(a, b)
    if isinstance(a, jex.ClosedJaxpr):
        return _same(a.jaxpr, b.jaxpr)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(_same_value, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same_value(a[key], b[key]) for key in a)
    if callable(a) or isinstance(a, np.ndarray):
        return False
    return repr(a) == repr(b) and bool(a == b)  # 0.0 and −0.0 are equal too
