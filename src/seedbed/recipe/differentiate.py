"""From an expression and the shapes of its arrays to the Jacobian to look at, at a random point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.calculus.derivatives import jacobian
from seedbed.calculus.expressions.expression import Expression
from seedbed.calculus.expressions.shapes import ShapeOf, shape_of
from seedbed.calculus.matrix import Jacobian
from seedbed.calculus.points import refuse_infinite
from seedbed.core.errors import ShapeError, UsageError, nearest, one_of
from seedbed.core.messages import catalogue
from seedbed.core.sizes import readable
from seedbed.reporting.jacobian.pattern import pattern_of
from seedbed.reporting.jacobian.view import JacobianView
from seedbed.training.scopes import precision

DTYPES = ("float32", "float64")
MAX_BYTES = 2**31  # of all arrays, and of each that is computed from them
USUAL = "x"  # what is meant where nothing is said


def differentiate(
    text: str,
    shapes: Mapping[str, Any],
    *,
    by: str | None = None,
    seed: int = 0,
    dtype: str = "float32",
    is_positive: bool = False,
    language: str | None = None,
) -> JacobianView:
    """The Jacobian of an expression by one of its arrays, to look at.

    Arguments:
        text: arithmetic on named arrays, as `shape_of` takes it.
        shapes: for each name the shape of its array.
        by: the array that is varied; x, or the only one, where it is not said.
        seed: of the numbers, which are standard normal, those of a matrix divided by the root of its last axis.
        is_positive: take their absolute values, for a logarithm or a root.

    Raises:
        UsageError: the text is no such expression, names do not match, the result would be too large, or a number in
            it or in its derivative is NaN or infinite.
        ShapeError: shapes do not fit.
    """
    if language is not None:
        catalogue(language)
    if dtype not in DTYPES:
        hint = "whole numbers have no derivative" if "int" in dtype else nearest(dtype, DTYPES)
        raise UsageError(f"dtype: expected {one_of(DTYPES)}, got {dtype!r}", hint)
    steps = shape_of(text, **shapes)
    expression = Expression.read(text)
    known = {name: tuple(shape_of(name, **{name: shapes[name]})) for name in expression.names}
    by = _by(expression.names, by)
    _check_size(known, steps, np.dtype(dtype).itemsize)
    with precision(dtype):
        rng = np.random.default_rng(seed)
        arrays = {name: jnp.asarray(_numbers(rng, shape, is_positive), dtype) for name, shape in known.items()}
        try:
            found: Jacobian = jacobian(expression, by=by)(**arrays)
        except UsageError as error:  # a NaN; the point is ours, so what moves it is ours to say
            raise UsageError(error.message, "take another seed, or positive numbers (--positive)") from None
        assert found.origin is not None
        refuse_infinite("jacobian", *found.origin)
        return JacobianView(
            text=text.strip(), by=by, shapes=known, seed=seed, dtype=dtype, out_shape=found.out_shape,
            in_shape=found.in_shape, kind=found.kind, sentence=found.explain(language), stored_bytes=found.nbytes,
            dense_bytes=found.dense_bytes, factors=tuple((one.kind, one.shape) for one in found.layers), steps=steps,
            check=found.check(seed), pattern=pattern_of(found), language=language,
        )  # fmt: skip


def _by(names: Sequence[str], by: str | None) -> str:
    """The array that is varied."""
    if not names:
        raise UsageError("by: expected an array to differentiate by, got an expression without any", "name one, as x")
    usual = USUAL if USUAL in names else names[0] if len(names) == 1 else "none"
    wanted = usual if by is None else by
    if wanted not in names:
        hint = "say which" if by is None else nearest(by, names) or f"name an array of the expression, as {names[0]}"
        raise UsageError(f"by: expected {one_of(names)}, got {wanted}", hint)
    return wanted


def _check_size(shapes: Mapping[str, tuple[int, ...]], steps: ShapeOf, itemsize: int) -> None:
    sizes = {name: math.prod(shape) * itemsize for name, shape in shapes.items()}
    total = sum(sizes.values())
    largest = {step.piece: math.prod(step.shape) * itemsize for step in steps.steps}
    for what, wanted in ((" and ".join(sizes), total), *largest.items()):
        if wanted > MAX_BYTES:
            expected = f"{what}: expected at most {readable(MAX_BYTES)}"
            raise ShapeError(f"{expected}, got {readable(wanted)}", "the structure is the same for smaller shapes")


def _numbers(rng: np.random.Generator, shape: tuple[int, ...], is_positive: bool) -> NDArray[np.float64]:
    numbers = rng.standard_normal(shape) / (math.sqrt(shape[-1]) if len(shape) > 1 else 1.0)
    return np.asarray(np.abs(numbers) if is_positive else numbers)
