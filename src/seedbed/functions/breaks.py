"""The breaks of a function: where it jumps or bends, and so has no derivative."""

from __future__ import annotations

import numpy as np

from seedbed.functions.probe import CENTRE, GRID, Probe, Reals

HALVINGS = 32  # 1/64 by 2³² is 4e-12: what a smooth function changes on so short a way is rounding
BREAK = 1e-6  # a change that is left after that, as a share of the function's own size
DIGITS = 9


def breaks(probe: Probe) -> tuple[float, ...]:
    """The points between -32 and 32 where value or slope changes however close one looks.

    Every interval of the grid is halved again and again, each time for the half with the larger change. On a smooth
    function the change goes to 0 with the width; at a jump or a bend it stays.
    """
    start, end = GRID[:-1], GRID[1:]
    sizes = tuple(float(np.nanmax(np.abs(part[CENTRE]))) for part in probe.on_grid)
    at_start, at_end = (tuple(part[side] for part in probe.on_grid) for side in (slice(None, -1), slice(1, None)))
    for _ in range(HALVINGS):
        middle = 0.5 * (start + end)
        at_middle = probe(middle)
        is_left = _change(at_start, at_middle, sizes) >= _change(at_middle, at_end, sizes)
        start, end = np.where(is_left, start, middle), np.where(is_left, middle, end)
        at_start = tuple(np.where(is_left, a, m) for a, m in zip(at_start, at_middle, strict=True))
        at_end = tuple(np.where(is_left, m, b) for m, b in zip(at_middle, at_end, strict=True))
    found = start[_change(at_start, at_end, sizes) > BREAK]
    return tuple(float(x) for x in np.unique(np.round(found, DIGITS) + 0.0))


def _change(a: tuple[Reals, ...], b: tuple[Reals, ...], sizes: tuple[float, ...]) -> Reals:
    """How much value or slope differ, whichever more, each against its own size; NaN and infinity count as a change."""
    shares = [
        np.abs(y - x) / np.maximum(np.maximum(np.abs(x), np.abs(y)), size or 1.0)
        for x, y, size in zip(a, b, sizes, strict=True)
    ]
    return np.nan_to_num(np.maximum(*shares), nan=np.inf)
