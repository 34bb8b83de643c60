"""What a data set looks like: each column with what it holds and what becomes of it, the target, and suspicions.

Everything but the number of rows is told of the training part, so that nobody chooses by what the test part shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.association import association
from seedbed.data.cells import TEXTS, Cells, CellTable, as_table, instant, text_of
from seedbed.data.columns import KINDS, Column, fit_column
from seedbed.data.dataset import PARTS, Dataset
from seedbed.data.encoder import TableEncoder
from seedbed.data.evidence import Verdict, judge
from seedbed.data.raw import is_frame, shown
from seedbed.data.suspicions import MOST_ROWS

MOST_BARS = 8
MOST_BINS = 40
MOST_COLUMNS = 1000
MOST_CODES = 20
BLOCKS = 60
FAR = 3.0  # Tukey's far out: so many quartile ranges beyond the quartiles
IMBALANCED = 10


@dataclass(frozen=True)
class Bar:
    """One bar of a picture.

    Attributes:
        label: the category; empty for a range of numbers, and for all other categories together.
        low: where a range of numbers begins, in days since 1970 for dates; None for categories.
        high: where it ends.
        count: rows.
    """

    label: str
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True)
class ColumnFacts:
    """What one column of the training part holds.

    Attributes:
        kind: one of `evidence.TYPES`.
        holes: rows without a value, or with one that is not of the column's kind, as training takes them.
        distinct: different values.
        low, median, high: of numbers and dates, as texts; empty for others.
        top: the most frequent values of a column that is neither, each with its rows.
        far_out: values beyond three quartile ranges from the quartiles.
        features: the features that it becomes; none where it is left out.
        reason: why it is left out.
        association: how far it, or that it is empty, goes with the target, 0 to 1; None where it is left out.
        bars: its picture: a histogram, or the most frequent categories.
    """

    name: str
    kind: str
    holes: int
    distinct: int
    low: str = ""
    median: str = ""
    high: str = ""
    top: tuple[tuple[str, int], ...] = ()
    far_out: int = 0
    features: tuple[str, ...] = ()
    reason: str = ""
    association: float | None = None
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True)
class Description:
    """What `seedbed data describe` shows; plain but for the tuples, ready for JSON with `to_dict`.

    Attributes:
        rows: how many rows each part has.
        target: a picture of each target column: its classes with their rows in training, or a histogram.
        columns: one entry for each column of a table; none for images.
        holes: for each column with holes the share of holes in each of 60 stretches of the rows, from the first on.
        notices: what was done to the data and what looks wrong, as sentences.
        hints: what could be done, as sentences.
    """

    name: str
    source: str
    task: str
    shape: tuple[int, ...]
    rows: dict[str, int]
    target: dict[str, tuple[Bar, ...]]
    columns: tuple[ColumnFacts, ...]
    holes: dict[str, tuple[float, ...]]
    notices: tuple[str, ...]
    hints: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data for JSON."""
        return asdict(self)


def describe(data: Dataset) -> Description:
    """What a data set looks like."""
    order = np.argsort(data.train.index)
    table = {name: cells.take(order) for name, cells in _table(data).items()}
    y = data.train.y[order]
    columns, left_out = _columns(data, table)
    read = {name: column.read(table[name]) for name, column in columns.items()}
    facts = tuple(
        _used(cells, columns[name], read[name], y, data.task) if name in columns else _left_out(cells, left_out[name])
        for name, cells in table.items()
    )
    target = {name: _target_bars(data, i) for i, name in enumerate(data.target_names)}
    empty = {name: np.isnan(read[name]) if name in read else cells.holes for name, cells in table.items()}
    holes = {name: _shares(which) for name, which in empty.items() if which.any()}
    return Description(
        data.name, data.source, data.task, data.shape, {part: len(getattr(data, part)) for part in PARTS}, target,
        facts, holes, data.notices, (*_hints(data, facts), *_hole_hints(table, columns)),
    )  # fmt: skip


