"""The four shapes of a derivative beside finite differences of NumPy, and what is said where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit, logsumexp

import seedbed as sb
from seedbed.core.errors import ShapeError, UsageError

RNG = np.random.default_rng(7)
W, X, B = RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=3)
NEAR = {"rtol": 1e-6, "atol": 1e-7}  # central differences with a step of 1e-5: error about 1e-10, rounding about 1e-11


def differences(f: Callable[[np.ndarray], Any], x: Any, step: float = 1e-5) -> np.ndarray:
    """Central differences, the outputs' axes before the inputs'."""
    x = np.asarray(x, float)
    slopes = []
    for index in np.ndindex(x.shape):
        unit = np.zeros_like(x)
        unit[index] = step
        slopes.append((np.asarray(f(x + unit)) - np.asarray(f(x - unit))) / (2 * step))
    return np.moveaxis(np.asarray(slopes), 0, -1)


# Each function once as JAX has it, once as NumPy and SciPy do.
OF_A_NUMBER: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "x³": (lambda x: x**3, lambda x: x**3),
    "sigmoid": (jax.nn.sigmoid, expit),
    "x log x": (lambda x: x * jnp.log(x), lambda x: x * np.log(x)),
    "a curve": (lambda x: jnp.stack([jnp.cos(x), jnp.sin(2.0 * x)]), lambda x: np.stack([np.cos(x), np.sin(2 * x)])),
    "a plane": (lambda x: x * jnp.asarray(W) + x**2, lambda x: x * W + x**2),
}
TO_A_NUMBER: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "squares": (lambda x: jnp.sum(x**2), lambda x: np.sum(x**2)),
    "log sum exp": (jax.nn.logsumexp, logsumexp),
    "quadratic": (lambda x: jnp.mean((jnp.asarray(W) @ x - B) ** 2), lambda x: np.mean((W @ x - B) ** 2)),
    "norm": (jnp.linalg.norm, np.linalg.norm),
    "rosenbrock": (
        lambda x: jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2),
        lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2),
    ),
}
TO_A_VECTOR: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "layer": (lambda x: jnp.tanh(jnp.asarray(W) @ x + B), lambda x: np.tanh(W @ x + B)),
    "softmax": (jax.nn.softmax, lambda x: np.exp(x - logsumexp(x))),
    "outer product": (lambda x: jnp.outer(x, jnp.sin(x)), lambda x: np.outer(x, np.sin(x))),
    "running sum": (lambda x: jnp.cumsum(x**2), lambda x: np.cumsum(x**2)),
    "convolution": (lambda x: jnp.convolve(x, B), lambda x: np.convolve(x, B)),
    "sorted": (lambda x: jnp.sort(x) ** 2, lambda x: np.sort(x) ** 2),
}


@pytest.mark.parametrize("name", OF_A_NUMBER)
def test_the_derivative_by_a_number(name: str) -> None:
    f, plain = OF_A_NUMBER[name]
    found, expected = sb.derivative(f)(0.7), differences(plain, 0.7)[..., 0]
    assert found.shape == np.shape(plain(0.7))
    np.testing.assert_allclose(found, expected, **NEAR)
    np.testing.assert_allclose(np.ravel(sb.jacobian(f)(0.7).as_matrix()), np.ravel(expected), **NEAR)


@pytest.mark.parametrize("name", TO_A_NUMBER)
def test_the_gradient_of_a_number(name: str) -> None:
    f, plain = TO_A_NUMBER[name]
    found = sb.gradient(f)(X)
    assert found.shape == X.shape
    np.testing.assert_allclose(found, differences(plain, X), **NEAR)
    scale = max(1.0, float(np.abs(found).max()))
    np.testing.assert_allclose(found, approx_fprime(X, plain), atol=1e-5 * scale)  # one-sided, of step 1.5e-8
    assert sb.jacobian(f)(X).shape == (1, 4)


@pytest.mark.parametrize("name", TO_A_VECTOR)
def test_the_jacobian_of_a_vector(name: str) -> None:
    f, plain = TO_A_VECTOR[name]
    expected = differences(plain, X)
    found = sb.jacobian(f)(X)
    assert found.out_shape == expected.shape[:-1]
    np.testing.assert_allclose(found.as_matrix(), expected.reshape(-1, 4), **NEAR)


@pytest.mark.parametrize("name", TO_A_NUMBER)
def test_the_hessian_of_a_number(name: str) -> None:
    f, plain = TO_A_NUMBER[name]
    found = np.asarray(sb.hessian(f)(X).as_matrix())
    slopes = differences(lambda x: differences(plain, x, 1e-4), X, 1e-4)  # of differences: rounding about 1e-8 of f
    np.testing.assert_allclose(found, slopes, atol=2e-6 * max(1.0, float(np.abs(slopes).max())))
    np.testing.assert_allclose(found, found.T, atol=1e-12 * max(1.0, float(np.abs(found).max())))


def test_the_steepest_way_is_the_gradient() -> None:
    f, plain = TO_A_NUMBER["quadratic"]
    up = np.asarray(sb.gradient(f)(X))
    rises = [plain(X + 1e-4 * d / np.linalg.norm(d)) - plain(X) for d in RNG.normal(size=(50, 4))]
    along = plain(X + 1e-4 * up / np.linalg.norm(up)) - plain(X)
    assert along > max(rises)
    assert along / 1e-4 == pytest.approx(np.linalg.norm(up), rel=1e-3)


@pytest.mark.parametrize("name", [name for name in TO_A_VECTOR if name != "sorted"])
def test_the_error_of_the_linearisation_falls_as_the_square(name: str) -> None:
    f, plain = TO_A_VECTOR[name]
    here, direction = sb.linearize(f)(X), RNG.normal(size=4)
    steps = np.geomspace(1e-2, 1e-4, 6)
    errors = [here.predict(step * direction).error for step in steps]
    if name != "convolution":  # which is linear: there is no error
        slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
        assert slope == pytest.approx(2.0, abs=0.05)
    else:
        assert max(errors) < 1e-14
    change = here.predict(1e-3 * direction)
    np.testing.assert_allclose(change.true, plain(X + 1e-3 * direction) - plain(X), atol=1e-13)
    assert change.relative_error == pytest.approx(change.error / np.linalg.norm(change.true))
    assert str(change).startswith("predicted [")


def test_what_is_varied_by_place_and_by_name() -> None:
    def f(w: Any, x: Any, *, shift: Any) -> Any:
        return jnp.sum(w * x**2) + shift

    w, x = X, RNG.normal(size=4)
    np.testing.assert_allclose(sb.gradient(f)(w, x, shift=1.0), x**2)
    for by in (1, -1, "x"):
        np.testing.assert_allclose(sb.gradient(f, by=by)(w, x, shift=1.0), 2 * w * x)
    np.testing.assert_allclose(sb.derivative(f, by="shift")(w, x, shift=1.0), 1.0)
    both = sb.gradient(f, by=(0, "x"))(w, x, shift=1.0)
    np.testing.assert_allclose(np.concatenate(both), np.concatenate([x**2, 2 * w * x]))
    np.testing.assert_allclose(sb.gradient(f, by="x")(w=w, x=x, shift=1.0), 2 * w * x)
    np.testing.assert_allclose(sb.gradient(f, by=1)(w=w, x=x, shift=1.0), 2 * w * x)


def test_a_whole_number_is_taken_for_a_real_one() -> None:
    assert float(sb.derivative(lambda x: x**2)(3)) == 6.0


def undecided(x: Any) -> Any:
    return x if x > 0 else -x


def counted(x: Any) -> Any:
    return sum(x for _ in range(x.astype(int)))


NAN = np.asarray([[1.0, 2.0], [np.nan, 3.0]])
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "whole numbers": (
        lambda: sb.jacobian(jnp.sin)(np.arange(3)),
        "jacobian: argument 0: expected floating-point numbers, got int64 of shape (3,)\n"
        "hint: only what varies smoothly has a derivative: x.astype(float)",
    ),
    "truth values": (
        lambda: sb.derivative(jnp.sin)(True),
        "derivative: argument 0: expected floating-point numbers, got bool of shape ()",
    ),
    "a text": (lambda: sb.gradient(jnp.sum)("abc"), "gradient: argument 0: expected numbers, got str 'abc'"),
    "complex numbers": (
        lambda: sb.jacobian(jnp.sin)(np.ones(2) * 1j),
        "jacobian: argument 0: expected real floating-point numbers, got complex128",
    ),
    "nothing": (
        lambda: sb.jacobian(jnp.sin)(None),
        "jacobian: argument 0: expected an array or a tree of arrays, got None",
    ),
    "truth values come out": (
        lambda: sb.jacobian(lambda x: x > 0)(X),
        "jacobian: expected a function that gives floating-point numbers, got bool of shape (4,)\n"
        "hint: whole numbers, truth values and texts have no derivative",
    ),
    "whole numbers come out": (
        lambda: sb.gradient(lambda x: jnp.argmax(x))(X),
        "gradient: expected a function that gives floating-point numbers, got int64 of shape ()",
    ),
    "a text comes out": (
        lambda: sb.derivative(lambda x: "much")(1.0),
        "derivative: expected a function that gives floating-point numbers, got str 'much'",
    ),
    "nothing comes out": (
        lambda: sb.jacobian(lambda x: None)(X),
        "jacobian: expected a function that gives an array, got None",
    ),
    "a vector for a derivative": (
        lambda: sb.derivative(jnp.sin)(X),
        "derivative by 0: expected a scalar, got shape (4,)\n"
        "hint: gradient(f) is for a vector and a scalar function, jacobian(f) for a vector function",
    ),
    "a tree for a derivative": (
        lambda: sb.derivative(lambda t: t["a"])({"a": 1.0, "b": 2.0}),
        "derivative by 0: expected one array, got a tree of 2",
    ),
    "the gradient of a vector": (
        lambda: sb.gradient(jnp.sin)(X),
        "gradient by 0: expected a function that gives a scalar, got shape (4,)\n"
        "hint: sum or average the outputs first, or take jacobian(f)",
    ),
    "the gradient of several": (
        lambda: sb.gradient(lambda x: (x.sum(), x.max()))(X),
        "gradient by 0: expected a function that gives a scalar, got a tree of 2 arrays",
    ),
    "the Hessian of a vector": (
        lambda: sb.hessian(jnp.sin)(X),
        "hessian by 0: expected a function that gives a scalar, got shape (4,)\n"
        "hint: sum or average the outputs first, or take jacobian(f)",
    ),
    "the Hessian at a text": (
        lambda: sb.hessian(jnp.sum)("abc"),
        "hessian: argument 0: expected numbers, got str 'abc'",
    ),
    "the Hessian where there is none": (
        lambda: sb.hessian(lambda x: jnp.sum(jnp.sqrt(x - 9.0)))(X),
        "hessian: expected numbers, but the function gives NaN at [0] (4 of 4), first made by sqrt",
    ),
    "an unknown name": (
        lambda: sb.gradient(lambda weight, x: weight @ x, by="wieght")(X, X),
        "gradient: expected `by` to be one of weight, x, got 'wieght'\nhint: did you mean 'weight'?",
    ),
    "no point": (
        lambda: sb.jacobian(jnp.tanh)(),
        "jacobian: expected a point to be taken at, got no argument\nhint: such as jacobian(f)(x)",
    ),
    "an unknown place": (
        lambda: sb.gradient(lambda w, x: w @ x, by=2)(X, X),
        "gradient: expected `by` to be one of w, x, got 2",
    ),
    "no number at the point": (
        lambda: sb.jacobian(jnp.sin)(NAN),
        "jacobian: argument 0: expected numbers, got NaN at [1, 0] (1 of 4)\nhint: a derivative there has no meaning",
    ),
    "no number inside": (
        lambda: sb.gradient(lambda x: jnp.log(x - 1.0))(0.5),
        "gradient: expected numbers, but the function gives NaN at its only number, first made by log",
    ),
    "no number inside, in a tree": (
        lambda: sb.jacobian(lambda x: {"a": x, "b": jnp.sqrt(-jnp.abs(x))})(X),
        "jacobian: expected numbers, but the function gives NaN at [0] (4 of 4), first made by sqrt",
    ),
    "a decision": (
        lambda: jax.jit(sb.derivative(undecided))(1.0),
        "derivative: expected a function that JAX can follow, but it asks for a number too early: ",
    ),
    "a number of times": (
        lambda: jax.jit(sb.derivative(counted))(2.0),
        "derivative: expected a function that JAX can follow, but it asks for a number too early: ",
    ),
    "NumPy": (
        lambda: sb.jacobian(np.sin)(X),
        "jacobian: expected a function that JAX can follow, but it asks for a number too early: ",
    ),
    "Python's math": (
        lambda: sb.derivative(math.sin)(1.0),
        "derivative: expected a function that JAX can follow, but it asks for a number too early: ",
    ),
    "a choice by truth values": (
        lambda: jax.jit(sb.jacobian(lambda x: x[x > 0]))(X),
        "jacobian: expected a function that JAX can follow, but it asks for a number too early: ",
    ),
    "the linearisation of a tree": (
        lambda: sb.linearize(lambda t: t["a"])({"a": X, "b": X}),
        "linearize: expected one array in and one array out, got trees\nhint: use sb.jacobian",
    ),
    "a change of another shape": (
        lambda: sb.linearize(jnp.sin)(X).predict(np.ones(3)),
        "predict: expected a change of shape (4,), got (3,)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_derivative_is_refused_in_words(name: str) -> None:
    call, said = REFUSED[name]
    with pytest.raises((UsageError, ShapeError)) as caught:
        call()
    assert str(caught.value).startswith(said)


def test_the_hint_for_what_jax_cannot_follow() -> None:
    with pytest.raises(UsageError, match=r"use jnp.where in place of `if`, and jax.numpy in place of numpy"):
        jax.jit(sb.derivative(undecided))(1.0)


def test_a_decision_is_followed_where_the_number_is_there() -> None:
    assert [float(sb.derivative(undecided)(x)) for x in (1.0, -1.0)] == [1.0, -1.0]
    assert float(sb.derivative(counted)(3.0)) == 3.0
    np.testing.assert_allclose(sb.jacobian(lambda x: x[x > 0] ** 2)(X).as_matrix(), (2 * np.diag(X))[X > 0])


def test_an_error_of_the_function_stays_its_own() -> None:
    def faulty(x: Any) -> Any:
        raise KeyError("mine")

    for make in (sb.derivative, sb.gradient, sb.jacobian):
        with pytest.raises(KeyError, match="mine"):
            make(faulty)(1.0)


def test_values_of_a_slope_that_is_infinite_are_not_refused() -> None:
    assert float(sb.derivative(jnp.sqrt)(0.0)) == math.inf
    np.testing.assert_array_equal(sb.jacobian(jnp.sqrt)(np.asarray([0.0, 4.0])).diagonal(), [math.inf, 0.25])
