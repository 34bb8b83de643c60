"""The best members side by side: score, loss, how it ended, what was drawn, and the shape of the learning curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.hyperparameters import hyperparameters_data
from seedbed.reporting.wording import ABSENT, metric, number, text
from seedbed.training.trained import DIVERGED, INTERRUPTED, STOPPED, TRAINED

MOST_MEMBERS = 20
MOST_DRAWS = 4
STATUS = {TRAINED: "trained", STOPPED: "stopped", DIVERGED: "diverged", INTERRUPTED: "interrupted"}
SPARK = (88, 20)  # width and height
SPARK_POINTS = 60


class Line(NamedTuple):
    """One member as a reader sees it: its cells as texts, and its validation loss as the path of an SVG."""

    member: int
    is_best: bool
    score: str
    loss: str
    votes: str
    epoch: str
    status: str
    draws: tuple[str, ...]
    spark: str


def members_data(evidence: Evidence, k: int = MOST_MEMBERS) -> DataFrame:
    """The best `k` members, the chosen one first, with the columns of `members` and the most telling drawn places."""
    places = [place.name for place in hyperparameters_data(evidence)[:MOST_DRAWS]]
    return evidence.ranked.head(k).merge(evidence.draws[["member", *places]], on="member", how="left")


def member_lines(evidence: Evidence, language: str | None = None) -> tuple[tuple[str, ...], list[Line]]:
    """The names of the drawn places shown, and one line for each member."""
    table = members_data(evidence)
    places = tuple(name for name in table.columns if name not in evidence.members.columns)
    losses = dict(iter(evidence.history.groupby("member")["valid_loss"]))
    score_name = "r2" if evidence.task == "regression" else "accuracy"
    lines = []
    for row in table.to_dict("records"):
        outcome = STATUS.get(row["outcome"], "trained")
        loss = losses[row["member"]].to_numpy() if row["member"] in losses else np.zeros(0)
        lines.append(Line(
            int(row["member"]), bool(row["is_best"]), metric(score_name, row["valid_score"]), number(row["valid_loss"]),
            str(row["ensemble_weight"] or ""), str(row["best_epoch"]) if row["best_epoch"] >= 0 else ABSENT,
            message(f"status.{outcome}", language), tuple(text(row[name]) for name in places), sparkline(loss),
        ))  # fmt: skip
    return places, lines


def sparkline(values: NDArray[np.float64], size: tuple[int, int] = SPARK) -> str:
    """The path of an SVG through the values, on a logarithmic scale where all are positive; empty below two points."""
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return ""
    values = values[np.linspace(0, len(values) - 1, min(len(values), SPARK_POINTS)).round().astype(int)]
    values = np.log(values) if values.min() > 0 else values
    width, height = size
    x = 1 + (width - 2) * np.arange(len(values)) / (len(values) - 1)
    y = 1 + (height - 2) * (values.max() - values) / ((values.max() - values.min()) or 1)
    return "M" + "L".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
