"""What a function is differentiated at, and what it gives: checked, with messages that say where something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax.errors import (
    ConcretizationTypeError,
    NonConcreteBooleanIndexError,
    TracerArrayConversionError,
    TracerIntegerConversionError,
)
from jaxtyping import Array
from numpy.typing import NDArray

from seedbed.calculus.structure.program import bound, called
from seedbed.core.errors import UsageError

# What JAX raises where a function asks for a number that is not computed yet: each is a class of its own.
TOO_EARLY = (
    ConcretizationTypeError,
    NonConcreteBooleanIndexError,
    TracerArrayConversionError,
    TracerIntegerConversionError,
)


def checked_point(name: str, place: int | str, value: Any) -> Any:
    """The value with arrays as leaves.

    Raises:
        UsageError: a leaf is not made of floating-point numbers, or holds NaN.
    """
    where = f"{name}: argument {place}"
    leaves, tree = jax.tree.flatten(value)
    if not leaves:
        raise UsageError(f"{where}: expected an array or a tree of arrays, got {value!r}")
    return jax.tree.unflatten(tree, [_checked_leaf(where, leaf) for leaf in leaves])


def checked_numbers(where: str, value: Any, dtype: Any = None) -> Array:
    """The value as an array.

    Raises:
        UsageError: it does not hold numbers.
    """
    try:
        return jnp.asarray(value, dtype)
    except (TypeError, ValueError):
        hint = "give a list of numbers, or an array of NumPy or JAX"
        raise UsageError(f"{where}: expected numbers, got {_shown(value)}", hint) from None


def _checked_leaf(where: str, leaf: Any) -> Any:
    array = checked_numbers(where, leaf)
    if jnp.issubdtype(array.dtype, jnp.integer) or array.dtype == bool:
        if isinstance(leaf, int) and not isinstance(leaf, bool):
            return jnp.asarray(float(leaf))
        raise UsageError(
            f"{where}: expected floating-point numbers, got {array.dtype} of shape {array.shape}",
            "only what varies smoothly has a derivative: x.astype(float)",
        )
    if not jnp.issubdtype(array.dtype, jnp.floating):
        raise UsageError(f"{where}: expected real floating-point numbers, got {array.dtype}")
    if (place := _first(array, np.isnan)) is not None:
        raise UsageError(f"{where}: expected numbers, got NaN at {place}", "a derivative there has no meaning")
    return array


def checked_output(name: str, function: Callable[[Any], Any], x: Any) -> Any:
    """What the function gives at x.

    Raises:
        UsageError: it is not made of floating-point numbers, or the function cannot be traced.
    """
    try:
        y = function(x)
    except TOO_EARLY as error:
        raise too_early(name, error) from None
    leaves = jax.tree.leaves(y)
    for leaf in leaves:
        if not _is_floating(leaf):
            raise UsageError(
                f"{name}: expected a function that gives floating-point numbers, got {_shown(leaf)}",
                "whole numbers, truth values and texts have no derivative",
            )
    if not leaves:
        raise UsageError(f"{name}: expected a function that gives an array, got {y!r}")
    return jax.tree.map(jnp.asarray, y)


def too_early(name: str, error: Exception) -> UsageError:
    """The error for a function that asks for a number that is not computed yet, from what JAX raised."""
    said = str(error).split("\n")[0]
    return UsageError(
        f"{name}: expected a function that JAX can follow, but it asks for a number too early: {said}",
        "use jnp.where in place of `if`, and jax.numpy in place of numpy",
    )


def _is_floating(leaf: Any) -> bool:
    is_array = isinstance(leaf, jax.Array | np.ndarray | np.generic | float)
    return is_array and bool(jnp.issubdtype(jnp.result_type(leaf), jnp.floating))


def _shown(leaf: Any) -> str:
    if hasattr(leaf, "dtype") and hasattr(leaf, "shape"):
        return f"{leaf.dtype} of shape {tuple(leaf.shape)}"
    return f"{type(leaf).__name__} {leaf!r}"


def refuse_nan(name: str, function: Callable[[Any], Any], x: Any, outputs: list[Any]) -> None:
    """Raises where an output holds NaN, and names the operation that made the first one.

    Raises:
        UsageError: so it is.
    """
    for y in outputs:
        if (place := _first(y, np.isnan)) is not None:
            made = _first_to_make(function, x, np.isnan)
            by = f", first made by {made}" if made else ""
            raise UsageError(f"{name}: expected numbers, but the function gives NaN at {place}{by}", "move the point")


def refuse_infinite(name: str, function: Callable[[Any], Array], x: Array) -> None:
    """Raises where a value or a derivative is infinite or NaN, and names the operation that made the first such number.

    Raises:
        UsageError: so it is.
    """
    passes: dict[str, Callable[[Any], Any]] = {
        "function gives an infinite number": function,
        "derivative of the output is infinite or NaN": lambda t: jax.jvp(function, (t,), (jnp.ones_like(t),))[1],
        "derivative by the input is infinite or NaN": jax.grad(lambda t: function(t).sum()),
    }
    for said, program in passes.items():
        if (place := _first(program(x), _is_unbounded)) is not None:
            made = _first_to_make(program, x, _is_unbounded)
            by = f", first made by {made}" if made else ""
            raise UsageError(
                f"{name}: expected finite numbers, but the {said} at {place}{by}",
                "write it without a division by 0, a root of 0, or numbers that grow too large",
            )


def _is_unbounded(array: NDArray[Any]) -> Any:
    return ~np.isfinite(array)


def _first(array: Any, is_hole: Callable[[NDArray[Any]], Any]) -> str | None:
    """Where the first such number stands: `[2, 3] (1 of 12)`; None for none, or where numbers are not known yet."""
    if isinstance(array, jax.core.Tracer):
        return None
    holes = is_hole(np.asarray(array))
    if not holes.any():
        return None
    first = ", ".join(map(str, np.argwhere(holes)[0]))
    return f"[{first}] ({int(holes.sum()):,} of {holes.size:,})" if holes.ndim else "its only number"


def _first_to_make(function: Callable[[Any], Any], x: Any, is_hole: Callable[[NDArray[Any]], Any]) -> str | None:
    """The operation whose operands have no such number and whose result has."""
    closed = jax.make_jaxpr(function)(x)
    return _walked(closed.jaxpr, closed.consts, jax.tree.leaves(x), is_hole)


def _walked(jaxpr: jex.Jaxpr, consts: Any, arguments: Any, is_hole: Callable[[NDArray[Any]], Any]) -> str | None:
    known = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *arguments), strict=True))
    for eqn in jaxpr.eqns:
        operands = [atom.val if isinstance(atom, jex.Literal) else known[atom] for atom in eqn.invars]
        results = bound(eqn.primitive, eqn.params, operands)
        floating = [r for r in results if jnp.issubdtype(r.dtype, jnp.floating)]
        if any(_first(r, is_hole) is not None for r in floating):
            inner = called(eqn)
            return (inner and _walked(inner.jaxpr, inner.consts, operands, is_hole)) or str(eqn.primitive.name)
        known |= zip(eqn.outvars, results, strict=True)
    return None
