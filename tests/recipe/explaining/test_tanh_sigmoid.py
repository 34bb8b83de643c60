"""tanh and the sigmoid against SciPy, and networks of the two against each other."""

import numpy as np
import pytest
from scipy import special

from seedbed.recipe.explaining.tanh_sigmoid import sections
from seedbed.reporting.explained.parts import Facts
from seedbed.reporting.explained.plot import Plot
from tests.recipe.explaining.reading import part, rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("tanh_sigmoid")


def test_the_picture_shows_both(told):
    tanh, sigmoid, made = part(section(told, "picture"), Plot).lines
    np.testing.assert_allclose(tanh.y, np.tanh(tanh.x), rtol=1e-14)
    np.testing.assert_allclose(sigmoid.y, special.expit(sigmoid.x), rtol=1e-14)
    np.testing.assert_allclose(made.y, np.tanh(made.x), atol=1e-15)
    assert all(fact.value < 1e-14 for fact in part(section(told, "picture"), Facts).facts)


def test_networks_of_the_two_are_the_same(told):
    values = said(section(told, "as_network"))
    assert values["difference"] < 1e-13 < values["size"]


def test_rounding_is_what_numpy_loses_too(told):
    for x, left, right, error in rows(section(told, "rounding")):
        assert left == pytest.approx(np.tanh(x), rel=1e-6)
        assert error == pytest.approx(abs(right / left - 1), rel=1e-3, abs=1e-7)
    errors = [row[3] for row in rows(section(told, "rounding"))]
    assert errors == sorted(errors) and errors[0] < 1e-5 < 0.1 < errors[-1]
