"""The pattern of a Jacobian for a terminal: one sign for each cell, the darker the larger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.text import Text

from seedbed.core.messages import message
from seedbed.reporting.jacobian.pattern import Pattern
from seedbed.reporting.wording import number

MOST_CELLS = 32  # to a side; each is two characters wide, and so about square
SIGNS = ((0.3, "█"), (0.03, "▓"), (0.003, "▒"), (0.0, "░"))  # from which share of the largest
NOTHING, NO_NUMBER = "·", "?"


def blocks(pattern: Pattern, language: str | None = None) -> Iterator[Text]:
    """The picture as lines of text, with its key."""
    coarse = pattern.coarser(MOST_CELLS)
    for row in coarse.shares:
        yield Text("".join(sign_of(float(share)) * 2 for share in row))
    rows, columns = coarse.cells.shape
    m, n = pattern.shape
    yield Text(message("jacobian.picture.key", language, largest=number(pattern.largest)), "dim")
    if (rows, columns) != (m, n):
        sizes = {"rows": f"{rows}", "columns": f"{columns}", "m": f"{m:,}", "n": f"{n:,}"}
        yield Text(message("jacobian.picture.cells", language, **sizes), "dim")
    if pattern.is_sampled:
        yield Text(message("jacobian.picture.sampled", language, n=pattern.cells.shape[1]), "dim")


def sign_of(share: float) -> str:
    """The sign for a cell whose largest entry is that share of the largest of all.

    >>> [sign_of(share) for share in (1.0, 0.1, 0.01, 1e-9, 0.0, float("nan"))]
    ['█', '▓', '▒', '░', '·', '?']
    """
    if not np.isfinite(share):
        return NO_NUMBER
    return NOTHING if share == 0 else next(sign for least, sign in SIGNS if share >= least)
