"""The probe: values and slopes of a function of one number, many at a time, and closer looks at one place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from seedbed.core.errors import UsageError

SPACING = 1 / 64
GRID = np.arange(-32, 32 + SPACING, SPACING)
FAR = np.array([-1e4, -1e8, -1e16, 1e4, 1e8, 1e16])  # three distances to each side, from where growth is judged
CENTRE = np.abs(GRID) <= 4
LOOKS = 3  # each divides an interval by as many as the grid has points

Reals = NDArray[np.float64]


def float64() -> contextlib.AbstractContextManager[Any]:
    """Inside, JAX computes in float64, for this thread alone."""
    return jax.enable_x64(True)


class Probe:
    """A function of one number, to be asked for its values and slopes at as many points as the grid has.

    One size for all questions is one compiled program.

    Arguments:
        f: the function, on a traced number.
        name: what an error calls it.

    Raises:
        UsageError: the function is NaN at a point of the grid.
    """

    def __init__(self, f: Callable[[Any], Array], name: str) -> None:
        self._both = jax.jit(jax.vmap(jax.value_and_grad(lambda x: f(x).astype(x.dtype))))
        self.on_grid = self(GRID)
        values = self.on_grid[0]
        if np.isnan(values).any():
            first = float(GRID[int(np.argmax(np.isnan(values)))])
            hint = "a function can be measured where it gives numbers for all real ones"
            raise UsageError(f"{name}: expected a number at every x from -32 to 32, got NaN at {first:g}", hint)
        self.scale = float(np.abs(values[CENTRE]).max())

    def __call__(self, x: Reals) -> tuple[Reals, Reals]:
        """Values and slopes at `x`, at most as many as the grid has points."""
        filled = np.resize(x, GRID.shape)
        values, slopes = (np.asarray(both, np.float64)[: len(x)] for both in self._both(filled))
        return values, slopes

    def closer(self, at: Callable[[Reals], Reals], x: float) -> float:
        """The place of the largest `at` near `x`."""
        width = SPACING
        for _ in range(LOOKS):
            near = np.linspace(x - width, x + width, len(GRID))
            found = at(near)
            if found.max() > at(np.array([x]))[0]:
                x = float(near[int(np.argmax(found))])
            width /= len(GRID) / 4
        return x

    def last(self, holds: Callable[[Reals], NDArray[np.bool_]], inside: float, outside: float) -> float:
        """The last point on the way from `inside`, where `holds`, to `outside`, where it does not."""
        for _ in range(LOOKS):
            way = np.linspace(inside, outside, len(GRID))
            n = int(np.argmin(holds(way)))
            inside, outside = float(way[n - 1]), float(way[n])
        return inside
