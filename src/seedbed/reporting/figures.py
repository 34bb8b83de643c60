"""The figures of a report, in their order. A new figure is a file of its own and a line in `FIGURES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import altair as alt

from seedbed.core.messages import message
from seedbed.reporting.confusion import confusion_data, draw_confusion
from seedbed.reporting.curves import MEASURES, N_NEXT, draw_curves
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.hyperparameters import draw_hyperparameter, hyperparameters_data
from seedbed.reporting.labels import draw_labels
from seedbed.reporting.residuals import MOST_TARGETS, draw_residuals, draw_truth


class Panel(NamedTuple):
    """One chart with what stands over it, and how wide it may grow in pixels (0: as wide as there is room)."""

    title: str
    chart: alt.LayerChart
    most_width: int = 0


class Figure(NamedTuple):
    """Panels that belong together.

    Attributes:
        name: as in the catalogue: `report.<name>` is the heading, `report.<name>.caption` what to look at.
        caption: the sentences under the heading.
        key: pairs of a mark's look (a CSS class) and what it stands for.
        panels: its charts; without any the section says that there is nothing to show.
    """

    name: str
    caption: str
    key: tuple[tuple[str, str], ...]
    panels: tuple[Panel, ...]


def curves(evidence: Evidence, language: str | None) -> Figure:
    """The learning curves of loss and score, side by side."""
    panels = [
        Panel(message(f"column.{measure}", language), draw_curves(evidence, measure, language)) for measure in MEASURES
    ]
    key = [(look, message(f"report.curves.{look}", language)) for look in ("best", "training", "next", "bands")]
    caption = message("report.curves.caption", language, count=1 + N_NEXT)
    return Figure("curves", caption, tuple(key), tuple(panels) if len(evidence.history) else ())


def hyperparameters(evidence: Evidence, language: str | None) -> Figure:
    """Every drawn place against the score."""
    places = hyperparameters_data(evidence)
    panels = [Panel(place.name, draw_hyperparameter(place, language)) for place in places]
    looks = ("chosen", "voting", "other", "below")
    key = [(look, message(f"report.hyperparameters.{look}", language)) for look in looks]
    caption = message("report.hyperparameters.caption", language)
    return Figure("hyperparameters", caption, tuple(key), tuple(panels))


def test_part(evidence: Evidence, language: str | None) -> Figure:
    """What the predictions of the test part are worth: the figure depends on the task."""
    drawn = {"classification": _confusion, "multilabel": _labels, "regression": _residuals}
    return drawn[evidence.task](evidence, language)


FIGURES: tuple[Callable[[Evidence, str | None], Figure], ...] = (curves, hyperparameters, test_part)


def _confusion(evidence: Evidence, language: str | None) -> Figure:
    caption = message("report.confusion.caption", language)
    if not evidence.has_test:
        return Figure("confusion", caption, (), ())
    _, classes, n_left_out = confusion_data(evidence)
    if n_left_out:
        caption += " " + message("report.confusion.left_out", language, count=len(classes), hidden=n_left_out)
    panel = Panel("", draw_confusion(evidence, language), most_width=max(380, min(900, 56 * len(classes) + 130)))
    return Figure("confusion", caption, (), (panel,))


def _labels(evidence: Evidence, language: str | None) -> Figure:
    key = [(look, message(f"column.{look}", language)) for look in ("precision", "recall")]
    caption = message("report.labels.caption", language)
    panels = (Panel("", draw_labels(evidence, language), most_width=760),) if evidence.has_test else ()
    return Figure("labels", caption, tuple(key), panels)


def _residuals(evidence: Evidence, language: str | None) -> Figure:
    caption, names = message("report.residuals.caption", language), evidence.target_names
    if not evidence.has_test:
        return Figure("residuals", caption, (), ())
    if len(names) > MOST_TARGETS:
        caption += " " + message("report.residuals.left_out", language, count=MOST_TARGETS, total=len(names))
    panels = [
        Panel((f"{name}: " if len(names) > 1 else "") + message(f"report.residuals.{what}", language), drawn)
        for target, name in enumerate(names[:MOST_TARGETS])
        for what, drawn in (
            ("against", draw_truth(evidence, target, language)),
            ("residual", draw_residuals(evidence, target, language)),
        )
    ]
    return Figure("residuals", caption, (), tuple(panels))
