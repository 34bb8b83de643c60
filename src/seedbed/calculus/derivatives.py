"""Derivative, gradient, Jacobian and Hessian: the four shapes of a derivative, each a function of the point.

| function, variable | scalar x | vector x of n |
|---|---|---|
| scalar f | derivative, 1 × 1 | gradient, 1 × n, written as the n numbers themselves |
| vector f of m | derivative, m × 1, written as the m numbers | Jacobian, m × n |

Numerator layout: outputs are rows, inputs are columns. The unit of an entry is that of the
output per that of the input.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from seedbed.calculus.matrix import Jacobian
from seedbed.calculus.points import checked_output, checked_point, refuse_nan
from seedbed.calculus.structure.discovery import Piece, pieces
from seedbed.calculus.structure.evaluation import evaluated
from seedbed.calculus.structure.program import names_of
from seedbed.core.errors import ShapeError, UsageError, nearest, one_of

By = int | str | Sequence[int | str]
Chain = tuple[Piece, ...]
BACKWARD_ALONE = "custom_lin"  # what JAX puts in a linear program for a function with a jax.custom_vjp


def derivative(f: Callable[..., Any], by: int | str = 0) -> Callable[..., Array]:
    """The function x ↦ f'(x) of a scalar x: a scalar, or for a vector function of m outputs the m × 1 column, as (m,).

    Raises, when it is called:
        ShapeError: x is not a scalar.
        UsageError: x or f(x) is not made of floating-point numbers, or is NaN.

    >>> float(derivative(lambda x: x**3)(2.0))
    12.0
    """

    @functools.wraps(f)
    def at(*args: Any, **kwargs: Any) -> Array:
        place, function, x = _by_one("derivative", f, by, args, kwargs)
        if jnp.shape(x):
            hint = "gradient(f) is for a vector and a scalar function, jacobian(f) for a vector function"
            raise ShapeError(f"derivative by {place}: expected a scalar, got shape {jnp.shape(x)}", hint)
        y, slope = jax.jvp(lambda t: checked_output("derivative", function, t), (x,), (jnp.ones_like(x),))
        refuse_nan("derivative", function, x, jax.tree.leaves(y))
        return slope

    return at


def gradient(f: Callable[..., Any], by: By = 0) -> Callable[..., Any]:
    """The function x ↦ ∇f(x) of a scalar function: n numbers, or a tree of arrays where x is one.

    It points in the direction in which f grows fastest, and its length is the rate.

    Raises, when it is called:
        ShapeError: f(x) is not a scalar.
        UsageError: x or f(x) is not made of floating-point numbers, or is NaN.

    >>> gradient(lambda x: (x**2).sum())(jnp.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """
    return _gradient("gradient", f, by)


def _gradient(name: str, f: Callable[..., Any], by: By) -> Callable[..., Any]:
    @functools.wraps(f)
    def at(*args: Any, **kwargs: Any) -> Any:
        place, function, x = _by_some(name, f, by, args, kwargs)
        y, pull = jax.vjp(lambda t: checked_output(name, function, t), x)
        if not isinstance(y, jax.Array) or y.shape:
            came = f"shape {y.shape}" if isinstance(y, jax.Array) else f"a tree of {len(jax.tree.leaves(y))} arrays"
            raise ShapeError(
                f"{name} by {place}: expected a function that gives a scalar, got {came}",
                "sum or average the outputs first, or take jacobian(f)",
            )
        refuse_nan(name, function, x, [y])
        (slope,) = pull(jnp.ones_like(y))
        return slope

    return at


def jacobian(f: Callable[..., Any], by: By = 0) -> Callable[..., Any]:
    """The function x ↦ J(x), the Jacobian with its structure: m × n for m outputs and n inputs.

    Arrays of any shape are read row by row. Where the output or the input is a tree of arrays, the result is the
    tree of the outputs with, in place of each, the tree of the inputs, of Jacobians.

    Arguments:
        f: a function that JAX can differentiate.
        by: which argument is varied, by number or name; or several.

    Raises, when it is called:
        UsageError: x or f(x) is not made of floating-point numbers, or is NaN; there is no such argument.

    >>> W = jnp.ones((2, 3))
    >>> jacobian(lambda x: jnp.tanh(W @ x))(jnp.zeros(3)).shape
    (2, 3)
    """
    return _jacobian("jacobian", f, by)


def _jacobian(name: str, f: Callable[..., Any], by: By) -> Callable[..., Any]:
    @functools.wraps(f)
    def at(*args: Any, **kwargs: Any) -> Any:
        _, function, x = _by_some(name, f, by, args, kwargs)
        return _jacobians(name, lambda t: checked_output(name, function, t), x)

    return at


def hessian(f: Callable[..., Any], by: int | str = 0) -> Callable[..., Any]:
    """The function x ↦ H(x), the Jacobian of the gradient of a scalar function, with its structure: n × n, symmetric.

    Raises, when it is called: as `gradient`.

    >>> hessian(lambda x: jnp.sin(x).sum())(jnp.zeros(3)).kind
    'diagonal'
    """
    return _jacobian("hessian", _gradient("hessian", f, by) if callable(f) else f, by)


def _jacobians(name: str, function: Callable[[Any], Any], x: Any) -> Any:
    leaves, in_tree = jax.tree.flatten(x)
    out_trees: list[Any] = []

    def flat(*given: Any) -> list[Any]:
        outputs, out_tree = jax.tree.flatten(function(jax.tree.unflatten(in_tree, given)))
        out_trees.append(out_tree)
        return outputs

    def found_at(*given: Any) -> tuple[list[Any], list[list[Chain]], list[Any]]:
        outputs, linear = jax.linearize(flat, *given)
        closed = jax.make_jaxpr(lambda *changes: linear(*changes))(*map(_like, given))
        if BACKWARD_ALONE in names_of(closed.jaxpr):
            return outputs, *_read_backward(flat, given, outputs)
        return outputs, [pieces(closed, which) for which in range(len(given))], []

    outputs, columns, at_zero = _called(found_at, leaves)
    refuse_nan(name, function, x, outputs)
    _refuse_affine(name, at_zero)
    rows = []
    for number, y in enumerate(outputs):
        found = []
        for which, leaf in enumerate(leaves):

            def alone(t: Any, which: int = which, number: int = number) -> Any:
                return flat(*leaves[:which], t, *leaves[which + 1 :])[number]

            found.append(Jacobian(columns[which][number], y.shape, leaf.shape, y.dtype, (alone, leaf)))
        rows.append(jax.tree.unflatten(in_tree, found))
    return jax.tree.unflatten(out_trees[0], rows)


def _called(function: Callable[..., Any], arrays: list[Any]) -> Any:
    """What the function gives for arrays; where it asks for numbers too early, step by step as JAX does it."""
    if not any(isinstance(array, jax.core.Tracer) for array in arrays):
        with contextlib.suppress(UsageError, TypeError, IndexError):
            return evaluated(function, arrays)
    return function(*arrays)


def _like(array: Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(array.shape, array.dtype)


def _read_backward(
    flat: Callable[..., Any], leaves: Sequence[Array], outputs: Sequence[Array]
) -> tuple[list[list[Chain]], list[Array]]:
    """For each input and output the maps between them, by the program that goes backward, and what that makes of 0."""
    _, pull = jax.vjp(flat, *leaves)
    closed = jax.make_jaxpr(lambda *given: pull(list(given)))(*map(_like, outputs))
    rows = [pieces(closed, number) for number in range(len(outputs))]
    columns = [[_turned(own[which]) for own in rows] for which in range(len(leaves))]
    return columns, list(pull([jnp.zeros_like(y) for y in outputs]))


def _turned(chain: Chain) -> Chain:
    return tuple(piece.transpose() for piece in reversed(chain))


def _refuse_affine(name: str, at_zero: Sequence[Array]) -> None:
    """Raises where a backward pass makes something of nothing.

    Raises:
        UsageError: so it is.
    """
    if any(not isinstance(g, jax.core.Tracer) and bool(jnp.any(g != 0)) for g in at_zero):
        raise UsageError(
            f"{name}: expected a backward pass that is linear, but a jax.custom_vjp in the function gives "
            "something else than 0 for 0"
        )


def _by_one(name: str, f: Any, by: int | str, args: Any, kwargs: Any) -> tuple[str, Callable[[Any], Any], Any]:
    place, function, x = _by_some(name, f, by, args, kwargs)
    if not isinstance(x, jax.Array):
        raise ShapeError(f"{name} by {place}: expected one array, got a tree of {len(jax.tree.leaves(x))}")
    return place, function, x


def _by_some(name: str, f: Any, by: By, args: tuple[Any, ...], kwargs: Any) -> tuple[str, Callable[[Any], Any], Any]:
    """The name of what is varied, the function of that alone, and its value: a tuple where there are several.

    Raises:
        UsageError: there is no such argument, or its value cannot be varied.
    """
    if not callable(f):
        raise UsageError(f"{name}: expected a function, got {f!r}", f"such as {name}(lambda x: x**2)(1.0)")
    several = not isinstance(by, int | str)
    wanted = [by] if isinstance(by, int | str) else list(by)
    places = [_place(name, f, one, args, kwargs) for one in wanted]
    points = [checked_point(name, place, _taken(place, args, kwargs)) for place in places]

    def function(t: Any) -> Any:
        changed, named = list(args), dict(kwargs)
        for place, value in zip(places, t if several else (t,), strict=True):
            if isinstance(place, int):
                changed[place] = value
            else:
                named[place] = value
        return f(*changed, **named)

    return ", ".join(map(str, wanted)), function, tuple(points) if several else points[0]


def _taken(place: int | str, args: tuple[Any, ...], kwargs: Any) -> Any:
    return args[place] if isinstance(place, int) else kwargs[place]


def _place(name: str, f: Any, by: int | str, args: tuple[Any, ...], kwargs: Any) -> int | str:
    """Where the argument stands in this call."""
    if isinstance(by, str) and by in kwargs:
        return by
    names = _parameters(f)
    if isinstance(by, str) and by in names[: len(args)]:
        return names.index(by)
    if isinstance(by, int) and not isinstance(by, bool) and -len(args) <= by < len(args):
        return by % len(args)
    if isinstance(by, int) and not args and by < len(names) and names[by] in kwargs:
        return names[by]
    if not args and not kwargs:
        raise UsageError(f"{name}: expected a point to be taken at, got no argument", f"such as {name}(f)(x)")
    given = [*(names[: len(args)] or map(str, range(len(args)))), *kwargs]
    hint = nearest(by, given) if isinstance(by, str) else ""
    raise UsageError(f"{name}: expected `by` to be {one_of(map(str, given))}, got {by!r}", hint)


def _parameters(f: Any) -> list[str]:
    try:
        return list(inspect.signature(f).parameters)
    except (TypeError, ValueError):  # built-in functions may have none
        return []
