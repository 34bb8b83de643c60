"""Random programs: the Jacobian that is found beside `jax.jacfwd`, entry by entry, and what its kind says of it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import seedbed as sb
from tests.calculus.structure.claims import claims_hold
from tests.calculus.structure.programs import STEPS, programs

WITHOUT_RULE = ("elementwise", "uncovered", "beside_its_sum", "layer", "residual")
WINDOWS = ("convolution", "pooling", "elementwise", "with_constant")
REPEATED = ("spread", "total", "layer", "repeat", "transpose", "slices")
MOVES = (
    "transpose",
    "reshape",
    "slices",
    "pad",
    "concatenate",
    "roll",
    "flip",
    "repeat",
    "stack",
    "split",
    "reduction",
)


def compared(f: Any, x: Any) -> tuple[sb.Jacobian, np.ndarray]:
    """The Jacobian and the dense one, after matrix, products and diagonal have agreed, all found in one program."""
    n, m = x.size, int(np.prod(jax.eval_shape(f, x).shape))
    rng = np.random.default_rng(0)
    v, u = rng.normal(size=n), rng.normal(size=m)
    kept: list[sb.Jacobian] = []

    def everything(x: Any) -> Any:
        found = sb.jacobian(f)(x)
        kept.append(found)
        back = found.T @ u if found.T.has_products else None
        diagonal = found.diagonal() if m == n else None
        return found.as_matrix(), found @ v, back, diagonal, jax.jacfwd(f)(x).reshape(m, n)

    matrix, forward, backward, diagonal, dense = jax.tree.map(np.asarray, jax.jit(everything)(x))
    assume(bool(np.isfinite(dense).all()))
    near = {"rtol": 1e-9, "atol": 1e-10 * max(1.0, float(np.abs(dense).max(initial=0.0)))}  # products of eight factors
    np.testing.assert_allclose(matrix, dense, **near)
    np.testing.assert_allclose(forward.ravel(), dense @ v, **near)
    if backward is not None:
        np.testing.assert_allclose(backward.ravel(), dense.T @ u, **near)
    if diagonal is not None:
        np.testing.assert_allclose(diagonal.ravel(), np.diag(dense), **near)
    assert all(one.explain(language) for one in (kept[0], kept[0].T) for language in ("en", "ko"))
    return kept[0], dense


@given(programs(most=8))
@settings(max_examples=20)
def test_any_program(case: tuple[Any, Any]) -> None:
    compared(*case)


@given(programs(most=4, names=MOVES))
@settings(max_examples=12)
def test_moves_of_numbers(case: tuple[Any, Any]) -> None:
    compared(*case)


@given(programs(most=4, names=REPEATED))
@settings(max_examples=20)
def test_what_is_repeated_and_summed(case: tuple[Any, Any]) -> None:
    compared(*case)


@given(programs(most=3, names=WINDOWS))
@settings(max_examples=12)
def test_windows(case: tuple[Any, Any]) -> None:
    compared(*case)


@given(programs(most=4, names=WITHOUT_RULE))
@settings(max_examples=20)
def test_operations_without_a_rule(case: tuple[Any, Any]) -> None:
    compared(*case)


@given(programs(most=4))
@settings(max_examples=12)
def test_the_kind_holds_of_the_entries_and_is_the_same_within_jit(case: tuple[Any, Any]) -> None:
    f, x = case
    within, dense = compared(f, x)
    found = sb.jacobian(f)(x)
    assert found.structure == within.structure
    claims_hold(found, dense)
    assert found.explain("en")


@given(st.data())
@settings(max_examples=1)
def test_each_step_alone(data: st.DataObject) -> None:
    for name in STEPS:
        f, x = data.draw(programs(most=1, names=(name,)), name)
        compared(f, jnp.asarray(x))
