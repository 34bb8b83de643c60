"""The best trials side by side, and the winner by dimension."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seedbed.core.messages import message
from seedbed.reporting.members import sparkline
from seedbed.reporting.search.evidence import Axis, Searched, brief, option
from seedbed.reporting.wording import ABSENT, metric, number

MOST_TRIALS, MOST_DIMENSIONS = 20, 6


class Line(NamedTuple):
    """A trial as a reader sees it, and its validation loss as the path of an SVG."""

    trial: int
    is_winner: bool
    score: str
    loss: str
    epochs: str
    kept: str
    round: str
    status: str
    values: tuple[str, ...]
    spark: str


def best_lines(evidence: Searched, language: str | None = None) -> tuple[tuple[str, ...], list[Line]]:
    """The names of the dimensions shown, the most important first, and a line for each of the best trials."""
    axes = evidence.ordered_axes[:MOST_DIMENSIONS]
    table = evidence.ranked.head(MOST_TRIALS)
    curves = evidence.curves[evidence.curves["trial"].isin(table["trial"])]
    losses = {int(trial): own["valid_loss"].to_numpy(np.float64) for trial, own in curves.groupby("trial")}
    lines = [
        Line(
            int(row.trial), row.trial == evidence.winner, metric(evidence.metric, row.score), number(row.loss),
            number(int(row.epochs)), number(int(row.best_epoch) + 1), str(int(row.round) + 1),
            message(f"search.state.{row.state}", language),
            tuple(value_text(evidence, int(row.trial), axis) for axis in axes),
            sparkline(losses.get(int(row.trial), np.zeros(0))),
        )
        for row in table.itertuples()
    ]  # fmt: skip
    return tuple(axis.name for axis in axes), lines


def winner_values(evidence: Searched, language: str | None = None) -> list[tuple[str, str, str]]:
    """Of the winner each dimension, its value, and what it was chosen from."""
    if evidence.winner is None:
        return []
    return [
        (axis.name, value_text(evidence, evidence.winner, axis), _from(axis, language))
        for axis in evidence.axes
        if evidence.has(evidence.winner, axis.name)
    ]


def value_text(evidence: Searched, trial: int, axis: Axis) -> str:
    """A trial's value for a dimension, as a text."""
    if not evidence.has(trial, axis.name):
        return ABSENT
    value = evidence.points.at[trial, axis.name]
    return option(value) if axis.options else brief(float(value))


def _from(axis: Axis, language: str | None) -> str:
    if axis.options:
        return " | ".join(axis.options)
    key = "search.winner.log" if axis.is_log else "search.winner.range"
    return message(key, language, low=brief(axis.low), high=brief(axis.high))
