"""What must hold of any structure: growth with depth, jit and eager alike, few compilations, little memory."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from tests.calculus.structure.test_structure import agrees, layernorm
from tests.conftest import Compilations

RNG = np.random.default_rng(5)
N = 6
X, Y, W, BATCH = RNG.normal(size=N), RNG.normal(size=N), RNG.normal(size=(4, N)), RNG.normal(size=(5, N))
WIDE = RNG.normal(size=(32, 32)) / 32**0.5
SMALL = RNG.normal(size=(N, N)) / N


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_layers_behind_normalisations(depth: int) -> None:
    def f(x: Any) -> Any:
        for _ in range(depth):
            x = WIDE @ layernorm(x)
        return x

    found = agrees(f, RNG.normal(size=32))
    assert found.check(1)


def residual(depth: int) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        for _ in range(depth):
            x = x + jnp.tanh(SMALL @ x)
        return x

    return f


def test_a_residual_network_has_a_factor_for_each_layer() -> None:
    counts = {}
    for depth in (16, 32, 64):
        found = sb.jacobian(residual(depth))(X)
        assert len(found.layers) == depth
        counts[depth] = sum(len(layer.pieces[0].terms) for layer in found.layers)
    assert counts == {16: 32, 32: 64, 64: 128}
    agrees(residual(64), X, found)


def test_a_residual_network_with_normalisations_grows_with_its_depth() -> None:
    def deep(depth: int) -> Callable[[Any], Any]:
        def f(x: Any) -> Any:
            for _ in range(depth):
                x = x + jnp.tanh(layernorm(x) @ SMALL)
            return x

        return f

    terms = [sum(len(p.terms) for p in sb.jacobian(deep(depth))(BATCH).pieces) for depth in (4, 8, 16)]
    assert terms[2] - terms[1] == 2 * (terms[1] - terms[0])


ALIKE: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "an axis of 1": (lambda x: x[:1] * X + X[:1] * x, Y),
    "no axes": (lambda x: x[0] * X + jnp.asarray(3.0) * x / x[1], Y),
    "an axis of 1 in the middle": (lambda x: x.reshape(2, 1, 3) * jnp.ones((1, 4, 1)) + x[0], Y),
    "x − x": (lambda x: x - x, Y),
    "x sum x where that is 0": (lambda x: x * jnp.sum(x), np.asarray([1.0, -1.0, 0.0])),
    "softmax": (jax.nn.softmax, Y),
    "layernorm": (layernorm, BATCH),
    "two layers": (lambda x: jnp.tanh(jnp.tanh(x @ W.T) @ W), BATCH),
    "attention": (lambda x: jax.nn.softmax(x @ x.T) @ x, BATCH),
    "opaque": (lambda x: jnp.sort(jnp.cumsum(x)), Y),
    "twice": (lambda x: (lambda a, b: a * b + a)(x, x[::-1]), Y),
    "jit in jit": (jax.jit(lambda x: jax.jit(jnp.sin)(x) * 2.0), Y),
}


@pytest.mark.parametrize("name", ALIKE)
def test_within_jit_it_is_the_same(name: str) -> None:
    f, x = ALIKE[name]
    eager = agrees(f, x)
    within = jax.jit(sb.jacobian(f))(jnp.asarray(x))
    assert within.structure == eager.structure
    np.testing.assert_allclose(within.as_matrix(), eager.as_matrix(), rtol=1e-12, atol=1e-14)
    v = RNG.normal(size=eager.shape[1])
    product = jax.jit(lambda x, v: sb.jacobian(f)(x) @ v)(jnp.asarray(x), v)
    np.testing.assert_allclose(product, eager @ v, rtol=1e-11, atol=1e-13)


def test_kinks_follow_jax() -> None:
    assert sb.jacobian(jax.nn.relu)(np.asarray([-1.0, 0.0, 1.0])).diagonal().tolist() == [0.0, 0.0, 1.0]
    assert sb.jacobian(jnp.max)(np.asarray([2.0, 1.0, 2.0])).as_matrix().tolist() == [[0.5, 0.0, 0.5]]
    assert sb.jacobian(lambda x: jnp.maximum(x, 1.0))(np.ones(2)).diagonal().tolist() == [0.5, 0.5]
    assert sb.jacobian(jnp.abs)(np.zeros(2)).diagonal().tolist() == jnp.diag(jax.jacfwd(jnp.abs)(jnp.zeros(2))).tolist()


def test_a_mapped_function_has_the_kind_of_a_batched_one() -> None:
    one = sb.jacobian(jax.vmap(lambda x: jnp.tanh(W @ x)))(BATCH)
    other = sb.jacobian(lambda x: jnp.tanh(x @ W.T))(BATCH)
    assert one.structure == other.structure
    np.testing.assert_allclose(one.as_matrix(), other.as_matrix(), atol=1e-14)


def looped(x: Any) -> Any:
    return jax.lax.scan(lambda c, a: (jnp.tanh(c + a), c * a), 0.1, x)[1]


@pytest.mark.parametrize(
    "f", [jnp.tanh, lambda x: W @ jnp.tanh(x), lambda x: jnp.tanh(W @ jnp.tanh(x)), jnp.cumsum, looped]
)
def test_another_point_compiles_nothing(f: Callable[[Any], Any], compilations: Compilations) -> None:
    @jax.jit
    def product(jacobian: sb.Jacobian, v: Any) -> Any:
        return jacobian @ v + (jacobian.T @ (jacobian @ v)).sum()

    v = jnp.asarray(Y)
    first, second = sb.jacobian(f)(X), sb.jacobian(f)(Y)
    jax.block_until_ready([product(first, v), first @ v, first.T @ (first @ v)])
    compilations.reset()
    jax.block_until_ready([product(second, v), second @ v, second.T @ (second @ v)])
    assert compilations.n == 0


def test_programs_that_differ_are_not_taken_for_one_another() -> None:
    functions: tuple[Callable[[Any], Any], ...] = (
        lambda x: jnp.cumsum(x),
        lambda x: jax.lax.cumsum(x, 0, reverse=True),
        lambda x: 2.0 * jnp.cumsum(x) + 1.0,
        lambda x: jax.lax.scan(lambda c, a: (c + 2.0 * a, c), 0.0, x)[1],
        lambda x: jax.lax.scan(lambda c, a: (c + 3.0 * a, c), 0.0, x)[1],
        lambda x: jax.lax.scan(lambda c, a: (c - 3.0 * a, c), 0.0, x)[1],
        lambda x: jnp.sort(x),
        lambda x: jnp.sort(x)[jnp.asarray([0, 0, 1, 2, 3, 4])],
        lambda x: jnp.sort(x)[jnp.asarray([5, 0, 1, 2, 3, 4])],
    )
    for f in functions:
        for x in (X, Y):
            agrees(f, x)


@pytest.mark.parametrize(
    "dtype", ["float32", *(pytest.param(one, marks=pytest.mark.slow) for one in ("bfloat16", "float16"))]
)
def test_narrow_numbers(dtype: str) -> None:
    x, w = jnp.asarray(BATCH, dtype), jnp.asarray(W.T, dtype)
    for f in (lambda x: jnp.tanh(x @ w), jax.nn.softmax, jnp.cumsum, lambda x: x / 3.0):
        found = sb.jacobian(f)(x)
        dense = jax.jacfwd(f)(x).reshape(found.shape)
        assert found.dtype == dense.dtype == dtype
        near = 30 * float(jnp.finfo(dtype).eps)  # sums in another order
        np.testing.assert_allclose(np.asarray(found, float), np.asarray(dense, float), atol=near)
        assert (found @ x).dtype == dtype
        assert found.check(0, tolerance=near)


def test_arrays_of_numpy_and_captured_constants() -> None:
    kept = [jnp.asarray(W), {"shift": np.ones(4)}]
    found = agrees(lambda x: kept[0] @ x + kept[1]["shift"], X)
    assert found.kind == "dense"
    assert sb.jacobian(jnp.cos)(X).dtype == np.float64


FRESH = """
import gc, resource
import jax, jax.numpy as jnp
import seedbed as sb
x = jax.block_until_ready(jnp.ones(1_000_000, jnp.float32))
sb.jacobian(jnp.tanh)(jnp.ones(3))
gc.collect()
before, n = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(gc.get_objects())
J = sb.jacobian({f})(x)
gc.collect()
more = len(gc.get_objects()) - n
y = jax.block_until_ready(J @ x)
print(J.kind, J.nbytes, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, more)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("f", "kind", "most"),
    [
        ("lambda x: jnp.tanh(x) * x", "diagonal", 4_000_000),
        ("jax.nn.gelu", "diagonal", 4_000_000),
        ("lambda x: (x[1:] - x[:-1]) ** 2", "banded", 8_000_000),
        ("lambda x: x * jnp.sum(x)", "scaled identity plus low rank", 4_000_008),
    ],
)
def test_a_million_numbers_take_little_memory(f: str, kind: str, most: int) -> None:
    done = subprocess.run([sys.executable, "-c", FRESH.format(f=f)], capture_output=True, text=True, check=True)
    name, n_bytes, grown, objects = done.stdout.strip().rsplit(" ", 3)
    assert name == kind
    assert int(n_bytes) <= most
    assert int(grown) < 100_000_000
    assert int(objects) < 100_000


@pytest.mark.slow
def test_no_python_object_stands_for_an_entry() -> None:
    def made(n: int) -> int:
        x = np.ones(n)
        gc.collect()
        before = len(gc.get_objects())
        kept = sb.jacobian(lambda x: jnp.pad((x[1:] - x[:-1]) ** 2, (1, 0))[::-1])(x)
        gc.collect()
        assert kept.shape == (n, n)
        return len(gc.get_objects()) - before

    made(100)
    assert abs(made(50_000) - made(200)) < 2_000
