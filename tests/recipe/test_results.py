"""Metrics against scikit-learn and numbers worked out by hand, and the greedy ensemble against all choices."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

import seedbed as sb
from seedbed.recipe.results import metrics, select
from seedbed.recipe.wrong import most_wrong_of


def test_metrics_of_classes() -> None:
    y = np.array([0, 0, 1, 2])
    p = np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0.25, 0.25, 0.5]], np.float32)
    found = metrics("classification", y, p)
    assert found["accuracy"] == 3 / 4
    assert found["log_loss"] == pytest.approx(-np.mean(np.log([0.7, 0.2, 0.8, 0.5])), rel=1e-6)
    f1 = [2 / 3, 2 / 3, 1.0]  # class 0: precision 1, recall 1/2; class 1: 1/2 and 1; class 2: 1 and 1
    assert found["macro_f1"] == pytest.approx(np.mean(f1))
    assert list(found) == ["accuracy", "log_loss", "macro_f1"]


def test_metrics_of_labels() -> None:
    y = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    p = np.array([[0.9, 0.2], [0.4, 0.8], [0.3, 0.6]])
    found = metrics("multilabel", y, p)
    assert found["accuracy"] == pytest.approx(4 / 6)
    truth = np.where(y == 1, p, 1 - p)
    assert found["log_loss"] == pytest.approx(-np.mean(np.log(truth)))
    assert found["macro_f1"] == pytest.approx(2 / 3)  # both labels: one found, one missed or named too much


def test_metrics_of_values() -> None:
    y, p = np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [3.0], [2.0]])
    found = metrics("regression", y, p)
    assert found["rmse"] == pytest.approx(np.sqrt(5 / 3))
    assert found["mae"] == pytest.approx(1.0)
    assert found["r2"] == pytest.approx(1 - 5 / np.sum((y - y.mean()) ** 2))


def test_a_class_that_the_test_part_lacks_is_no_error() -> None:
    found = metrics("classification", np.array([0, 1, 0]), np.full((3, 4), 0.25))
    assert found["log_loss"] == pytest.approx(np.log(4))


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_metrics_of_classes_are_those_of_scikit_learn(n_classes: int) -> None:
    rng = np.random.default_rng(n_classes)
    y = rng.integers(0, n_classes - (n_classes > 3), 200)  # of seven, one has no example
    p = rng.dirichlet(np.full(n_classes, 0.3), 200).astype(np.float32).round(2)  # ties, zeros, sums beside 1
    q = p.astype(np.float64) / p.sum(axis=1, keepdims=True, dtype=np.float64)
    found, classes, said = metrics("classification", y, p), np.arange(n_classes), q.argmax(axis=1)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(y, said), rel=1e-12)
    assert found["log_loss"] == pytest.approx(sk.log_loss(y, q, labels=classes), rel=1e-12)
    f1 = sk.f1_score(y, said, labels=classes, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(f1, rel=1e-12)
    assert ("roc_auc" in found) == (n_classes == 2)
    if n_classes == 2:
        assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(y, q[:, 1]), rel=1e-12)


def test_metrics_of_labels_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    y, p = (rng.uniform(size=(100, 3)) < [0.2, 0.5, 0.0]).astype(float), rng.uniform(size=(100, 3)) * [0.9, 1, 0.4]
    found, said = metrics("multilabel", y, p), (p > 0.5).astype(int)
    each = [sk.log_loss(y[:, j], p[:, j], labels=[0, 1]) for j in range(3)]
    assert found["log_loss"] == pytest.approx(np.mean(each), rel=1e-12)
    assert found["macro_f1"] == pytest.approx(sk.f1_score(y, said, average="macro", zero_division=0), rel=1e-12)


def test_metrics_of_values_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    y = rng.normal(size=(50, 4)) * [1, 100, 0, 0] + [0, 1e3, 2, 3]  # the last two are constant
    p = y + rng.normal(size=(50, 4)) * [1, 3, 0.1, 0]  # the last is hit
    found = metrics("regression", y, p.astype(np.float32))
    p = p.astype(np.float32).astype(np.float64)
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(y, p), rel=1e-12)
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(y, p), rel=1e-12)
    assert found["r2"] == pytest.approx(sk.r2_score(y, p), rel=1e-12)


def test_one_example_has_no_r2() -> None:
    assert np.isnan(metrics("regression", np.ones((1, 1)), np.zeros((1, 1)))["r2"])


def loss(task: str, y: np.ndarray, p: np.ndarray) -> float:
    if task == "regression":
        return float((((y - p) / y.std(axis=0)) ** 2).mean())
    if task == "multilabel":
        return float(-np.log(np.where(y == 1, p, 1 - p)).mean())
    return float(-np.log(p[np.arange(len(y)), y]).mean())


def problem(task: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    if task == "regression":
        y = rng.normal(size=(20, 2)) * [1, 100]
        return y, y + rng.normal(size=(5, 20, 2)) * [1, 100]
    if task == "multilabel":
        return rng.integers(0, 2, (20, 2)).astype(float), rng.uniform(0.05, 0.95, (5, 20, 2))
    return rng.integers(0, 3, 20), rng.dirichlet([1, 1, 1], (5, 20))


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_each_place_of_the_ensemble_goes_to_the_best_of_all(task: str) -> None:
    y, predictions = problem(task)
    chosen = select(task, y, predictions, 6)
    for n in range(1, 7):
        tried = [loss(task, y, predictions[[*chosen[: n - 1], c]].mean(axis=0)) for c in range(5)]
        assert chosen[n - 1] == int(np.argmin(tried))


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_the_ensemble_is_no_worse_than_its_best_member_and_near_the_best_of_all_ensembles(task: str) -> None:
    y, predictions = problem(task)
    chosen = loss(task, y, predictions[select(task, y, predictions, 4)].mean(axis=0))
    every = [
        loss(task, y, predictions[list(some)].mean(axis=0))
        for some in itertools.combinations_with_replacement(range(5), 4)
    ]
    assert min(every) <= chosen + 1e-12 and chosen <= min(every) * 1.1
    assert chosen <= min(loss(task, y, p) for p in predictions)


def test_a_probability_of_zero_is_a_finite_loss() -> None:
    y, p = np.array([0, 1]), np.array([[[0.0, 1.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]]])
    assert select("classification", y, p, 1) == [1]


def test_the_most_wrong_rows_are_as_the_table_wrote_them() -> None:
    """Holes stay holes, and whole numbers beside one are no decimals."""
    frame = pd.DataFrame({"rooms": [3, None, 5.5], "town": ["Ulm", None, "Bonn"]})
    frame["price"] = [1.0, 2.0, 3.0]
    data = sb.data.load(pd.concat([frame] * 10, ignore_index=True), target="price")
    found = most_wrong_of(data, data.test.y + np.arange(1.0, len(data.test) + 1)[:, None])
    rows = [data.test.rows.iloc[place] for place in found["wrong"]]
    rooms = {3.0: "3", 5.5: "5.5"}
    assert [row["rooms"] for row in found["wrong_rows"]] == [rooms.get(row["rooms"]) for row in rows]
    towns = [row["town"] if isinstance(row["town"], str) else None for row in rows]
    assert [row["town"] for row in found["wrong_rows"]] == towns
    assert None in {row["rooms"] for row in found["wrong_rows"]}
