"""The Jacobian as a value: its products, what it writes out, its singular values, its layers, and its trees."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.core.errors import ShapeError, UsageError
from tests.calculus.structure.test_structure import layernorm

RNG = np.random.default_rng(11)
M, N, B = 4, 6, 5
W, V, A, X, BATCH = (RNG.normal(size=shape) for shape in ((M, N), (3, M), (N, N), (N,), (B, N)))


def network(x: Any) -> Any:
    return jnp.tanh(jnp.tanh(x @ W.T) @ V.T)


def test_products_take_three_shapes() -> None:
    found = sb.jacobian(lambda x: jnp.tanh(x @ W.T))(BATCH)
    dense = np.asarray(found.as_matrix())
    assert found.shape == dense.shape == (B * M, B * N)
    v, many = RNG.normal(size=(B, N)), RNG.normal(size=(B * N, 7))
    shaped = found @ v
    assert shaped.shape == (B, M)
    np.testing.assert_allclose(shaped.ravel(), dense @ v.ravel(), atol=1e-13)
    np.testing.assert_allclose(found @ v.ravel(), dense @ v.ravel(), atol=1e-13)
    np.testing.assert_allclose(found @ many, dense @ many, atol=1e-13)
    u, others = RNG.normal(size=(B, M)), RNG.normal(size=(B * M, 2))
    assert (found.T @ u).shape == (B, N)
    np.testing.assert_allclose(found.T @ others, dense.T @ others, atol=1e-13)
    np.testing.assert_allclose(np.asarray(found), dense)


def test_a_product_of_another_shape_is_refused_with_both() -> None:
    found = sb.jacobian(lambda x: jnp.tanh(x @ W.T))(BATCH)
    with pytest.raises(ShapeError) as caught:
        found @ np.ones(7)
    assert str(caught.value) == "J @ v: J is 20 × 30, so expected v of shape (5, 6), (30,) or (30, k), got (7,)"
    with pytest.raises(ShapeError) as caught:
        found.T @ np.ones((30, 2))
    assert str(caught.value) == "J.T @ u: J.T is 30 × 20, so expected u of shape (5, 4), (20,) or (20, k), got (30, 2)"
    with pytest.raises(ShapeError, match=r"J is 4 × 6, so expected v of shape \(6,\) or \(6, k\), got \(\)"):
        sb.jacobian(lambda x: W @ x)(X) @ 1.0


WRONG = """
import jax.numpy as jnp, seedbed as sb
J = sb.jacobian(jnp.tanh)(jnp.ones(3))
for call in (
    lambda: J @ "a", lambda: J @ None, lambda: J.T @ "a", lambda: sb.linearize(jnp.tanh)(jnp.ones(3)).predict("a"),
    lambda: J.as_matrix(max_bytes="2GB"), lambda: J.as_matrix(None), lambda: J.as_matrix(-1),
    lambda: J.singular_values("a"), lambda: J.singular_values(2.5), lambda: J.singular_values(4),
):
    try:
        call()
    except sb.UsageError as error:
        print(error.message)
