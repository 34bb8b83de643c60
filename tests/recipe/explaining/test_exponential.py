"""The exponential against NumPy."""

import numpy as np
import pytest

from seedbed.recipe.explaining.exponential import sections
from tests.recipe.explaining.reading import rows, said, section


def test_products_and_steps():
    laws = section(sections("exponential"), "laws")
    for a, b, *values in rows(laws):
        assert values == pytest.approx([np.exp(a), np.exp(b), np.exp(a + b), np.exp(a + b)])
    assert said(laws)["times"] == pytest.approx(2) and said(laws)["difference"] < 1e-14
