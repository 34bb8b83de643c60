"""The report of a search as one HTML page that loads nothing, in the look of a run's report."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

from markupsafe import Markup

from seedbed.core.messages import message, preferred_language
from seedbed.core.version import __version__
from seedbed.reporting import page as report
from seedbed.reporting.figures import Figure, Panel
from seedbed.reporting.headline import PARTS
from seedbed.reporting.members import SPARK
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.search.figures import FIGURES
from seedbed.reporting.search.table import best_lines, winner_values
from seedbed.reporting.search.truth import draw_truth, truth_data
from seedbed.reporting.search.words import figures, lead, notes, pruned_lines, pruned_words, verdict
from seedbed.reporting.theme import style_sheet
from seedbed.reporting.wording import metric

GENERATOR = "seedbed search"  # what the page names as its maker, by which it is known again


def page(evidence: Searched, language: str | None = None) -> str:
    """The page in `language` or the reader's own."""
    language = language or preferred_language()
    drawn = [made for figure in FIGURES if (made := figure(evidence, language)) is not None]
    scripts = [report.vega(), report.asset("page.js")]
    dimensions, lines = best_lines(evidence, language)
    return report.template("search.html").render(
        t=functools.partial(message, language=language), language=language, evidence=evidence,
        lead=lead(evidence, language), head=figures(evidence, language), verdict=verdict(evidence, language),
        notes=notes(evidence, language), truth=_truth(evidence, language), metrics=metrics(evidence, language),
        winner=winner_values(evidence, language), figures=drawn, dimensions=dimensions, lines=lines, spark=SPARK,
        pruned=pruned_words(evidence, language), pruned_lines=pruned_lines(evidence, language),
        contents=contents(drawn, evidence, language), embed=report.embedded, policy=report.policy(scripts),
        scripts=[Markup(script) for script in scripts],
        style=Markup(style_sheet() + report.asset("page.css") + report.asset("search.css")),
        version=__version__, generator=GENERATOR, date=datetime.now(UTC).strftime("%Y-%m-%d"),
    )  # fmt: skip


def contents(drawn: list[Figure], evidence: Searched, language: str | None = None) -> list[tuple[str, str]]:
    """The sections that the bar leads to: their place and their heading."""
    names = ["winner"] * (evidence.winner is not None) + [figure.name for figure in drawn] + ["best", "pruned"]
    return [(name, message(f"search.{name}", language)) for name in names]


def metrics(evidence: Searched, language: str | None = None) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    """The names of the metrics, and for each part and model a row of their values, as texts."""
    results = {} if evidence.worth is None else evidence.worth.results
    names = list(next((one for part in results.values() for one in part.values()), {}))
    rows = [
        (
            message(f"column.{part}", language),
            message(f"search.figure.model.{model}", language),
            [metric(name, results[part][model].get(name)) for name in names],
        )
        for part in PARTS
        for model in ("winner", "ensemble")
        if model in results.get(part, {})
    ]
    return [message(f"column.{name}", language) for name in names], rows


def _truth(evidence: Searched, language: str | None) -> Figure | None:
    """The scores of the winner as points."""
    if not len(truth_data(evidence)):
        return None
    caption = message("search.truth.caption", language)
    return Figure("truth", caption, (), (Panel("", draw_truth(evidence, language), most_width=900),))
