"""An explanation as one HTML page that loads nothing, in the look of the report; and as a piece of a notebook."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import altair as alt
from markupsafe import Markup

from seedbed.core.errors import UsageError
from seedbed.core.messages import message, preferred_language
from seedbed.core.version import __version__
from seedbed.reporting import page as report
from seedbed.reporting.explained.matrix import Matrix, draw_matrix
from seedbed.reporting.explained.parts import Equations, Facts, Remedy, Table
from seedbed.reporting.explained.plot import Plot, draw_plot
from seedbed.reporting.explained.relief import Relief, draw_relief
from seedbed.reporting.explained.words import Said, shown
from seedbed.reporting.pages import is_page_of
from seedbed.reporting.saving import svg
from seedbed.reporting.theme import style_sheet

if TYPE_CHECKING:
    from seedbed.reporting.explained.explanation import Explanation

GENERATOR = "seedbed explain"  # what the page names as its maker, by which it is known again
TEMPLATE, FRAGMENT = "explanation.html", "explanation-part.html"
WIDTH = 520  # of a picture in a notebook
KINDS = {
    Said: "said",
    Equations: "equations",
    Facts: "facts",
    Table: "table",
    Remedy: "remedy",
    Plot: "panels",
    Relief: "panels",
    Matrix: "panels",
}


class Panel(NamedTuple):
    """A picture with what stands over it and below it: pairs of a look and what has it."""

    title: str
    chart: alt.LayerChart
    key: list[tuple[str, str]]


class Block(NamedTuple):
    """What stands between two others in a section: one part, or pictures side by side."""

    kind: str
    content: Any


def check_target(path: Path) -> None:
    """Nothing, if a page may be written there.

    Raises:
        UsageError: the name has another ending, or something else stands there.
    """
    is_page_of(path, GENERATOR)
    if path.suffix != ".html":
        came = f"{path}: expected a file whose name ends in .html, got {path.suffix or 'none'}"
        raise UsageError(came, f"such as {path.with_suffix('.html')}")


def page(explanation: Explanation) -> str:
    """The page in the explanation's language."""
    scripts = [report.vega(), report.asset("page.js")]
    return report.template(TEMPLATE).render(
        **_context(explanation), embed=report.embedded, policy=report.policy(scripts),
        scripts=[Markup(script) for script in scripts], style=Markup(style_sheet() + report.asset("page.css")),
        version=__version__, generator=GENERATOR, date=datetime.now(UTC).strftime("%Y-%m-%d"), is_light=False,
    )  # fmt: skip


def fragment(explanation: Explanation) -> str:
    """The explanation for a notebook: no script, pictures as SVG, on white paper."""
    return report.template(FRAGMENT).render(
        **_context(explanation), embed=lambda chart: Markup(svg(chart, width=WIDTH)), is_light=True
    )


def blocks(parts: Sequence[Any], language: str | None) -> list[Block]:
    """The parts of a section as the template wants them; pictures that follow one another stand side by side."""
    found = []
    for kind, group in groupby(parts, key=lambda part: KINDS[type(part)]):
        if kind == "panels":
            found.append(Block(kind, [_panel(plot, language) for plot in group]))
        else:
            found += [Block(kind, part) for part in group]
    return found


def _context(explanation: Explanation) -> dict[str, Any]:
    language = explanation.language or preferred_language()
    sections = [
        (section.name, section.heading(language), blocks(section.parts, language)) for section in explanation.sections
    ]
    return {
        "t": functools.partial(message, language=language), "language": language, "told": explanation,
        "sections": sections, "shown": functools.partial(shown, language=language),
        "theme": message(f"explain.theme.{explanation.theme}", language),
    }  # fmt: skip


def _panel(plot: Plot | Relief | Matrix, language: str | None) -> Panel:
    if isinstance(plot, Matrix):
        return Panel(shown(plot.title, language), draw_matrix(plot, language), [])
    if isinstance(plot, Relief):
        key = [(f"line{n}", shown(line.label, language)) for n, line in enumerate(plot.paths)]
        return Panel(shown(plot.title, language), draw_relief(plot, language), key)
    key = (
        [(f"line{n}", shown(line.label, language)) for n, line in enumerate(plot.lines)] if len(plot.lines) > 1 else []
    )
    key = [("dots" + look[4:] if plot.lines[n].is_dots else look, label) for n, (look, label) in enumerate(key)]
    key += [("shade", shown(plot.bands_label, language))] if plot.bands and plot.bands_label else []
    return Panel(shown(plot.title, language), draw_plot(plot, language), key)
