"""The truth about the winner: every score of it as a point, as it was found, with fresh seeds, and on the test part."""

from __future__ import annotations

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.theme import colour, themed

LINE = 34
ROWS = ("found", "retrained", "retrained_test", "winner_test", "ensemble_validation", "ensemble_test")


def truth_data(evidence: Searched) -> DataFrame:
    """what, score: a row for each score that is known; `what` is one of `ROWS`."""
    worth, name = evidence.worth, evidence.metric
    if worth is None:
        return DataFrame({"what": [], "score": []})
    models = (
        ("winner_test", "test", "winner"),
        ("ensemble_validation", "validation", "ensemble"),
        ("ensemble_test", "test", "ensemble"),
    )
    rows = [("found", worth.found)]
    rows += [("retrained", score) for score in worth.retrained]
    rows += [("retrained_test", metrics[name]) for metrics in worth.retrained_test]
    rows += [
        (what, worth.results[part][model][name])
        for what, part, model in models
        if name in worth.results.get(part, {}).get(model, {})
    ]
    return DataFrame(rows, columns=["what", "score"])


def spread_data(points: DataFrame) -> DataFrame:
    """what, mean, low, high: of what has several scores, the mean and a standard deviation around it."""
    groups = points.groupby("what", sort=False)["score"]
    rows = [
        (what, float(own.mean()), float(own.mean() - own.std(ddof=1)), float(own.mean() + own.std(ddof=1)))
        for what, own in groups
        if len(own) > 1
    ]
    return DataFrame(rows, columns=["what", "mean", "low", "high"])


def draw_truth(evidence: Searched, language: str | None = None) -> alt.LayerChart:
    """A line for each kind of score."""
    points = truth_data(evidence)
    spread = spread_data(points)
    there = [name for name in ROWS if (points["what"] == name).any()]
    words = {name: message(f"search.truth.{name}", language) for name in there}
    points, spread = (t.assign(label=t["what"].map(words)) for t in (points, spread))
    points = points.assign(look=np.where(points["what"] == "found", "found", "other"))
    drawn = [*points["score"], *spread["low"], *spread["high"]]
    room = 0.05 * ((max(drawn) - min(drawn)) or 0.1)
    scale = alt.Scale(domain=[min(drawn) - room, max(drawn) + room], nice=False)
    axis = alt.Axis(tickCount=6, format=evidence.form, labelFlush=False)
    at = lambda name: alt.X(f"{name}:Q", title=message(f"column.{evidence.metric}", language), scale=scale, axis=axis)  # noqa: E731
    y = alt.Y(
        "label:N", sort=list(words.values()), title=None, axis=alt.Axis(labelLimit=320, grid=True, labelFlush=False)
    )
    form = ".2%" if evidence.form == "~%" else ".4~g"
    said = [alt.Tooltip("label:N"), alt.Tooltip("score:Q", format=form)]
    ink = alt.condition(alt.datum.look == "found", alt.value(colour("wrong")), alt.value(colour("accent")))
    across = alt.Chart(points[points["what"] == "found"])
    layers = [
        across.mark_rule(color=colour("wrong"), strokeDash=[4, 3], opacity=0.7).encode(x=at("score")),
        alt.Chart(spread).mark_rule(color=colour("accent"), strokeWidth=7, opacity=0.2, strokeCap="round").encode(
            y=y, x=at("low"), x2="high:Q"
        ),
        alt.Chart(points).mark_point(filled=True, size=55, opacity=0.7).encode(
            y=y, x=at("score"), color=ink, tooltip=said
        ),
        alt.Chart(spread).mark_tick(color=colour("ink"), thickness=2.5, size=19).encode(y=y, x=at("mean")),
    ]  # fmt: skip
    return themed(layers, message("search.truth.description", language), height=max(80, LINE * len(there)))
