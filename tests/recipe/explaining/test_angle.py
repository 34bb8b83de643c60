"""Angles against SciPy's cosine distance, and those of random vectors against theory."""

import math

import numpy as np
import pytest
from scipy import spatial

from seedbed.recipe.explaining.angle import PAIRS, U, degrees, sections
from seedbed.reporting.explained.parts import Facts
from seedbed.reporting.explained.plot import Plot
from tests.recipe.explaining.reading import part, rows, section


@pytest.fixture(scope="module")
def told():
    return sections("angle")


def test_cases(told):
    for (_, inner, bound, cosine, theta, case), (name, v) in zip(
        rows(section(told, "cases")), PAIRS.items(), strict=True
    ):
        assert cosine == pytest.approx(1 - spatial.distance.cosine(U, v)) and case.key == f"case.{name}"
        assert (inner, bound) == pytest.approx((np.dot(U, v), 5 * np.hypot(*v)))
        assert theta == pytest.approx(math.degrees(math.acos(np.clip(cosine, -1, 1))), abs=1e-5)


def test_random_angles_crowd_around_a_right_one(told):
    """The cosine of two random directions in n dimensions has mean 0 and variance 1 / n."""
    for n, mean, deviation, near in rows(section(told, "random")):
        assert mean == pytest.approx(90, abs=2.5)
        if n > 2:
            assert deviation == pytest.approx(math.degrees(1 / math.sqrt(n)), rel=0.06)
        assert near == pytest.approx(np.mean(np.abs(degrees(n) - 90) < 10))
    assert part(section(told, "random"), Facts).facts[0].value == 1000
    for line in part(section(told, "random"), Plot).lines:
        assert np.sum(line.y) * 3 == pytest.approx(1)  # bins of three degrees
