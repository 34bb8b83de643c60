"""Predictions of many members: each as it predicts alone, whatever the blocks."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from seedbed.data import load
from seedbed.network import BinaryCrossEntropy
from seedbed.training import predict
from seedbed.training.layout import WIDE
from seedbed.training.plan import Plan
from seedbed.training.trained import Trained
from tests.training import by_hand
from tests.training.populations import CLASSES, CLASSIFY, MEMBERS, QUANTITIES, REGRESS, TARGETS, X, training


@pytest.fixture(scope="module")
def classes() -> Trained:
    return training(MEMBERS, plan=Plan(2, 3, WIDE)).results[0]


@pytest.fixture(scope="module")
def quantities() -> Trained:
    return training([REGRESS.replace(optimizer=m.optimizer) for m in MEMBERS], data=QUANTITIES).results[0]


def weights_of(part: Trained, member: int) -> Any:
    return jax.tree.leaves(jax.tree.map(lambda a: a[member], part.params))


def test_probabilities_are_the_softmax_of_the_network(classes: Trained) -> None:
    """By hand from the weights; to 1e-13 for the order of sums of a few terms."""
    predicted = predict.predictions(classes, np.arange(6), CLASSES.test.x, "classification")
    x = (CLASSES.test.x - CLASSES.train.x.mean(0)) / CLASSES.train.x.std(0)
    for member in range(6):
        z = by_hand.forward(weights_of(classes, member), x)[-1]
        np.testing.assert_allclose(predicted[member], np.exp(z) / np.exp(z).sum(1, keepdims=True), rtol=1e-12)


def test_quantities_are_in_their_own_unit(quantities: Trained) -> None:
    predicted = predict.predictions(quantities, np.arange(6), QUANTITIES.test.x, "regression")
    x = (QUANTITIES.test.x - QUANTITIES.train.x.mean(0)) / QUANTITIES.train.x.std(0)
    mean, std = QUANTITIES.train.y.mean(0), QUANTITIES.train.y.std(0)
    for member in range(6):
        z = by_hand.forward(weights_of(quantities, member), x)[-1]
        np.testing.assert_allclose(predicted[member], z * std + mean, rtol=1e-11)


def test_labels_are_each_a_probability() -> None:
    answers = load((X, (TARGETS.mean(0) < TARGETS).astype(int)), task="multilabel")
    (part,) = training([CLASSIFY.replace(loss=BinaryCrossEntropy(), epochs=2)] * 2, data=answers).results
    predicted = predict.predictions(part, np.arange(2), answers.test.x, "multilabel")
    assert predicted.shape == (2, 14, 2)
    assert ((predicted > 0) & (predicted < 1)).all()
    assert abs(predicted.sum(-1) - 1).max() > 1e-3


def test_each_member_predicts_as_alone(classes: Trained) -> None:
    together = predict.predictions(classes, np.arange(6), X, "classification")
    np.testing.assert_allclose(together.sum(-1), 1.0, rtol=1e-14)
    for member in (0, 3, 5):
        (alone,) = predict.predictions(classes, np.asarray([member]), X, "classification")
        np.testing.assert_allclose(alone, together[member], rtol=1e-13)
    some = predict.predictions(classes, np.asarray([4, 1, 4]), X, "classification")
    np.testing.assert_allclose(some, together[[4, 1, 4]], rtol=1e-13)


@pytest.mark.parametrize(("rows", "members"), [(16, 32), (70, 4), (1024, 1), (1, 5)])
def test_blocks_change_nothing(rows: int, members: int, classes: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of rows and of members: 70 rows and 6 members do not divide by them."""
    whole = predict.predictions(classes, np.arange(6), X, "classification")
    monkeypatch.setattr(predict, "ROWS", rows)
    monkeypatch.setattr(predict, "MEMBERS", members)
    np.testing.assert_allclose(predict.predictions(classes, np.arange(6), X, "classification"), whole, rtol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_calls_that_recur_say_the_same(n: int, classes: Trained, compilations: Any) -> None:
    which = np.asarray([5, 0, 3, 3, 1, 2])
    whole = predict.predictions(classes, which, X, "classification")
    said = predict.predictions(classes, which, X, "classification", at_once=n)
    np.testing.assert_allclose(said, whole, rtol=1e-13)
    compilations.reset()
    predict.predictions(classes, which[::-1], X, "classification", at_once=n)
    assert compilations.n == 0


def test_one_row_and_none(classes: Trained) -> None:
    whole = predict.predictions(classes, np.arange(6), X, "classification")
    one = predict.predictions(classes, np.arange(6), X[:1], "classification")
    np.testing.assert_allclose(one, whole[:, :1], rtol=1e-13)


def test_calls_of_nearly_the_same_size_share_a_program(classes: Trained, compilations: Any) -> None:
    predict._compiled.cache_clear()
    predict.predictions(classes, np.arange(6), X[:20], "classification")
    compilations.reset()
    predict.predictions(classes, np.arange(3), X[:40], "classification")
    predict.predictions(classes, np.asarray([5, 1]), X[:64], "classification")
    assert compilations.n == 0
    predict.predictions(classes, np.arange(6), X[:65], "classification")
    assert compilations.n == 1
