"""Categories as numbers: whole ones, from 0 on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import ShapeError


def check_categories(name: str, x: NDArray[Any], size: int) -> None:
    """Refuses numbers, in an array of any shape, that are none of `size` categories.

    Raises:
        ShapeError: in the name of a layer; the message says which number, and where it stands.
    """
    wrong = ~((x >= 0) & (x < size) & (x == np.floor(x)))
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        came = f"{x[place]:g} at {place}, and {int(wrong.sum()):,} in all that are none"
        hint = "give it as large a size as there are categories, and leave preprocessing away"
        raise ShapeError(f"{name}: expected whole numbers from 0 to {size - 1}, got {came}", hint)
