"""The words that an expression may call: each with what it computes, its shape, and its constant options.

The list is closed. Every activation of `functions` is in it by its name; the others are what NumPy calls by that name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from seedbed.calculus.expressions import algebra
from seedbed.calculus.expressions.algebra import Axis, Shape
from seedbed.calculus.expressions.tree import Option
from seedbed.functions import ACTIVATIONS

LAYERNORM_EPS = 1e-5


@dataclass(frozen=True)
class Word:
    """A function that an expression may call.

    Attributes:
        kind: what it does to the shape, a key of the catalogues of messages under `shapes.`
        value: the result, from arrays by position and options by name.
        shape: its shape, from their shapes and the same options; raises `Misfit`.
        n_arguments: how many arrays it takes, at least and at most.
        options: what may be given as `name=constant`, with the default.
    """

    kind: str
    value: Callable[..., Array]
    shape: Callable[..., Shape]
    n_arguments: tuple[int, int] = (1, 1)
    options: dict[str, Option] = field(default_factory=dict)


MANY = 1000  # arrays that concat and stack take


def square(x: Array) -> Array:
    """The square of every number."""
    return x * x


def norm(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The Euclidean length √Σ x²."""
    return jnp.sqrt(jnp.sum(x * x, axis=axis, keepdims=keepdims))


def layernorm(x: Array, axis: int = -1, eps: float = LAYERNORM_EPS) -> Array:
    """(x - mean) / √(variance + eps) along an axis, without learned scale and shift.     (Ba, Kiros and Hinton 2016)"""
    centred = x - jnp.mean(x, axis=axis, keepdims=True)
    return centred / jnp.sqrt(jnp.mean(centred * centred, axis=axis, keepdims=True) + eps)


def difference(x: Array, axis: int = -1) -> Array:
    """x[1:] - x[:-1] along an axis."""
    return jnp.diff(x, axis=axis)


def _same(shape: Shape, **_: Any) -> Shape:
    return shape


def _each(value: Callable[..., Array], **options: Option) -> Word:
    """A function of every number by itself."""
    return Word("each", value, _same, options=options)


def _reduction(value: Callable[..., Array]) -> Word:
    return Word("reduced", value, algebra.reduced, options={"axis": None, "keepdims": False})


def _along(value: Callable[..., Array], **options: Option) -> Word:
    """A function of the numbers along an axis together, whose result has the same shape."""
    return Word("along", value, lambda shape, axis, **_: algebra.along(shape, axis), options={"axis": -1, **options})


def _pair(value: Callable[..., Array]) -> Word:
    return Word("broadcast", value, algebra.broadcast, (2, 2))


OF_LAYERS = {name: _each(one.value, **one.numbers) for name, one in ACTIVATIONS.items() if one.is_elementwise}

WORDS: dict[str, Word] = {
    **OF_LAYERS,
    "exp": _each(jnp.exp),
    "expm1": _each(jnp.expm1),
    "log": _each(jnp.log),
    "log1p": _each(jnp.log1p),
    "sqrt": _each(jnp.sqrt),
    "square": _each(square),
    "abs": _each(jnp.abs),
    "sin": _each(jnp.sin),
    "cos": _each(jnp.cos),
    "tan": _each(jnp.tan),
    "arctan": _each(jnp.arctan),
    "maximum": _pair(jnp.maximum),
    "minimum": _pair(jnp.minimum),
    "sum": _reduction(jnp.sum),
    "mean": _reduction(jnp.mean),
    "max": _reduction(jnp.max),
    "min": _reduction(jnp.min),
    "var": _reduction(jnp.var),
    "norm": _reduction(norm),
    "logsumexp": _reduction(jax.scipy.special.logsumexp),
    "softmax": _along(jax.nn.softmax),
    "log_softmax": _along(jax.nn.log_softmax),
    "layernorm": _along(layernorm, eps=LAYERNORM_EPS),
    "cumsum": _along(jnp.cumsum),
    "sort": _along(jnp.sort),
    "flip": _along(jnp.flip),
    "diff": Word("differences", difference, lambda shape, axis: algebra.differences(shape, axis), options={"axis": -1}),
    "dot": Word("inner", jnp.dot, algebra.inner, (2, 2)),
    "outer": Word("outer", jnp.outer, algebra.outer, (2, 2)),
    "transpose": Word("transposed", jnp.transpose, lambda shape: shape[::-1]),
    "flatten": Word("flattened", jnp.ravel, lambda shape: (math.prod(shape),)),
    "concat": Word(
        "concatenated",
        lambda *arrays, axis: jnp.concatenate(arrays, axis=axis),
        lambda *shapes, axis: algebra.concatenated(shapes, axis),
        (1, MANY),
        {"axis": 0},
    ),
    "stack": Word(
        "stacked",
        lambda *arrays, axis: jnp.stack(arrays, axis=axis),
        lambda *shapes, axis: algebra.stacked(shapes, axis),
        (1, MANY),
        {"axis": 0},
    ),
}
