"""An explanation in a terminal of 80 columns, or wider."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from seedbed.core.messages import message
from seedbed.reporting.explained.drawn import drawn, mapped
from seedbed.reporting.explained.matrix import Matrix, matrix_lines
from seedbed.reporting.explained.parts import Equations, Facts, Remedy, Table
from seedbed.reporting.explained.plot import Plot
from seedbed.reporting.explained.relief import Relief
from seedbed.reporting.explained.words import Said, shown
from seedbed.reporting.wording import THIN

if TYPE_CHECKING:
    from seedbed.reporting.explained.explanation import Explanation

WIDTH, WIDEST = 80, 100
INDENT = 2


def rendered(explanation: Explanation, width: int = WIDTH) -> Group:
    """The explanation as something that a Rich console prints; `width` is that of the terminal."""
    language, width = explanation.language, min(width, WIDEST)
    pieces: list[Any] = [Text.assemble((explanation.title, "bold"), ("  " + explanation.name, "dim"))]
    pieces += [Text(explanation.lead), ""]
    for section in explanation.sections:
        pieces.append(Text(section.heading(language), "bold cyan"))
        for part in section.parts:
            pieces += [
                Padding(piece, (0, 0, 0, INDENT)) for piece in _RENDERERS[type(part)](part, width - INDENT, language)
            ]
        pieces.append("")
    if explanation.related:
        names = " · ".join(explanation.related)
        pieces.append(Text.assemble((message("explain.related", language) + "  ", "dim"), names))
    return Group(*pieces)


def _text(said: str, style: str = "") -> Text:
    """Words for a terminal, which would break a line at the thin space of a percentage."""
    return Text(said.replace(THIN, ""), style)


def as_text(explanation: Explanation, width: int = WIDTH) -> str:
    """The explanation as plain text."""
    console = Console(
        file=io.StringIO(), width=width, color_system=None, force_terminal=False, highlight=False, markup=False,
        emoji=False, legacy_windows=False,
    )  # fmt: skip
    with console.capture() as captured:
        console.print(rendered(explanation, width))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).rstrip() + "\n"


def _equations(part: Equations, width: int, language: str | None) -> Iterator[Any]:
    yield from (Text(line, "bold") for line in part.lines)
    if part.source:
        yield Text(part.source, "dim")


def _facts(part: Facts, width: int, language: str | None) -> Iterator[Any]:
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", overflow="fold", max_width=32)
    grid.add_column(overflow="fold")
    for fact in part.facts:
        said = shown(fact.value if fact.said is None else fact.said, language)
        grid.add_row(message(f"explain.fact.{fact.name}", language), _text(said))
    yield grid


def _table(part: Table, width: int, language: str | None) -> Iterator[Any]:
    grid = Grid(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for n, column in enumerate(part.columns):
        right = part.is_number(n)
        grid.add_column(
            shown(column, language), justify="right" if right else "left", overflow="fold", vertical="bottom"
        )
    for n, row in enumerate(part.rows):
        grid.add_row(*(_text(shown(cell, language)) for cell in row), style="bold" if n == part.strong else "")
    yield grid


def _remedy(part: Remedy, width: int, language: str | None) -> Iterator[Any]:
    label = message("explain.remedy", language) + "  "
    yield Text.assemble((label, "bold green"), _text(part.said.text(language)))


_RENDERERS: dict[type, Callable[[Any, int, str | None], Iterator[Any]]] = {
    Said: lambda part, width, language: iter([_text(part.text(language))]),
    Equations: _equations,
    Facts: _facts,
    Table: _table,
    Remedy: _remedy,
    Plot: drawn,
    Relief: mapped,
    Matrix: matrix_lines,
}
