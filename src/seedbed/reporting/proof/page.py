"""A treatment as one HTML page that loads nothing, in the look of the report; and as a piece of a notebook."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from html import escape

from markupsafe import Markup

from seedbed.core.messages import message, preferred_language
from seedbed.core.version import __version__
from seedbed.reporting import page as report
from seedbed.reporting.figures import Figure, Panel
from seedbed.reporting.proof.arms import draw_arms
from seedbed.reporting.proof.told import Told
from seedbed.reporting.proof.words import CONTROL, chance, effect, headline, notes, verdict
from seedbed.reporting.saving import svg
from seedbed.reporting.theme import style_sheet
from seedbed.reporting.wording import ABSENT, metric, number

GENERATOR = "seedbed treat"  # what the page names as its maker, by which it is known again
WIDTH = 620  # of the picture in a notebook
KEY = (("chosen", "proved"), ("other", "other"), ("voting", "control"))  # a mark's look, and what it stands for
NUMBERS = ("mean", "std", "worst", "seeds", "d", "p", "seconds")


def page(told: Told, language: str | None = None) -> str:
    """The page in `language` or the reader's own."""
    language = language or preferred_language()
    scripts = [report.vega(), report.asset("page.js")]
    return report.template("treatment.html").render(
        t=functools.partial(message, language=language), language=language, told=told, figure=_figure(told, language),
        headline=headline(told, language), notes=notes(told, language), lines=lines(told, language), numbers=NUMBERS,
        embed=report.embedded, policy=report.policy(scripts), scripts=[Markup(script) for script in scripts],
        style=Markup(style_sheet() + report.asset("page.css")), version=__version__, generator=GENERATOR,
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
    )  # fmt: skip


def card(told: Told, language: str | None = None) -> str:
    """The treatment for a notebook: the result and the picture, without scripts."""
    said = "".join(f"<p>{escape(line)}</p>" for line in [headline(told, language), *notes(told, language)])
    picture = svg(draw_arms(told, language), width=WIDTH) if len(told.arms) else ""
    changes = "".join(
        f"<li><code>{escape(place)}</code>: {escape(before)} → {escape(after)}</li>"
        for place, before, after in told.differences
    )
    return f'<div style="font:14px system-ui,sans-serif;max-width:1000px">{said}{picture}<ul>{changes}</ul></div>'


def lines(told: Told, language: str | None = None) -> list[tuple[str, str, tuple[str, ...], str]]:
    """For each arm its look, its title, its numbers in the order of `NUMBERS`, and its verdict."""
    shown = []
    for _, arm in told.arms.iterrows():
        is_control = arm["role"] == CONTROL
        numbers = (
            *(metric(told.metric, arm[name]) for name in ("mean", "std", "worst")),
            str(arm["n_seeds"]),
            ABSENT if is_control else effect(arm["d"]),
            ABSENT if is_control else chance(arm["p_holm"]),
            number(arm["seconds"], 2),
        )
        look = "best" if arm["title"] == told.chosen else ""
        shown.append((look, arm["title"], numbers, verdict(arm, language)))
    return shown


def _figure(told: Told, language: str | None) -> Figure:
    key = tuple((look, message(f"treatment.key.{name}", language)) for look, name in KEY)
    panels = (Panel("", draw_arms(told, language), most_width=900),) if len(told.arms) else ()
    return Figure("arms", message("treatment.arms.caption", language), key, panels)
