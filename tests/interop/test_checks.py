"""scikit-learn's own checks, all of them, and what is refused with words of our own."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from seedbed import DataError, SetupError, UsageError
from seedbed.interop import SeedbedClassifier, SeedbedRegressor

X, Y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2


@pytest.mark.slow
@pytest.mark.parametrize("members", [8, 1])
@pytest.mark.parametrize("cls", [SeedbedClassifier, SeedbedRegressor])
def test_every_check_of_scikit_learn_passes(cls, members, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # without it, a check of NumPy arrays is skipped
    results = check_estimator(cls(members=members), on_skip=None)
    assert Counter(one["status"] for one in results) == {"passed": len(results)}
    assert len(results) >= 55  # there are 60 or more in scikit-learn 1.9


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"setup": "mlp"},
            UsageError,
            "setup: expected a Setup or None, got 'mlp'\nhint: build one with sb.Setup(...)",
        ),
        ({"validation_share": 1}, UsageError, "validation_share: expected a share from 0 to below 1, got 1"),
        ({"members": 0}, UsageError, "members: expected a whole number of at least 1, got 0"),
        ({"ensemble": 0}, UsageError, "ensemble: expected a whole number of at least 1, got 0"),
        ({"network": "liner 3"}, SetupError, "layers[0]: expected a layer"),
        ({"epochs": 0}, SetupError, "Setup: epochs: expected a whole number of at least 1, got 0"),
        ({"network": 3}, SetupError, "Setup: network: expected"),
        ({"random_state": -1}, ValueError, "Seed must be between 0 and"),
    ],
)
def test_a_wrong_parameter_is_named_when_it_is_used(given, error, message):
    with pytest.raises(error) as caught:
        SeedbedClassifier(**{"members": 1, "epochs": 1, **given}).fit(X, Y)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("cls", [SeedbedClassifier, SeedbedRegressor])
def test_nothing_is_predicted_before_fit(cls):
    for method in {"predict", "predict_proba"} & set(dir(cls)):
        with pytest.raises(NotFittedError, match=f"This {cls.__name__} instance is not fitted yet"):
            getattr(cls(), method)(X)


def test_one_class_is_refused():
    message = "^y: expected at least two classes among the rows that count, got only one class, 0$"
    with pytest.raises(DataError, match=message):
        SeedbedClassifier().fit(X, Y, sample_weight=1 - Y)


@pytest.mark.parametrize("cls", [SeedbedClassifier, SeedbedRegressor])
def test_weights_that_are_none_are_refused(cls):
    with pytest.raises(DataError, match=r"^sample_weight: expected finite numbers of at least 0, got -1.0 in row 0$"):
        cls().fit(X, Y, sample_weight=np.arange(20) - 1.0)
