"""The card: what a run shows of itself in a notebook, as one piece of HTML without scripts."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence

MOST_MEMBERS = 5
WIDTH = 460
STYLE = (
    "font:14px system-ui,sans-serif;color:#15191e;background:#fff;border:1px solid #e3e6e9;border-radius:8px;"
    "padding:14px 18px;max-width:1000px"
)


def card(evidence: Evidence, where: str, language: str | None = None) -> str:
    """Headline results, the learning curves and the best members.

    Arguments:
        where: the run's folder, or empty.
    """
    from seedbed.reporting.headline import headline_data

    head = headline_data(evidence, language)
    figures = "".join(
        f'<div><div style="font-size:26px">{escape(value)}</div><div style="color:#5a636e">{escape(what)}</div>'
        f'<div style="color:#5a636e;font-size:12px">{escape(interval)}</div></div>'
        for value, what, interval in head.figures
    )
    name = escape(str(evidence.data.get("name", evidence.name)))
    return (
        f'<div style="{STYLE}"><b>{name}</b> <span style="color:#5a636e">{escape(where)}</span>'
        f'<div style="display:flex;gap:40px;margin:10px 0">{figures}</div>{escape(head.verdict)}'
        f'<div style="display:flex;flex-wrap:wrap;gap:12px;margin-top:10px">{_curves(evidence, language)}</div>'
        f"{_members(evidence, language)}</div>"
    )


def _curves(evidence: Evidence, language: str | None) -> str:
    """The learning curves as SVG, loss and score."""
    from seedbed.reporting.curves import MEASURES, draw_curves
    from seedbed.reporting.saving import save_svg

    with tempfile.TemporaryDirectory() as folder:
        paths = [
            save_svg(draw_curves(evidence, measure, language), Path(folder, f"{measure}.svg"), width=WIDTH)
            for measure in MEASURES
        ]
        pictures = [path.read_text("utf-8") for path in paths]
    titles = [escape(message(f"column.{measure}", language)) for measure in MEASURES]
    return "".join(f"<div><div>{title}</div>{svg}</div>" for title, svg in zip(titles, pictures, strict=True))


def _members(evidence: Evidence, language: str | None) -> str:
    """The best members as a table: number, score, loss, best epoch, and what they drew."""
    from seedbed.reporting.members import member_lines

    places, lines = member_lines(evidence, language)
    names = [message(f"column.{name}", language) for name in ("member", "valid_score", "valid_loss", "best_epoch")]
    rows = [[str(one.member), one.score, one.loss, one.epoch, *one.draws] for one in lines[:MOST_MEMBERS]]
    return f"<table>{_row('th', [*names, *places])}{''.join(_row('td', row) for row in rows)}</table>"


def _row(tag: str, cells: list[str]) -> str:
    style = 'style="text-align:left;padding:2px 18px 2px 0"'
    return "<tr>" + "".join(f"<{tag} {style}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
