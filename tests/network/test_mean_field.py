"""Means over normal sums against other quadratures and closed forms; fixed and critical points as published."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from seedbed import UsageError
from seedbed.functions import FUNCTIONS
from seedbed.network.mean_field import critical_point, fixed_point, moments

TWINS = {
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "sigmoid": (expit, lambda x: expit(x) * expit(-x)),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(x)), lambda x: np.where(x > 0, 1.0, np.exp(x))),
    "gelu": (lambda x: x * norm.cdf(x), lambda x: norm.cdf(x) + x * norm.pdf(x)),
}


def of(name, q):
    return moments([(FUNCTIONS[name], tuple(FUNCTIONS[name].numbers.values()))], q)


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("q", [0.01, 1.0, 400.0])
def test_moments_against_adaptive_quadrature(name, q):
    value, slope = TWINS[name]
    powers = (lambda x: value(x) ** 2, lambda x: slope(x) ** 2, lambda x: slope(x) ** 4)
    expected = [normal_mean(lambda z, power=power: power(np.sqrt(q) * z), 1 / np.sqrt(q)) for power in powers]
    np.testing.assert_allclose(of(name, q), expected, rtol=1e-10)


def normal_mean(f, bend):
    """By SciPy: on either side of 0, where a kink may be, by itself, and with points where a steep function bends."""
    options = {"epsabs": 1e-14, "epsrel": 1e-12, "limit": 500}
    left = quad(lambda z: f(z) * norm.pdf(z), -12, 0, points=[-8 * bend, -bend], **options)[0]
    return left + quad(lambda z: f(z) * norm.pdf(z), 0, 12, points=[bend, 8 * bend], **options)[0]


def test_moments_against_gauss_and_hermite_where_that_rule_is_good():
    z, weight = np.polynomial.hermite_e.hermegauss(201)
    for q in (0.01, 0.5):
        found = of("tanh", q)
        assert found.signal == pytest.approx(weight @ np.tanh(np.sqrt(q) * z) ** 2 / weight.sum(), rel=1e-13)
        assert found.slope2 == pytest.approx(weight @ np.cosh(np.sqrt(q) * z) ** -4.0 / weight.sum(), rel=1e-12)


def test_moments_in_closed_form():
    relu, linear, step = (of(name, 3.0) for name in ("relu", "linear", "step"))
    np.testing.assert_allclose(relu, (1.5, 0.5, 0.5), rtol=1e-13)
    np.testing.assert_allclose(linear, (3.0, 1.0, 1.0), rtol=1e-13)
    np.testing.assert_allclose(step, (0.5, 0.0, 0.0), rtol=1e-13)
    assert relu.spread == pytest.approx(1.0, rel=1e-12) and linear.spread == pytest.approx(0.0, abs=1e-12)
    leaky = moments([(FUNCTIONS["leaky_relu"], (0.1,))], 2.0)
    np.testing.assert_allclose(leaky, (1.01, 0.505, 0.50005), rtol=1e-13)


def test_two_functions_one_after_the_other():
    both = moments([(FUNCTIONS["tanh"], ()), (FUNCTIONS["relu"], ())], 0.7)
    one = of("tanh", 0.7)  # an odd function: ReLU keeps half of everything
    np.testing.assert_allclose(both, np.array(one) / 2, rtol=1e-12)


def test_the_point_that_is_published_for_tanh():
    # Pennington, Schoenholz and Ganguli 2017: (σw², σb²) = (1.05, 2.01e-5) is critical; χ - 1 is 2e-7 there.
    q = fixed_point("tanh", 1.05, 2.01e-5)
    found = of("tanh", q)
    assert q == pytest.approx(0.02592, abs=5e-6)
    assert 1.05 * found.slope2 == pytest.approx(1.0, abs=1e-6)
    assert found.spread == pytest.approx(0.00427, abs=5e-6)


@pytest.mark.parametrize(
    ("depth", "weight", "bias"),
    [(10, 1.177569, 8.323e-4), (50, 1.038882, 9.527e-6), (100, 1.019711, 1.258e-6), (200, 1.009926, 1.6182e-7)],
)
def test_critical_points_of_tanh(depth, weight, bias):
    # The values come from bisection over a Gauss-Hermite rule of 201 points, in a program of its own.
    found = critical_point("tanh", 1 / depth)
    assert found == (pytest.approx(weight, abs=5e-7), pytest.approx(bias, rel=1e-4))
    assert fixed_point("tanh", *found) == pytest.approx(1 / depth, rel=1e-9)


@pytest.mark.parametrize("name", ["sigmoid", "elu", "selu", "gelu", "silu", "relu"])
def test_the_fixed_point_is_where_going_through_layers_leads(name):
    weight, bias, q = 0.8, 0.05, 1.0
    for _ in range(400):
        q = weight * of(name, q).signal + bias
    assert fixed_point(name, weight, bias) == pytest.approx(q, rel=1e-10)


def test_signals_that_die_out_and_signals_that_grow():
    assert fixed_point("tanh", 0.9) == 0.0 and fixed_point("relu", 1.9) == 0.0
    for name, variance in (("relu", 2.0), ("relu", 2.5), ("linear", 1.0), ("gelu", 3.0)):
        with pytest.raises(UsageError, match=rf"^{name}: expected variances with which signals settle, got"):
            fixed_point(name, variance)


def test_he_and_xavier_are_the_critical_points_of_relu_and_of_no_activation():
    assert critical_point("relu", 3.0) == (pytest.approx(2.0), pytest.approx(0.0, abs=1e-12))
    assert critical_point("linear", 3.0) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-12))


def test_sigmoid_units_are_critical_only_with_enormous_weights():
    with pytest.raises(UsageError, match=r"^sigmoid: expected a mean square at which gradients can keep their length"):
        critical_point("sigmoid", 1.0)
    weight, bias = critical_point("sigmoid", 100.0)
    assert weight > 100 and weight * of("sigmoid", 100.0).slope2 == pytest.approx(1.0)
    assert fixed_point("sigmoid", weight, bias) == pytest.approx(100.0)


def test_what_is_refused():
    with pytest.raises(UsageError, match=r"^softmax: expected a function of each number by itself, got one of a"):
        fixed_point("softmax", 1.0)
    with pytest.raises(UsageError, match=r"^function: expected one of .*'tnh'\nhint: did you mean 'tanh'\?$"):
        critical_point("tnh", 1.0)
    with pytest.raises(UsageError, match=r"^q: expected a number above 0, got 0\.0$"):
        critical_point("tanh", 0.0)
    with pytest.raises(UsageError, match=r"^step: expected a mean square at which gradients can keep their length"):
        critical_point("step", 1.0)


def test_it_leaves_the_precision_of_the_program_alone():
    fixed_point("tanh", 1.5, 0.1)
    assert not jax.config.jax_enable_x64
