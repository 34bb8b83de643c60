"""Lines of equal height through a grid of heights, by marching squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


def isolines(x: Reals, y: Reals, heights: Reals, levels: Reals) -> tuple[Reals, Reals]:
    """Straight pieces of the lines on which a function has one of `levels`, and the level of each.

    `heights` is (len(y), len(x)). Pieces are (n, 2, 2): from and to, each as x and y. In each square of the grid the
    line goes straight between the points of its sides where the height, taken as linear there, is the level.
    """
    pieces, which = [], []
    for level in levels:
        found = _pieces(x, y, heights - level)
        pieces.append(found)
        which.append(np.full(len(found), level))
    return np.concatenate(pieces), np.concatenate(which)


def _pieces(x: Reals, y: Reals, d: Reals) -> Reals:
    """The pieces of the line on which `d` is 0."""
    left, right = np.meshgrid(x[:-1], y[:-1]), np.meshgrid(x[1:], y[1:])
    (x0, y0), (x1, y1) = left, right
    a, b, c, e = d[:-1, :-1], d[:-1, 1:], d[1:, 1:], d[1:, :-1]  # corners, from the lower left counter-clockwise
    corners = ((x0, y0, a), (x1, y0, b), (x1, y1, c), (x0, y1, e))
    sides = [_crossing(corners[n], corners[(n + 1) % 4]) for n in range(4)]  # lower, right, upper, left
    points = np.stack([point for point, _ in sides])  # (4, ny, nx, 2)
    has = np.stack([crossed for _, crossed in sides])  # (4, ny, nx)
    n_crossed, found = has.sum(axis=0), []
    for first in range(4):
        for second in range(first + 1, 4):
            both = (n_crossed == 2) & has[first] & has[second]
            found.append(np.stack([points[first][both], points[second][both]], axis=1))
    saddle, middle = n_crossed == 4, a + b + c + e > 0
    # At a saddle the corners that are on the middle's side are joined across it, and the other two are cut off.
    for joined, pairs in (((a > 0) == middle, ((0, 1), (2, 3))), ((a > 0) != middle, ((3, 0), (1, 2)))):
        for first, second in pairs:
            both = saddle & joined
            found.append(np.stack([points[first][both], points[second][both]], axis=1))
    return np.concatenate(found)


def _crossing(one: tuple[Reals, Reals, Reals], other: tuple[Reals, Reals, Reals]) -> tuple[Reals, NDArray[np.bool_]]:
    """Where the line crosses each side that leads from one corner to another, and whether it does."""
    (x0, y0, d0), (x1, y1, d1) = one, other
    crossed = (d0 > 0) != (d1 > 0)
    share = np.where(crossed, d0 / np.where(crossed, d0 - d1, 1.0), 0.0)
    return np.stack([x0 + share * (x1 - x0), y0 + share * (y1 - y0)], axis=-1), crossed
