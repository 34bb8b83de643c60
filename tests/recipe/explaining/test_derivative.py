"""The derivative against NumPy's polynomials, and the error of differences against what theory says of it."""

import numpy as np
import pytest

from seedbed.recipe.explaining.derivative import AT, STEPS, sections
from seedbed.reporting.explained.plot import Plot
from tests.recipe.explaining.reading import part, rows, said, section

CUBIC = np.poly1d([1, 0, -3, 0])


@pytest.fixture(scope="module")
def told():
    return sections("derivative")


def test_the_picture_shows_function_and_derivative(told):
    value, slope = section(told, "picture").parts
    np.testing.assert_allclose(value.lines[0].y, CUBIC(value.lines[0].x), atol=1e-13)
    np.testing.assert_allclose(slope.lines[0].y, CUBIC.deriv()(slope.lines[0].x), atol=1e-13)


def test_against_the_sign_it_goes_down(told):
    for x, slope, way, before, after in rows(section(told, "sign")):
        assert slope == pytest.approx(CUBIC.deriv()(x)) and before == pytest.approx(CUBIC(x))
        side = {"derivative.left": -1, "derivative.right": 1, "derivative.stay": 0}[way.key]
        assert after == pytest.approx(CUBIC(x + 0.1 * side)) and (after < before) == (side != 0)
    values = said(section(told, "sign"))
    assert values["fallen"] == values["n"] == 4


def test_errors_fall_with_h_and_its_square_until_rounding(told):
    forward, central = part(section(told, "differences"), Plot).lines
    large = (STEPS > 1e-4) & (STEPS < 1e-1)
    np.testing.assert_allclose(forward.y[large], 3 * AT * STEPS[large], rtol=0.1)  # ½ f'' h
    np.testing.assert_allclose(central.y[large], STEPS[large] ** 2, rtol=0.01)  # f''' h² / 6
    values = said(section(told, "differences"))
    assert (
        values["exact"] == pytest.approx(CUBIC.deriv()(AT)) and 1e-7 < values["best"] < 1e-4 and values["error"] < 1e-9
    )
