"""Random against grid where few parameters matter: what the same number of trials sees of each axis, and finds.

A grid of n = k · k points tries k values of each axis, random points try n; if one axis hardly matters, the grid has
spent its trials on k different settings of the one that does.  (Bergstra and Bengio 2012, figure 1)
"""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
from pandas import DataFrame, Series

from seedbed.core.messages import message
from seedbed.reporting.theme import colour, log_ticks

GRID, RANDOM = "grid", "random"
INKS = {GRID: "grey", RANDOM: "accent"}
Z95 = 1.96  # of the standard error, on either side of a mean
SIDE, THIN = 250, 70


def distinct_data(trials: DataFrame) -> DataFrame:
    """design, n, x, y: how many different values of each axis the first repeat of each size of a design tried.

    Arguments:
        trials: design, n (points of the design), repeat, x, y, score; x is the axis that matters.
    """
    first = trials[trials["repeat"] == trials["repeat"].min()]
    return first.groupby(["design", "n"])[["x", "y"]].nunique().reset_index()


def best_data(trials: DataFrame) -> DataFrame:
    """design, n, mean, low, high, p10, p90, repeats: the best score of a design of n points, over its repeats.

    `low` and `high` are the 95 % interval of the mean; `p10` and `p90` hold four fifths of the repeats.
    """
    best = trials.groupby(["design", "n", "repeat"])["score"].max().reset_index()
    rows = []
    for (design, n), own in best.groupby(["design", "n"])["score"]:
        error = Z95 * float(own.std(ddof=1)) / np.sqrt(len(own)) if len(own) > 1 else 0.0
        mean, (p10, p90) = float(own.mean()), np.quantile(own, [0.1, 0.9])
        rows.append((design, int(n), mean, mean - error, mean + error, float(p10), float(p90), len(own)))
    return DataFrame(rows, columns=["design", "n", "mean", "low", "high", "p10", "p90", "repeats"])


def differences(trials: DataFrame) -> DataFrame:
    """n, mean, low, high: what the best of random has more than that of grid, by size, with its 95 % interval."""
    best = trials.groupby(["n", "design", "repeat"])["score"].max().reset_index()
    rows = []
    for n, own in best.groupby("n"):
        scores = {name: own.loc[own["design"] == name, "score"] for name in (GRID, RANDOM)}
        if min(map(len, scores.values())) < 2:
            continue
        mean = float(scores[RANDOM].mean() - scores[GRID].mean())
        error = Z95 * float(np.sqrt(sum(one.var(ddof=1) / len(one) for one in scores.values())))
        rows.append((int(n), mean, mean - error, mean + error))
    return DataFrame(rows, columns=["n", "mean", "low", "high"])


def shown_data(trials: DataFrame, n: int) -> DataFrame:
    """The points of one design of each kind: those of size `n`, in the first repeat."""
    return trials[(trials["n"] == n) & (trials["repeat"] == trials["repeat"].min())].reset_index(drop=True)


def draw_random_against_grid(
    trials: DataFrame, n: int, names: tuple[str, str], language: str | None = None
) -> alt.VConcatChart:
    """Both designs of `n` points with their projections, and below, the best score against the number of trials.

    Arguments:
        names: of the axes x and y; both are logarithmic.
    """
    shown = shown_data(trials, n)
    designs = [_design(shown[shown["design"] == name], shown, name, names, language) for name in (GRID, RANDOM)]
    charts = alt.hconcat(*designs, spacing=50)
    both = alt.vconcat(charts, draw_best(trials, language), spacing=36).resolve_scale(color="independent")
    return both.configure_view(stroke=None).configure_axis(
        gridColor=colour("line"), domainColor=colour("line"), tickColor=colour("line"), labelColor=colour("muted"),
        titleColor=colour("muted"), titleFontWeight="normal",
    )  # fmt: skip


