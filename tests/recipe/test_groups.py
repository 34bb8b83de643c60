"""Scores by group, against numbers worked out by hand and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from seedbed.recipe.groups import group_scores


def test_the_worst_group_stands_first_and_small_ones_are_left_out() -> None:
    group = np.repeat(["a", "b", "tiny"], [20, 50, 9])
    y = np.zeros(79, int)
    said = np.zeros(79, int)
    said[:5] = said[20:22] = 1  # 15 of 20 and 48 of 50 are right
    said[70:] = 1
    found = group_scores("classification", y, np.eye(2)[said], group)
    assert found is not None and found.metric == "accuracy" and found.n_left_out == 1
    assert [row[:3] for row in found.rows] == [("a", 20, 0.75), ("b", 50, 0.96)]
    low, high = stats.bootstrap(
        (1.0 * (said[:20] == 0),), np.mean, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert found.rows[0][3:] == pytest.approx((low, high), abs=0.051)  # one example


def test_the_error_of_values_by_group() -> None:
    rng = np.random.default_rng(0)
    y, group = rng.normal(size=(90, 2)) * [1, 50], np.arange(90) % 3
    p = y + rng.normal(size=y.shape) * (1 + group[:, None])
    found = group_scores("regression", y, p, group.astype(str))
    assert found is not None and [row[0] for row in found.rows] == ["2", "1", "0"]
    for name, n, rmse, low, high in found.rows:
        mine = group == int(name)
        assert n == 30 and rmse == pytest.approx(sk.root_mean_squared_error(y[mine], p[mine])) and low < rmse < high


def test_labels_by_group() -> None:
    y = np.tile([[1.0, 0.0]], (24, 1))
    p = np.where((np.arange(24) < 12)[:, None], y, [[1.0, 1.0]])
    found = group_scores("multilabel", y, p, np.repeat(["right", "half"], 12))
    assert found is not None and [row[:3] for row in found.rows] == [("half", 12, 0.5), ("right", 12, 1.0)]
    assert found.rows[1][3] < 1.0, "twelve without a mistake are no proof"


def test_without_groups_there_is_nothing() -> None:
    y, p = np.zeros(12, int), np.full((12, 2), 0.5)
    assert group_scores("classification", y, p, None) is None
    assert group_scores("classification", y, p, np.arange(12).astype(str)) is None
