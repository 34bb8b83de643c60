"""The quadratic function against SciPy's search and regression, and descent against its closed form."""

import numpy as np
import pytest
from scipy import optimize, stats

from seedbed.recipe.explaining.quadratic import RATES, START, STEPS, A, B, C, points, sections
from seedbed.reporting.explained.plot import Plot
from tests.recipe.explaining.reading import part, rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("quadratic")


def test_the_lowest_point_is_the_one_that_a_search_finds(told):
    found = optimize.minimize_scalar(np.poly1d([A, B, C]), bracket=(-3, 5))
    values = said(section(told, "minimum"))
    assert (values["x"], values["y"]) == pytest.approx((found.x, found.fun), abs=1e-7)


def test_descent_shrinks_the_distance_by_one_factor_a_step(told):
    x0 = -B / (2 * A)
    for line, rate in zip(part(section(told, "minimum"), Plot).lines, RATES, strict=True):
        expected = np.abs((START - x0) * (1 - 2 * A * rate) ** np.arange(STEPS + 1.0))
        np.testing.assert_allclose(line.y, expected, rtol=1e-9)
    assert [row[0] for row in rows(section(told, "minimum"))][-1] == STEPS
    assert said(section(told, "minimum"))["limit"] == 1 / A


def test_least_squares_is_scipys_regression(told):
    fit = stats.linregress(*points())
    solved, descended, true = rows(section(told, "least_squares"))
    assert solved[1:3] == pytest.approx((fit.slope, fit.intercept))
    assert descended[1:3] == pytest.approx((fit.slope, fit.intercept), abs=1e-6)  # sixty steps
    x, y = points()
    for _, slope, intercept, cost in (solved, descended, true):
        assert cost == pytest.approx(np.mean((slope * x + intercept - y) ** 2))
    assert solved[3] < true[3]