def draw_best(trials: DataFrame, language: str | None = None) -> alt.LayerChart:
    """The mean best score against the number of trials, with its 95 % band, and four fifths of the repeats."""
    table = best_data(trials)
    sizes = sorted(table["n"].unique())
    axis = alt.Axis(values=sizes, format="d", grid=False)
    x = alt.X(
        "n:Q", title=message("search.design.trials", language), axis=axis, scale=alt.Scale(type="log", nice=False)
    )
    scale = alt.Scale(zero=False, nice=True)
    title = message("search.design.best", language)
    y = lambda name: alt.Y(f"{name}:Q", title=None, scale=scale, axis=alt.Axis(format="~%", tickCount=6))  # noqa: E731
    ink = _ink(language)
    base = alt.Chart(table.assign(name=table["design"].map(lambda one: message(f"search.design.{one}", language))))
    layers = [
        base.mark_line(strokeDash=[3, 3], strokeWidth=1, opacity=0.7).encode(x=x, y=y("p10"), color=ink),
        base.mark_line(strokeDash=[3, 3], strokeWidth=1, opacity=0.7).encode(x=x, y=y("p90"), color=ink),
        base.mark_area(opacity=0.25).encode(x=x, y=y("low"), y2="high:Q", color=ink),
        base.mark_line(strokeWidth=2.2, point=True).encode(x=x, y=y("mean"), color=ink),
    ]
    subtitle = message("search.design.bands", language, repeats=int(table["repeats"].max()))
    heading = alt.Title(title, subtitle=subtitle, anchor="start")
    return alt.LayerChart(layer=layers, width=2 * (SIDE + THIN) + 76, height=240, title=heading)


def _design(
    points: DataFrame, both: DataFrame, design: str, names: tuple[str, str], language: str | None
) -> alt.VConcatChart:
    """The points of a design; over them their scores along x, and beside them along y, as a projection shows them."""
    best = points["score"].idxmax() if len(points) else -1
    points = points.assign(is_best=points.index == best)
    ink = alt.condition(alt.datum.is_best, alt.value(colour("wrong")), alt.value(colour(INKS[design])))
    dots = alt.Chart(points).mark_point(filled=True, size=60, opacity=0.9)
    low, high = float(both["score"].min()), float(both["score"].max())
    room = 0.05 * ((high - low) or 1.0)
    tall = alt.Scale(domain=[low - room, high + room], nice=False)
    x, y = (_along(both[axis], axis, name) for axis, name in zip("xy", names, strict=True))
    form = alt.Axis(format="~%", tickCount=2, title=None, labelOverlap=True)
    over = dots.encode(x=alt.X(**x, axis=None), y=alt.Y("score:Q", scale=tall, axis=form), color=ink)
    beside = dots.encode(y=alt.Y(**y, axis=None), x=alt.X("score:Q", scale=tall, axis=form), color=ink)
    ticks = [alt.Axis(format=".4~g", values=log_ticks(*one["scale"].domain), title=one["title"]) for one in (x, y)]
    middle = dots.encode(x=alt.X(**x, axis=ticks[0]), y=alt.Y(**y, axis=ticks[1]), color=ink)
    distinct = {f"{axis}s": int(points[axis].nunique()) for axis in "xy"}
    said = message(f"search.design.{design}", language)
    words = message("search.design.distinct", language, count=len(points), x=names[0], y=names[1], **distinct)
    title = alt.Title(said, subtitle=words, anchor="start")
    row = alt.hconcat(middle.properties(width=SIDE, height=SIDE), beside.properties(width=THIN, height=SIDE), spacing=8)
    return alt.vconcat(over.properties(width=SIDE, height=THIN), row, spacing=8).properties(title=title)


def _along(values: Series, axis: str, name: str) -> dict[str, Any]:
    """A logarithmic axis with a little room at both ends."""
    low, high = float(values.min()), float(values.max())
    room = (high / low) ** 0.04
    scale = alt.Scale(type="log", domain=[low / room, high * room], nice=False)
    return {"shorthand": f"{axis}:Q", "scale": scale, "title": name}


def _ink(language: str | None) -> alt.Color:
    names = [message(f"search.design.{name}", language) for name in INKS]
    scale = alt.Scale(domain=names, range=[colour(ink) for ink in INKS.values()])
    return alt.Color("name:N", title=None, scale=scale, legend=alt.Legend(orient="bottom-right"))
