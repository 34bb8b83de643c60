"""The description of a data set as one HTML page that loads nothing, in the look of the report."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

from markupsafe import Markup

from seedbed.core.messages import message, preferred_language
from seedbed.core.version import __version__
from seedbed.data.description import Description
from seedbed.reporting import page as report
from seedbed.reporting.described.figures import figures
from seedbed.reporting.described.lines import column_line
from seedbed.reporting.theme import style_sheet

GENERATOR = "seedbed data describe"  # what the page names as its maker, by which it is known again


def page(description: Description, language: str | None = None) -> str:
    """The page in `language` or the reader's own."""
    language = language or preferred_language()
    scripts = [report.vega(), report.asset("page.js")]
    drawn = figures(description, language)
    n = description.rows["train"]
    return report.template("data.html").render(
        t=functools.partial(message, language=language), language=language, told=description, figures=drawn,
        lines=[(one, column_line(one, n, language)) for one in description.columns], embed=report.embedded,
        policy=report.policy(scripts), scripts=[Markup(script) for script in scripts],
        style=Markup(style_sheet() + report.asset("page.css")), version=__version__, generator=GENERATOR,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
    )  # fmt: skip
