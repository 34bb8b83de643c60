"""All arms of a treatment beside one another: a dot for each network, mean and spread, the control as a line across."""

from __future__ import annotations

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.proof.told import Told
from seedbed.reporting.proof.words import CONTROL, verdict
from seedbed.reporting.theme import colour, themed

LINE = 34
PROVED, OTHER = "proved", "other"
LOOKS = {PROVED: "accent", OTHER: "grey", CONTROL: "ink"}


def arms_data(told: Told, language: str | None = None) -> tuple[DataFrame, DataFrame]:
    """A row for each network (title, score, seed, outcome, look), and one for each arm (title, mean, low, high, look).

    `low` and `high` are a standard deviation from the mean.
    """
    arms = told.arms
    looks = [CONTROL if arm["role"] == CONTROL else PROVED if arm["proved"] else OTHER for _, arm in arms.iterrows()]
    of_arms = DataFrame(
        {
            "title": arms["title"],
            "mean": arms["mean"],
            "low": arms["mean"] - arms["std"],
            "high": arms["mean"] + arms["std"],
            "look": looks,
            "verdict": [verdict(arm, language) for _, arm in arms.iterrows()],
        }
    )
    beside = arms[["arm", "title"]].assign(look=looks, verdict=of_arms["verdict"])
    return told.scores.merge(beside, on="arm"), of_arms


def draw_arms(told: Told, language: str | None = None) -> alt.LayerChart:
    """One line an arm, in the order of the table."""
    dots, arms = arms_data(told, language)
    form = ".0%" if told.metric == "accuracy" else ".3~f"
    axis = alt.Axis(labelLimit=340, grid=True, labelFlush=False, title=None)
    y = alt.Y("title:N", sort=list(arms["title"]), axis=axis)
    lowest, highest = (float(f(f(dots["score"]), f(arms[end]))) for f, end in ((min, "low"), (max, "high")))
    room = 0.03 * ((highest - lowest) or 1.0)
    scale = alt.Scale(domain=[lowest - room, highest + room], nice=False)
    title = message(f"column.{told.metric}", language)
    along = alt.Axis(tickCount=6, format=form, labelFlush=False)
    at = lambda name: alt.X(f"{name}:Q", title=title, scale=scale, axis=along)  # noqa: E731
    ink = alt.Color("look:N", legend=None)
    ink = ink.scale(alt.Scale(domain=list(LOOKS), range=[colour(name) for name in LOOKS.values()]))
    tooltip = [
        alt.Tooltip("title:N", title=message("treatment.column.arm", language)),
        alt.Tooltip("seed:Q", title=message("treatment.column.seed", language)),
        alt.Tooltip("score:Q", title=title, format=".4~f"),
        alt.Tooltip("outcome:N", title=message("treatment.column.outcome", language)),
        alt.Tooltip("verdict:N", title=message("treatment.column.verdict", language)),
    ]
    across = alt.Chart(arms.head(1)).mark_rule(color=colour("ink"), strokeDash=[4, 3], opacity=0.6)
    spread = alt.Chart(arms).mark_rule(strokeWidth=7, opacity=0.22, strokeCap="round").encode(y=y, color=ink)
    tick = alt.Chart(arms).mark_tick(thickness=2.5, size=19).encode(y=y, color=ink, x=at("mean"))
    points = alt.Chart(dots).mark_point(filled=True, size=34, opacity=0.6)
    layers = [
        across.encode(x=at("mean")),
        spread.encode(x=at("low"), x2="high:Q"),
        points.encode(y=y, x=at("score"), color=ink, tooltip=tooltip),
        tick,
    ]
    description = message("treatment.arms.description", language, count=len(arms))
    return themed(layers, description, height=max(90, LINE * len(arms)))
