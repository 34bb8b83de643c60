"""The measured facts against what the textbooks say, derived by hand or by SciPy."""

import dataclasses
import math

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, optimize, stats

from seedbed.functions import FUNCTIONS, Function, facts

INF = math.inf
GRID_STEP = 1 / 64  # ends of intervals and extrema are found to within one step of the grid


@pytest.mark.parametrize(("name", "low", "high"), [
    ("step", 0, 1), ("linear", -INF, INF), ("sigmoid", 0, 1), ("tanh", -1, 1), ("softmax", 0, 1), ("relu", 0, INF),
    ("leaky_relu", -INF, INF), ("prelu", -INF, INF), ("elu", -1, INF), ("selu", -1.7580993, INF), ("softplus", 0, INF),
])  # fmt: skip
def test_range(name: str, low: float, high: float) -> None:
    measured = facts(name)
    assert (measured.low, measured.high) == pytest.approx((low, high), abs=1e-6)


def test_lowest_point_of_gelu_and_silu() -> None:
    gelu = optimize.minimize_scalar(lambda x: x * stats.norm.cdf(x), bounds=(-2, 0)).fun
    silu = optimize.minimize_scalar(lambda x: x / (1 + math.exp(-x)), bounds=(-3, 0)).fun
    assert facts("gelu").low == pytest.approx(gelu, abs=1e-4)  # half of f'' · step²
    assert facts("silu").low == pytest.approx(silu, abs=1e-4)


def test_zero_centred_are_linear_tanh_and_selu() -> None:
    assert {name for name in FUNCTIONS if facts(name).is_zero_centred} == {"linear", "tanh", "selu"}


@pytest.mark.parametrize("name", ["sigmoid", "relu", "gelu", "softplus", "silu", "elu"])
def test_mean_output_for_normal_inputs(name: str) -> None:
    x = np.linspace(-8, 8, 8001, dtype=np.float32)
    expected = integrate.simpson(np.asarray(FUNCTIONS[name](x)) * stats.norm.pdf(x), x=x)
    assert facts(name).mean == pytest.approx(expected, abs=1e-4)


def test_saturation_of_sigmoid_and_tanh_is_where_the_slope_falls_to_a_twentieth() -> None:
    # σ(1-σ) = 0.05/4 and 1 - tanh² = 0.05, solved by hand
    edge = math.log((1 + math.sqrt(0.95)) / (1 - math.sqrt(0.95)))
    for name, x in (("sigmoid", edge), ("tanh", edge / 2), ("softmax", edge)):
        (low, left), (right, high) = facts(name).saturation
        assert (low, high) == (-INF, INF)
        assert (left, right) == pytest.approx((-x, x), abs=GRID_STEP)


def test_saturation_of_the_others() -> None:
    assert facts("relu").saturation == ((-INF, 0.0),)
    assert facts("step").saturation == ((-INF, INF),)
    assert facts("linear").saturation == facts("prelu").saturation == ()
    assert facts("elu").saturation[0][1] == pytest.approx(math.log(0.05), abs=GRID_STEP)


def test_slope_that_crosses_zero_is_no_saturation() -> None:
    assert len(facts("gelu").saturation) == len(facts("silu").saturation) == 1  # both have f' = 0 near -1


def test_points_without_derivative() -> None:
    with_kink = {name for name in FUNCTIONS if facts(name).kinks}
    assert with_kink == {"step", "relu", "leaky_relu", "prelu", "selu"}
    assert all(facts(name).kinks == (0.0,) for name in with_kink)
    assert facts("elu").kinks == () and facts("elu", alpha=2.0).kinks == (0.0,)


def test_numbers_change_the_facts() -> None:
    assert facts("leaky_relu", slope=0.2).saturation == ()
    assert facts("elu", alpha=3.0).low == pytest.approx(-3.0)


def test_a_function_of_ones_own() -> None:
    own = Function("hat", lambda x: jnp.maximum(1.0 - jnp.abs(x), 0.0), lambda x: x, "max(1 - |x|, 0)", "this test")
    measured = facts(own)
    assert (measured.low, measured.high, measured.kinks) == (0, 1, (-1.0, 0.0, 1.0))
    assert dataclasses.asdict(measured)["name"] == "hat"
