"""Findings about the data by itself: numbers that are none, labels that say nothing, features that say too much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.association import FEWEST_ROWS, ranks
from seedbed.data.dataset import Dataset, Part
from seedbed.data.suspicions import row_marks
from seedbed.watching.finding import FATAL, NOTE, SERIOUS, Evidence, Finding
from seedbed.watching.findings.inputs import IMBALANCE

FEW = 5  # examples of a class, of which nothing is concluded
ONE_TO_ONE = 1 - 1e-6  # the correlation, or that of ranks, of what is only another form of the target
MANY = 0.05  # of a part's rows that also train


def finite(x: NDArray[Any], y: NDArray[Any], part: str) -> Iterator[Finding]:
    """Numbers of a part that are none, as the network would read them."""
    n = sum(int(a.size - np.isfinite(a).sum()) for a in (x, y) if a.dtype.kind == "f")
    if n:
        evidence = (Evidence(f"numbers of the {part} part that are NaN or infinite, behind the preprocessing", n, "0"),)
        yield Finding("non_finite_data", (), (), FATAL, evidence, ())


def labels(data: Dataset, class_weight: Any = None) -> Iterator[Finding]:
    """Labels out of range, all alike, missing, or nearly all of one class."""
    y = np.asarray(data.train.y)
    if data.task == "multilabel":
        wrong = int(((y < 0) | (y > 1)).sum())
        if wrong:
            evidence = (Evidence("labels that are neither 0 nor 1 nor between", wrong, "0"),)
            yield Finding("labels_out_of_range", (), (), FATAL, evidence, ())
    if data.task != "classification":
        alike = [i for i, column in enumerate(y.T) if column.min() == column.max()]
        if alike:
            evidence = (Evidence("targets that never vary", len(alike), f"0 of {y.shape[1]}"),)
            yield Finding("constant_labels", (), (), FATAL if len(alike) == y.shape[1] else SERIOUS, evidence, ())
        return
    wrong = int(((y < 0) | (y >= data.n_classes)).sum())
    if wrong:
        evidence = (Evidence("labels that name no class", wrong, f"0, all from 0 to {data.n_classes - 1}"),)
        yield Finding("labels_out_of_range", (), (), FATAL, evidence, ())
        return
    counts = np.bincount(y, minlength=data.n_classes)
    if (counts > 0).sum() < 2:
        evidence = (Evidence("classes with training examples", int((counts > 0).sum()), f"{data.n_classes}"),)
        yield Finding("constant_labels", (), (), FATAL, evidence, ())
    elif (counts == 0).any():
        evidence = (Evidence("classes without a training example", int((counts == 0).sum()), "0"),)
        yield Finding("missing_classes", (), (), SERIOUS, evidence, ())
    elif (share := float(counts.max() / counts.sum())) > IMBALANCE and class_weight is None:
        evidence = (Evidence("share of the largest class", share, f"{1 / len(counts):.2g} where classes are even"),)
        yield Finding("class_imbalance", (), (), NOTE, evidence, ("class_weight",))


def constant_features(data: Dataset) -> Iterator[Finding]:
    """Features that are the same in every example."""
    x = data.train.x.reshape(len(data.train.x), -1)
    constant = int((x.min(axis=0) == x.max(axis=0)).sum())
    if constant and (constant == x.shape[1] or data.image_shape is None):
        evidence = (Evidence("features that are the same in all examples", constant, f"0 of {x.shape[1]}"),)
        yield Finding("constant_features", (), (), FATAL if constant == x.shape[1] else NOTE, evidence, ())


def leakage(data: Dataset) -> Iterator[Finding]:
    """Features that are the target in another form: for a class one value, or for a quantity a place in its order.

    A single feature is left alone: to tell the target from it is the task then.
    """
    x, y = data.train.x.reshape(len(data.train.x), -1), np.asarray(data.train.y)
    if len(x) < FEWEST_ROWS or x.shape[1] < 2:
        return
    if data.task == "classification":
        telling = _by_class(x, y)
    else:
        columns = y.reshape(len(y), -1).T
        tell = _by_label if data.task == "multilabel" else _by_order
        telling = np.any([tell(x, column) for column in columns], axis=0)
    places = np.flatnonzero(telling)
    if len(places):
        names = data.feature_names or tuple(map(str, range(x.shape[1])))
        what = "features that are the target in another form: " + ", ".join(map(str, (names[i] for i in places[:3])))
        yield Finding("leakage", (), (), FATAL, (Evidence(what, len(places), "0"),), ())


def duplicate_rows(data: Dataset) -> Iterator[Finding]:
    """Rows of the validation and test parts, target included, that are in the training part as well."""
    known = row_marks(data.train)
    evidence = []
    for name in ("valid", "test"):
        share = float(np.isin(row_marks(getattr(data, name)), known).mean())
        if share > MANY:
            what = "validation" if name == "valid" else "test"
            evidence.append(Evidence(f"share of the {what} rows that also train", share, f"below {MANY:g}"))
    if evidence:
        yield Finding("duplicate_rows", (), (), SERIOUS, tuple(evidence), ())


def has_rows(part: Part) -> bool:
    """Whether the rows of a part are all at hand."""
    return not part.is_streamed


def _by_class(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """Which features have one value in each class, and not the same in all."""
    kept = [x[y == c] for c in np.unique(y)]
    kept = [rows for rows in kept if len(rows) >= FEW]
    if len(kept) < 2:
        return np.zeros(x.shape[1], bool)
    low, high = np.stack([rows.min(axis=0) for rows in kept]), np.stack([rows.max(axis=0) for rows in kept])
    return np.asarray((low == high).all(axis=0) & (low.min(axis=0) < low.max(axis=0)))


def _by_label(x: NDArray[Any], label: NDArray[Any]) -> NDArray[np.bool_]:
    return _by_class(x, (label > 0.5).astype(np.int64))


def _by_order(x: NDArray[Any], target: NDArray[Any]) -> NDArray[np.bool_]:
    """Which features rise or fall with a target, row by row, and vary as finely."""
    found = np.zeros(x.shape[1], bool)
    if target.min() == target.max():
        return found
    order = ranks(target)
    for i, column in enumerate(np.asarray(x, np.float64).T):
        if column.min() < column.max():
            found[i] = abs(np.corrcoef(ranks(column), order)[0, 1]) >= ONE_TO_ONE
    return found
