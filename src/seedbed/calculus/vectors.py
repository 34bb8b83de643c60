"""Inner product, norm and angle of vectors, and the law of Cauchy and Schwarz that joins them.

    ⟨u, v⟩ = Σ uᵢ vᵢ        ‖u‖ = √⟨u, u⟩        ⟨u, v⟩ = ‖u‖ ‖v‖ cos θ        |⟨u, v⟩| ≤ ‖u‖ ‖v‖

Lists and NumPy arrays are computed in NumPy's float64; arrays of JAX by JAX in their own precision, also under `jit`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.core.errors import ShapeError, UsageError

PARALLEL, OPPOSITE, PERPENDICULAR, BETWEEN, ZERO = "parallel", "opposite", "perpendicular", "between", "zero"
CASES = (PARALLEL, OPPOSITE, PERPENDICULAR, BETWEEN, ZERO)


@dataclass(frozen=True)
class CauchySchwarz:
    """The two sides of |⟨u, v⟩| ≤ ‖u‖ ‖v‖ for two vectors.

    Attributes:
        inner: ⟨u, v⟩.
        bound: ‖u‖ ‖v‖.
        angle: between them, in radians; NaN where one has no direction.
        case: "parallel", where the inner product is the bound; "opposite", where it is minus the bound;
            "perpendicular", where it is 0; "between"; or "zero" where one of them is zero and both sides are 0.
        holds: whether the law holds but for rounding: n + 2 roundings for n numbers.
    """

    inner: float
    bound: float
    angle: float
    case: str
    holds: bool

    def __bool__(self) -> bool:
        return self.holds

    @property
    def is_equality(self) -> bool:
        """Whether both sides are equal, which they are for vectors on one line alone."""
        return self.case in (PARALLEL, OPPOSITE, ZERO)


def inner(u: Any, v: Any) -> Any:
    """The inner product ⟨u, v⟩ = Σ uᵢ vᵢ of two vectors (n,): a number.

    Raises:
        ShapeError: they are no vectors of one length.
        UsageError: they do not hold numbers.
    """
    u, v = _two(u, v)
    return _plain(_xp(u).sum(u * v))


def norm(v: Any) -> Any:
    """The Euclidean length ‖v‖ of a vector (n,). Neither 1e200 nor 1e-200 is too long or short for it.

    Its gradient v / ‖v‖ is taken for 0 at 0, where there is none.

    Raises:
        ShapeError: it is no vector.
        UsageError: it does not hold numbers.
    """
    return _plain(_norm(_vector("v", v)))


def angle(u: Any, v: Any) -> Any:
    """The angle between two vectors (n,), in radians from 0 to π.

        θ = 2 arctan( ‖ û - v̂ ‖ / ‖ û + v̂ ‖ ),  û = u / ‖u‖

    Exactly 0 for parallel vectors, π for opposite and π/2 for perpendicular ones; arccos would lose an angle of 1e-9.
    Source: Kahan 2006, How futile are mindless assessments of roundoff in floating-point computation, section 12.

    Raises:
        ShapeError: they are no vectors of one length.
        UsageError: they do not hold finite numbers, or one is zero and has no direction.

    >>> angle([1, 0], [1, 1e-9])
    1e-09
    """
    u, v = _two(u, v)
    for name, vector in (("u", u), ("v", v)):
        if not isinstance(vector, jax.core.Tracer) and not vector.any():
            message = f"angle: expected two vectors with a direction, got zeros for {name}"
            raise UsageError(message, "an angle needs two vectors that are not zero")
    return _plain(_angle(u, v))


def cauchy_schwarz(u: Any, v: Any) -> CauchySchwarz:
    """The law |⟨u, v⟩| ≤ ‖u‖ ‖v‖ checked for two vectors (n,): both sides, the angle, and which case it is.

    Raises:
        ShapeError: they are no vectors of one length.
        UsageError: they do not hold finite numbers.

    >>> cauchy_schwarz([3, 4], [-6, -8])
    CauchySchwarz(inner=-50.0, bound=50.0, angle=3.141592653589793, case='opposite', holds=True)
    """
    u, v = (np.asarray(one, np.float64) for one in _two(u, v))
    (a, scale_a), (b, scale_b) = _scaled(u), _scaled(v)
    product, bound = float(np.sum(a * b)), float(_norm(a) * _norm(b))  # of the scaled vectors, for nothing overflows
    slack = (u.size + 2) * float(np.finfo(np.float64).eps)
    holds = abs(product) <= bound * (1 + slack)
    theta, case = math.nan, ZERO
    if u.any() and v.any():
        theta = float(_angle(a, b))
        case = {0.0: PARALLEL, math.pi: OPPOSITE, math.pi / 2: PERPENDICULAR}.get(theta, BETWEEN)
    with np.errstate(over="ignore"):
        return CauchySchwarz(float(product * scale_a * scale_b), float(bound * scale_a * scale_b), theta, case, holds)


def _norm(v: Any) -> Any:
    xp = _xp(v)
    scaled, scale = _scaled(v)
    square = xp.sum(scaled * scaled)
    is_zero = square == 0  # the root has no slope there
    return xp.where(is_zero, xp.zeros_like(square), scale * xp.sqrt(xp.where(is_zero, xp.ones_like(square), square)))


def _angle(u: Any, v: Any) -> Any:
    xp = _xp(u)
    u, v = _scaled(u)[0], _scaled(v)[0]
    a, b = u / _norm(u), v / _norm(v)
    theta = 2 * xp.arctan2(_norm(a - b), _norm(a + b))
    # Rounding would put the three cases a little beside where they are; that they are meant can be seen in the numbers.
    k = xp.argmax(xp.abs(u))
    is_on_line = xp.all(u[k] * v == u * v[k])
    end = xp.where(u[k] * v[k] > 0, xp.zeros_like(theta), xp.full_like(theta, math.pi))
    theta = xp.where(xp.sum(u * v) == 0, xp.full_like(theta, math.pi / 2), theta)
    return xp.where(is_on_line, end, theta)


def _scaled(v: Any) -> tuple[Any, Any]:
    """A vector divided by a power of two near its largest number, which rounds nothing, and that power."""
    xp = _xp(v)
    largest = xp.max(xp.abs(v))
    if xp is jnp:
        largest = jax.lax.stop_gradient(largest)
    _, exponent = xp.frexp(largest)
    scale = xp.ldexp(xp.ones_like(largest), xp.where(largest > 0, exponent, 0))
    return v / scale, scale


def _two(u: Any, v: Any) -> tuple[Any, Any]:
    """Two vectors of one length, both of NumPy or both of JAX in one precision."""
    first, second = _vector("u", u), _vector("v", v)
    if first.shape != second.shape:
        came = f"u of shape {first.shape} and v of shape {second.shape}"
        raise ShapeError(f"expected two vectors of one length, got {came}", "give both the same number of numbers")
    if _xp(first) is not _xp(second):
        dtype = first.dtype if _xp(first) is jnp else second.dtype
        first, second = jnp.asarray(first, dtype), jnp.asarray(second, dtype)
    return first, second


def _vector(name: str, given: Any) -> Any:
    """A vector of finite numbers, in NumPy's float64 or as JAX has it."""
    vector: Any
    if isinstance(given, jax.Array):
        vector = given if jnp.issubdtype(given.dtype, jnp.floating) else given.astype(jnp.result_type(float))
    else:
        try:
            vector = np.asarray(given, np.float64)
        except (TypeError, ValueError):
            message = f"{name}: expected a vector of numbers, got {type(given).__name__} {given!r:.60}"
            raise UsageError(message, "give a list of numbers, or an array of NumPy or JAX") from None
    if vector.ndim != 1 or not vector.size:
        hint = "x.ravel() makes a vector of all numbers of an array"
        raise ShapeError(f"{name}: expected a vector, of shape (n,), got shape {vector.shape}", hint)
    if not isinstance(vector, jax.core.Tracer) and not (finite := np.isfinite(vector)).all():
        at = int(np.argmin(finite))
        raise UsageError(f"{name}: expected finite numbers, got {vector[at]} at [{at}]", "leave such numbers out")
    return vector


def _xp(array: Any) -> Any:
    """The library that an array is of."""
    return jnp if isinstance(array, jax.Array) else np


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python."""
    return value if isinstance(value, jax.Array) else float(value)
