"""A matrix to look at: which entries are 0, and how large the others are, as data and as a chart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame
from rich.text import Text

from seedbed.reporting.explained.words import Words, plain, shown
from seedbed.reporting.theme import colour, themed

CELL, WIDEST, LOWEST = 26, 520, 40  # pixels of an entry at most, of the whole, and of a row of entries at least
SHADES = "░▒▓█"  # from small to large
EMPTY = "·"


@dataclass(frozen=True, eq=False)
class Matrix:
    """A matrix to look at.

    Attributes:
        name: what data call it.
        title: what stands over it.
        entries: all of them, (rows, columns).
    """

    name: str
    title: Words
    entries: NDArray[np.float64]

    def to_dict(self, language: str | None = None) -> dict[str, Any]:
        """The entries as plain data."""
        return {"title": plain(self.title, language), "matrix": plain(self.entries)}


def matrix_data(picture: Matrix) -> DataFrame:
    """Row, column, entry, its sign and its size as a share of the largest; entries that are 0 are left out."""
    rows, columns = np.nonzero(picture.entries)
    entries = picture.entries[rows, columns]
    size = np.abs(entries) / np.abs(entries).max() if len(entries) else entries
    return DataFrame({"row": rows, "column": columns, "entry": entries, "sign": np.sign(entries), "size": size})


def draw_matrix(picture: Matrix, language: str | None = None) -> alt.LayerChart:
    """The matrix as squares: blue above 0, vermilion below, the darker the larger; what is 0 stays empty."""
    (m, n), table = picture.entries.shape, matrix_data(picture)
    cell = min(CELL, WIDEST / max(m, n))
    x, y = (
        alt.X("column:O", title=None, axis=None, scale=_all(n)),
        alt.Y("row:O", title=None, axis=None, scale=_all(m)),
    )
    tooltip = [alt.Tooltip("row:O"), alt.Tooltip("column:O"), alt.Tooltip("entry:Q", format=".4~g")]
    ground = alt.Chart(DataFrame({"row": np.repeat(np.arange(m), n), "column": np.tile(np.arange(n), m)}))
    layers = [ground.mark_rect(color=colour("panel"), stroke=colour("line"), strokeWidth=0.5).encode(x=x, y=y)]
    for sign, name in ((1, "accent"), (-1, "wrong")):
        opacity = alt.Opacity("size:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.25, 1]))
        base = alt.Chart(table[table["sign"] == sign]).mark_rect(
            color=colour(name), stroke=colour("paper"), strokeWidth=0.5
        )
        layers.append(base.encode(x=x, y=y, opacity=opacity, tooltip=tooltip))
    return themed(layers, shown(picture.title, language), height=max(LOWEST, cell * m), width=cell * n)


def matrix_lines(picture: Matrix, width: int, language: str | None = None) -> Iterator[Text]:
    """The matrix as lines of text: a dot for 0, else a shade; two characters for an entry where there is room."""
    matrix = picture.entries[:, :width]
    repeat = 2 if 2 * matrix.shape[1] <= width else 1
    largest = np.abs(matrix).max(initial=0.0)
    yield Text(shown(picture.title, language), "bold")
    for row in matrix:
        line = Text()
        for entry in row:
            shade = min(len(SHADES) - 1, int(len(SHADES) * abs(entry) / largest)) if entry else -1
            style = "dim" if not entry else "cyan" if entry > 0 else "yellow"
            line.append((EMPTY if shade < 0 else SHADES[shade]) * repeat, style)
        yield line


def _all(n: int) -> alt.Scale:
    return alt.Scale(domain=list(range(n)), padding=0)
