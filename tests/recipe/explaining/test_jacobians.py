"""Jacobians against jax.jacfwd and differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.recipe.explaining.jacobians import BY_WEIGHTS, POINT, W, X, examples, layer, sections
from seedbed.reporting.explained.matrix import Matrix
from seedbed.reporting.explained.words import Explained
from tests.recipe.explaining.reading import rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("jacobian")


def test_the_four_shapes(told):
    cube, curve, bowl, whole = rows(section(told, "four_shapes"))
    assert cube[4] == "12" and bowl[4] == "(2, −1, 4)"  # 3 x² at 2, and 2 x
    assert curve[4] == f"(−{np.sin(0.5):.3g}, {np.cos(0.5):.3g})"
    (picture,) = (one for one in section(told, "four_shapes").parts if isinstance(one, Matrix))
    np.testing.assert_allclose(picture.entries, jax.jacfwd(layer)(POINT), rtol=1e-5, atol=1e-6)
    assert [row[3] for row in (cube, curve, bowl, whole)] == ["1 × 1", "2 × 1", "1 × 3", "4 × 3"]


def test_structures_are_found_and_right():
    twins = {
        "tanh(x)": (jnp.tanh, jnp.linspace(-1.0, 1.5, 6), "diagonal"),
        "softmax(x)": (jax.nn.softmax, jnp.linspace(-1.0, 1.5, 6), "diagonal plus low rank"),
        "W x": (lambda x: W @ x, POINT, "dense"),
        BY_WEIGHTS: (lambda w: w @ POINT, W, "Kronecker"),
        "tanh(X Wᵀ)": (lambda x: jnp.tanh(x @ W.T), X, "block-diagonal"),
    }
    found = examples()
    assert list(found) == list(twins)
    for label, (f, at, kind) in twins.items():
        assert found[label].kind == kind
        dense = jax.jacfwd(f)(at).reshape(found[label].shape)
        np.testing.assert_allclose(np.asarray(found[label]), dense, rtol=1e-4, atol=1e-6)


def test_structures_are_said_in_both_languages(told):
    for _, structure in rows(section(told, "structures")):
        assert isinstance(structure, Explained) and structure.text("en") != structure.text("ko")


def test_sizes(told):
    for _, _, stored, dense, times in rows(section(told, "sizes")):
        assert times == dense / stored > 500
    kinds = [row[1] for row in rows(section(told, "sizes"))]
    assert [kind.text("en") for kind in kinds] == ["diagonal", "diagonal plus low rank", "block-diagonal"]
    assert [kind.text("ko") for kind in kinds] == ["대각행렬", "대각행렬 더하기 낮은 계수", "블록 대각행렬"]
    assert rows(section(told, "sizes"))[-1][3] == (64 * 256) ** 2 * 4


def test_the_prediction_errs_as_the_square_of_the_step(told):
    assert said(section(told, "linearised"))["power"] == pytest.approx(2, abs=0.05)
