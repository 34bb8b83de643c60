"""The functions beside the activations, against NumPy and SciPy in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize, special, stats

from seedbed.core.errors import UsageError
from seedbed.functions import FUNCTIONS
from seedbed.functions.polynomial import quadratic, vertex
from seedbed.functions.sigmoidal import naive_softmax, softmax

X = np.linspace(-7, 7, 57)


@pytest.mark.parametrize(("name", "numbers", "twin"), [
    ("affine", (2.5, -1.0), np.poly1d([2.5, -1.0])), ("quadratic", (0.5, -2.0, 3.0), np.poly1d([0.5, -2.0, 3.0])),
    ("exponential", (), np.exp), ("normal", (1.0, 2.0), stats.norm(1.0, 2.0).pdf),
    ("z_score", (X.mean() + 1, X.std()), lambda x: stats.zmap(x, X + 1)),
])  # fmt: skip
def test_value(name, numbers, twin):
    with jax.enable_x64(True):
        np.testing.assert_allclose(FUNCTIONS[name](jnp.asarray(X), *numbers), twin(X), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("name", "numbers"), [
    ("affine", (2.5, -1.0)), ("quadratic", (0.5, -2.0, 3.0)), ("normal", (1.0, 2.0)), ("z_score", (1.0, 4.0)),
])  # fmt: skip
def test_derivative_with_numbers_is_the_limit_of_differences(name, numbers):
    f, h = FUNCTIONS[name], 1e-5  # as in test_derivatives: about 1e-10
    with jax.enable_x64(True):
        difference = (f(jnp.asarray(X + h), *numbers) - f(jnp.asarray(X - h), *numbers)) / (2 * h)
        np.testing.assert_allclose(f.derivative(jnp.asarray(X), *numbers), difference, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("numbers", [(2.0, -3.0, 1.0), (0.1, 4.0, -2.0)])
def test_vertex_is_what_a_search_finds(numbers):
    with jax.enable_x64(True):
        found = optimize.minimize_scalar(lambda x: float(quadratic(x, *numbers)), bounds=(-50, 50), method="bounded")
    assert vertex(*numbers) == pytest.approx((found.x, found.fun), abs=1e-5)
    x, y = vertex(-numbers[0], -numbers[1], -numbers[2])
    assert (x, -y) == pytest.approx((found.x, found.fun), abs=1e-5)


def test_a_line_has_no_vertex():
    with pytest.raises(UsageError, match="vertex: expected a number other than 0 for a, got 0"):
        vertex(0.0, 1.0, 2.0)


def test_naive_softmax_is_softmax_while_the_exponentials_fit():
    x = np.random.default_rng(0).normal(size=(4, 6)) * 5
    with jax.enable_x64(True):
        np.testing.assert_allclose(naive_softmax(jnp.asarray(x)), special.softmax(x, axis=-1), rtol=1e-13)


def test_naive_softmax_fails_where_the_stable_one_holds():
    high, low = jnp.array([88.8, 0.0, 1.0]), jnp.array([-1000.0, -1001.0])  # ln of the largest float32 is 88.72
    assert np.isnan(naive_softmax(high)).tolist() == [True, False, False]
    assert np.isnan(naive_softmax(low)).all()
    np.testing.assert_allclose(
        softmax(high), special.softmax(np.asarray(high)), rtol=1e-6, atol=1e-37
    )  # XLA has no denormals
    np.testing.assert_allclose(softmax(low), special.softmax(np.asarray(low)), rtol=1e-6)


def test_exponential_is_finite_up_to_the_logarithm_of_the_largest_float():
    edge = np.log(np.finfo(np.float32).max)
    values = FUNCTIONS["exponential"](jnp.float32([edge - 1e-3, edge + 1e-3]))
    assert np.isfinite(values).tolist() == [True, False]
