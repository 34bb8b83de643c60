"""Whether a function is linear: additive and homogeneous.

    additivity     f(x + y) = f(x) + f(y)
    homogeneity    f(c x) = c f(x)

A function is *affine* where f(x) - f(0) is linear. Where the program of f proves it, the answer is a proof; else the
laws are tried at random points of three sizes, and the answer is a counter-example, or that none was found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.calculus.affine import is_affine
from seedbed.calculus.expressions.algebra import Shape
from seedbed.calculus.expressions.shapes import read_shape
from seedbed.calculus.points import TOO_EARLY, too_early
from seedbed.calculus.structure.rounding import magnitudes
from seedbed.core.errors import UsageError
from seedbed.core.messages import message

LINEAR, AFFINE, NEITHER = "linear", "affine", "neither"
SIZES = (1.0, 1e-3, 1e3)  # of the points: a bend may be near 0, or far away
PAIRS = 6  # points x and y that are tried at each size
FACTORS = (-1.0, 0.5, 3.0)
ROUNDING = 64

Point = tuple[NDArray[Any], ...]
Values = NDArray[np.float64]
Where = tuple[Point, Point | None, float | None]  # x, y and c


@dataclass(frozen=True, eq=False)
class Counterexample:
    """Points at which a law of linearity does not hold, and both sides of it where they differ most.

    Attributes:
        law: which one, with its sides left and right:
            "additivity"   f(x + y) + f(0)          f(x) + f(y)
            "homogeneity"  f(c x) + (c - 1) f(0)    c f(x)
            "zero"         f(0)                     0
            "finite"       f(x), which is no number
        x, y: the points, one array for each argument; y is None where the law has one point.
        c: the factor of homogeneity, else None.
        left, right: the two sides; f(0) stands in them so that a constant alone does not make them differ.
        difference: between them.
        allowed: what rounding explains: 64 √n ε times the largest such number of the result at points of that size, as
            each is a sum of n rounded products, through some more steps; or times those that cancel in it, where they
            are larger.
    """

    law: str
    x: Point
    y: Point | None
    c: float | None
    left: float
    right: float
    difference: float
    allowed: float


@dataclass(frozen=True, eq=False)
class Linearity:
    """The answer to `is_linear`: true for a linear function, false for all others.

    Attributes:
        kind: "linear", "affine" (linear but for a constant), or "neither".
        is_proved: whether the program of the function proves the kind; otherwise it was tried at random points.
        counterexample: where a law does not hold; None for a linear function.
    """

    kind: str
    is_proved: bool
    counterexample: Counterexample | None = None

    def __bool__(self) -> bool:
        return self.kind == LINEAR

    def explain(self, language: str | None = None) -> str:
        """The answer in words, with the counter-example."""
        lines = [message(f"linear.{self.kind}", language)]
        if self.kind != NEITHER:
            how = "proved" if self.is_proved else "tried"
            lines.append(message(f"linear.{how}", language, n=len(SIZES) * PAIRS))
        if (one := self.counterexample) is not None:
            numbers = {name: f"{getattr(one, name):.6g}" for name in ("left", "right", "difference", "allowed")}
            lines.append(message(f"linear.{one.law}", language, c=f"{one.c}", **numbers))
        return "\n".join(lines)


def is_linear(f: Callable[..., Any], *shapes: Any, seed: int = 0) -> Linearity:
    """Whether f is linear in all its arguments together: an answer that is true or false, and says why.

    Arguments:
        f: a function of arrays in JAX's default precision, whose result is an array or a tree of arrays.
        shapes: the shape of each argument: (3, 2), 3 for (3,), or an array of that shape.
        seed: of the random points.

    Raises:
        UsageError: no shape is given, or f cannot be called with arrays of these shapes, or gives no numbers.

    >>> bool(is_linear(lambda x: x[::-1] - 2 * x, 3))
    True
    >>> print(is_linear(lambda x: 2 * x + 1, 3).explain("en"))
    affine: linear but for a constant
    proved: each operation of its program keeps sums and multiples
    f(0) = 1, and a linear function gives 0 there
    """
    if not shapes:
        raise UsageError("is_linear: expected a shape for each argument of f, got none", "is_linear(f, (3,))")
    trial = _Trial(f, [read_shape(f"argument {i}", shape) for i, shape in enumerate(shapes)])
    zero = trial.point(lambda shape: np.zeros(shape))
    at_zero = trial.values(zero)
    is_proved = is_affine(trial.program)
    broken = _unsound(zero, at_zero)
    if broken is None and not is_proved:
        broken = trial.broken(np.random.default_rng(seed), at_zero)
    if broken is not None:
        return Linearity(NEITHER, False, broken)
    if at_zero.any():
        largest = float(at_zero[np.argmax(np.abs(at_zero))])
        return Linearity(AFFINE, is_proved, Counterexample("zero", zero, None, None, largest, 0.0, abs(largest), 0.0))
    return Linearity(LINEAR, is_proved)


class _Trial:
    """A function whose values are compared at random points."""

    def __init__(self, f: Callable[..., Any], shapes: Sequence[Shape]) -> None:
        self.shapes, self.dtype = shapes, jnp.result_type(float)
        if not callable(f):
            raise UsageError(f"is_linear: expected a function, got {f!r}", "such as is_linear(lambda x: 2 * x, 3)")
        try:
            self.program = jax.make_jaxpr(f)(*(jax.ShapeDtypeStruct(shape, self.dtype) for shape in shapes))
        except TOO_EARLY as error:
            raise too_early("is_linear", error) from None
        except (TypeError, ValueError) as error:
            where = (
                f"is_linear: expected a function of arrays of shape {', '.join(map(str, shapes))} that gives numbers"
            )
            raise UsageError(f"{where}, got the error: {error}", "give the shapes of its arguments in order") from None
        self.compiled = jax.jit(f)

    def point(self, make: Callable[[Shape], NDArray[Any]]) -> Point:
        """An array for each argument."""
        return tuple(make(shape).astype(self.dtype) for shape in self.shapes)

    def values(self, point: Point) -> Values:
        """All numbers of the result at a point, in a row."""
        leaves = jax.tree.leaves(self.compiled(*point))
        return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in leaves])

    def cancelled(self, point: Point) -> Values:
        """For each number of the result, how large those are that cancel in it."""
        return np.concatenate([sizes.ravel() for sizes in magnitudes(self.program, point)])

    def broken(self, rng: np.random.Generator, at_zero: Values) -> Counterexample | None:
        """The first points found at which f - f(0) is not linear; None where there are none."""
        n = sum(math.prod(shape) for shape in self.shapes)
        for size in SIZES:
            points = [self.point(lambda shape: size * rng.normal(size=shape)) for _ in range(2 * PAIRS)]  # noqa: B023
            values = [self.values(point) for point in points]
            if (found := next(filter(None, map(_unsound, points, values)), None)) is not None:
                return found
            largest = np.max(np.abs([*values, at_zero, *map(self.cancelled, points)]), axis=0)
            rounding = ROUNDING * math.sqrt(n) * float(jnp.finfo(self.dtype).eps) * largest
            for i in range(0, 2 * PAIRS, 2):
                for law, x, y, c, left, right in self._laws(points[i : i + 2], values[i : i + 2], at_zero):
                    if (found := _difference(law, (x, y, c), left, right, rounding)) is not None:
                        return found
        return None

    def _laws(self, points: Sequence[Point], values: Sequence[Values], at_zero: Values) -> Iterator[tuple[Any, ...]]:
        """Each law at a pair of points: its name, x, y, c, and both sides."""
        (x, y), (at_x, at_y) = points, values
        both = self.values(tuple(a + b for a, b in zip(x, y, strict=True)))
        yield "additivity", x, y, None, both + at_zero, at_x + at_y
        for c in FACTORS:
            times = self.values(tuple(a * a.dtype.type(c) for a in x))
            yield "homogeneity", x, None, c, times + (c - 1) * at_zero, c * at_x


def _unsound(point: Point, values: Values) -> Counterexample | None:
    """A point at which a value is no finite number, as it is for no affine function."""
    if (finite := np.isfinite(values)).all():
        return None
    value = float(values[np.argmin(finite)])
    return Counterexample("finite", point, None, None, value, value, math.nan, 0.0)


def _difference(law: str, at: Where, left: Values, right: Values, rounding: Values) -> Counterexample | None:
    """Where the two sides of a law differ by more than rounding explains, or None."""
    c = at[2]
    allowed = rounding * (4 if c is None else 2 * abs(c) + 2)  # as many values are added up
    difference = np.abs(left - right)
    if (difference <= allowed).all():
        return None
    i = int(np.argmax(np.where(np.isfinite(difference), difference - allowed, np.inf)))
    return Counterexample(law, *at, *(float(side[i]) for side in (left, right, difference, allowed)))
