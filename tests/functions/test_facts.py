"""The measured facts against what the textbooks say, derived by hand or by SciPy."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import pytest
from scipy import integrate, optimize, stats

from seedbed.core.errors import UsageError
from seedbed.functions import ACTIVATIONS, FUNCTIONS, Function, facts

INF = math.inf
PLACE = 1e-6  # a place is found to a 4000³rd of a step of the grid, and f' has its own rounding there


def own(f, name="own"):
    return Function(name, f, lambda x: x, "this test's", "this test")


@pytest.mark.parametrize(("name", "low", "high"), [
    ("step", 0, 1), ("linear", -INF, INF), ("sigmoid", 0, 1), ("tanh", -1, 1), ("softmax", 0, 1), ("relu", 0, INF),
    ("leaky_relu", -INF, INF), ("prelu", -INF, INF), ("elu", -1, INF), ("selu", -1.7580993, INF), ("softplus", 0, INF),
    ("affine", -INF, INF), ("quadratic", 0, INF), ("exponential", 0, INF), ("normal", 0, 1 / math.sqrt(2 * math.pi)),
    ("z_score", -INF, INF),
])  # fmt: skip
def test_range(name: str, low: float, high: float) -> None:
    measured = facts(name)
    assert (measured.low, measured.high) == pytest.approx((low, high), abs=1e-6)


def test_lowest_point_of_gelu_and_silu() -> None:
    gelu = optimize.minimize_scalar(lambda x: x * stats.norm.cdf(x), bounds=(-2, 0)).fun
    silu = optimize.minimize_scalar(lambda x: x / (1 + math.exp(-x)), bounds=(-3, 0)).fun
    assert facts("gelu").low == pytest.approx(gelu, abs=1e-9)
    assert facts("silu").low == pytest.approx(silu, abs=1e-9)


@pytest.mark.parametrize(("f", "low", "high"), [
    (lambda x: jnp.arcsinh(x), -INF, INF), (lambda x: jnp.sqrt(jnp.abs(x) + 1), 1, INF),
    (lambda x: x / jnp.sqrt(1 + x * x), -1, 1), (lambda x: -jnp.cosh(x / 40), -INF, -1), (jnp.sin, -1, 1),
])  # fmt: skip
def test_slow_growth_is_told_from_a_bound(f, low: float, high: float) -> None:
    measured = facts(own(f))
    assert (measured.low, measured.high) == pytest.approx((low, high), abs=1e-8)


def test_zero_centred_are_linear_tanh_and_selu() -> None:
    assert {name for name in ACTIVATIONS if facts(name).is_zero_centred} == {"linear", "tanh", "selu"}


@pytest.mark.parametrize("name", [name for name, f in FUNCTIONS.items() if f.is_elementwise])
def test_mean_output_for_normal_inputs(name: str) -> None:
    f = FUNCTIONS[name]
    with jax.enable_x64(True):
        halves = [
            integrate.quad(lambda x: float(f(x, *f.numbers.values())) * stats.norm.pdf(x), *ends)[0]
            for ends in ((-12, 0), (0, 12))
        ]
    assert facts(name).mean == pytest.approx(sum(halves), abs=1e-5)  # the midpoint rule at ReLU's bend


@pytest.mark.parametrize(("name", "way"), [
    ("gelu", "neither"), ("silu", "neither"), ("quadratic", "neither"), ("normal", "neither"), ("step", "increasing"),
    ("relu", "increasing"), ("sigmoid", "increasing"), ("tanh", "increasing"), ("softmax", "increasing"),
])  # fmt: skip
def test_monotone(name: str, way: str) -> None:
    assert facts(name).monotone == way


def test_monotone_down_and_level() -> None:
    assert facts("affine", slope=-3.0).monotone == "decreasing"
    assert facts("affine", slope=0.0, intercept=7.0).monotone == "constant"


@pytest.mark.parametrize(("name", "slope", "at"), [
    ("sigmoid", 1 / 4, 0.0), ("tanh", 1.0, 0.0), ("softmax", 1 / 4, 0.0), ("relu", 1.0, None), ("softplus", 1.0, None),
    ("exponential", INF, None), ("quadratic", INF, None), ("step", 0.0, None), ("selu", 1.7580993408473766, 0.0),
])  # fmt: skip
def test_largest_slope(name: str, slope: float, at: float | None) -> None:
    measured = facts(name)
    assert measured.max_slope == pytest.approx(slope, rel=1e-12)
    assert measured.max_slope_at == (at if at is None else pytest.approx(at, abs=1e-6))


def test_largest_slope_of_gelu_silu_and_normal() -> None:
    # GELU'' = φ(x) (2 - x²) is 0 at √2; the normal density is steepest at one deviation, by e^(-1/2) / √(2π)
    gelu = stats.norm.cdf(math.sqrt(2)) + math.sqrt(2) * stats.norm.pdf(math.sqrt(2))
    assert (facts("gelu").max_slope, facts("gelu").max_slope_at) == pytest.approx((gelu, math.sqrt(2)), abs=1e-6)
    silu = optimize.minimize_scalar(lambda x: -(1 + math.exp(-x) + x * math.exp(-x)) / (1 + math.exp(-x)) ** 2,
                                    bounds=(0, 5), options={"xatol": 1e-9})  # fmt: skip
    assert (facts("silu").max_slope, facts("silu").max_slope_at) == pytest.approx((-silu.fun, silu.x), abs=1e-6)
    assert facts("normal").max_slope == pytest.approx(math.exp(-0.5) / math.sqrt(2 * math.pi), abs=1e-12)
    assert facts("normal").max_slope_at is None  # it is as steep on the other side


def test_saturation_of_sigmoid_and_tanh_is_where_the_slope_falls_to_a_hundredth() -> None:
    # σ(1-σ) = 0.01/4 and 1 - tanh² = 0.01, solved by hand
    edge = math.log((1 + math.sqrt(0.99)) / (1 - math.sqrt(0.99)))
    for name, x in (("sigmoid", edge), ("tanh", edge / 2), ("softmax", edge)):
        (low, left), (right, high) = facts(name).saturation
        assert (low, high) == (-INF, INF)
        assert (left, right) == pytest.approx((-x, x), abs=PLACE)


def test_saturation_of_the_others() -> None:
    assert facts("relu").saturation == ((-INF, 0.0),)
    assert facts("step").saturation == ((-INF, INF),)
    assert facts("linear").saturation == facts("prelu").saturation == facts("affine").saturation == ()
    assert facts("leaky_relu").saturation == ()  # its slope of 0.01 is a hundredth of the largest, and not below
    assert facts("leaky_relu", slope=0.009).saturation == ((-INF, 0.0),)
    assert facts("exponential").saturation == facts("quadratic").saturation == ()  # there is no largest slope
    assert facts("elu").saturation[0][1] == pytest.approx(math.log(0.01), abs=PLACE)
    assert facts("softplus").saturation[0][1] == pytest.approx(-math.log(99), abs=PLACE)  # σ(x) = 0.01
    tail = optimize.brentq(lambda x: x * stats.norm.pdf(x) - 0.01 * stats.norm.pdf(1), 2, 6)
    (_, left), (right, _) = facts("normal").saturation
    assert (left, right) == pytest.approx((-tail, tail), abs=PLACE)


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
    measured = facts(own(lambda x: jnp.maximum(1.0 - jnp.abs(x), 0.0), "hat"))
    assert (measured.low, measured.high, measured.kinks) == (0, 1, (-1.0, 0.0, 1.0))
    assert dataclasses.asdict(measured)["name"] == "hat"


@pytest.mark.parametrize(("f", "where"), [
    (lambda x: jnp.abs(x - 1 / 3), (1 / 3,)), (lambda x: jnp.floor(x / 20), (-20.0, 0.0, 20.0)),
    (lambda x: jnp.exp(x) + jnp.abs(x + 0.7), (-0.7,)), (lambda x: jnp.sin(30 * x), ()), (lambda x: x**4, ()),
    (lambda x: jnp.abs(x) ** 1.5, ()),
])  # fmt: skip
def test_bends_and_jumps_are_found_between_the_points_of_the_grid(f, where: tuple[float, ...]) -> None:
    assert facts(own(f)).kinks == pytest.approx(where, abs=1e-8)


@pytest.mark.parametrize(("name", "cost"), [
    # sigmoid: -x, e^, + 1, 1 /; leaky ReLU: >, ·, choose; GELU: x / √2, erf, 1 +, ½ ·, x ·; quadratic by Horner
    ("sigmoid", (3, 1)), ("tanh", (0, 1)), ("relu", (1, 0)), ("leaky_relu", (3, 0)), ("gelu", (4, 1)),
    ("quadratic", (4, 0)), ("affine", (2, 0)), ("z_score", (2, 0)), ("linear", (0, 0)), ("exponential", (0, 1)),
])  # fmt: skip
def test_cost_is_what_one_counts_by_hand(name: str, cost: tuple[int, int]) -> None:
    measured = facts(name)
    assert measured.cost == cost
    assert all(after >= before for before, after in zip(measured.cost, measured.training_cost, strict=True))


def test_a_function_that_is_not_defined_everywhere_is_refused() -> None:
    with pytest.raises(UsageError, match=r"log: expected a number at every x from -32 to 32, got NaN at -32"):
        facts(own(jnp.log, "log"))
