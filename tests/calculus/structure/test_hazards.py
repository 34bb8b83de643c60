"""What has gone wrong, or easily could: each case is one that some version of the rules gave a wrong number for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from tests.calculus.structure.test_structure import agrees, numbers

N = 6
X, SQUARE, COMPLEX = numbers(N), numbers(4, 4), numbers(N) + 1j * numbers(N)
POSITIVE = SQUARE @ SQUARE.T + 4.0 * np.eye(4)


def count_down(x: Any) -> Any:
    return jax.lax.while_loop(lambda c: c[0] > 0, lambda c: (c[0] - 1, jnp.sin(c[1])), (3, x))[1]


def sliding(x: Any) -> Any:
    return jax.lax.reduce_window(x, 0.0, jax.lax.add, (2,), (2,), "VALID")


@jax.custom_jvp
def doubled_slope(x: Any) -> Any:
    return jnp.sin(x)


doubled_slope.defjvps(lambda t, answer, x: 2.0 * jnp.cos(x) * t)


# Operations on something repeated, whose sum is so many times it.
REPEATED: dict[str, Callable[[Any], Any]] = {
    "broadcast, summed": lambda x: jnp.sum(jnp.broadcast_to(x[:, None], (N, 3)), 1),
    "repeated, pooled": lambda x: sliding(jnp.repeat(x, 2)),
    "broadcast, pooled": lambda x: sliding(jnp.broadcast_to(x[:, None], (N, 2)).reshape(-1)),
    "tiled, a row": lambda x: jnp.tile(x, 3).sum(),
    "broadcast, through a layer": lambda x: jnp.broadcast_to(x[:, None], (N, 4)) @ SQUARE[:, :2],
    "broadcast, cut off, summed": lambda x: jnp.broadcast_to(x[:, None], (N, 5))[:, 1:4].sum(1),
    "broadcast, padded, summed": lambda x: jnp.pad(jnp.broadcast_to(x[:, None], (N, 2)), ((0, 0), (1, 2))).sum(1),
}


@pytest.mark.parametrize("name", REPEATED)
def test_what_is_repeated_counts_so_often(name: str) -> None:
    agrees(REPEATED[name], X)


# What comes with numbers of several types, in one direction only, or with empty arrays.
AWKWARD: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "one number, reversed": (lambda x: x[::-1], X[:1], "scalar"),
    "one number, every second": (lambda x: jax.lax.slice(x, (0,), (1,), (2,)), X[:1], "scalar"),
    "one number, apart": (lambda x: jax.lax.pad(x, 0.0, ((0, 0, 1),)), X[:1], "scalar"),
    "an axis of 1, reversed": (lambda x: jnp.flip(2.0 * x, 0), numbers(1, 3), "scaled identity"),
    "a single number": (jnp.sin, X[0], "scalar"),
    "nothing": (lambda x: 2.0 * x, X[:0], "zero"),
    "to nothing": (lambda x: x[:0], X, "zero"),
    "the sum of nothing": (lambda x: x.sum(), X[:0], "zero"),
    "nothing in another shape": (lambda x: x.reshape(0, 4), np.zeros((2, 0)), "zero"),
    "through nothing": (lambda x: x[:0].sum() + jnp.sin(x), X, "diagonal"),
    "the sum of a zero": (lambda x: jnp.sum(x - x), X, "zero"),
    "absolute spectrum": (lambda x: jnp.abs(jnp.fft.fft(x)), X, "product"),
    "filtered": (lambda x: jnp.fft.ifft(jnp.fft.fft(x) * COMPLEX).real, X, "product"),
    "tiled": (lambda x: jnp.tile(x, 3) * 2.0, X, "Kronecker"),
    "repeated": (lambda x: jnp.repeat(x, 2), X, "Kronecker"),
    "imaginary part of a sum": (lambda x: jnp.imag(jnp.sum(jnp.fft.fft(x) * COMPLEX)), X, "row"),
    "imaginary part of a product": (lambda x: jnp.imag(jnp.sum(x.astype(complex) * COMPLEX)), X, "row"),
    "turned by an angle": (lambda x: jnp.imag(jnp.exp(1j * x.astype(complex)) * COMPLEX), X[0], "column"),
    "in single precision between": (
        lambda x: 2.0 * jnp.square(x.astype(jnp.float32)).astype(jnp.float64),
        X.astype(np.float32).astype(np.float64),
        "diagonal",
    ),
    "a type between, without a rule": (
        lambda x: jnp.sort(x.astype(jnp.float64))[::-1] * 2.0,
        X.astype(np.float32),
        "product",
    ),
    "checkpoint": (jax.checkpoint(lambda x: jnp.sin(jnp.tanh(x))), X, "diagonal"),
    "custom_jvp": (lambda x: doubled_slope(x) * x, X, "diagonal"),
    "cond": (lambda x: jax.lax.cond(x[0] > 0, jnp.sin, jnp.cos, x), X, "opaque"),
    "scan": (lambda x: jax.lax.scan(lambda c, a: (jnp.tanh(c + a), c * a), 0.1, x)[1], X, "opaque"),
    "inverse": (jnp.linalg.inv, POSITIVE, "product"),
    "triangle of Cholesky": (jnp.linalg.cholesky, POSITIVE, "product"),
    "determinant": (jnp.linalg.det, POSITIVE, "row"),
    "solved": (lambda b: jnp.linalg.solve(POSITIVE, b), X[:4], "opaque"),
    "by a whole number": (lambda x: x * jnp.floor(x) + x[jnp.argsort(x)], X, "opaque"),
    "split": (lambda x: jnp.multiply(*jnp.split(x, 2)), X, "banded"),
    "gated": (lambda x: (lambda a, b: a * jax.nn.sigmoid(b))(*jnp.split(x, 2, -1)), numbers(3, 4), "block-diagonal"),
    "unstacked": (lambda x: jnp.concatenate(jnp.unstack(x, axis=1)[::-1]), numbers(3, 4), "windows"),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_function(name: str) -> None:
    f, x, kind = AWKWARD[name]
    found = agrees(f, x)
    assert found.kind == kind, found.explain("en")


def test_a_loop_that_goes_forward_alone() -> None:
    x = jnp.asarray(X)
    found, total = sb.jacobian(count_down)(x), sb.jacobian(lambda x: count_down(x).sum())(x)
    slope = np.cos(X) * np.cos(np.sin(X)) * np.cos(np.sin(np.sin(X)))
    np.testing.assert_allclose(found.as_matrix(), np.diag(slope), atol=1e-14)
    np.testing.assert_allclose(found @ x, slope * X)
    np.testing.assert_allclose(found.T.as_matrix(), np.diag(slope), atol=1e-14)
    np.testing.assert_allclose(total.as_matrix(), slope[None])
    with pytest.raises(sb.core.errors.UsageError, match=r"no pass in this direction for while\nhint: multiply from"):
        found.T @ x
    assert found.check()
    assert "jvp" in str(found.check())
    assert "vjp" not in str(found.check())


def bent(backward: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """round(x) with a slope of one's own, as straight-through estimators have it."""
    rounded = jax.custom_vjp(lambda x: jnp.round(x))
    rounded.defvjp(lambda x: (jnp.round(x), None), lambda _, g: (backward(g),))
    return rounded


def test_a_function_that_goes_backward_alone() -> None:
    x = jnp.asarray(X)
    straight = bent(lambda g: 3.0 * g)
    found = sb.jacobian(lambda x: straight(x) * x)(x)
    np.testing.assert_allclose(found.as_matrix(), np.diag(np.round(X) + 3.0 * X))
    assert found.kind == "diagonal"
    assert str(found.check()).startswith("agrees with jax.vjp")
    clipped = sb.jacobian(bent(lambda g: jnp.clip(g, -1.0, 1.0)))(x)  # linear for small changes alone
    np.testing.assert_allclose(clipped.T @ (0.5 * jnp.ones(N)), 0.5)
    with pytest.raises(sb.core.errors.UsageError, match=r"no pass in this direction for (min|max)"):
        clipped @ x
    with pytest.raises(sb.core.errors.UsageError, match="backward pass that is linear"):
        sb.jacobian(bent(lambda g: g + 1.0))(x)
