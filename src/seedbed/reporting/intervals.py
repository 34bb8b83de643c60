"""Confidence intervals: how far a metric of the test part may be from what as many other examples would have given.

The bootstrap draws the examples of the part again, with replacement, and looks at where the metric falls.
(Efron 1979; percentile intervals: Efron and Tibshirani 1993, ch. 13.) Every metric here is a function of sums over
examples, and a resample is a row of whole-number weights, so the sums of all resamples are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Intervals = dict[str, tuple[float, float]]
Totals = NDArray[np.float64]

LEVEL = 0.95
NORMAL = 1.959963984540054  # the quantile of the normal distribution that belongs to it
RESAMPLES = 1000
BLOCK = 50  # resamples at a time: a few MB
MOST_ROWS = 5000  # more are drawn in groups of several
MOST_CLASSES = 100  # of more, macro F1 has no interval


def intervals(
    task: str,
    y: NDArray[Any],
    prediction: NDArray[Any],
    group: NDArray[Any] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Intervals:
    """For each metric its 95 % interval, from the 2.5 % to the 97.5 % quantile over the resamples.

    Of more than 5,000 examples the sums of 5,000 random groups are drawn instead: a mean over them has the same
    variance, so time and memory stay bounded. An interval without width is no statement about chance and left out, but
    for an accuracy of 0 or 1, which gets that of Wilson.

    Arguments:
        task, y, prediction: as for `metrics`.
        group: the group of each example, where the data has groups: their examples are drawn together, because they
            are not independent.
    """
    if len(y) < 2 or not np.isfinite(prediction).all():
        return {}
    rng = np.random.default_rng(seed)
    if group is not None and len(set(group.tolist())) > 1:
        drawn = np.unique(group, return_inverse=True)[1]
    else:
        drawn = np.arange(len(y)) if len(y) <= MOST_ROWS else rng.permutation(len(y)) % MOST_ROWS
    columns, metrics = _STATISTICS[task](np.asarray(y), np.asarray(prediction, np.float64))
    sums = np.stack([np.bincount(drawn, column) for column in columns], axis=1).astype(np.float64)
    found = {name: _ends(values) for name, values in metrics(_resampled(sums, resamples, rng)).items()}
    told = {name: ends for name, ends in found.items() if ends[0] < ends[1]}
    if task != "regression" and "accuracy" not in told:
        low, high = wilson(found["accuracy"][0] * len(y), len(y))
        told = {"accuracy": (float(low), float(high)), **told}
    return told


def wilson(count: Any, n: Any) -> tuple[Any, Any]:
    """The 95 % interval of a share, from `count` of `n`; it has a width even where the share is 0 or 1.

    (Wilson 1927, Probable inference, the law of succession, and statistical inference)

    >>> low, high = wilson(100, 100)
    >>> round(float(low), 3), float(high)
    (0.963, 1.0)
    """
    share, z = count / n, NORMAL
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _resampled(sums: Totals, resamples: int, rng: np.random.Generator) -> Totals:
    """The sums (resample, statistic) over as many examples, or groups, as there are, drawn with replacement."""
    n, sums = len(sums), sums.astype(np.float32)
    blocks = []
    for at in range(0, resamples, BLOCK):
        rows = min(BLOCK, resamples - at)
        drawn = rng.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        blocks.append(weights.astype(np.float32) @ sums)
    return np.concatenate(blocks).astype(np.float64)


def _ends(values: Totals) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


Statistics = tuple[Iterator[NDArray[Any]], Callable[[Totals], dict[str, Totals]]]


def _of_classes(y: NDArray[Any], p: NDArray[np.float64]) -> Statistics:
    """Number, right, log loss; for two classes the parts of the ROC AUC; for each class truth, named, both."""
    p = np.clip(p / p.sum(axis=1, keepdims=True), np.finfo(p.dtype).eps, 1.0)
    n_classes, said = p.shape[1], p.argmax(axis=1)
    has_auc = n_classes == 2 and 0 < y.sum() < len(y)

    def columns() -> Iterator[NDArray[Any]]:
        yield from (np.ones(len(y)), said == y, -np.log(p[np.arange(len(y)), y]))
        if has_auc:
            yield from (y == 1, y == 0, *_placements(y == 1, p[:, 1]))
        if n_classes <= MOST_CLASSES:
            yield from _counts(((y == c), (said == c)) for c in range(n_classes))

    def metrics(sums: Totals) -> dict[str, Totals]:
        found = {"accuracy": sums[:, 1] / sums[:, 0], "log_loss": sums[:, 2] / sums[:, 0]}
        if n_classes <= MOST_CLASSES:
            found["macro_f1"] = _macro_f1(sums[:, 7 if has_auc else 3 :])
        if has_auc:
            positive, negative, above, below = sums[:, 3:7].T
            auc = auc_of(y == 1, p[:, 1]) + above / np.maximum(positive, 1) + below / np.maximum(negative, 1)
            found["roc_auc"] = np.clip(auc, 0.0, 1.0)
        return found

    return columns(), metrics


def _of_labels(y: NDArray[Any], p: NDArray[np.float64]) -> Statistics:
    """Number, share right, log loss; for each label truth, named, both."""
    truth, said, eps = y > 0.5, p > 0.5, np.finfo(p.dtype).eps

    def columns() -> Iterator[NDArray[Any]]:
        yield from (np.ones(len(y)), (said == truth).mean(axis=1))
        yield -np.log(np.clip(np.where(truth, p, 1 - p), eps, 1.0)).mean(axis=1)
        if p.shape[1] <= MOST_CLASSES:
            yield from _counts(zip(truth.T, said.T, strict=True))

    def metrics(sums: Totals) -> dict[str, Totals]:
        found = {"accuracy": sums[:, 1] / sums[:, 0], "log_loss": sums[:, 2] / sums[:, 0]}
        return {**found, "macro_f1": _macro_f1(sums[:, 3:])} if p.shape[1] <= MOST_CLASSES else found

    return columns(), metrics


def _of_values(y: NDArray[Any], prediction: NDArray[np.float64]) -> Statistics:
    """Number; for each target |error|, error², the distance from the mean, and its square."""
    spread = np.where(y.std(axis=0) > 0, y.std(axis=0), 1.0)
    error, off = (prediction - y) / spread, (y - y.mean(axis=0)) / spread

    def columns() -> Iterator[NDArray[Any]]:
        yield np.ones(len(y))
        for what in (np.abs(error), error**2, off, off**2):
            yield from what.T

    def metrics(sums: Totals) -> dict[str, Totals]:
        absolute, squared, first, second = np.split(sums[:, 1:] / sums[:, :1], 4, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            r2 = 1 - squared / (second - first**2)
        means = {"rmse": np.sqrt(squared) * spread, "mae": absolute * spread, "r2": r2}
        return {name: each.mean(axis=1) for name, each in means.items() if np.isfinite(each).all()}

    return columns(), metrics


_STATISTICS: dict[str, Callable[[NDArray[Any], NDArray[np.float64]], Statistics]] = {
    "classification": _of_classes,
    "multilabel": _of_labels,
    "regression": _of_values,
}


def _counts(pairs: Any) -> Iterator[NDArray[Any]]:
    """For each class truth, named, and both."""
    for truth, said in pairs:
        yield from (truth, said, truth & said)


def _macro_f1(sums: Totals) -> Totals:
    """The mean over classes of 2 · both / (truth + named), 0 where a class is neither."""
    truth, said, both = sums[:, 0::3], sums[:, 1::3], sums[:, 2::3]
    return np.asarray((2 * both / np.maximum(truth + said, 1)).mean(axis=1))


def auc_of(is_positive: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """The ROC AUC: how often a positive has a higher score than a negative; a tie counts half."""
    return float(_rank(score[is_positive], score[~is_positive]).mean())


def _placements(is_positive: NDArray[np.bool_], score: NDArray[np.float64]) -> tuple[Totals, Totals]:
    """For each positive the share of negatives below it, for each negative that of positives above, less the AUC.

    In a resample the AUC changes by the mean of the first over its positives and of the second over its negatives, in
    first order.     (DeLong, DeLong and Clarke-Pearson 1988)
    """
    auc = auc_of(is_positive, score)
    below, above = _rank(score, score[~is_positive]) - auc, 1 - _rank(score, score[is_positive]) - auc
    return np.where(is_positive, below, 0.0), np.where(is_positive, 0.0, above)


def _rank(values: NDArray[np.float64], among: NDArray[np.float64]) -> Totals:
    """The share of `among` that is below each value; ties count half."""
    among = np.sort(among)
    return (np.searchsorted(among, values, "left") + np.searchsorted(among, values, "right")) / (2 * len(among))