def _table(data: Dataset) -> CellTable:
    """The raw columns of the training part, as many as are shown; none of an image."""
    rows = data.train.rows
    if is_frame(rows):
        return as_table(rows.iloc[:, :MOST_COLUMNS])
    if data.image_shape is not None or rows.ndim != 2:
        return {}
    return as_table(dict(zip(data.feature_names[:MOST_COLUMNS], rows.T, strict=False)))


def _columns(data: Dataset, table: CellTable) -> tuple[dict[str, Column], dict[str, Verdict]]:
    """The columns that are used, and the verdicts on those that are left out, by their names."""
    encoder = data.encoder
    if isinstance(encoder, TableEncoder):
        used = {column.name: column for column in encoder.columns if column.name in table}
        return used, {verdict.name: verdict for verdict in encoder.left_out}
    # An array is used whole, but may hold truth values.
    verdicts = judge(table, {})
    return {one.name: fit_column(table[one.name], one.kind if one.kind in KINDS else "numeric") for one in verdicts}, {}


def _left_out(cells: Cells, verdict: Verdict) -> ColumnFacts:
    n_holes, distinct, top = _counts(cells, cells.holes)
    return ColumnFacts(verdict.name, verdict.kind, n_holes, distinct, top=top, reason=verdict.reason)


def _used(cells: Cells, column: Column, values: NDArray[np.float64], y: NDArray[Any], task: str) -> ColumnFacts:
    """What is told of a column that is used; `values` are its cells as it reads them, NaN where it takes a hole."""
    holes = np.isnan(values)
    n_holes, distinct, top = _counts(cells, holes)
    goes = max(_association(values, column.is_ordered, y, task), _association(holes.astype(np.float64), False, y, task))
    if column.kind not in ("numeric", "date"):
        bars = _frequent(top, len(cells) - n_holes)
        return ColumnFacts(
            column.name, column.kind, n_holes, distinct, top=top, features=column.feature_names, association=goes,
            bars=bars,
        )  # fmt: skip
    values = values[~holes]
    spread = np.quantile(values, [0.0, 0.25, 0.5, 0.75, 1.0])
    low, median, high = (instant(v) if column.kind == "date" else text_of(float(f"{v:.6g}")) for v in spread[[0, 2, 4]])
    far = FAR * (spread[3] - spread[1])
    far_out = int(((values < spread[1] - far) | (values > spread[3] + far)).sum()) if far else 0
    return ColumnFacts(
        column.name, column.kind, n_holes, distinct, low, median, high, (), far_out, column.feature_names, "", goes,
        histogram(values),
    )  # fmt: skip


def _counts(cells: Cells, holes: NDArray[np.bool_]) -> tuple[int, int, tuple[tuple[str, int], ...]]:
    """The holes, the number of different values, and the most frequent of them with their rows."""
    codes, texts = cells.as_texts()
    found, counts = np.unique(codes[~holes], return_counts=True)
    most = np.argsort(-counts, kind="stable")[:MOST_BARS]
    return int(holes.sum()), len(found), tuple((texts[found[i]], int(counts[i])) for i in most)


def _association(values: NDArray[np.float64], are_ordered: bool, y: NDArray[Any], task: str) -> float:
    """The association with the target, the largest where there are several; of 20,000 rows at most."""
    some = np.linspace(0, len(y) - 1, min(len(y), MOST_ROWS)).astype(np.int64)
    truths = y[some].reshape(len(some), -1).T
    is_class = task != "regression"
    return max(association(values[some], truth, are_ordered=are_ordered, is_class=is_class) for truth in truths)


