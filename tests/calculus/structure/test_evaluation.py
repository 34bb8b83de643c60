"""Functions called once: NumPy gives what XLA gives, nothing is compiled, and what cannot be traced is just called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.monitoring import register_event_duration_secs_listener

import seedbed as sb
from seedbed.calculus.structure import evaluation
from seedbed.calculus.structure.evaluation import evaluated
from seedbed.calculus.structure.hosting import READY

RNG = np.random.default_rng(3)
COMPILED: list[float] = []
register_event_duration_secs_listener(
    lambda event, seconds, **_: COMPILED.append(seconds) if event.endswith("backend_compile_duration") else None
)
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {  # of two arrays of 3 × 4 between 0.5 and 2
    "arithmetic": lambda x, y: -(x + y) * x / y - x,
    "exponentials": lambda x, y: jnp.exp(x) + jnp.expm1(y) * jnp.log(x) + jnp.log1p(y),
    "trigonometric": lambda x, y: jnp.sin(x) + jnp.cos(y) * jnp.tan(x / 2),
    "hyperbolic": lambda x, y: jnp.tanh(x) + jnp.sinh(y) * jnp.cosh(x),
    "roots": lambda x, y: jnp.sqrt(x) + lax.rsqrt(y) + jnp.square(x),
    "logistic": lambda x, y: jax.nn.sigmoid(1000 * (x - y)),
    "powers": lambda x, y: (x**2, y**3, x**4, x**-1, x**-2, x**y, lax.integer_pow(x, 0)),
    "sizes": lambda x, y: jnp.abs(jnp.floor(2 * (x - y))) + jnp.sign(x - y),
    "extremes": lambda x, y: (jnp.maximum(x, y), jnp.minimum(x, y), x.max(1), y.min(), x.max((0, 1))),
    "comparisons": lambda x, y: (x > y, x >= y, x < y, x <= y, x == y, x != x.T.T),
    "truth": lambda x, y: (~(x > 1) & (y > 1)) | (x < y),
    "choices": lambda x, y: jnp.where((x > y) & jnp.isfinite(x), x, 0.0),
    "sums": lambda x, y: (x.sum(), y.sum(0), (x * y).sum((0, 1)), (x > 1).sum(0)),
    "repeated": lambda x, y: (x[:, None, :] + y[None], jnp.broadcast_to(x, (2, 3, 4))),
    "shapes": lambda x, y: (x.reshape(2, 6), y.T, lax.squeeze(x[1:2], (0,)), x[..., None].swapaxes(0, 1)),
    "parts": lambda x, y: (x[1:, ::2], y[::-1], x[:, 2:3]),
    "concatenated": lambda x, y: jnp.concatenate([x, y[:, :2], x], axis=1),
    "padded": lambda x, y: (jnp.pad(x, ((1, 0), (2, 3))), lax.pad(y, jnp.asarray(2, y.dtype), [(0, 1, 2), (1, 0, 0)])),
    "iota": lambda x, y: x * lax.broadcasted_iota(x.dtype, (3, 4), 1),
    "types": lambda x, y: ((x > 1).astype(x.dtype), (y > 1).astype(jnp.int32), x.astype(jnp.float32)),
    "products": lambda x, y: (x @ y.T, x.T @ y, x @ y[0], x[0] @ y[1], jnp.tensordot(x, y, 2)),
    "batched products": lambda x, y: (jnp.einsum("ij,ij->i", x, y), jnp.einsum("ij,kj->jki", x, y), x[None] @ y.T),
}
LEFT_TO_XLA: dict[str, Callable[[Any, Any], Any]] = {
    "fifth power": lambda x, y: x**5,
    "cut to whole numbers": lambda x, y: (3 * x).astype(jnp.int32),
    "whole division": lambda x, y: lax.div((9 * x).astype(jnp.int32), (2 * y).astype(jnp.int32)),
    "negative padding": lambda x, y: lax.pad(x, jnp.asarray(0, x.dtype), [(-1, 0, 0), (0, -2, 0)]),
    "one of three": lambda x, y: lax.select_n(jnp.int32(2), x, y, x + y),
    "16 bits": lambda x, y: (x.astype(jnp.bfloat16) * y.astype(jnp.bfloat16)).sum(),
    "cumulative": lambda x, y: jnp.cumsum(x, 0) + jnp.sort(y, 1),
    "branch": lambda x, y: lax.cond(x[0, 0] > y[0, 0], jnp.sin, jnp.cos, x),
    "loop": lambda x, y: lax.scan(lambda c, row: (c + row, c), x[0], y),
    "random": lambda x, y: x + jax.random.uniform(jax.random.key(0), x.shape, x.dtype),
}


def two(dtype: str) -> tuple[Any, Any]:
    first, second = RNG.uniform(0.5, 2.0, (2, 3, 4))
    return jnp.asarray(first, dtype), jnp.asarray(second, dtype)


def same(found: Any, f: Callable[..., Any], *arrays: Any) -> None:
    """The result beside that of the compiled function, but for some roundings of the elementary functions."""
    expected = jax.jit(f)(*arrays)
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert (type(one), one.shape, one.dtype) == (type(other), other.shape, other.dtype)
        eps = float(jnp.finfo(one.dtype).eps) if jnp.issubdtype(one.dtype, jnp.floating) else 0.0
        np.testing.assert_allclose(np.float64(one), np.float64(other), rtol=16 * eps, atol=16 * eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_numpy_does_what_xla_does(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(primitive: Any, *_: Any) -> Any:
        raise AssertionError(f"{primitive} was left to XLA")

    arrays = two(dtype)
    monkeypatch.setattr(evaluation, "bound", refuse)
    same(evaluated(OPERATIONS[name], arrays), OPERATIONS[name], *arrays)


def test_every_operation_is_compared() -> None:
    seen: set[str] = set()

    def walk(jaxpr: Any) -> None:
        for eqn in jaxpr.eqns:
            seen.add(eqn.primitive.name)
            for inner in jex.jaxprs_in_params(eqn.params):
                walk(inner)

    for f in OPERATIONS.values():
        walk(jax.make_jaxpr(f)(*two("float32")).jaxpr)
        walk(jax.make_jaxpr(lambda x, y, f=f: jax.linearize(lambda t: f(t, y), x)[1](x))(*two("float32")).jaxpr)
    assert set(READY) - seen <= set()


@pytest.mark.parametrize("name", LEFT_TO_XLA)
def test_what_numpy_does_otherwise_is_left_to_xla(name: str) -> None:
    arrays = two("float32")
    same(evaluated(LEFT_TO_XLA[name], arrays), LEFT_TO_XLA[name], *arrays)


def test_the_first_jacobian_compiles_nothing() -> None:
    x, w = jnp.asarray(RNG.normal(size=37)), jnp.asarray(RNG.normal(size=(37, 37)))
    COMPILED.clear()
    for f in (jnp.tanh, jax.nn.gelu, jax.nn.softmax, lambda t: t + jnp.tanh(w @ t), lambda t: (t[1:] - t[:-1]) ** 2):
        sb.jacobian(f)(x)
    assert COMPILED == []


def test_an_array_that_comes_twice_is_kept_once() -> None:
    x = jnp.arange(3.0)
    a, b, c = evaluated(lambda t: (t, t, jnp.sin(t)), [x])
    assert a is b is x and c is not x
    d, e = evaluated(lambda t: [jnp.cos(t)] * 2, [x])
    assert d is e


def test_unneeded_steps_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    results = evaluation._results
    monkeypatch.setattr(
        evaluation, "_results", lambda eqn, *rest: done.append(eqn.primitive.name) or results(eqn, *rest)
    )

    def f(x: Any) -> Any:
        jnp.exp(x) * 2
        return jnp.sin(x)

    evaluated(f, [jnp.ones(3)])
    assert done == ["sin"]


def test_a_large_product_is_left_to_xla() -> None:
    x = jnp.ones((257, 256), jnp.float32)
    COMPILED.clear()
    evaluated(lambda t: t[:256] @ t[:256].T, [x])
    assert COMPILED == []
    np.testing.assert_array_equal(evaluated(lambda t: t @ t.T, [x]), np.full((257, 257), 256.0))
    assert len(COMPILED) == 1


def test_infinite_numbers_pass_without_a_word() -> None:
    found = evaluated(lambda x: (1 / x, jnp.log(x), x - x / x), [jnp.asarray([0.0, 1.0])])
    np.testing.assert_array_equal(np.stack(found), [[np.inf, 1], [-np.inf, 0], [np.nan, 0]])


def test_a_function_that_asks_for_a_number_is_called_as_it_is() -> None:
    seen: list[bool] = []

    def f(x: Any) -> Any:
        seen.append(isinstance(jnp.sum(x), jax.core.Tracer))
        return 2 * x if x[0] > 0 else -x

    for sign in (1.0, -1.0):
        x = sign * jnp.arange(1.0, 4.0)
        np.testing.assert_array_equal(sb.jacobian(f)(x) @ x, 2 * x if sign > 0 else -x)
    assert seen.count(True) == len(seen)


def test_masks_of_kept_arrays_are_known_in_the_second_try() -> None:
    kept = jnp.asarray([1.0, -1.0, 2.0])
    found = sb.jacobian(lambda x: x[kept > 0] * 3.0)(jnp.arange(3.0))
    np.testing.assert_array_equal(found.as_matrix(), [[3.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
