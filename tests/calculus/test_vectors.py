"""Inner product, norm and angle, against exact rational arithmetic and SciPy."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from seedbed.calculus.vectors import angle, cauchy_schwarz, inner, norm
from seedbed.core.errors import ShapeError, UsageError

NUMBERS = st.floats(-1e3, 1e3, allow_subnormal=False)
WHOLE = st.integers(-50, 50)


def pairs(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[list[Any], list[Any]]]:
    """Two vectors of one length."""
    return st.integers(1, 6).flatmap(
        lambda n: st.tuples(*[st.lists(numbers, min_size=n, max_size=n) for _ in range(2)])
    )


def exact(u: list[Any], v: list[Any]) -> Fraction:
    return sum((Fraction(a) * Fraction(b) for a, b in zip(u, v, strict=True)), Fraction(0))


@pytest.fixture(autouse=True)
def double_precision() -> None:
    """Nothing: these tests choose their precision themselves."""


@given(pairs(NUMBERS))
def test_the_inner_product_is_the_exact_one(vectors: tuple[list[float], list[float]]) -> None:
    u, v = vectors
    size = float(exact([abs(a) for a in u], [abs(b) for b in v]))
    assert abs(inner(u, v) - float(exact(u, v))) <= len(u) * np.finfo(float).eps * size  # a rounding for each number


@given(st.lists(NUMBERS, min_size=1, max_size=6), st.sampled_from([1e-290, 1.0, 1e290]))
def test_the_norm_is_scipys_at_any_size(numbers: list[float], scale: float) -> None:
    v = np.array(numbers) * scale
    assert norm(v) == pytest.approx(scipy.linalg.blas.dnrm2(v), rel=1e-14, abs=0)


@given(pairs(WHOLE), st.integers(1, 20))
def test_the_three_cases_are_exact(vectors: tuple[list[int], list[int]], factor: int) -> None:
    u, v = vectors
    if not any(u):
        return
    assert angle(u, [factor * a for a in u]) == 0.0
    assert angle([-factor * a for a in u], u) == math.pi
    # v u·u - u u·v is perpendicular to u, in whole numbers
    across = [b * int(exact(u, u)) - a * int(exact(u, v)) for a, b in zip(u, v, strict=True)]
    if any(across):
        assert angle(u, across) == math.pi / 2 and cauchy_schwarz(u, across).case == "perpendicular"
    assert cauchy_schwarz(u, [factor * a for a in u]).case == "parallel"
    assert cauchy_schwarz(u, [-factor * a for a in u]).case == "opposite"


@given(pairs(WHOLE))
def test_equality_is_for_vectors_on_one_line_alone(vectors: tuple[list[int], list[int]]) -> None:
    u, v = vectors
    told = cauchy_schwarz(u, v)
    assert told and told.inner == exact(u, v)
    assert told.is_equality == (exact(u, v) ** 2 == exact(u, u) * exact(v, v))
    assert (told.case == "perpendicular") == (any(u) and any(v) and exact(u, v) == 0)
    assert (told.case == "zero") == math.isnan(told.angle) == (not any(u) or not any(v))


@given(pairs(NUMBERS))
def test_the_law_holds(vectors: tuple[list[float], list[float]]) -> None:
    told = cauchy_schwarz(*vectors)
    assert told.holds and told.bound >= 0
    if told.case != "zero":
        assert told.inner == pytest.approx(told.bound * math.cos(told.angle), rel=1e-9, abs=1e-12 * told.bound)


@pytest.mark.parametrize("theta", [1e-300, 1e-12, 1e-8, 1e-3, 1.0, math.pi / 3, 3.0])
def test_angles_of_any_size(theta: float) -> None:
    """At 1e-12 the arccos of the cosine would be 0, and at π - 1e-8 it keeps half of the digits."""
    u, v = [2.0, 0.0], [0.5 * math.cos(theta), 0.5 * math.sin(theta)]
    assert angle(u, v) == pytest.approx(theta, rel=1e-14, abs=0)
    assert math.pi - angle(u, [-v[0], v[1]]) == pytest.approx(theta, rel=1e-14, abs=4e-16)


def test_a_vector_may_be_very_long_or_short() -> None:
    assert angle([1e300, 1e300], [1e-300, 0.0]) == math.pi / 4
    told = cauchy_schwarz([1e300, 1e300], [1e300, 0.0])
    assert told and told.bound == math.inf and told.case == "between"


def test_jax_has_the_same_numbers_in_its_own_precision() -> None:
    u, v = np.array([1.0, 2.0, -3.0]), np.array([0.5, 0.25, 1.0])
    for function in (inner, angle, lambda u, v: norm(u) + norm(v)):
        value = jax.jit(function)(jnp.asarray(u, jnp.float32), jnp.asarray(v, jnp.float32))
        assert value.dtype == jnp.float32
        np.testing.assert_allclose(value, function(u, v), rtol=1e-6)
    assert inner(jnp.arange(3), [1, 2, 3]) == 8.0 and inner([1, 2, 3], jnp.arange(3.0)).dtype == jnp.float32


def test_slopes() -> None:
    with jax.enable_x64(True):
        u, v = jnp.array([1.0, 2.0, -3.0]), jnp.array([0.5, 0.25, 1.0])
        check_grads(angle, (u, v), 1, eps=1e-6)
        check_grads(norm, (u,), 1, eps=1e-6)
        np.testing.assert_array_equal(jax.grad(norm)(jnp.zeros(3)), 0.0)


BAD = [
    ([1, 2], [1, 2, 3], ShapeError, "expected two vectors of one length, got u of shape (2,) and v of shape (3,)"),
    ([[1, 2]], [[1, 2]], ShapeError, "u: expected a vector, of shape (n,), got shape (1, 2)\nhint: x.ravel()"),
    (1.0, [1.0], ShapeError, "u: expected a vector, of shape (n,), got shape ()"),
    ([], [], ShapeError, "u: expected a vector, of shape (n,), got shape (0,)"),
    ([1, 2], ["a", "b"], UsageError, "v: expected a vector of numbers, got list ['a', 'b']"),
    ([1, 2], [0.0, np.nan], UsageError, "v: expected finite numbers, got nan at [1]"),
    ([1, 2], [0, 0], UsageError, "angle: expected two vectors with a direction, got zeros for v"),
]


@pytest.mark.parametrize(("u", "v", "error", "said"), BAD)
def test_what_has_no_angle(u: Any, v: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        angle(u, v)
