"""The figures of a search's report, in their order."""

from __future__ import annotations

from collections.abc import Callable

from seedbed.core.messages import message
from seedbed.reporting.figures import Figure, Panel
from seedbed.reporting.search.clock import clock_data, draw_clock
from seedbed.reporting.search.curves import MANY, MEASURES, N_BEST, curves_data, draw_curves
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.search.importance import draw_importance, importance_data
from seedbed.reporting.search.narrowing import draw_narrowing, narrowing_data
from seedbed.reporting.search.parallel import MOST_AXES, draw_parallel, parallel_data
from seedbed.reporting.search.parameters import MOST_PANELS, draw_parameter, parameters_data, shades_of
from seedbed.reporting.search.points import BELOW, points_data
from seedbed.reporting.search.rungs import draw_reached, draw_spread, rungs_data
from seedbed.reporting.search.scale import scale_of
from seedbed.reporting.theme import PALETTE, SHADES

Key = tuple[tuple[str, str], ...]


def parameters(evidence: Searched, language: str | None) -> Figure:
    """Score against each parameter."""
    points = points_data(evidence)
    found, scale = parameters_data(evidence) if len(points) else [], scale_of(evidence, points["drawn"])
    panels = tuple(
        Panel(one.axis.name, draw_parameter(evidence, one, scale, language)) for one in found if len(one.points)
    )
    looks = [("won", "winner"), ("whole", "complete"), ("open", "pruned"), ("below", "below")]
    there = set(points["standing"])
    key = [(look, message(f"search.key.{name}", language)) for look, name in looks if name in there]
    caption = message("search.parameters.caption", language)
    if scale.is_stretched:
        caption += " " + message("search.stretched", language)
    if len(evidence.rounds) > 1:
        caption += " " + message("search.parameters.rounds", language)
        shades = shades_of(len(evidence.rounds))
        ends = ((shades[0], 1), (shades[-1], len(evidence.rounds)))
        key += [(f"dot {_name(shade)}", message("search.narrowing.round", language, round=n)) for shade, n in ends]
    if len(evidence.axes) > MOST_PANELS:
        caption += " " + message("search.left_out", language, count=len(evidence.axes) - MOST_PANELS)
    return Figure("parameters", caption, tuple(key), panels)


def importance(evidence: Searched, language: str | None) -> Figure:
    """How much each dimension explains."""
    table = importance_data(evidence)
    panels = (Panel("", draw_importance(evidence, language), most_width=760),) if len(table) else ()
    return Figure("importance", message("search.importance.caption", language), (), panels)


def parallel(evidence: Searched, language: str | None) -> Figure:
    """Every trial across the dimensions."""
    found = parallel_data(evidence)
    n, total = found.lines["trial"].nunique(), int((points_data(evidence)["standing"] != BELOW).sum())
    caption = message("search.parallel.caption", language, count=n)
    if n < total:
        caption += " " + message("search.parallel.some", language, trials=total)
    if len(evidence.axes) > MOST_AXES:
        caption += " " + message("search.left_out", language, count=len(evidence.axes) - MOST_AXES)
    panels = (Panel("", draw_parallel(evidence, language)),) if len(found.lines) else ()
    return Figure("parallel", caption, _fifths(language), panels)


def rungs(evidence: Searched, language: str | None) -> Figure:
    """Rungs and survivors."""
    names = [("slab shade2", "reached"), ("slab accent", "went_on")]
    spread = [("tick", "median"), ("dot accent", "high"), ("slab shade2", "middle")]
    key = tuple((look, message(f"search.rungs.{name}", language)) for look, name in (*names, *spread))
    table = rungs_data(evidence)
    panels = []
    if len(table):
        panels.append(Panel(message("search.rungs.trials", language), draw_reached(evidence, language)))
    if table["median"].notna().any():
        panels.append(Panel(message("column.valid_score", language), draw_spread(evidence, language)))
    return Figure("rungs", message("search.rungs.caption", language), key, tuple(panels))


def narrowing(evidence: Searched, language: str | None) -> Figure | None:
    """Ranges round by round; None for a method that does not narrow, or before it did."""
    found = narrowing_data(evidence)
    if not found:
        return None
    looks = [("slab accent", "range"), ("slab wrong", "widened"), ("dashed", "as_given"), ("tick", "winner")]
    if any(one.axis.options for one in found):
        looks += [("dot accent", "there"), ("cross", "dropped"), ("ring", "winner_option")]
    key = tuple((look, message(f"search.narrowing.{name}", language)) for look, name in looks)
    panels = tuple(Panel(one.axis.name, draw_narrowing(evidence, one, language)) for one in found)
    return Figure("narrowing", message("search.narrowing.caption", language), key, panels)


def curves(evidence: Searched, language: str | None) -> Figure:
    """Learning curves, coloured by score."""
    there = len(curves_data(evidence, "score").lines)
    n = curves_data(evidence, "score").n_trials if there else 0
    caption = message("search.curves.caption", language)
    key = _fifths(language)
    if n > MANY:
        caption += " " + message("search.curves.many", language, count=N_BEST, trials=n)
        key = (("won", message("search.key.winner", language)), key[-1])
        key = (*key, ("bands", message("report.curves.bands", language)))
    drawn = [(measure, draw_curves(evidence, measure, language)) for measure in MEASURES] if there else []
    panels = tuple(Panel(message(f"column.valid_{measure}", language), chart) for measure, chart in drawn)
    return Figure("curves", caption, key, panels)


def clock(evidence: Searched, language: str | None) -> Figure:
    """The best score against the wall clock."""
    there = len(clock_data(evidence).points)
    looks = [("line", "best"), ("whole", "complete"), ("open grey", "pruned")]
    key = tuple(
        (look, message(f"search.clock.{name}" if name == "best" else f"search.key.{name}", language))
        for look, name in looks
    )
    panels = (Panel("", draw_clock(evidence, language)),) if there else ()
    return Figure("clock", message("search.clock.caption", language), key, panels)


FIGURES: tuple[Callable[[Searched, str | None], Figure | None], ...] = (
    parameters,
    importance,
    parallel,
    rungs,
    narrowing,
    curves,
    clock,
)


def _fifths(language: str | None) -> Key:
    """The colours of scores, from the lowest fifth to the highest."""
    ends = {SHADES[0]: message("search.key.lowest", language), SHADES[-1]: message("search.key.highest", language)}
    scale = [(f"stroke {shade}", ends.get(shade, "")) for shade in SHADES]
    return (("won", message("search.key.winner", language)), *scale)


def _name(colour: str) -> str:
    return next(name for name in SHADES if PALETTE[name][0] == colour)
