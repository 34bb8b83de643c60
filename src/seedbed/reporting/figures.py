"""The figures of a report, in their order. A new figure is a file of its own and a line in `FIGURES`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import altair as alt

from seedbed.core.messages import message
from seedbed.reporting.bins import bins_data, draw_bins
from seedbed.reporting.confusion import confusion_data, draw_confusion
from seedbed.reporting.curves import MEASURES, N_NEXT, draw_curves
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.groups import draw_groups
from seedbed.reporting.hyperparameters import draw_hyperparameter, hyperparameters_data
from seedbed.reporting.importance import MOST_SHOWN, draw_importance
from seedbed.reporting.labels import draw_labels
from seedbed.reporting.reliability import draw_reliability, reliability_data
from seedbed.reporting.residuals import MOST_TARGETS, draw_residuals, draw_truth
from seedbed.reporting.signals import draw_ridges, draw_signal, has_zeros, ridges_data, signals_data
from seedbed.reporting.wording import number, percent


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


def classes(evidence: Evidence, language: str | None) -> Figure | None:
    """Class by class what the confusion matrix comes to."""
    if evidence.task != "classification" or not evidence.has_test:
        return None
    return _labelled("classes", evidence, language)


def reliability(evidence: Evidence, language: str | None) -> Figure | None:
    """Whether the probabilities of the test part hold."""
    found = reliability_data(evidence)
    if found is None:
        return None
    caption = message("report.reliability.caption", language, error=percent(found.error))
    key: tuple[tuple[str, str], ...] = ()
    raw = reliability_data(evidence, is_raw=True)
    if raw is not None and evidence.temperature != 1.0:
        said = {"temperature": number(evidence.temperature, 3), "error": percent(raw.error)}
        caption += " " + message("report.reliability.temperature", language, **said)
        key = tuple((look, message(f"report.reliability.{look}", language)) for look in ("cooled", "raw"))
    return Figure("reliability", caption, key, (Panel("", draw_reliability(evidence, language), most_width=480),))


def groups(evidence: Evidence, language: str | None) -> Figure | None:
    """The score of each group, where the data has groups."""
    if evidence.groups is None:
        return None
    caption = message("report.groups.caption", language)
    if evidence.groups.n_left_out:
        caption += " " + message("report.groups.left_out", language, count=evidence.groups.n_left_out)
    return Figure("groups", caption, (), (Panel("", draw_groups(evidence, language), most_width=760),))


def bins(evidence: Evidence, language: str | None) -> Figure | None:
    """Where a regression is the most wrong."""
    if evidence.task != "regression" or not evidence.has_test or bins_data(evidence).empty:
        return None
    names = evidence.target_names[:MOST_TARGETS]
    panels = [
        Panel(name if len(names) > 1 else "", draw_bins(evidence, target, language), most_width=760)
        for target, name in enumerate(names)
        if not bins_data(evidence, target).empty
    ]
    return Figure("bins", message("report.bins.caption", language), (), tuple(panels))


def importance(evidence: Evidence, language: str | None) -> Figure | None:
    """What each column, or each patch of an image, is worth."""
    found = evidence.importance
    if found is None:
        return None
    score = message("column.r2" if evidence.task == "regression" else "column.accuracy", language)
    said = {"score": score, "rows": number(found.rows), "repeats": found.repeats}
    if found.grid:
        said["most"] = percent(max(found.drops)) if evidence.task != "regression" else number(max(found.drops), 3)
    caption = message("report.importance.caption" + (".image" if found.grid else ""), language, **said)
    hidden = found.n_left_out + (0 if found.grid else max(0, len(found.names) - MOST_SHOWN))
    if hidden:
        caption += " " + message("report.importance.left_out", language, count=hidden)
    width = 420 if found.grid else 760
    return Figure("importance", caption, (), (Panel("", draw_importance(evidence, language), most_width=width),))


def signals(evidence: Evidence, language: str | None) -> Figure | None:
    """What was told of the layers of the best network while it learned."""
    names = ("gradient", "ratio", "dead", "saturated", "cosine")
    there = [name for name in names if not signals_data(evidence, name).empty]
    if not there:
        return None
    panels = [Panel(message(f"signal.{name}", language), draw_signal(evidence, name, language)) for name in there]
    caption = message("report.signals.caption", language)
    if has_zeros(evidence):
        caption += " " + message("report.signals.zeros", language)
    return Figure("signals", caption, (), tuple(panels))


def activations(evidence: Evidence, language: str | None) -> Figure | None:
    """The activations of its layers over the epochs."""
    ridges = ridges_data(evidence)
    panels = tuple(Panel(name, draw_ridges(table, language)) for name, table in ridges.items())
    return Figure("activations", message("report.activations.caption", language), (), panels) if panels else None


FIGURES: tuple[Callable[[Evidence, str | None], Figure | None], ...] = (
    curves,
    signals,
    activations,
    hyperparameters,
    test_part,
    classes,
    reliability,
    bins,
    groups,
    importance,
)


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
    return _labelled("labels", evidence, language)


def _labelled(name: str, evidence: Evidence, language: str | None) -> Figure:
    key = [(look, message(f"column.{look}", language)) for look in ("precision", "recall")]
    caption = message(f"report.{name}.caption", language)
    panels = (Panel("", draw_labels(evidence, language), most_width=760),) if evidence.has_test else ()
    return Figure(name, caption, tuple(key), panels)


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
