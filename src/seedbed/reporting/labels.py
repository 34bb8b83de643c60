"""Class by class, or label by label: how many are found, and how many of those named are right."""

from __future__ import annotations

import altair as alt
import numpy as np
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.intervals import auc_of
from seedbed.reporting.theme import colour, themed

MOST_LABELS = 40
LINE = 26


def labels_data(evidence: Evidence) -> DataFrame:
    """label, examples (that carry it), precision, recall, accuracy, f1, roc_auc; on the test part, the weakest first.

    Precision is empty for a label that is never named, recall for one that no example carries, and the ROC AUC, of one
    class against the rest, without examples of both. Labels beyond the weakest forty are left out.
    """
    assert evidence.prediction is not None
    p, names = np.asarray(evidence.prediction, np.float64), [str(name) for name in evidence.target_names]
    truth, said = np.asarray(evidence.test_y) > 0.5, p > 0.5
    if evidence.task == "classification":
        names, numbers = [str(name) for name in evidence.class_names], np.arange(p.shape[1])
        truth, said = (a[:, None] == numbers for a in (np.asarray(evidence.test_y), p.argmax(axis=1)))
    found, carried, named = (truth & said).sum(axis=0), truth.sum(axis=0), said.sum(axis=0)
    with np.errstate(invalid="ignore"):
        precision, recall = found / named, found / carried
    f1 = 2 * found / np.maximum(carried + named, 1)
    aucs = [auc_of(truth[:, j], p[:, j]) if 0 < n < len(p) else np.nan for j, n in enumerate(carried)]
    table = DataFrame({
        "label": names, "examples": carried, "precision": precision, "recall": recall,
        "accuracy": (truth == said).mean(axis=0), "f1": f1, "roc_auc": aucs,
    })  # fmt: skip
    return table.iloc[np.argsort(f1, kind="stable")[:MOST_LABELS]].reset_index(drop=True)


def draw_labels(evidence: Evidence, language: str | None = None) -> alt.LayerChart:
    """One line a label, with a dot for precision and a ring for recall."""
    table = labels_data(evidence)
    y = alt.Y(
        "label:N", sort=list(table["label"]), title=None, axis=alt.Axis(labelLimit=160, grid=True, labelFlush=False)
    )
    axis = alt.Axis(format="%", tickCount=5)
    scale = alt.Scale(domain=[0, 1])
    x = {name: alt.X(f"{name}:Q", title=None, scale=scale, axis=axis) for name in ("precision", "recall")}
    tooltip = [alt.Tooltip("label:N", title=message("column.label", language)), *(
        alt.Tooltip(f"{name}:Q", title=message(f"column.{name}", language), format=form)
        for name, form in (
            ("examples", ","), ("precision", ".1%"), ("recall", ".1%"), ("accuracy", ".1%"), ("f1", ".1%"),
            ("roc_auc", ".4f"),
        )
    )]  # fmt: skip
    base = alt.Chart(table).encode(y=y, tooltip=tooltip)
    span = base.mark_rule(color=colour("grey"), opacity=0.7).encode(x=x["precision"], x2="recall:Q")
    dot = base.mark_point(filled=True, size=90, opacity=1, color=colour("accent")).encode(x=x["precision"])
    ring = base.mark_point(size=70, strokeWidth=2, opacity=1, color=colour("wrong")).encode(x=x["recall"])
    name = "classes" if evidence.task == "classification" else "labels"
    description = message(f"report.{name}.description", language, count=len(table))
    return themed([span, dot, ring], description, height=max(90, LINE * len(table)))
