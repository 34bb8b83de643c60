"""The structure of a Jacobian: its kind, its bytes, and its numbers beside those of `jax.jacfwd`, jvp and vjp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.calculus.structure import kinds

RNG = np.random.default_rng(0)


def numbers(*shape: int) -> Any:
    return RNG.normal(size=shape)


N, B = 6, 5
W, V, A, KEPT, OTHER = numbers(4, N), numbers(3, 4), numbers(N, N), numbers(N), numbers(N)


def numbers_of(*shape: int) -> Any:
    """The same numbers at every call."""
    return np.random.default_rng(1).normal(size=shape)


def layernorm(x: Any) -> Any:
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True))


def rosenbrock(x: Any) -> Any:
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def agrees(f: Callable[[Any], Any], x: Any, jacobian: sb.Jacobian | None = None) -> sb.Jacobian:
    """The Jacobian, after its entries and its products are compared with JAX's dense ones."""
    x = jnp.asarray(x)
    found = sb.jacobian(f)(x) if jacobian is None else jacobian
    dense = np.asarray(jax.jit(jax.jacfwd(f))(x)).reshape(found.shape)  # one program instead of one for each step
    scale = max(1.0, np.abs(dense).max(initial=0.0))
    v, u = RNG.normal(size=found.shape[1]), RNG.normal(size=found.shape[0])
    np.testing.assert_allclose(found.as_matrix(), dense, atol=1e-12 * scale, rtol=1e-10)
    np.testing.assert_allclose(np.ravel(found @ v), dense @ v, atol=1e-11 * scale, rtol=1e-10)
    np.testing.assert_allclose(np.ravel(found.T @ u), dense.T @ u, atol=1e-11 * scale, rtol=1e-10)
    assert found.T.shape == found.shape[::-1]
    if found.shape[0] == found.shape[1]:
        np.testing.assert_allclose(found.diagonal(), np.diag(dense), atol=1e-12 * scale, rtol=1e-10)
    return found


def test_every_kind_has_a_word_in_both_languages() -> None:
    names = [value for name, value in vars(kinds).items() if name.isupper() and isinstance(value, str)]
    assert len(names) == 22
    for name in names:
        told = kinds.Kind(name, (2, 2))
        assert told.explain("en") == name and told.explain("ko") != name


