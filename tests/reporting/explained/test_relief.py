"""Lines of equal height against circles and hyperbolas, and the map that shows them."""

import numpy as np
import pytest

from seedbed.reporting.explained.drawn import mapped
from seedbed.reporting.explained.isolines import isolines
from seedbed.reporting.explained.plot import Line
from seedbed.reporting.explained.relief import Arrow, Relief, draw_relief, relief_data
from seedbed.reporting.saving import save_png

X, Y = np.linspace(-2, 2, 81), np.linspace(-1, 1, 41)
GRID = np.meshgrid(X, Y)
HEIGHTS = GRID[0] ** 2 + GRID[1] ** 2
RELIEF = Relief(
    "circles", "x² + y²", X, Y, HEIGHTS, np.array([0.25, 0.81]), [Line("path", [-1.5, 0.0], [0.5, 0.0])],
    [Arrow("up", 0.5, 0.0, 0.4, 0.0)],
)  # fmt: skip


@pytest.mark.parametrize("radius", [0.3, 0.75, 0.95])
def test_a_circle_is_found_whole(radius):
    pieces, levels = isolines(X, Y, HEIGHTS, np.array([radius**2]))
    np.testing.assert_allclose(
        np.hypot(pieces[..., 0], pieces[..., 1]), radius, atol=2e-3
    )  # straight between the sides
    length = np.hypot(*(pieces[:, 1] - pieces[:, 0]).T).sum()
    assert length == pytest.approx(2 * np.pi * radius, rel=5e-3) and (levels == radius**2).all()
    ends = np.sort(pieces.reshape(-1, 2).round(9).view("f8,f8").ravel())
    assert (ends[::2] == ends[1::2]).all()  # each end is the beginning of another piece: the line is closed


@pytest.mark.parametrize("sign", [1, -1])
def test_a_saddle_is_cut_through_the_right_corners(sign):
    """x y = c in one square: two branches, which never meet."""
    x = y = np.array([-1.0, 1.0])
    heights = np.outer(y, x)
    pieces, _ = isolines(x, y, heights, np.array([0.2 * sign]))
    assert pieces.shape == (2, 2, 2)
    middles = pieces.mean(axis=1)
    assert all(np.sign(mx * my) == sign for mx, my in middles)


def test_no_line_where_the_height_does_not_occur():
    pieces, levels = isolines(X, Y, HEIGHTS, np.array([99.0, -1.0]))
    assert pieces.shape == (0, 2, 2) and levels.size == 0


def test_the_map_is_drawn_with_right_angles(tmp_path):
    assert set(relief_data(RELIEF).columns) == {"level", "x", "y", "x2", "y2"}
    spec = draw_relief(RELIEF, "en").to_dict()
    assert spec["height"] / spec["width"] == pytest.approx(0.5) and "autosize" not in spec
    assert save_png(draw_relief(RELIEF), tmp_path / "map.png", width=300).stat().st_size > 4000
    assert RELIEF.to_dict("en")["arrows"] == [{"label": "up", "x": 0.5, "y": 0.0, "dx": 0.4, "dy": 0.0}]


def test_the_map_in_a_terminal_is_as_wide_as_high_in_dots():
    title, *rows, axis, labels, legend = [line.plain for line in mapped(RELIEF, 60)]
    assert title == "x² + y²" and legend.split() == ["━━━", "path", "━━━", "up"] and axis.count("─") > 30
    width = max(len(row) for row in rows) - 10
    assert abs(len(rows) * 4 - width * 2 / 2) <= 4  # four dots down and two across in a character
    tall = [line.plain for line in mapped(Relief("t", "t", Y, X, HEIGHTS.T, np.array([0.5])), 80)]
    assert len(tall) <= 28 and "0" in labels
