"""Several labels on each example: how many of each are found, and how many of those named are right."""

from __future__ import annotations

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.theme import colour, themed

MOST_LABELS = 40
LINE = 26


def labels_data(evidence: Evidence) -> DataFrame:
    """label, examples (that carry it), precision, recall, accuracy; on the test part, the weakest label first.

    Precision is empty for a label that is never named, recall for one that no example carries. Labels beyond the
    weakest forty are left out.
    """
    assert evidence.prediction is not None
    truth, said = np.asarray(evidence.test_y) > 0.5, evidence.prediction > 0.5
    found, carried, named = (truth & said).sum(axis=0), truth.sum(axis=0), said.sum(axis=0)
    with np.errstate(invalid="ignore"):
        precision, recall = found / named, found / carried
    table = DataFrame({
        "label": list(evidence.target_names), "examples": carried, "precision": precision, "recall": recall,
        "accuracy": (truth == said).mean(axis=0),
    })  # fmt: skip
    f1 = 2 * found / np.maximum(carried + named, 1)
    return table.iloc[np.argsort(f1, kind="stable")[:MOST_LABELS]].reset_index(drop=True)


def draw_labels(evidence: Evidence, language: str | None = None) -> alt.LayerChart:
    """One line a label, with a dot for precision and a ring for recall."""
    table = labels_data(evidence)
    y = alt.Y("label:N", sort=list(table["label"]), title=None, axis=alt.Axis(labelLimit=160, grid=True))
    axis = alt.Axis(format="%", tickCount=5)
    scale = alt.Scale(domain=[0, 1])
    x = {name: alt.X(f"{name}:Q", title=None, scale=scale, axis=axis) for name in ("precision", "recall")}
    tooltip = [alt.Tooltip("label:N", title=message("column.label", language)), *(
        alt.Tooltip(f"{name}:Q", title=message(f"column.{name}", language), format=form)
        for name, form in (("examples", ","), ("precision", ".1%"), ("recall", ".1%"), ("accuracy", ".1%"))
    )]  # fmt: skip
    base = alt.Chart(table).encode(y=y, tooltip=tooltip)
    span = base.mark_rule(color=colour("grey"), opacity=0.7).encode(x=x["precision"], x2="recall:Q")
    dot = base.mark_point(filled=True, size=90, opacity=1, color=colour("accent")).encode(x=x["precision"])
    ring = base.mark_point(size=70, strokeWidth=2, opacity=1, color=colour("wrong")).encode(x=x["recall"])
    description = message("report.labels.description", language, count=len(table))
    return themed([span, dot, ring], description, height=max(90, LINE * len(table)))
