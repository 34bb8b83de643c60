"""The loss by the logarithm of a probability and by log-sum-exp, against SciPy in float64."""

import math

import pytest
from scipy import special

from seedbed.recipe.explaining.naive_softmax import sections
from tests.recipe.explaining.reading import rows, section


def test_log_sum_exp_holds_where_the_logarithm_ends():
    for gap, p, by_log, loss in rows(section(sections("naive_softmax"), "logarithm")):
        exact = special.logsumexp([0.0, gap]) - 0.0
        assert loss == pytest.approx(exact, rel=1e-6)
        assert by_log == (pytest.approx(exact, rel=1e-5) if p > 0 else math.inf)
        assert p == pytest.approx(special.softmax([0.0, gap])[0], rel=1e-5, abs=1e-37)
