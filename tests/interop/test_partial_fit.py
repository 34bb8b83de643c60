"""Training that goes on, row block by row block."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits

import seedbed as sb
from seedbed import DataError, UsageError
from seedbed.interop import SeedbedClassifier, SeedbedRegressor

NETWORK = sb.Network.parse("linear 32, relu, linear out")
SETUP = sb.Setup(network=NETWORK, loss=sb.CrossEntropy(), optimizer=sb.Adam(0.01, schedule=sb.Cosine()), patience=3)
DIGITS = load_digits(return_X_y=True)


def blocks(n):
    return [(DIGITS[0][at : at + 300], DIGITS[1][at : at + 300]) for at in range(0, 300 * n, 300)]


def test_it_learns_block_by_block():
    model, scores = SeedbedClassifier(SETUP, members=2, random_state=0), []
    for x, y in blocks(4):
        model.partial_fit(x, y, classes=range(10))
        scores.append(model.score(DIGITS[0][1500:], DIGITS[1][1500:]))
    assert scores[-1] > 0.8 and scores[0] < scores[-1]
    assert model.n_iter_ == 4 and model.run_.setup.epochs == 1
    assert model.run_.setup.optimizer == sb.Adam(0.01)  # without a schedule, which needs an end


def test_at_rate_zero_nothing_changes_whatever_the_rows():
    """So weights, encoding, scaling, and the members that predict are those of before, and not of the new rows."""
    x, y = load_diabetes(return_X_y=True)
    setup = SETUP.replace(loss=sb.MeanSquaredError(), optimizer=sb.SGD(0.0), epochs=1)
    model = SeedbedRegressor(setup, members=2, ensemble=1, random_state=0).fit(x, y)
    before = [member.predict(x) for member in model.run_.members]
    model.partial_fit(100 * x + 7, 3 * y - 50)
    assert all(np.array_equal(member.predict(x), old) for member, old in zip(model.run_.members, before, strict=True))


def test_it_goes_on_from_fit():
    (x, y), (new_x, new_y), *_ = blocks(2)
    model = SeedbedClassifier(SETUP, members=2, random_state=0).fit(x, y)
    fitted = model.score(new_x, new_y)
    for _ in range(3):
        model.partial_fit(new_x, new_y)
    assert model.score(new_x, new_y) > fitted
    assert model.score(x, y) > 0.97  # what fit has taught is still there


def test_a_single_row_and_a_block_without_some_classes_are_taken():
    model = SeedbedClassifier(SETUP, members=1, random_state=0)
    x, y = blocks(1)[0]
    model.partial_fit(x[y < 2], y[y < 2], classes=range(10)).partial_fit(x[:1], y[:1])
    assert model.predict_proba(x[:3]).shape == (3, 10)
    values = SeedbedRegressor(SETUP.replace(loss=sb.MeanSquaredError()), members=1, random_state=0)
    assert values.partial_fit(x, y).partial_fit(x[:1], y[:1]).predict(x[:3]).shape == (3,)


def test_misuse_is_named():
    x, y = blocks(1)[0]
    model = SeedbedClassifier(SETUP.replace(epochs=1), members=1, random_state=0)
    with pytest.raises(UsageError, match=r"^classes: expected all classes in the first call of partial_fit, got None$"):
        model.partial_fit(x, y)
    with pytest.raises(DataError, match=r"^y: expected one of the classes \[0, 1\], got 2$"):
        clone(model).partial_fit(x, y, classes=[1, 0])
    model.partial_fit(x, y, classes=range(10))
    with pytest.raises(UsageError, match=r"^classes: expected those of the first call, \[0, .*, 9\], got others$"):
        model.partial_fit(x, y, classes=range(11))
    values = SeedbedRegressor(SETUP.replace(loss=sb.MeanSquaredError(), epochs=1), members=1).partial_fit(x, y)
    with pytest.raises(DataError, match=r"^y: expected 1 values for each row, as before, got 2$"):
        values.partial_fit(x, np.column_stack([y, y]))