print(J.as_matrix(2e9).shape, J.singular_values(2).shape)
"""


def test_what_is_no_number_is_refused_in_words() -> None:  # in a process of its own, whose types nothing checks before
    done = subprocess.run([sys.executable, "-c", WRONG], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "J @ v: expected numbers, got str 'a'",
        "J @ v: expected numbers, got NoneType None",
        "J.T @ u: expected numbers, got str 'a'",
        "predict: expected numbers, got str 'a'",
        "as_matrix: expected max_bytes as a number of bytes from 0, got '2GB'",
        "as_matrix: expected max_bytes as a number of bytes from 0, got None",
        "as_matrix: expected max_bytes as a number of bytes from 0, got -1",
        "singular_values: expected k as a whole number from 1 to 3, got 'a'",
        "singular_values: expected k as a whole number from 1 to 3, got 2.5",
        "singular_values: expected k as a whole number from 1 to 3, got 4",
        "(3, 3) (2,)",
    ]


def test_what_is_too_large_is_not_written_out() -> None:
    with pytest.raises(UsageError) as caught:
        sb.jacobian(jnp.cumsum)(np.ones(5000)).as_matrix(max_bytes=1000)
    assert str(caught.value) == (
        "as_matrix: expected at most 1,000 bytes, but 5,000 × 5,000 entries, opaque, take 200,000,000, and no "
        "structure is known of cumsum\nhint: use J @ v, J.T @ u, J.diagonal() or J.blocks(), or raise max_bytes"
    )
    large = sb.jacobian(jnp.sin)(np.ones(100_000))
    with pytest.raises(UsageError, match="100,000 × 100,000 entries, diagonal, take 80,000,000,000"):
        large.as_matrix()
    assert large.diagonal().shape == (100_000,)
    behind = sb.jacobian(lambda x: jnp.sum(jnp.outer(jnp.cumsum(x), x), 1))(np.ones(400))
    with pytest.raises(UsageError, match="as_matrix: expected at most 10,000 bytes"):
        behind.as_matrix(10_000)


def test_a_diagonal_wherever_the_matrix_is_square() -> None:
    functions: dict[str, Callable[[Any], Any]] = {
        "flat": lambda x: 2.0 * x.reshape(-1),
        "turned": lambda x: x.T,
        "product": lambda x: layernorm(x) @ A,
        "opaque": lambda x: jnp.cumsum(x, 1),
        "attention": lambda x: jax.nn.softmax(x @ x.T) @ x,
    }
    for name, f in functions.items():
        found = sb.jacobian(f)(BATCH)
        np.testing.assert_allclose(found.diagonal(), np.diag(found.as_matrix()), atol=1e-13, err_msg=name)
    assert sb.jacobian(functions["flat"])(np.ones((100, 100))).diagonal().shape == (10_000,)
    with pytest.raises(UsageError) as caught:
        sb.jacobian(lambda x: W @ x)(X).diagonal()
    assert str(caught.value) == "diagonal: expected as many outputs as inputs, got a Jacobian of 4 × 6"
    with pytest.raises(UsageError, match=r"expected at most 4,096 entries, got 5,000: .* only by one product each"):
        sb.jacobian(jnp.cumsum)(np.ones(5000)).diagonal()


def test_blocks_lie_on_the_diagonal() -> None:
    found = sb.jacobian(lambda x: jnp.tanh(x @ W.T))(BATCH)
    blocks = found.blocks()
    expected = (1.0 - np.tanh(BATCH @ W.T) ** 2)[:, :, None] * W
    np.testing.assert_allclose(blocks, expected, atol=1e-14)
    kronecker = sb.jacobian(lambda x: x @ W.T)(BATCH)
    np.testing.assert_allclose(kronecker.blocks(), np.broadcast_to(W, (B, M, N)), atol=1e-14)
    assert "5 equal blocks of 4 × 6" in kronecker.explain("en")
    by_weights = sb.jacobian(lambda w: BATCH @ w.T)(W)  # of outputs (example, unit) by weights (unit, input)
    assert (by_weights.structure.n_blocks, by_weights.structure.is_interleaved) == (M, True)
    np.testing.assert_allclose(by_weights.blocks(), np.broadcast_to(BATCH, (M, B, N)), atol=1e-14)
    with pytest.raises(UsageError) as caught:
        sb.jacobian(network)(BATCH).blocks()
    assert str(caught.value).startswith("blocks: expected a block-diagonal Jacobian, got one that is product\nhint: ")


def test_layers_multiply_to_the_whole() -> None:
    found = sb.jacobian(lambda x: layernorm(network(layernorm(x))))(BATCH)
    assert len(found.layers) > 1
    whole = np.eye(B * N)
    for layer in found.layers:
        whole = np.asarray(layer.as_matrix()) @ whole
    np.testing.assert_allclose(whole, found.as_matrix(), atol=1e-12)
    chained = found.layers[-1]
    for layer in found.layers[-2::-1]:
        chained = chained @ layer
    np.testing.assert_allclose(chained.as_matrix(), found.as_matrix(), atol=1e-12)


def test_one_behind_another() -> None:
    first = sb.jacobian(lambda x: jnp.tanh(W @ x))(X)
    second = sb.jacobian(lambda h: jnp.sin(V @ h))(np.tanh(W @ X))
    both = second @ first
    assert both.shape == (3, N)
    np.testing.assert_allclose(both.as_matrix(), sb.jacobian(lambda x: jnp.sin(V @ jnp.tanh(W @ x)))(X).as_matrix())
    np.testing.assert_allclose((both.T @ np.ones(3)), first.T @ (second.T @ np.ones(3)))
    gram = first.T @ first
    np.testing.assert_allclose(gram.as_matrix(), np.asarray(first).T @ np.asarray(first), atol=1e-13)
    with pytest.raises(ShapeError, match=r"expected outputs of J₁ to be inputs of J₂, got \(3,\) and \(6,\)"):
        first @ second
    turned_twice = both.T.T
    np.testing.assert_allclose(turned_twice.as_matrix(), both.as_matrix())
    assert first.T.T.kind == first.kind == "dense"


SPECTRA: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "zero": (lambda x: x - x, X, "zero"),
    "identity": (lambda x: x + 1.0, X, "identity"),
    "scaled": (lambda x: -3.0 * x, X, "scaled identity"),
    "diagonal": (jnp.sin, X, "diagonal"),
    "permutation": (lambda x: x[::-1], X, "permutation"),
    "scaled permutation": (lambda x: jnp.sin(x.T), BATCH, "scaled permutation"),
    "row": (lambda x: jnp.sum(x**3), X, "row"),
    "column": (lambda x: x**2 * X, np.asarray(0.3), "column"),
    "Kronecker": (lambda x: x @ W.T, BATCH, "Kronecker"),
    "Kronecker by weights": (lambda w: BATCH @ w.T, W, "Kronecker"),
    "Kronecker of vectors": (lambda x: jnp.kron(x, X), X, "Kronecker"),
    "both sides": (lambda x: V @ (A[:M, :B] @ x @ A), BATCH, "product"),
    "blocks": (lambda x: jnp.tanh(x @ W.T), BATCH, "block-diagonal"),
    "blocks of columns": (lambda x: jax.nn.softmax(x, 0), BATCH, "block-diagonal"),
    "layernorm": (layernorm, RNG.normal(size=40), "scaled identity plus low rank"),
    "log softmax": (jax.nn.log_softmax, RNG.normal(size=40), "scaled identity plus low rank"),
    "softmax": (jax.nn.softmax, np.arange(3.0), "diagonal plus low rank"),
    "low rank": (lambda x: jnp.stack([x[0] * x[1], x[2]]), X, "low rank"),
    "banded": (lambda x: (x[1:] - x[:-1]) ** 2, X, "banded"),
    "dense": (lambda x: W @ x, X, "dense"),
    "product": (network, BATCH, "product"),
    "opaque": (jnp.cumsum, X, "opaque"),
}


@pytest.mark.parametrize("name", SPECTRA)
def test_the_singular_values(name: str) -> None:
    f, x, kind = SPECTRA[name]
    found = sb.jacobian(f)(x)
    assert found.kind == kind
    dense = np.asarray(jax.jacfwd(f)(jnp.asarray(x))).reshape(found.shape)
    expected = np.linalg.svd(dense, compute_uv=False)
    np.testing.assert_allclose(found.singular_values(), expected, atol=1e-12 * max(1.0, expected[0]))
    np.testing.assert_allclose(found.singular_values(1), expected[:1], atol=1e-12 * max(1.0, expected[0]))


def test_published_singular_values() -> None:
    softmax = sb.jacobian(jax.nn.softmax)(np.arange(3.0)).singular_values()
    np.testing.assert_allclose(softmax, [0.37090, 0.11855, 0.0], atol=5e-6)
    normalised = sb.jacobian(layernorm)(np.arange(1.0, 5.0)).singular_values()
    np.testing.assert_allclose(normalised, [0.894427, 0.894427, 0.0, 0.0], atol=5e-7)


def test_the_largest_singular_values_of_a_large_product() -> None:
    n = 2100  # beyond what is written out: by products alone
    u, v = (np.linalg.qr(RNG.normal(size=(n, 5)))[0] for _ in range(2))
    sizes = np.asarray([9.0, 7.0, 5.0, 3.0, 1.0])
    found = sb.jacobian(lambda x: jnp.asarray(u) @ (sizes * (v.T @ x)))(RNG.normal(size=n))
    np.testing.assert_allclose(found.singular_values(3), sizes[:3], rtol=1e-9)
    with pytest.raises(UsageError, match=r"expected k, because all of a \w+ Jacobian of 2,100 × 2,100 are too many"):
        found.singular_values()
    with pytest.raises(UsageError, match="expected k as a whole number from 1 to 2100, got 0"):
        found.singular_values(0)


def test_the_largest_singular_values_where_the_kind_has_them() -> None:
    x = RNG.normal(size=100_000)
    np.testing.assert_allclose(sb.jacobian(jnp.sin)(x).singular_values(2), np.sort(np.abs(np.cos(x)))[:-3:-1])
    top = sb.jacobian(layernorm)(x).singular_values(2)
    np.testing.assert_allclose(top, 1.0 / x.std(), rtol=1e-10)


def test_the_check_fails_where_an_array_is_another() -> None:
    for f, x in ((lambda x: jnp.tanh(W @ x), X), (network, BATCH), (jax.nn.softmax, X), (jnp.cumprod, X)):
        found = sb.jacobian(f)(jnp.asarray(x))
        assert found.check(0) and found.T.check(1) and found.check(jax.random.key(2))
        arrays, tree = jax.tree.flatten(found.pieces)
        for place in range(len(arrays)):
            other = list(arrays)
            other[place] = arrays[place] * 1.01
            wrong = dataclasses.replace(found, pieces=jax.tree.unflatten(tree, other))
            assert not wrong.check(0), place
            assert str(wrong.check(0)).startswith("DOES NOT agree with jax.jvp to ")
    broken = dataclasses.replace(found, pieces=jax.tree.unflatten(tree, [a * np.nan for a in arrays]))
    assert not broken.check(0)


CANCELLED: dict[str, Callable[[Any], Any]] = {  # functions whose Jacobian is 0, or nearly so, but for rounding
    "softmax": lambda x: jnp.sum(jax.nn.softmax(x)),
    "mean": lambda x: jnp.mean(x - jnp.mean(x)),
    "layers": lambda x: jnp.mean(layernorm(jnp.tanh(x))),
    "square": lambda x: jnp.tanh(x) ** 2 + 1 - jnp.tanh(x) ** 2,
    "constant": lambda x: x * (jnp.sum(jax.nn.softmax(x)) - 1),
    "beside": lambda x: (x + 1) ** 2 - x**2 - 2 * x,
}


@pytest.mark.parametrize("name", CANCELLED)
def test_the_check_takes_what_cancels_for_rounding(name: str) -> None:
    for dtype in ("float32", "float64"):
        for n in (3, 50):
            x = jnp.asarray(np.random.default_rng(n).normal(size=n), dtype)
            found = sb.jacobian(CANCELLED[name])(x)
            assert found.check(0) and found.check(1), (dtype, n, str(found.check(0)))
            wrong = sb.jacobian(lambda t: CANCELLED[name](t) + 1e-2 * jnp.sum(t))(x)
            assert not dataclasses.replace(wrong, origin=found.origin).check(0), (dtype, n)


def test_the_check_finds_an_error_behind_layers() -> None:
    weights = [jnp.asarray(np.random.default_rng(i).normal(size=(64, 64)) / 8, jnp.float32) for i in range(8)]

    def deep(x: Any, factor: float = 1.0) -> Any:
        for w in weights:
            x = jnp.tanh(w @ x)
        return x * factor

    x = jnp.asarray(np.random.default_rng(9).normal(size=64), jnp.float32)
    found, wrong = sb.jacobian(deep)(x), sb.jacobian(lambda x: deep(x, 1.01))(x)
    assert found.check(0) and not dataclasses.replace(wrong, origin=found.origin).check(0)


def test_the_check_needs_the_function() -> None:
    with pytest.raises(UsageError, match="expected a Jacobian that knows its function, got one that came out of jax"):
        jax.jit(sb.jacobian(jnp.sin))(X).check()


def test_bytes_count_an_array_once() -> None:
    kept = jnp.asarray(A)
    assert sb.jacobian(lambda x: kept @ x)(X).nbytes == 8 * N * N
    twice = sb.jacobian(lambda x: kept @ jnp.tanh(kept @ x))(X)
    assert twice.nbytes == 8 * (2 * N * N + N) or twice.nbytes == 8 * (N * N + N)
    assert sb.jacobian(lambda x: jnp.tanh(x @ W.T))(BATCH).nbytes == 8 * (M * N + B * M)
    assert sb.jacobian(jnp.sin)(X).dense_bytes == 8 * N * N
    assert sb.jacobian(lambda x: x[::-1])(X).nbytes == 0


def test_operators_of_lineax() -> None:
    lineax = pytest.importorskip("lineax")
    cases: tuple[tuple[Callable[[Any], Any], str], ...] = (
        (lambda x: jnp.tanh(x) + 2.0 * x, "DiagonalLinearOperator"),
        (lambda x: x + 1.0, "IdentityLinearOperator"),
        (lambda x: 3.0 * x, "DiagonalLinearOperator"),
        (lambda x: jnp.tanh(A @ x), "FunctionLinearOperator"),
    )
    v = jnp.asarray(RNG.normal(size=N))
    for f, name in cases:
        found = sb.jacobian(f)(X)
        operator = found.to_lineax()
        assert type(operator).__name__ == name
        np.testing.assert_allclose(operator.mv(v), found @ v, atol=1e-13)
        np.testing.assert_allclose(operator.T.mv(v), found.T @ v, atol=1e-13)
        np.testing.assert_allclose(operator.as_matrix(), found.as_matrix(), atol=1e-13)
        solution = lineax.linear_solve(operator, v, lineax.AutoLinearSolver(well_posed=True))
        np.testing.assert_allclose(solution.value, np.linalg.solve(found.as_matrix(), v), atol=1e-10)


def test_trees_of_outputs_and_inputs() -> None:
    def f(p: Any, x: Any) -> Any:
        h = jnp.tanh(p["W"] @ x + p["b"])
        return {"h": h, "sum": (h.sum(), x * 2.0)}

    p = {"W": jnp.asarray(W), "b": jnp.zeros(M)}
    by_parameters = sb.jacobian(f)(p, X)
    assert by_parameters["h"]["W"].kind == "block-diagonal"
    assert by_parameters["h"]["b"].kind == "diagonal"
    assert by_parameters["sum"][0]["b"].kind == "row"
    assert by_parameters["sum"][1]["W"].kind == "zero"
    by_both = sb.jacobian(f, by=(0, 1))(p, X)
    by_names = sb.jacobian(f, by=("p", "x"))(p, x=X)
    dense = jax.jacfwd(f, argnums=(0, 1))(p, jnp.asarray(X))
    for found in (by_both, by_names):
        assert jax.tree.structure(found, is_leaf=is_jacobian) == jax.tree.structure(dense)
        for one, other in zip(jax.tree.leaves(found, is_leaf=is_jacobian), jax.tree.leaves(dense), strict=True):
            np.testing.assert_allclose(one.as_matrix(), np.reshape(other, one.shape), atol=1e-13)
            assert one.check(3)


def is_jacobian(value: Any) -> bool:
    return isinstance(value, sb.Jacobian)


def test_by_a_keyword() -> None:
    def f(x: Any, *, scale: Any) -> Any:
        return x * scale

    assert sb.jacobian(f, by="scale")(X, scale=2.0).kind == "column"
    assert sb.jacobian(f)(X, scale=2.0).kind == "scaled identity"
    assert sb.jacobian(f, by=("x", "scale"))(X, scale=2.0)[1].kind == "column"


def test_it_says_what_it_is() -> None:
    found = sb.jacobian(jnp.sin)(X)
    assert repr(found) == (
        "<Jacobian 6 × 6, diagonal: each of 6 outputs depends on its own input alone; 48 bytes instead of 288 bytes>"
    )


def test_it_is_no_boast_where_nothing_is_saved() -> None:
    dense, scaled = sb.jacobian(lambda x: W @ x)(X), sb.jacobian(lambda x: jnp.tanh(W @ x))(X)
    assert dense.explain("en") == "dense: 4 × 6; 192 bytes, no less than the 192 bytes of all entries"
    assert scaled.explain("en").endswith("; 224 bytes, no less than the 192 bytes of all entries")
    assert scaled.explain("ko").endswith("; 224 bytes, 성분 전체의 192 bytes보다 적지 않음")


def test_it_says_what_a_kronecker_product_consists_of() -> None:
    found = sb.jacobian(lambda x: V @ x @ A)(W)
    said = "Kronecker product of 2 matrices: 18 × 24; 384 bytes instead of 3.46 kB"
    assert found.kind == "Kronecker" and repr(found) == f"<Jacobian 18 × 24, {said}>"
    assert "24 × 18" in found.T.explain("en") and "행렬 2개의 크로네커 곱" in found.explain("ko")
    each = sb.jacobian(lambda x: V @ x @ A)(np.stack([W, W]))
    assert "2 equal blocks of 18 × 24" in each.explain("en")
    assert "each Kronecker product of 2 matrices: 18 × 24" in each.explain("en")
