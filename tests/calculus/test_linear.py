"""What is linear, affine or neither, with the answer known beforehand, and the proof from the program."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seedbed as sb
from seedbed.calculus.affine import is_affine
from seedbed.core.errors import UsageError

W = jnp.asarray(np.random.default_rng(0).normal(size=(5, 4)), jnp.float32)
RULES: dict[str, Callable[[Any], Any]] = {
    "product": lambda x: W @ x,
    "by itself": lambda x: x,
    "zero": lambda x: x - x,
    "reverse": lambda x: 3 * x[::-1] / 7,
    "roll, mean, cumsum": lambda x: jnp.roll(x, 1) + jnp.mean(x) - jnp.cumsum(x),
    "neighbours": lambda x: jnp.diff(jnp.pad(x, 1)),
    "selection": lambda x: jnp.where(jnp.arange(4) > 1, x, 0 * x)[jnp.array([3, 3, 0])],
    "convolution": lambda x: jnp.convolve(x, jnp.array([1.0, -2.0, 1.0])),
    "triangular": lambda x: jax.scipy.linalg.solve_triangular(jnp.eye(4) + jnp.tri(4), x, lower=True),
    "calls": jax.checkpoint(lambda x: jax.jit(lambda y: 2 * y)(x)),
    "tree": lambda x: {"sum": jnp.sum(x), "rest": (x[1:], jnp.stack([x, x]))},
}
UNPROVED: dict[str, Callable[[Any], Any]] = {  # linear, and for the proof too hard
    "fourier": lambda x: jnp.fft.fft(x).real,
    "solve": lambda x: jnp.linalg.solve(W[:4] + 4 * jnp.eye(4), x),
    "scan": lambda x: jax.lax.scan(lambda total, one: (total + one, total), jnp.float32(0), x)[1],
    "homogeneous in disguise": lambda x: jnp.log(jnp.exp(x)),
    "squares that cancel": lambda x: (x + 1) ** 2 - x**2 - 1,
    "a constant that cancels": lambda x: (x + 1) ** 2 - x**2 - x - 1,
}
BENT: dict[str, Callable[[Any], Any]] = {
    "relu": jax.nn.relu, "abs": jnp.abs, "square": lambda x: x * x, "a little": lambda x: x + 1e-3 * x * x,
    "norm": jnp.linalg.norm, "sort": jnp.sort, "floor": jnp.floor, "largest": jnp.max, "exp": jnp.exp,
    "far away": lambda x: jnp.clip(x, -100, 100), "near zero": lambda x: jnp.where(jnp.abs(x) < 1e-3, 0, x),
    "one of many": lambda x: jnp.concatenate([1e6 * x[:1], x[1:] ** 2]), "whole": lambda x: x.astype(int),
    "cancels but for a bend": lambda x: (x + 1) ** 2 - x**2 + 0.1 * jnp.abs(x), "mirror": lambda x: jnp.abs(x) - x,
    "product of parts": lambda x: x[:2] @ x[2:], "no slope": lambda x: jax.lax.stop_gradient(x) * x, "cos": jnp.cos,
}  # fmt: skip


@pytest.fixture(autouse=True)
def double_precision() -> None:
    """Nothing: these tests choose their precision themselves."""


@pytest.mark.parametrize("name", RULES)
def test_linear_by_proof(name: str) -> None:
    told = sb.is_linear(RULES[name], (4,))
    assert told and told.is_proved and told.kind == "linear" and told.counterexample is None


@pytest.mark.parametrize("name", UNPROVED)
def test_linear_by_trial(name: str) -> None:
    told = sb.is_linear(UNPROVED[name], 4)
    assert told and not told.is_proved and "18 random pairs" in told.explain("en")


@pytest.mark.parametrize("name", [*RULES, *UNPROVED])
def test_a_constant_makes_it_affine(name: str) -> None:
    rule = (RULES | UNPROVED)[name]
    told = sb.is_linear(lambda x: jax.tree.map(lambda part: part - 2.5, rule(x)), (4,))
    assert not told and told.kind == "affine" and told.is_proved == (name in RULES)
    assert told.counterexample.law == "zero" and told.counterexample.left == pytest.approx(-2.5, abs=1e-5)
    assert "f(0) = -2.5" in told.explain("en") and "아핀" in told.explain("ko")


@pytest.mark.parametrize("name", BENT)
def test_a_bend_is_found_with_a_counterexample_that_is_one(name: str) -> None:
    f = BENT[name]
    told = sb.is_linear(f, 4)
    one = told.counterexample
    assert not told and told.kind == "neither" and not told.is_proved and one.difference > one.allowed

    def at(point: Any) -> np.ndarray:
        return np.asarray(f(jnp.asarray(point)), np.float64).ravel()

    (x,), zero = one.x, np.zeros(4, np.float32)
    if one.law == "additivity":
        left, right = at(x + one.y[0]) + at(zero), at(x) + at(one.y[0])
    else:
        left, right = at(np.float32(one.c) * x) + (one.c - 1) * at(zero), one.c * at(x)
    assert np.abs(left - right).max() == pytest.approx(one.difference, rel=1e-3)
    assert f"they differ by {one.difference:.6g}" in told.explain("en")


@pytest.mark.parametrize("f", [jnp.log, jnp.sqrt, lambda x: x / 0, lambda x: jnp.exp(1e3 * x) * 0 + x])
def test_what_is_not_finite_everywhere_is_not_affine(f: Callable[[Any], Any]) -> None:
    told = sb.is_linear(f, 3)
    assert told.kind == "neither" and told.counterexample.law == "finite" and not np.isfinite(told.counterexample.left)


def test_several_arguments_are_taken_together() -> None:
    assert sb.is_linear(lambda x, y: x - 2 * y, (3,), (3,))
    assert sb.is_linear(lambda x, y: x @ y, (3,), (3,)).kind == "neither"
    assert sb.is_linear(lambda A: A @ jnp.ones(3), (2, 3)) and sb.is_linear(lambda x: 2 * x, ())


def test_float64_is_stricter() -> None:
    def nearly(x: Any) -> Any:
        return x + 1e-7 * jnp.sin(x)

    assert sb.is_linear(nearly, 4)
    with jax.enable_x64(True):
        assert sb.is_linear(nearly, 4).kind == "neither"


STEPS = st.sampled_from([
    lambda x: 2.0 * x, lambda x: x + 1, lambda x: x[::-1], lambda x: x - jnp.sum(x), lambda x: jnp.cumsum(x),
    lambda x: jnp.concatenate([x[:2], x[2:]]), lambda x: W.T @ (W @ x), lambda x: jax.jit(jnp.negative)(x),
    jax.nn.relu, lambda x: x * x, jnp.sin, lambda x: x * jnp.max(x),
])  # fmt: skip


@given(st.lists(STEPS, min_size=1, max_size=4))
def test_a_proof_never_contradicts_second_derivatives(steps: list[Callable[[Any], Any]]) -> None:
    def f(x: Any) -> Any:
        for step in steps:
            x = step(x)
        return x

    x, d = jnp.array([0.3, -1.2, 2.1, -0.4]), jnp.array([1.0, 0.5, -0.25, 2.0])
    if is_affine(jax.make_jaxpr(f)(x)):
        slope, change = jax.jvp(lambda t: jax.jvp(f, (x + t * d,), (d,))[1], (jnp.float32(0),), (jnp.float32(1),))
        np.testing.assert_array_equal(change, 0.0)
        np.testing.assert_allclose(f(x + d) - f(x), slope, rtol=1e-4, atol=1e-3 * jnp.abs(slope).max())


def test_what_cannot_be_tried() -> None:
    with pytest.raises(UsageError, match=re.escape("is_linear: expected a shape for each argument of f, got none")):
        sb.is_linear(jnp.sin)
    with pytest.raises(UsageError, match=re.escape("argument 0: expected whole numbers of at least 1")):
        sb.is_linear(jnp.sin, "3")
    with pytest.raises(
        UsageError, match=re.escape("of arrays of shape (3,) that gives numbers, got the error: dot_gen")
    ):
        sb.is_linear(lambda x: W @ x, 3)
    with pytest.raises(UsageError, match=r"that gives numbers, got the error: .*<class 'str'>"):
        sb.is_linear(lambda x: "x", 3)
    early = r"is_linear: expected a function that JAX can follow, .*\nhint: .* jax.numpy in place of numpy"
    for f in (np.sin, lambda x: x if x[0] > 0 else -x):
        with pytest.raises(UsageError, match=early):
            sb.is_linear(f, 3)
