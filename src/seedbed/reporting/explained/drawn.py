"""Plots and maps for the terminal: their lines in braille dots, with axes, ticks and a legend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from rich.cells import cell_len
from rich.text import Text

from seedbed.reporting.explained.braille import COLUMNS, NOBODY, PATTERNS, ROWS, Axis, Canvas
from seedbed.reporting.explained.isolines import isolines
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.relief import Relief
from seedbed.reporting.explained.words import Words, shown
from seedbed.reporting.wording import number

HEIGHT = 9  # characters
HIGHEST = 24  # characters that a map may be high
LABEL = 8  # characters for the numbers on the left
STYLES = ("cyan", "yellow", "magenta", "bright_black")
SAMPLES = ("━━━", "╺━╸", "┅┅┅", "┈┈┈")  # what stands for a line in the legend
TICKS_Y, SPACE_OF_A_TICK = 4, 12


def drawn(plot: Plot, width: int, language: str | None = None, height: int = HEIGHT) -> Iterator[Text]:
    """The plot as lines of text."""
    across, up = _axes(plot)
    canvas = Canvas(width - LABEL - 2, height)
    for owner in reversed(range(len(plot.lines))):
        _draw(canvas, plot.lines[owner], across, up, owner)
    yield Text(shown(plot.title, language), "bold")
    yield from _rows(canvas, up)
    yield _axis_line(canvas.width, across, plot.bands)
    title = shown(plot.x_title, language)
    yield Text(" " * (LABEL + 1) + _labels(canvas.width, across, title), "dim")
    yield from _legend(plot, width, language)


def mapped(relief: Relief, width: int, language: str | None = None) -> Iterator[Text]:
    """The map as lines of text; where it is too high for a screen it is narrower."""
    across, up = Axis.around(relief.x), Axis.around(relief.y)
    cells = min(width - LABEL - 2, int(HIGHEST * ROWS / COLUMNS / relief.aspect))
    canvas = Canvas(cells, max(3, round(cells * COLUMNS * relief.aspect / ROWS)))
    pieces, _ = isolines(relief.x, relief.y, relief.heights, relief.levels)
    for piece in pieces:
        canvas.line(across.share(piece[:, 0]), up.share(piece[:, 1]), len(STYLES) - 1)
    arrows = [Line(one.label, [one.x, one.x + one.dx], [one.y, one.y + one.dy]) for one in relief.arrows]
    drawn_over = [*relief.paths, *arrows]
    for owner, line in enumerate(drawn_over):
        canvas.clear(across.share(line.x), up.share(line.y))
        canvas.line(across.share(line.x), up.share(line.y), owner)
    yield Text(shown(relief.title, language), "bold")
    yield from _rows(canvas, up)
    yield _axis_line(canvas.width, across, ())
    yield Text(" " * (LABEL + 1) + _labels(canvas.width, across, ""), "dim")
    yield from _entries([("━━━", STYLES[n], line.label) for n, line in enumerate(drawn_over)], width, language)


def _axes(plot: Plot) -> tuple[Axis, Axis]:
    x, y = (np.concatenate([np.asarray(getattr(one, name), float) for one in plot.lines]) for name in ("x", "y"))
    both = np.isfinite(x) & np.isfinite(y)
    across = Axis.around(x[both], is_log=plot.is_log_x)
    return across, Axis.around(y[both], is_log=plot.is_log_y, margin=0.0 if plot.is_log_y else 0.03)


def _draw(canvas: Canvas, line: Line, across: Axis, up: Axis, owner: int) -> None:
    x, y = np.asarray(line.x, float), np.asarray(line.y, float)
    if line.is_steps:  # level to the next point, then up or down
        x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
    x, y = across.share(x), up.share(y)
    if line.is_dots:
        canvas.dots(x[np.isfinite(x) & np.isfinite(y)], y[np.isfinite(x) & np.isfinite(y)], owner)
    else:
        canvas.line(x, y, owner, PATTERNS[owner])


def _rows(canvas: Canvas, up: Axis) -> Iterator[Text]:
    """The canvas, with numbers on the left and a faint line where y is 0."""
    place = lambda y: int((1 - float(up.share(y))) * (canvas.height * ROWS - 1)) // ROWS  # noqa: E731
    ticks = {place(tick): tick for tick in up.ticks(TICKS_Y)}
    zero = place(0.0) if not up.is_log and up.low < 0 < up.high else None
    for n, row in enumerate(canvas.rows()):
        label = _number(ticks[n]) if n in ticks else ""
        text = Text(f"{label:>{LABEL}}" + (" ┤" if n in ticks else " │"), "dim")
        for sign, owner in row:
            is_rule = owner == NOBODY and n == zero
            text.append("┈" if is_rule else sign, "dim" if owner == NOBODY else STYLES[owner])
        yield text


def _axis_line(width: int, across: Axis, bands: Sequence[tuple[float, float]]) -> Text:
    """The line below: a tick for each number, heavy where the plot is shaded."""
    ends = [(across.share(max(a, across.low)), across.share(min(b, across.high))) for a, b in bands]
    at = (np.arange(width) + 0.5) / width
    heavy = np.any([(at >= a) & (at <= b) for a, b in ends], axis=0) if ends else np.zeros(width, bool)
    places = set(_places(width, across))
    signs = ["┴" if n in places else "━" if heavy[n] else "─" for n in range(width)]
    return Text(" " * (LABEL + 1) + "└" + "".join(signs), "dim")


def _places(width: int, across: Axis) -> dict[int, float]:
    return {round(float(across.share(tick)) * (width - 1)): tick for tick in across.ticks(width // SPACE_OF_A_TICK)}


def _labels(width: int, across: Axis, title: str) -> str:
    """The numbers below their ticks, and the title of the axis in the last gap that is wide enough."""
    line = ""
    for place, tick in _places(width, across).items():
        text = _number(tick)
        start = max(0, place + 1 - len(text) // 2)
        if start > len(line) or not line:
            line = line.ljust(start) + text
    line, room = line.ljust(width + 2), cell_len(title) + 2
    gap = list(re.finditer(" +", line.rstrip() + " " * (width + 2 - len(line.rstrip()))))[-1]
    if not title:
        return line
    if gap.end() - gap.start() < room:  # behind the last number; else between the last two, or below
        gap = list(re.finditer(" +", line.rstrip()))[-1]
    if gap.end() - gap.start() < room:
        below = " " * (LABEL + 1 + (width - cell_len(title)) // 2)
        return f"{line.rstrip()}\n{below}{title}"
    start = (gap.start() + gap.end() - cell_len(title)) // 2
    return line[:start] + title + line[start + cell_len(title) :]


def _legend(plot: Plot, width: int, language: str | None) -> Iterator[Text]:
    entries = [(SAMPLES[n], STYLES[n], one.label) for n, one in enumerate(plot.lines)] if len(plot.lines) > 1 else []
    entries = [
        ("•••" if plot.lines[n].is_dots else sign, style, label) for n, (sign, style, label) in enumerate(entries)
    ]
    entries += [("━━━", "dim", plot.bands_label)] if plot.bands and plot.bands_label else []
    yield from _entries(entries, width, language)


def _entries(entries: Sequence[tuple[str, str, Words]], width: int, language: str | None) -> Iterator[Text]:
    """What each line is, side by side as far as there is room."""
    text = Text()
    for sign, style, label in entries:
        entry = Text.assemble((sign, style), " " + shown(label, language))
        if text and LABEL + 2 + text.cell_len + 3 + entry.cell_len > width:
            yield Text(" " * (LABEL + 2)) + text
            text = Text()
        text = text + Text("   ") + entry if text else entry
    if text:
        yield Text(" " * (LABEL + 2)) + text


def _number(tick: float) -> str:
    text = number(tick + 0.0, 3) if tick == 0 or 1e-3 <= abs(tick) < 1e5 else f"{tick:.0e}".replace("e-0", "e-")
    text = text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
    return "−" + text[1:] if text.startswith("-") else text
