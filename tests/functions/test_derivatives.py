"""Every derivative against central differences in float64, against autodiff, and at the edges of float32."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.functions import ACTIVATIONS, FUNCTIONS, Function, function

ELEMENTWISE = [f for f in FUNCTIONS.values() if f.is_elementwise]
POINTS = np.array([-9.3, -3.1, -1.0, -0.4, -1e-2, 1e-2, 0.3, 1.0, 2.7, 8.1])
LAYERS = [f for f in ELEMENTWISE if f.name in ACTIVATIONS]
ids = {"ids": lambda f: f.name}


@pytest.mark.parametrize("f", ELEMENTWISE, **ids)
def test_derivative_is_the_limit_of_differences(f: Function) -> None:
    h = 1e-5  # the error of a central difference is h² f''' / 6 + 1e-16 / h: about 1e-10
    with jax.enable_x64(True):
        above, below = f(jnp.asarray(np.stack([POINTS + h, POINTS - h])))
        difference = np.asarray(above - below) / (2 * h)
        np.testing.assert_allclose(f.derivative(jnp.asarray(POINTS)), difference, rtol=1e-8, atol=1e-9)


def test_softmax_jacobian_is_the_limit_of_differences() -> None:
    f, x, h = FUNCTIONS["softmax"], np.array([0.3, -1.2, 2.0, 0.0]), 1e-5
    with jax.enable_x64(True):
        jacobian = np.asarray(f.derivative(jnp.asarray(x)))
        columns = [(f(jnp.asarray(x + h * e)) - f(jnp.asarray(x - h * e))) / (2 * h) for e in np.eye(4)]
    np.testing.assert_allclose(jacobian, np.stack(columns, axis=1), atol=1e-10)
    np.testing.assert_allclose(jacobian.sum(axis=0), 0, atol=1e-15)
    np.testing.assert_array_equal(jacobian, jacobian.T)


@pytest.mark.parametrize("f", ELEMENTWISE, **ids)
def test_autodiff_gives_the_closed_form_also_at_kinks(f: Function) -> None:
    with jax.enable_x64(True):
        x = jnp.asarray([*POINTS, 0.0])
        slopes, closed = jax.jit(lambda x: (jax.vmap(jax.grad(f))(x), f.derivative(x)))(x)
        np.testing.assert_allclose(slopes, closed, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("name", "slope"), [("step", 0.0), ("relu", 0.0), ("leaky_relu", 0.01), ("prelu", 0.25)])
def test_slope_at_zero_is_that_of_the_negative_side(name: str, slope: float) -> None:
    assert float(jax.grad(FUNCTIONS[name])(0.0)) == pytest.approx(slope)


@pytest.mark.parametrize("f", LAYERS, **ids)
def test_value_and_slope_stay_finite_far_out(f: Function) -> None:
    x = jnp.array([-1e4, -200.0, -89.0, -30.0, 0.0, 30.0, 89.0, 200.0, 1e4], jnp.float32)
    for numbers in {tuple(f.numbers.values()), tuple(2.0 for _ in f.numbers)}:
        traced = [jnp.full(x.shape, n, jnp.float32) for n in numbers]
        values, slopes = jax.jit(jax.vmap(jax.value_and_grad(f)))(x, *traced)
        assert np.isfinite(values).all() and np.isfinite(slopes).all()
        assert values.dtype == slopes.dtype == jnp.float32
        assert np.isfinite(f.derivative(x, *numbers)).all()


def test_softmax_stays_finite_far_out() -> None:
    f, x = FUNCTIONS["softmax"], jnp.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]], jnp.float32)
    values = jax.vmap(f)(x)
    jacobians = jax.jit(jax.vmap(jax.jacrev(f)))(x)
    np.testing.assert_allclose(values, [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    assert np.isfinite(jacobians).all() and np.isfinite(f.derivative(x)).all()


@pytest.mark.parametrize("f", [f for f in ELEMENTWISE if f.name != "step"], **ids)
def test_nan_is_not_hidden(f: Function) -> None:
    assert np.isnan(f(jnp.float32(np.nan)))


@pytest.mark.parametrize("f", FUNCTIONS.values(), **ids)
@settings(max_examples=10, deadline=None)
@given(x=st.lists(st.floats(-50, 50, width=32), min_size=3, max_size=3))
def test_vmap_equals_one_by_one(f: Function, x: list[float]) -> None:
    rows = jnp.array([x, x[::-1]], jnp.float32)
    np.testing.assert_allclose(jax.vmap(f)(rows), [f(rows[0]), f(rows[1])], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("f", [f for f in FUNCTIONS.values() if f.numbers], **ids)
def test_numbers_take_the_precision_of_the_input(f: Function) -> None:
    x = jnp.ones(3, jnp.bfloat16)
    assert f(x, *(jnp.float32(0.1) for _ in f.numbers)).dtype == jnp.bfloat16
    assert f(jnp.arange(3), *f.numbers.values()).dtype == jnp.float32


def test_unknown_function_is_named_with_the_nearest() -> None:
    message = r"function: expected one of step, linear, .*, got 'rellu'\nhint: did you mean 'relu'"
    with pytest.raises(ValueError, match=message):
        function("rellu")
