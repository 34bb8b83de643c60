"""Permutation importance against scikit-learn's, and on data of which it is known what matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance

import seedbed as sb
from seedbed.recipe import importance as importances
from seedbed.recipe.importance import drops, importance_of


class Rule(ClassifierMixin, BaseEstimator):
    """A fixed classifier of two classes: the sign of 2 a + b."""

    classes_ = np.array([0, 1])

    def fit(self, x: Any, y: Any) -> Rule:
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        return (2 * x[:, 0] + x[:, 1] > 0).astype(int)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def test_the_drops_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3))
    y = Rule().predict(x + 0.2 * rng.normal(size=x.shape))
    blocks = [np.array([i]) for i in range(3)]
    found, score = drops(lambda x: np.eye(2)[Rule().predict(x)], "classification", x, y, blocks, 60, rng)
    theirs = permutation_importance(Rule(), x, y, n_repeats=60, random_state=1, scoring="accuracy")
    assert score == Rule().score(x, y)
    # The mean of 60 deals is known to its deviation over the root of 60; three of those, for two such means.
    error = 3 * np.sqrt(2 / 60) * theirs.importances_std
    assert (np.abs(found.mean(axis=1) - theirs.importances_mean) <= error).all()
    assert (found[2] == 0).all(), "what the rule does not look at"
    np.testing.assert_allclose(found.std(axis=1)[:2], theirs.importances_std[:2], rtol=0.35)


def test_features_of_one_column_move_together() -> None:
    x = np.repeat(np.arange(40) % 2, 2).reshape(40, 2) * 1.0  # two features that say the same
    y = x[:, 0].astype(int)
    both = lambda x: np.eye(2)[(x.sum(axis=1) > 0.5).astype(int)]  # noqa: E731  # either of them is enough
    rng = np.random.default_rng(0)
    apart, _ = drops(both, "classification", x, y, [np.array([0]), np.array([1])], 20, rng)
    together, _ = drops(both, "classification", x, y, [np.array([0, 1])], 20, rng)
    assert together.mean() == pytest.approx(0.5, abs=0.05)
    assert apart.mean() == pytest.approx(0.25, abs=0.05)


def test_scores_of_labels_and_values() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = (x > 0) * 1.0
    found, score = drops(lambda x: (x > 0) * 1.0, "multilabel", x, y, [np.array([0])], 10, rng)
    assert score == 1.0 and found.mean() == pytest.approx(0.25, abs=0.02)  # half of one of two labels
    y = x * [1, 1000]
    found, score = drops(lambda x: x * [1, 1000], "regression", x, y, [np.array([1])], 10, rng)
    assert score == 1.0 and found.mean() == pytest.approx(1.0, abs=0.1)  # R² of -1 for one of two targets


def planted(n: int = 600) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    town = rng.choice(["Ulm", "Bonn", "Köln"], n)
    table = pd.DataFrame({"noise": rng.normal(size=n), "town": town, "area": rng.normal(size=n), "more": rng.random(n)})
    return table.assign(price=3 * table["area"] + 4 * (town == "Köln"))


@pytest.fixture(scope="module")
def run() -> sb.Run:
    network = sb.Network([sb.Linear(16), sb.Tanh(), sb.Linear("out")])
    setup = sb.Setup(network=network, loss=sb.MeanSquaredError(), optimizer=sb.Adam(1e-2), batch_size=32, epochs=12)
    return sb.train(setup, sb.data.load(planted(), target="price"), members=3, out=None, watch="off")


def test_a_run_finds_the_columns_that_matter(run: sb.Run) -> None:
    assert run.importance is not None and run.held.importance is not None
    table = run.importance.set_index("column")
    assert list(table.index[:2]) in (["area", "town"], ["town", "area"]) and set(table.index) == {*planted()} - {
        "price"
    }
    assert table.loc[["area", "town"], "drop"].min() > 0.3 > 0.05 > table.loc[["noise", "more"], "drop"].abs().max()
    assert (table["deviation"] >= 0).all()
    assert run.held.importance.score == pytest.approx(run.results["validation"]["ensemble"]["r2"], abs=1e-5)
    assert (run.held.importance.rows, run.held.importance.repeats) == (run.data["rows"]["valid"], 5)


def test_of_many_columns_the_most_important_are_measured(run: sb.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importances, "MOST_COLUMNS", 2)
    found = importance_of(run.members, [1, 1, 1], sb.data.load(planted(), target="price"))
    assert found is not None and found.names == ("town", "area") and found.n_left_out == 2


def test_what_takes_too_long_is_not_measured(run: sb.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importances, "MOST_FLOPS", 1e5)
    assert importance_of(run.members, [1, 1, 1], sb.data.load(planted(), target="price")) is None


def test_an_image_is_measured_patch_by_patch(digits_run: sb.Run) -> None:
    found = digits_run.held.importance
    assert found is not None and found.grid == (8, 8) and len(found.names) == 64 and found.names[9] == "1,1"
    drop = np.asarray(found.drops).reshape(8, 8)
    assert drop[:, 2:6].mean() > drop[:, [0, 7]].mean(), "the edges are empty in nearly every digit"


@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3), (5, 90)])
def test_patches_cover_an_image_once(shape: tuple[int, ...]) -> None:
    names, blocks, grid = importances._patches(shape)
    assert len(names) == len(blocks) == grid[0] * grid[1] <= 64
    assert sorted(np.concatenate(blocks)) == list(range(int(np.prod(shape))))