def histogram(values: NDArray[np.float64]) -> tuple[Bar, ...]:
    """Bars of equal width over finite numbers, at most 40; what is far out counts in the outermost bars.

    Whole numbers get bars of a whole width, so that none is a comb.
    """
    first, third = np.quantile(values, [0.25, 0.75])
    far = FAR * (third - first) or np.inf
    low, high = max(values.min(), first - far), min(values.max(), third + far)
    values = np.clip(values, low, high)
    is_whole = bool((values % 1 == 0).all())
    if is_whole:
        width = max(1.0, np.ceil((high - low + 1) / MOST_BINS))
        edges = np.arange(low, high + width + 0.5, width) - 0.5
    else:
        n_bins = min(MOST_BINS, len(np.histogram_bin_edges(values, "auto")) - 1)
        edges = np.linspace(low, high, n_bins + 1)
    counts, edges = np.histogram(values, edges)
    return tuple(Bar("", *pair, count) for pair, count in zip(pairwise(edges.tolist()), counts.tolist(), strict=True))


def _frequent(top: Sequence[tuple[str, int]], n: int) -> tuple[Bar, ...]:
    """Bars of the most frequent categories, and of all others together."""
    rest = n - sum(count for _, count in top)
    return tuple(Bar(text, None, None, count) for text, count in top) + ((Bar("", None, None, rest),) if rest else ())


def _target_bars(data: Dataset, place: int) -> tuple[Bar, ...]:
    if data.task == "regression":
        return histogram(data.train.y[:, place])
    y, names = (data.train.y, data.class_names) if data.n_classes else (data.train.y[:, place].astype(int), (0, 1))
    counts = np.bincount(y, minlength=len(names)).tolist()
    return tuple(Bar(str(name), None, None, count) for name, count in zip(names, counts, strict=True))


def _shares(holes: NDArray[np.bool_]) -> tuple[float, ...]:
    return tuple(float(block.mean()) for block in np.array_split(holes, min(BLOCKS, len(holes))))


def _hints(data: Dataset, facts: Sequence[ColumnFacts]) -> list[str]:
    """What could be done about the data, with the figures that suggest it."""
    hints = []
    if data.n_classes:
        counts = np.bincount(data.train.y, minlength=data.n_classes)
        most, least = int(counts.argmax()), int(counts.argmin())
        if counts[most] > IMBALANCED * counts[least]:
            names = data.class_names
            hints.append(
                f"class {names[most]!r} has {counts[most]:,} training rows and class {names[least]!r} "
                f"{counts[least]:,}: accuracy says little about rare classes; look at macro F1, or weigh the classes"
            )
    codes = [one.name for one in facts if one.kind == "numeric" and _may_be_codes(one)]
    if codes:
        hints.append(
            f"whole numbers with few values are taken as quantities: {shown(codes, 10)}; if they are codes, say so: "
            f"--types {codes[0]}=category"
        )
    far = [f"{one.name} ({one.far_out:,})" for one in facts if one.far_out]
    if far:
        hints.append(f"values far out, more than {FAR:g} quartile ranges beyond the quartiles: {shown(far, 10)}")
    return hints


def _hole_hints(table: CellTable, columns: Iterable[str]) -> list[str]:
    """A sentence for each text that may mean a hole: signs alone, in columns of texts with letters or digits else."""
    found: dict[str, list[str]] = {}
    for name in columns:
        if table[name].form != TEXTS:
            continue
        codes, counts = np.unique(table[name].values[~table[name].holes], return_counts=True)
        present = {table[name].texts[code]: count for code, count in zip(codes, counts, strict=True)}
        signs = [text for text in present if not any(map(str.isalnum, text))]
        if len(signs) == 1 < len(present):
            share = present[signs[0]] / len(table[name])
            found.setdefault(signs[0], []).append(f"{name} ({share:.1%})")
    return [
        f"{sign!r} stands among words in {shown(where, 10)}: if it means a hole, say --missing {json.dumps(sign)}"
        for sign, where in found.items()
    ]


def _may_be_codes(fact: ColumnFacts) -> bool:
    """Whether a column of numbers holds few different whole ones."""
    return 2 < fact.distinct <= MOST_CODES and all(bar.low is not None and bar.low % 1 == 0.5 for bar in fact.bars)