# Parr and Howard 2018, The matrix calculus you need for deep learning, sections 4.1 to 4.5, and those of deep learning.
OF_A_VECTOR: dict[str, tuple[Callable[[Any], Any], str, int]] = {  # kind, and bytes at most
    "nothing of x": (lambda x: jnp.ones(3) + 0.0 * jnp.asarray(x.shape[0]), "zero", 0),
    "steps": (lambda x: jnp.where(x > 0, 1.0, 0.0), "zero", 0),
    "x - x": (lambda x: x - x, "zero", 0),
    "x": (lambda x: x, "identity", 0),
    "w + x": (lambda x: KEPT + x, "identity", 0),
    "w - x": (lambda x: KEPT - x, "scaled identity", 0),
    "2x + x": (lambda x: 2.0 * x + x, "scaled identity", 8),
    "w * x": (lambda x: KEPT * x, "diagonal", 48),
    "w / x": (lambda x: KEPT / x, "diagonal", 48),
    "sin x²": (lambda x: jnp.sin(x**2), "diagonal", 48),
    "max(w, x)": (lambda x: jnp.maximum(KEPT, x), "diagonal", 48),
    "relu": (jax.nn.relu, "diagonal", 48),
    "gelu": (jax.nn.gelu, "diagonal", 48),
    "tanh(x) x": (lambda x: jnp.tanh(x) * x, "diagonal", 48),
    "reversed": (lambda x: x[::-1], "permutation", 0),
    "sum": (lambda x: x.sum(), "row", 0),
    "w · x": (lambda x: KEPT @ x, "row", 48),
    "sum f(x)": (lambda x: jnp.exp(x).sum(), "row", 48),
    "mean": (jnp.mean, "row", 48),
    "norm": (jnp.linalg.norm, "row", 56),
    "product": (jnp.prod, "row", 48),
    "x sum x": (lambda x: x * x.sum(), "scaled identity plus low rank", 56),
    "x max x": (lambda x: x * x.max(), "scaled identity plus low rank", 120),
    "softmax": (jax.nn.softmax, "diagonal plus low rank", 64),
    "log softmax": (jax.nn.log_softmax, "scaled identity plus low rank", 64),
    "layernorm": (layernorm, "scaled identity plus low rank", 120),
    "W x": (lambda x: W @ x, "dense", 192),
    "tanh(W x)": (lambda x: jnp.tanh(W @ x), "dense", 192 + 32),
    "relu(w · x + b)": (lambda x: jax.nn.relu(KEPT @ x + 1.0), "row", 48),
    "squared error": (lambda x: jnp.mean((W @ x - 1.0) ** 2), "row", 48),
    "W layernorm": (lambda x: W @ layernorm(x), "dense", 192),
    "x + A x": (lambda x: x + A @ x, "sum", 288),
    "differences": (lambda x: (x[1:] - x[:-1]) ** 2, "banded", 80),
    "sin, cos": (lambda x: jnp.concatenate([jnp.sin(x), jnp.cos(x)]), "banded", 192),
    "padded": (lambda x: jnp.pad(jnp.sin(x)[1:-2], (3, 1)), "banded", 56),
    "rolled": (lambda x: jnp.roll(x, 2) * x, "banded", 96),
    "second": (lambda x: x[::2] * 2.0, "selection", 8),
    "first times rest": (lambda x: x[0] * x[1:], "sum", 96),
    "split": (lambda x: jnp.split(x, 3)[0] * jnp.split(x, 3)[2], "banded", 32),
    "stacked": (lambda x: jnp.stack([x[0] * x[1], x[2]]), "low rank", 128),
    "one set to 0": (lambda x: x.at[1].set(0.0) * 2.0, "diagonal", 56),
    "implicit axis of size 1": (lambda x: (x[:1] + KEPT) * x, "diagonal plus low rank", 144),
    "reshaped": (lambda x: x.reshape(2, 3).T, "permutation", 0),
    "outer product": (lambda x: jnp.outer(x, x), "sum", 96),
    "Kronecker product": (lambda x: jnp.kron(x, KEPT), "Kronecker", 48),
}
OF_A_MATRIX: dict[str, tuple[Callable[[Any], Any], str, int]] = {
    "X Wᵀ": (lambda x: x @ W.T, "Kronecker", 192),
    "tanh(X Wᵀ)": (lambda x: jnp.tanh(x @ W.T), "block-diagonal", 192 + 160),
    "vmap tanh(W x)": (jax.vmap(lambda x: jnp.tanh(W @ x)), "block-diagonal", 192 + 160),
    "transposed": (lambda x: x.T, "permutation", 0),
    "flattened": (lambda x: 2.0 * x.reshape(-1), "scaled identity", 8),
    "softmax of rows": (jax.nn.softmax, "block-diagonal", 320),
    "softmax of columns": (lambda x: jax.nn.softmax(x, 0), "block-diagonal", 336),
    "layernorm of rows": (layernorm, "block-diagonal", 600),
    "batch normalisation": (lambda x: (x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-5), "block-diagonal", 640),
    "attention": (lambda x: jax.nn.softmax(x @ x.T) @ x, "sum", 1100),
    "two layers": (lambda x: jnp.tanh(x @ W.T) @ V.T, "product", 448),
    "layernorm, layer": (lambda x: layernorm(x) @ W.T, "product", 800),
    "loss": (lambda x: jnp.mean((jnp.tanh(x @ W.T) @ V.T) ** 2), "row", 240),
    "sums of rows": (lambda x: x.sum(1), "Kronecker", 0),
    "X Xᵀ": (lambda x: x @ x.T, "sum", 480),
    "parts": (lambda x: x[1:, ::2] * x[:-1, 1::2], "windows", 192),
    "flat layer": (lambda x: numbers_of(3, 30) @ x.reshape(-1), "dense", 720),
}


@pytest.mark.parametrize("name", OF_A_VECTOR)
def test_the_structure_by_a_vector(name: str) -> None:
    f, kind, n_bytes = OF_A_VECTOR[name]
    found = agrees(f, OTHER)
    assert (found.kind, found.nbytes <= n_bytes) == (kind, True), found.explain("en")
    assert found.check(1)


@pytest.mark.parametrize("name", OF_A_MATRIX)
def test_the_structure_by_a_matrix(name: str) -> None:
    f, kind, n_bytes = OF_A_MATRIX[name]
    found = agrees(f, numbers(B, N))
    assert (found.kind, found.nbytes <= n_bytes) == (kind, True), found.explain("en")
