"""The gradient against its formula, and the steepest way down against a search by SciPy."""

import math

import numpy as np
import pytest
from scipy import optimize

from seedbed.recipe.explaining.gradient import POINT, exact, f, sections
from seedbed.reporting.explained.plot import Plot
from seedbed.reporting.explained.relief import Relief
from tests.recipe.explaining.reading import part, rows, said, section

BY_HAND = np.array([POINT[0], 2 * POINT[1]])


@pytest.fixture(scope="module")
def told():
    return sections("gradient")


def test_at_a_point(told):
    np.testing.assert_allclose(exact(POINT), BY_HAND)
    for (_, automatic, differences), slope in zip(rows(section(told, "at_a_point")), BY_HAND, strict=True):
        assert automatic == pytest.approx(slope) == pytest.approx(differences, abs=1e-8)


def test_the_steepest_way_down_is_the_one_that_a_search_finds(told):
    step = 1e-6
    way = lambda t: (f(POINT + step * np.array([math.cos(t), math.sin(t)])) - f(POINT)) / step  # noqa: E731
    found = optimize.minimize_scalar(way, bounds=(0, 2 * math.pi), options={"xatol": 1e-9})
    down = math.atan2(*-BY_HAND[::-1]) % (2 * math.pi)
    assert found.x == pytest.approx(down, abs=1e-4)
    values = said(section(told, "steepest"))
    assert values["off"] <= 0.5 and values["slope"] == pytest.approx(-np.linalg.norm(BY_HAND), rel=1e-4)


def test_cases(told):
    rising, falling, level, axis = rows(section(told, "steepest"))
    size = np.linalg.norm(BY_HAND)
    assert (rising[1], falling[1], level[1], axis[1]) == pytest.approx((size, -size, 0, -BY_HAND[0]))
    assert [row[5].key for row in (rising, falling, level)] == ["case.parallel", "case.opposite", "case.perpendicular"]
    for row in (rising, falling, level, axis):
        assert row[2] == pytest.approx(row[1], abs=1e-7) and abs(row[1]) <= row[3] + 1e-12
    predicted, measured = part(section(told, "steepest"), Plot).lines
    np.testing.assert_allclose(np.interp(measured.x, predicted.x, predicted.y), measured.y, atol=1e-3)


def test_the_arrows_are_the_gradient_and_stand_across_the_line(told):
    relief = part(section(told, "map"), Relief)
    for arrow, sign in zip(relief.arrows, (1, -1), strict=True):
        assert np.cross([*(sign * BY_HAND), 0], [arrow.dx, arrow.dy, 0])[2] == pytest.approx(0)
        assert sign * (arrow.dx * BY_HAND[0] + arrow.dy * BY_HAND[1]) > 0
    assert said(section(told, "map"))["degrees"] == pytest.approx(
        math.degrees(math.acos(BY_HAND @ POINT / np.linalg.norm(BY_HAND) / np.linalg.norm(POINT)))
    )
