"""One weight nudged, explained: the jump, the square law, the steeper sigmoid."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from seedbed.network.nudge import nudge
from seedbed.recipe.explaining.explain import explain
from seedbed.recipe.explaining.nudge import STEEPNESS, networks_apart, pair
from seedbed.reporting.explained.nudged import error_plot, nudge_plot
from seedbed.reporting.explained.plot import Plot
from tests.recipe.explaining.reading import assert_whole, column, part, rows, said, section


@pytest.fixture(scope="module")
def explained():
    return explain("nudge", "en")


@pytest.fixture(scope="module")
def told(explained):
    return explained.sections


def test_it_is_whole_in_every_language(explained):
    assert_whole(explained)


def test_the_perceptron_jumps_and_the_sigmoid_neuron_does_not(told):
    smooth, stepped, line = part(section(told, "jump"), Plot).lines
    assert set(stepped.y) == {0.0, 1.0} and np.abs(np.diff(smooth.y)).max() < 0.01
    middle = len(line.x) // 2
    assert line.x[middle] == 0.0 and line.y[middle] == pytest.approx(smooth.y[middle])
    # The line touches the curve: a central difference of the curve has its slope.
    slope = (smooth.y[middle + 1] - smooth.y[middle - 1]) / (smooth.x[middle + 1] - smooth.x[middle - 1])
    assert (line.y[-1] - line.y[0]) / (line.x[-1] - line.x[0]) == pytest.approx(slope, rel=1e-3)
    assert said(section(told, "jump"))["jump"] == 1.0


def test_the_error_has_slope_two(told):
    measured, square = part(section(told, "square_law"), Plot).lines
    assert said(section(told, "square_law"))["order"] == pytest.approx(2.0, abs=0.01)
    np.testing.assert_allclose(np.interp(np.log(measured.x), np.log(square.x), np.log(square.y)),
                               np.log(measured.y), atol=0.1)  # fmt: skip
    assert np.diff(np.log(square.y))[0] / np.diff(np.log(square.x))[0] == pytest.approx(2.0)


def test_points_are_in_order_whatever_the_order_of_the_nudges():
    smooth, stepped = pair()
    found = nudge_plot(smooth, stepped)
    assert all((np.diff(line.x) > 0).all() for line in found.lines)
    assert (np.diff(error_plot(smooth).lines[0].x) >= 0).all()


def test_steeper_sigmoids(told):
    for line, k in zip(part(section(told, "steeper"), Plot).lines, (16.0, 4.0, 1.0), strict=True):
        np.testing.assert_allclose(line.y, expit(k * np.asarray(line.x)), rtol=1e-12)
    areas = column(section(told, "steeper"), 1)
    np.testing.assert_allclose(areas, 2 * np.log(2) / np.array(STEEPNESS), rtol=1e-9)
    apart = networks_apart()
    assert apart[0] > 0.05 and apart[-1] < 1e-3 and apart == sorted(apart, reverse=True)


def test_the_figures_of_the_digits_are_those_that_were_measured(told):
    small = {row[0]: row for row in rows(section(told, "digits_nudged"))}
    # A nudge of 0.1: perceptrons' outputs jump, those of sigmoid neurons move by a few hundredths.
    assert small[0.1][4] == 1.0 and small[0.1][3] < 0.1
    assert small[0.1][2] > 2 * small[0.1][1]
    smooth, stepped = rows(section(told, "digits_repaired"))
    assert stepped[3] > 2 * smooth[3]


def test_nudge_is_the_public_one():
    import seedbed as sb

    assert sb.nudge is nudge
