"""The best score against the wall clock, as a stair, over the trials as they came in."""

from __future__ import annotations

from typing import NamedTuple

import altair as alt
from pandas import DataFrame, concat

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.search.points import BELOW, GIVEN_UP, points_data, thinned, tooltip
from seedbed.reporting.search.scale import scale_of
from seedbed.reporting.theme import colour, themed
from seedbed.searching.trial import COMPLETE

MOST_POINTS = 1500
UNITS = (("hours", 3600.0, 7200.0), ("minutes", 60.0, 600.0), ("seconds", 1.0, 0.0))  # with where each begins


class Clock(NamedTuple):
    """The best score over the wall clock.

    Attributes:
        stair: at, best: where the best score among trials that were trained to the end changed, and the end.
        points: as in `points_data`, with `at`.
        unit: of `at`: seconds, minutes or hours since the study began.
    """

    stair: DataFrame
    points: DataFrame
    unit: str


def clock_data(evidence: Searched) -> Clock:
    """When what was found. Where no trial was trained to the end, those that were given up count."""
    points = points_data(evidence)
    points = points[points["finished"].notna()].sort_values(["finished", "trial"])
    last = float(points["finished"].max()) if len(points) else 0.0
    unit, length, _ = next(one for one in UNITS if last >= one[2])
    points = points.assign(at=points["finished"].astype(float) / length)
    sound = points[points["standing"] != BELOW]
    whole = sound[sound["state"] == COMPLETE]
    counted = whole if len(whole) else sound
    together = counted.groupby("at")["score"].max().cummax()  # a cohort's trials end at one time
    stair = DataFrame({"at": together.index, "best": together.to_numpy()}).drop_duplicates("best")
    if len(stair):
        end = DataFrame({"at": [last / length], "best": [stair["best"].iloc[-1]]})
        stair = concat([stair, end], ignore_index=True)
    return Clock(stair.reset_index(drop=True), thinned(points, MOST_POINTS), unit)


def draw_clock(evidence: Searched, language: str | None = None) -> alt.LayerChart:
    """The stair over the trials, each at its last rung."""
    found = clock_data(evidence)
    title = message(f"search.clock.{found.unit}", language)
    x = alt.X("at:Q", title=title, scale=alt.Scale(zero=True, nice=False), axis=alt.Axis(tickCount=8, labelFlush=False))
    said = tooltip(evidence, language, alt.Tooltip("at:Q", title=title, format=".3~g"))
    scale = scale_of(evidence, found.points["drawn"])
    y = alt.Y("height:Q", title=None, **scale.options())
    base = alt.Chart(found.points.assign(height=scale.at(found.points["drawn"])))
    open_ = base.transform_filter((alt.datum.standing == GIVEN_UP) | (alt.datum.standing == BELOW))
    whole = base.transform_filter((alt.datum.standing != GIVEN_UP) & (alt.datum.standing != BELOW))
    climbed = found.stair.assign(height=scale.at(found.stair["best"]))
    stair = alt.Chart(climbed).mark_line(interpolate="step-after", color=colour("accent"), strokeWidth=2.5)
    layers = [
        open_.mark_point(color=colour("grey"), size=24, strokeWidth=1.1, opacity=0.8).encode(x=x, y=y, tooltip=said),
        whole.mark_point(color=colour("shade4"), filled=True, size=34, opacity=0.8).encode(x=x, y=y, tooltip=said),
        stair.encode(x=x, y=y),
        alt.Chart(climbed.iloc[:-1])
        .mark_point(color=colour("accent"), filled=True, size=60, opacity=1)
        .encode(x=x, y=y),
    ]
    return themed(layers, message("search.clock.description", language, count=len(found.points)), height=280)
