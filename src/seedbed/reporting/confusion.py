"""The confusion matrix: what each example is, and what the network says it is."""

from __future__ import annotations

from typing import NamedTuple

import altair as alt
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.theme import colour, themed

MOST_CLASSES = 30  # 30 x 30 cells; of more classes, those that are mixed up most
FAINTEST, DARKEST = 0.14, 0.6  # so that a single mistake is seen, and its count on many
CELL = 46


class Confusion(NamedTuple):
    """The matrix, cell by cell.

    Attributes:
        cells: truth, prediction, count, share (of the examples that are `truth`), is_right, shade (0 to 1).
        classes: the classes shown, in their order.
        n_left_out: how many classes are not shown.
    """

    cells: DataFrame
    classes: tuple[str, ...]
    n_left_out: int


def confusion_data(evidence: Evidence) -> Confusion:
    """The matrix of the test part, for the ensemble, or the best network where there is none."""
    assert evidence.prediction is not None
    names = np.asarray([str(name) for name in evidence.class_names])
    counts = _counts(np.asarray(evidence.test_y), evidence.prediction.argmax(axis=1), len(names))
    shown = _most_mixed(counts)
    truth, said = (axis.ravel() for axis in np.meshgrid(shown, shown, indexing="ij"))
    count, share = counts[truth, said], counts[truth, said] / np.maximum(counts.sum(axis=1)[truth], 1)
    is_right = truth == said
    cells = DataFrame({"truth": names[truth], "prediction": names[said], "count": count, "share": share.round(4)})
    cells = cells.assign(is_right=is_right, shade=_shade(share, is_right).round(3))
    return Confusion(cells, tuple(names[shown]), len(names) - len(shown))


def draw_confusion(evidence: Evidence, language: str | None = None) -> alt.LayerChart:
    """The matrix as a chart: right in blue, wrong in vermilion, each with its count."""
    cells, classes, _ = confusion_data(evidence)
    truth, said = (message(f"report.confusion.{side}", language) for side in ("truth", "prediction"))
    axis = alt.Axis(labelFlush=False, labelLimit=110, labelOverlap=len(classes) > 20, titleFontSize=12)
    lay = axis.copy()
    lay.labelAngle = 0 if max(map(len, classes)) * len(classes) < 60 else -40
    base = alt.Chart(cells[cells["count"] > 0]).encode(
        x=alt.X("prediction:N", sort=list(classes), title=said, axis=lay, scale=alt.Scale(domain=list(classes))),
        y=alt.Y("truth:N", sort=list(classes), title=truth, axis=axis, scale=alt.Scale(domain=list(classes))),
        tooltip=[
            alt.Tooltip("truth:N", title=truth), alt.Tooltip("prediction:N", title=said),
            alt.Tooltip("count:Q", title=message("column.examples", language)), alt.Tooltip("share:Q", format=".1%"),
        ],
    )  # fmt: skip
    opacity = alt.Opacity("shade:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None)
    ground = alt.Chart(cells).mark_rect(color=colour("panel"), stroke=colour("paper"), strokeWidth=2, cornerRadius=4)
    layers = [ground.encode(x=base["encoding"]["x"], y=base["encoding"]["y"])]
    for is_right, name in ((True, "accent"), (False, "wrong")):
        part = base.transform_filter(alt.datum.is_right == is_right)
        layers.append(
            part.mark_rect(color=colour(name), stroke=colour("paper"), strokeWidth=2, cornerRadius=4).encode(
                opacity=opacity
            )
        )
    if len(classes) <= 20:
        for is_dark in (True, False):
            ink = colour("paper") if is_dark else colour("ink")
            part = base.transform_filter((alt.datum.shade > 0.72) == is_dark)
            layers.append(part.mark_text(fontSize=12, fill=ink).encode(text="count:Q"))
    description = message("report.confusion.description", language, count=len(classes))
    return themed(layers, description, height=max(120, min(CELL, 800 / len(classes)) * len(classes)))


def _counts(truth: NDArray[np.integer], said: NDArray[np.integer], n: int) -> NDArray[np.int64]:
    counts = np.zeros((n, n), np.int64)
    np.add.at(counts, (truth, said), 1)
    return counts


def _most_mixed(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The classes with the most mistakes in their row and column, in their own order; all where they are few."""
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    return np.sort(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES])


def _shade(share: NDArray[np.float64], is_right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How dark a cell is: the share of its row when right; when wrong its root, against the worst mistake."""
    worst = max(float(share[~is_right].max(initial=0.0)), 0.05)
    wrong = np.where(share > 0, FAINTEST + (DARKEST - FAINTEST) * np.sqrt(share / worst), 0.0)
    return np.where(is_right, 0.12 + 0.78 * share, wrong)
