"""A Jacobian as one HTML page that loads nothing, in the look of the report."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from seedbed.core.messages import message, preferred_language
from seedbed.core.version import __version__
from seedbed.reporting import page as report
from seedbed.reporting.figures import Figure, Panel
from seedbed.reporting.jacobian.drawing import WIDTH, draw_pattern
from seedbed.reporting.theme import style_sheet
from seedbed.reporting.wording import number

if TYPE_CHECKING:
    from seedbed.reporting.jacobian.view import JacobianView


def page(view: JacobianView) -> str:
    """The page in the view's language."""
    language = view.language or preferred_language()
    caption = message("jacobian.picture.caption", language, largest=number(view.pattern.largest))
    if view.pattern.is_sampled:
        caption += " " + message("jacobian.picture.sampled", language, n=view.pattern.cells.shape[1])
    figure = Figure("picture", caption, (), (Panel("", draw_pattern(view.pattern, language), most_width=WIDTH),))
    scripts = [report.vega(), report.asset("page.js")]
    return report.template("jacobian.html").render(
        t=functools.partial(message, language=language), language=language, view=view, figure=figure,
        embed=report.embedded, policy=report.policy(scripts), scripts=[Markup(script) for script in scripts],
        style=Markup(style_sheet() + report.asset("page.css")), version=__version__,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
    )  # fmt: skip
