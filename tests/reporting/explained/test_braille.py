"""The braille canvas against the names that Unicode gives to its characters."""

import unicodedata

import numpy as np
import pytest

from seedbed.reporting.explained.braille import NOBODY, Axis, Canvas
from seedbed.reporting.explained.drawn import drawn
from seedbed.reporting.explained.plot import Line, Plot

# Where the eight dots of a braille character are, by their numbers: rows from the top, columns from the left.
PLACES = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (0, 1), 5: (1, 1), 6: (2, 1), 7: (3, 0), 8: (3, 1)}


def dots(lines):
    """The dots of lines of text as a picture of zeros and ones."""
    picture = np.zeros((4 * len(lines), 2 * max(map(len, lines))), int)
    for row, line in enumerate(lines):
        for column, sign in enumerate(line):
            name = unicodedata.name(sign)
            for number in map(int, name.partition("DOTS-")[2]) if "BRAILLE PATTERN DOTS" in name else ():
                down, right = PLACES[number]
                picture[4 * row + down, 2 * column + right] = 1
    return picture


def text(canvas):
    return ["".join(sign for sign, _ in row) for row in canvas.rows()]


@pytest.mark.parametrize(
    ("x", "y", "row", "column"), [(0, 0, 7, 0), (0, 1, 0, 0), (1, 0, 7, 5), (1, 1, 0, 5), (0.4, 0.72, 2, 2)]
)
def test_a_point_is_one_dot_at_its_place(x, y, row, column):
    canvas = Canvas(3, 2)
    canvas.dots(np.array([float(x)]), np.array([float(y)]), 0)
    assert np.argwhere(dots(text(canvas))).tolist() == [[row, column]]


def test_a_diagonal_touches_every_row_and_every_column():
    canvas = Canvas(8, 4)
    canvas.line(np.array([0.0, 1.0]), np.array([1.0, 0.0]), 0)
    np.testing.assert_array_equal(dots(text(canvas)), np.eye(16))


def test_a_gap_stays_open_and_what_is_outside_is_left_out():
    canvas = Canvas(10, 1)
    canvas.line(np.array([0.0, 0.2, np.nan, 0.8, 1.5]), np.zeros(5), 3)
    assert dots(text(canvas))[3].tolist() == [1] * 5 + [0] * 10 + [1] * 5
    assert {owner for _, owner in canvas.rows()[0]} == {3, NOBODY}


def test_patterns_leave_dots_out():
    canvas = Canvas(30, 1)
    canvas.line(np.array([0.0, 1.0]), np.zeros(2), 0, (1, 0))
    assert 25 <= dots(text(canvas)).sum() <= 35


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-8.0, 8.0), (-0.17, 3.9), (1e-7, 3e-7), (-4e5, 2e6)])
@pytest.mark.parametrize("most", [3, 5, 8])
def test_ticks_are_round_inside_and_not_too_many(low, high, most):
    ticks = Axis(low, high).ticks(most)
    assert 2 <= len(ticks) <= most and low <= min(ticks) and max(ticks) <= high
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[0]) and f"{steps[0]:.0e}"[0] in "125"


def test_a_logarithmic_axis_leaves_out_what_it_has_not():
    axis = Axis.around([0.0, -1.0, 1e-3, np.inf, 10.0], is_log=True)
    assert (axis.low, axis.high) == (1e-3, 10.0)
    np.testing.assert_allclose(axis.share([1e-3, 1e-1, 10.0, 0.0]), [0, 0.5, 1, np.nan])


def test_an_axis_has_room_also_for_one_value_and_for_none():
    assert Axis.around([3.0, 3.0]) == Axis(1.5, 4.5) and Axis.around([]) == Axis(0.0, 1.0)


def test_a_plot_shows_where_its_line_is():
    x = np.linspace(-2, 2, 101)
    plot = Plot("square", "x²", [Line("x²", x, x**2)], bands=[(-np.inf, -1)], bands_label="left of −1")
    title, *rows, axis, labels, legend = [line.plain for line in drawn(plot, 60, height=8)]
    assert title == "x²" and legend.endswith("left of −1")
    picture = dots([row[10:] for row in rows])
    (down, across), heights = picture.shape, np.argmax(picture, axis=0)
    lowest = np.flatnonzero(heights == heights.max()).mean()
    assert abs(lowest - across / 2) <= 1 and heights[0] == heights[-1] <= 1
    quarter = heights[round(0.75 * across)]  # x = 1, a quarter of the way up
    assert abs(quarter / down - 0.75) < 0.08
    assert axis.count("━") in range(10, 14) and axis.index("━") < 12 and "−2" in labels and "2" in labels
