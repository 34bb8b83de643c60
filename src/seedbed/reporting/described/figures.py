"""The figures of a description, in their order."""

from __future__ import annotations

from seedbed.core.messages import message
from seedbed.data.description import Description
from seedbed.reporting.described.associations import draw_associations
from seedbed.reporting.described.bars import MOST_CLASSES, draw_bars
from seedbed.reporting.described.holes import draw_holes
from seedbed.reporting.figures import Figure, Panel

MOST_PANELS = 60


def figures(description: Description, language: str | None) -> list[Figure]:
    """Those figures for which there is something to show."""
    made = [make(description, language) for make in (_target, _columns, _associations, _holes)]
    return [figure for figure in made if figure.panels]


def _target(description: Description, language: str | None) -> Figure:
    shown = {
        name: bars if description.task == "regression" else sorted(bars, key=lambda bar: -bar.count)[:MOST_CLASSES]
        for name, bars in list(description.target.items())[:MOST_PANELS]
    }
    panels = [Panel(name, draw_bars(bars, name, language=language), most_width=560) for name, bars in shown.items()]
    return Figure("target", message("data.target.caption", language), (), tuple(panels))


def _columns(description: Description, language: str | None) -> Figure:
    drawn = [one for one in description.columns if one.bars]
    caption = message("data.columns.caption", language)
    if len(drawn) > MOST_PANELS:
        caption += " " + message("data.columns.left_out", language, count=MOST_PANELS, total=len(drawn))
    panels = [
        Panel(one.name, draw_bars(one.bars, one.name, is_date=one.kind == "date", language=language))
        for one in drawn[:MOST_PANELS]
    ]
    return Figure("columns", caption, (), tuple(panels))


def _associations(description: Description, language: str | None) -> Figure:
    is_any = any(one.association is not None for one in description.columns)
    panel = Panel("", draw_associations(description, language), most_width=760) if is_any else None
    return Figure("associations", message("data.associations.caption", language), (), (panel,) if panel else ())


def _holes(description: Description, language: str | None) -> Figure:
    width = max(320, min(1040, 60 * len(description.holes) + 120))
    panels = (Panel("", draw_holes(description, language), most_width=width),) if description.holes else ()
    return Figure("holes", message("data.holes.caption", language), (), panels)
