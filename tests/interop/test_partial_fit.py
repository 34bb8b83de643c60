"""Training that goes on, row block by row block."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits

import seedbed as sb
from seedbed import DataError, UsageError
from seedbed.interop import SeedbedClassifier, SeedbedRegressor

NETWORK = sb.Network.parse("linear 32, relu, linear out")
SETUP = sb.Setup(network=NETWORK, loss=sb.CrossEntropy(), optimizer=sb.Adam(0.01, schedule=sb.Cosine()), patience=3)
STILL = SETUP.replace(loss=sb.MeanSquaredError(), optimizer=sb.SGD(0.0), epochs=1)
X, Y = load_digits(return_X_y=True)
ROWS, VALUES = load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def first() -> SeedbedClassifier:
    """What one pass over 300 rows has taught."""
    return SeedbedClassifier(SETUP, members=1, random_state=0).partial_fit(X[:300], Y[:300], classes=range(10))


def test_it_learns_block_by_block(first):
    model, score = copy.deepcopy(first), first.score(X[1500:], Y[1500:])
    for at in range(300, 1500, 300):
        model.partial_fit(X[at : at + 300], Y[at : at + 300])
    assert model.score(X[1500:], Y[1500:]) > max(0.8, score)
    assert first.n_iter_ == 1 and model.n_iter_ == 5
    assert model.run_.setup.optimizer == sb.Adam(0.01)  # without a schedule, which needs an end


def test_rows_that_have_taught_do_not_say_how_sure_to_be(first):
    raw = np.mean([member.predict_proba(X[:9]) for member in without_temperature(first.run_.ensemble().members)], 0)
    np.testing.assert_allclose(first.predict_proba(X[:9]), raw, atol=1e-5)


def without_temperature(members):
    return [dataclasses.replace(member, temperature=1.0) for member in members]


def test_at_rate_zero_nothing_changes_whatever_the_rows():
    """So weights, encoding, scaling, and the members that predict are those of before, and not of the new rows."""
    model = SeedbedRegressor(STILL, members=2, ensemble=1, validation_share=0, random_state=0).fit(ROWS, VALUES)
    before = [member.predict(ROWS) for member in model.run_.members]
    model.partial_fit(100 * ROWS + 7, 3 * VALUES - 50)
    for member, old in zip(model.run_.members, before, strict=True):
        assert np.array_equal(member.predict(ROWS), old)


def test_it_goes_on_from_fit():
    model = SeedbedClassifier(SETUP, members=1, random_state=0).fit(X[:300], Y[:300])
    fitted = model.score(X[300:600], Y[300:600])
    for _ in range(3):
        model.partial_fit(X[300:600], Y[300:600])
    assert model.score(X[300:600], Y[300:600]) > fitted
    assert model.score(X[:300], Y[:300]) > 0.9  # what fit has taught is still there


def test_a_single_row_and_a_block_without_some_classes_are_taken(first):
    few = np.flatnonzero(Y < 3)[:300]
    model = copy.deepcopy(first).partial_fit(X[few], Y[few]).partial_fit(X[:1], Y[:1])
    assert model.predict_proba(X[:3]).shape == (3, 10)
    values = SeedbedRegressor(STILL, members=2, random_state=0).partial_fit(ROWS, VALUES)
    assert values.partial_fit(ROWS[:1], VALUES[:1]).predict(ROWS[:3]).shape == (3,)


def test_misuse_is_named(first):
    x, y = X[:300], Y[:300]
    with pytest.raises(UsageError, match=r"^classes: expected all classes in the first call of partial_fit, got None$"):
        clone(first).partial_fit(x, y)
    with pytest.raises(DataError, match=r"^y: expected one of the classes \[0, 1\], got 2$"):
        clone(first).partial_fit(x, y, classes=[1, 0])
    with pytest.raises(UsageError, match=r"^classes: expected those of the first call, \[0, .*, 9\], got others$"):
        first.partial_fit(x, y, classes=range(11))
    values = SeedbedRegressor(STILL, members=2).partial_fit(ROWS, VALUES)
    with pytest.raises(DataError, match=r"^y: expected 1 values for each row, as before, got 2$"):
        values.partial_fit(ROWS, np.column_stack([VALUES, VALUES]))
