"""The initialisers against their formulas, the moments of the functions, and theory in wide networks."""

import numpy as np
import pytest
from scipy import integrate, stats

from seedbed.functions import FUNCTIONS
from seedbed.recipe.explaining.initializer import MEANT, SHAPES, one_layer, sections
from tests.recipe.explaining.reading import column, rows, said, section

FORMULAS = {"he": lambda i, o: 2 / i, "xavier": lambda i, o: 2 / (i + o), "lecun": lambda i, o: 1 / i}


@pytest.mark.parametrize("name", MEANT)
def test_variances_are_by_the_formula_and_drawn_so(name):
    for (_, variance, drawn, _), shape in zip(rows(section(sections(name), "one_layer")), SHAPES, strict=True):
        assert variance == pytest.approx(FORMULAS[name](*shape), rel=1e-6)
        assert drawn == pytest.approx(variance, rel=4 * np.sqrt(2 / np.prod(shape)))  # four deviations of a variance


@pytest.mark.parametrize("name", MEANT)
def test_what_a_function_keeps_of_the_mean_square(name):
    f = FUNCTIONS[MEANT[name].function]
    halves = [integrate.quad(lambda z: float(f(z)) ** 2 * stats.norm.pdf(z), *ends)[0] for ends in ((-9, 0), (0, 9))]
    assert said(section(sections(name), "one_layer"))["kept"] == pytest.approx(sum(halves), rel=0.02)


def test_he_and_lecun_keep_the_mean_square_of_z():
    for name in ("he", "lecun"):
        assert one_layer(MEANT[name].initializer, MEANT[name].function, (2000, 200))[1] == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("name", MEANT)
def test_the_one_that_is_meant_keeps_signal_and_gradient_best(name):
    found = section(sections(name), "layer_by_layer")
    gradients = np.abs(np.log(column(found, 3)))
    assert np.argmin(gradients) == 0
    assert column(found, 2)[-1] < 1e-6  # with weights of a hundredth nothing arrives


def test_wide_weights_saturate_and_blow_the_gradient_up():
    values = said(section(sections("xavier"), "layer_by_layer"))
    assert values["flat"] > 0.5 and values["ratio"] > 100 and values["unfit"] == pytest.approx(1, abs=0.05)
