"""Rungs and survivors: how many trials reached each rung, how their scores were spread, and who was given up there."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.search.scale import scale_of
from seedbed.reporting.theme import colour, themed
from seedbed.searching.trial import COMPLETE, DIVERGED, PRUNED

LINE = 30
MOST_ROWS = 30
COLUMNS = (
    "round", "rung", "epochs", "reached", "went_on", "pruned", "diverged", "unfinished",
    "low", "p25", "median", "p75", "high", "lowest_kept", "highest_pruned",
)  # fmt: skip


def rungs_data(evidence: Searched) -> DataFrame:
    """A row for each rung of each round that a trial reached.

    round, rung (both from 0), epochs; how many trials reached it, went on behind it (at the last rung: were complete),
    were pruned there, diverged on the way to it, or were left there unfinished; of their scores at the rung the ends,
    the quartiles and the median; the lowest score that went on, and the highest that was pruned.
    """
    rows = []
    for one in evidence.rounds:
        trials = evidence.trials[evidence.trials["round"] == one.number].set_index("trial")
        for rung, epochs in enumerate(one.rungs):
            reached = trials[trials["rungs"] > rung]
            if len(reached):
                rows.append(_row(evidence, one.number, rung, epochs, reached, is_last=rung == len(one.rungs) - 1))
    return DataFrame(rows, columns=list(COLUMNS))


def totals(evidence: Searched) -> dict[str, int]:
    """How many trials there are in each state, and the epochs that were trained and that giving up has saved."""
    states = evidence.trials["state"]
    counts = {state: int((states == state).sum()) for state in (COMPLETE, PRUNED, DIVERGED)}
    unfinished = len(states) - sum(counts.values())
    trained = int(evidence.trials["epochs"].sum())
    saved = int((evidence.epochs - evidence.trials.loc[states == PRUNED, "epochs"]).sum())
    return {**counts, "unfinished": unfinished, "trials": len(states), "trained": trained, "saved": saved}


def draw_reached(evidence: Searched, language: str | None = None) -> alt.LayerChart:
    """A bar for each rung: how many trials reached it, and how many of them went on."""
    table = _labelled(evidence, language)
    base = alt.Chart(table).encode(y=_y(table))
    scale = alt.Scale(domain=[0, float(table["reached"].max()) * 1.15], nice=False)
    axis = alt.Axis(tickCount=5, tickMinStep=1, format="d", labelFlush=False)
    x = alt.X("reached:Q", title=None, scale=scale, axis=axis)
    layers = [
        base.mark_bar(color=colour("shade2"), height=14).encode(x=x, tooltip=_tooltip(evidence, language)),
        base.mark_bar(color=colour("accent"), height=14).encode(x=alt.X("went_on:Q")),
        base.mark_text(align="left", dx=5, fontSize=11).encode(x="reached:Q", text="reached:Q"),
    ]
    description = message("search.rungs.description", language, count=len(table))
    return themed(layers, description, height=max(80, LINE * len(table)))


def draw_spread(evidence: Searched, language: str | None = None) -> alt.LayerChart:
    """A line for each rung: the scores there from the lowest to the highest, their middle half and their median."""
    table = _labelled(evidence, language).dropna(subset=["median"])
    least = min(-1.0, float(table["high"].max()))  # a wild R² must not press all others together
    table = table.assign(low=table["low"].clip(lower=least))
    scale = scale_of(evidence, table[["low", "high"]])
    placed = {f"{name}_at": scale.at(table[name].clip(lower=least)) for name in ("low", "p25", "median", "p75", "high")}
    table = table.assign(**placed)
    base = alt.Chart(table).encode(y=_y(table, with_labels=True))
    said = _tooltip(evidence, language)
    at = lambda name: alt.X(f"{name}_at:Q", title=None, **scale.options())  # noqa: E731
    layers = [
        base.mark_rule(color=colour("grey"), strokeWidth=1.5).encode(x=at("low"), x2="high_at:Q"),
        base.mark_bar(color=colour("shade2"), height=12).encode(x=at("p25"), x2="p75_at:Q", tooltip=said),
        base.mark_tick(color=colour("ink"), thickness=2, size=16).encode(x=at("median"), tooltip=said),
        base.mark_point(color=colour("accent"), filled=True, size=48, opacity=1).encode(x=at("high"), tooltip=said),
    ]
    description = message("search.rungs.spread.description", language, count=len(table))
    return themed(layers, description, height=max(80, LINE * len(table)))


def _row(
    evidence: Searched, number: int, rung: int, epochs: int, reached: DataFrame, *, is_last: bool
) -> tuple[Any, ...]:
    at = evidence.rung_scores
    at = at[(at["epochs"] == epochs) & at["trial"].isin(reached.index)]
    scores = at.set_index("trial")["score"].astype(float)
    scores = scores[np.isfinite(scores)]
    stays = reached["rungs"] == rung + 1
    pruned = reached.index[stays & (reached["state"] == PRUNED)]
    diverged = int((stays & (reached["state"] == DIVERGED)).sum())
    behind = reached["state"] == COMPLETE if is_last else reached["rungs"] > rung + 1
    if len(pruned):  # then it is decided who goes on, also where an interrupted search went no further
        behind |= ~reached["state"].isin([PRUNED, DIVERGED])
    going = reached.index[behind]
    unfinished = len(reached) - len(going) - len(pruned) - diverged
    kept, lost = (scores.reindex(those).dropna() for those in (going, pruned))
    spread = np.quantile(scores, [0, 0.25, 0.5, 0.75, 1]) if len(scores) else np.full(5, np.nan)
    return (
        number, rung, epochs, len(reached), len(going), len(pruned), diverged, unfinished, *map(float, spread),
        float(kept.min()) if len(kept) else np.nan, float(lost.max()) if len(lost) else np.nan,
    )  # fmt: skip


def _labelled(evidence: Searched, language: str | None) -> DataFrame:
    """The rungs with what they are called; of very many the first and the last."""
    table = rungs_data(evidence)
    if len(table) > MOST_ROWS:
        half = MOST_ROWS // 2
        table = table.iloc[[*range(half), *range(len(table) - half, len(table))]]
    labels = [
        message("search.rungs.label", language, round=int(row.round) + 1, epochs=int(row.epochs))
        for row in table.itertuples()
    ]
    return table.assign(label=labels)


def _y(table: DataFrame, *, with_labels: bool = True) -> alt.Y:
    axis = alt.Axis(labelLimit=200, grid=False, labelFlush=False, labels=with_labels)
    return alt.Y("label:N", sort=list(table["label"]), title=None, axis=axis)


def _tooltip(evidence: Searched, language: str | None) -> list[alt.Tooltip]:
    form = ".2%" if evidence.form == "~%" else ".4~g"
    counts = [
        alt.Tooltip(f"{name}:Q", title=message(f"search.rungs.{name}", language))
        for name in ("reached", "went_on", "pruned", "diverged")
    ]
    scores = [
        alt.Tooltip(f"{name}:Q", title=message(f"search.rungs.{name}", language), format=form)
        for name in ("low", "median", "high")
    ]
    return [*counts, *scores]
