"""The affine function against NumPy's polynomials."""

import numpy as np
import pytest

from seedbed.recipe.explaining.affine import CHAIN, INTERCEPT, SLOPE, sections
from tests.recipe.explaining.reading import rows, said, section

LINE = np.poly1d([SLOPE, INTERCEPT])


def test_both_sides_of_the_laws():
    found = section(sections("affine"), "laws")
    (_, *affine, one), (_, *linear, other) = rows(found)
    assert affine == pytest.approx([LINE(3), LINE(1) + LINE(2), LINE(3), 3 * LINE(1)])
    assert linear == pytest.approx([SLOPE * 3] * 4)
    assert (one.key, other.key) == ("affine.affine", "affine.linear")


def test_a_chain_is_the_composition_of_polynomials():
    told = said(section(sections("affine"), "chain"))
    whole = np.poly1d([1, 0])
    for line in CHAIN:
        whole = np.polyval(np.poly1d(line), whole)
    assert (told["slope"], told["intercept"]) == pytest.approx(tuple(whole.coeffs))
    assert told["difference"] < 1e-12
