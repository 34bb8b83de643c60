"""Ranges round by round: how they closed in on what did well, were widened, or lost options."""

from __future__ import annotations

from typing import NamedTuple

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Axis, Searched, option
from seedbed.reporting.theme import axis_format, colour, log_ticks, themed

MOST_PANELS = 16
LINE = 26


class Narrowed(NamedTuple):
    """One dimension over the rounds.

    Attributes:
        axis: the dimension.
        rounds: of a range round, low, high and kind (given, as before, narrowed, widened); of a choice a row for each
            option and round: round, option, kind (there, dropped).
        winner: the winner's value: a number or the text of an option; None where it has none.
        winner_round: in which it was tried.
    """

    axis: Axis
    rounds: DataFrame
    winner: float | str | None
    winner_round: int


def narrowing_data(evidence: Searched) -> list[Narrowed]:
    """The dimensions, the most important first; empty where no round changed a range."""
    if not any(one.kinds for one in evidence.rounds):
        return []
    found = []
    for axis in evidence.ordered_axes[:MOST_PANELS]:
        rows = _options(evidence, axis) if axis.options else _ranges(evidence, axis)
        value, at = None, -1
        if evidence.winner is not None:
            at = int(evidence.trials.set_index("trial").at[evidence.winner, "round"])
            if evidence.has(evidence.winner, axis.name):
                own = evidence.points.at[evidence.winner, axis.name]
                value = option(own) if axis.options else float(own)
        found.append(Narrowed(axis, rows, value, at))
    return found


def draw_narrowing(evidence: Searched, one: Narrowed, language: str | None = None) -> alt.LayerChart:
    """A bar for each round within the range as it was given, or a dot for each option that was still there."""
    layers = _drawn_options(one, language) if one.axis.options else _drawn_ranges(one, language)
    description = message("search.narrowing.description", language, name=one.axis.name)
    height = max(90, LINE * max(len(one.axis.options), 1)) if one.axis.options else 200
    return themed(layers, description, height=height)


def _ranges(evidence: Searched, axis: Axis) -> DataFrame:
    rows = [
        (
            r.number,
            float(r.ranges[axis.name][0]),
            float(r.ranges[axis.name][1]),
            r.kinds.get(axis.name) or _same(r.number),
        )
        for r in evidence.rounds
        if axis.name in r.ranges
    ]
    return DataFrame(rows, columns=["round", "low", "high", "kind"])


def _options(evidence: Searched, axis: Axis) -> DataFrame:
    rows = [
        (r.number, text, "there" if text in r.ranges.get(axis.name, ()) else "dropped")
        for r in evidence.rounds
        for text in axis.options
    ]
    return DataFrame(rows, columns=["round", "option", "kind"])


def _same(number: int) -> str:
    return "as_before" if number else "given"


def _drawn_ranges(one: Narrowed, language: str | None) -> list[alt.Chart]:
    axis = one.axis
    low, high = min(axis.low, one.rounds["low"].min()), max(axis.high, one.rounds["high"].max())
    if axis.is_log:
        ticks = alt.Axis(format=".6~g", values=log_ticks(low, high))
        scale = alt.Scale(type="log", domain=[low, high], nice=False)
    else:
        ticks = alt.Axis(format=axis_format(high), tickCount=5)
        scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    y = lambda name: alt.Y(f"{name}:Q", title=None, scale=scale, axis=ticks)  # noqa: E731
    table = _said(one.rounds, language).assign(said=[_kind(kind, language) for kind in one.rounds["kind"]])
    base = alt.Chart(table).encode(x=_x(table))
    said = [
        alt.Tooltip("low:Q", title=message("search.narrowing.low", language), format=".4~g"),
        alt.Tooltip("high:Q", title=message("search.narrowing.high", language), format=".4~g"),
        alt.Tooltip("said:N", title=message("search.narrowing.became", language)),
    ]
    ink = alt.condition(alt.datum.kind == "widened", alt.value(colour("wrong")), alt.value(colour("accent")))
    given = alt.Chart(DataFrame({"end": [axis.low, axis.high]}))
    layers = [
        base.mark_bar(width={"band": 0.62}, opacity=0.45).encode(y=y("low"), y2="high:Q", color=ink, tooltip=said),
        given.mark_rule(color=colour("muted"), strokeDash=[4, 3]).encode(y=y("end")),
    ]
    if isinstance(one.winner, float):
        won = table[table["round"] == one.winner_round].assign(winner=one.winner)
        layers.append(alt.Chart(won).mark_tick(color=colour("ink"), thickness=2.5, width={"band": 0.62}).encode(
            x=_x(table), y=y("winner"), tooltip=[alt.Tooltip("winner:Q", format=".4~g")]
        ))  # fmt: skip
    return layers


def _drawn_options(one: Narrowed, language: str | None) -> list[alt.Chart]:
    table = _said(one.rounds, language)
    y = alt.Y(
        "option:N", sort=list(one.axis.options), title=None, axis=alt.Axis(labelLimit=170, grid=True, labelFlush=False)
    )
    base = alt.Chart(table).encode(x=_x(table), y=y)
    layers = [
        base.transform_filter(alt.datum.kind == "dropped").mark_text(text="×", color=colour("muted"), fontSize=16),
        base.transform_filter(alt.datum.kind == "there").mark_point(
            color=colour("accent"), filled=True, size=90, opacity=0.6
        ),
    ]
    if one.winner is not None:
        won = table[(table["round"] == one.winner_round) & (table["option"] == one.winner)]
        ring = alt.Chart(won).mark_point(color=colour("ink"), filled=False, size=190, strokeWidth=2, opacity=1)
        layers.append(ring.encode(x=_x(table), y=y))
    return layers


def _said(rounds: DataFrame, language: str | None) -> DataFrame:
    """The rounds with what stands below them: their number, and with a range that was widened that it was."""
    labels = []
    for row in rounds.itertuples():
        label = message("search.narrowing.round", language, round=int(row.round) + 1)
        labels.append(f"{label}\n{_kind('widened', language)}" if row.kind == "widened" else label)
    return rounds.assign(label=labels)


def _kind(kind: str, language: str | None) -> str:
    return message(f"search.narrowing.{kind}", language)


def _x(table: DataFrame) -> alt.X:
    labels = list(dict.fromkeys(table["label"]))
    axis = alt.Axis(labelAngle=0, labelFlush=False, labelOverlap=True, labelExpr="split(datum.label, '\\n')")
    return alt.X("label:N", sort=labels, title=None, axis=axis)
