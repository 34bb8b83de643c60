"""The perceptron as an estimator: scikit-learn's checks, scikit-learn's own perceptron, gates, and XOR."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import Perceptron
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import seedbed as sb
from seedbed.interop import SeedbedClassifier, SeedbedPerceptron
from seedbed.network.gates import truth_rows

ROWS = truth_rows(2)
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "nor": [1, 0, 0, 0]}
XOR = np.array([0, 1, 1, 0])


@pytest.mark.slow
def test_every_check_of_scikit_learn_passes(monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # without it, a check of NumPy arrays is skipped
    results = check_estimator(SeedbedPerceptron(), on_skip=None)
    assert Counter(one["status"] for one in results) == {"passed": len(results)}
    assert len(results) >= 50  # there are 55 in scikit-learn 1.9


@pytest.mark.parametrize("name", GATES)
def test_it_learns_the_gates(name):
    unit = SeedbedPerceptron(random_state=0).fit(ROWS, GATES[name])
    assert unit.predict(ROWS).tolist() == GATES[name] and unit.is_separated_ and unit.n_iter_ < 20
    assert np.array_equal(ROWS @ unit.coef_[0] + unit.intercept_ > 0, np.array(GATES[name]) == 1)


def test_xor_is_too_much_for_one_and_no_trouble_for_sigmoid_neurons_in_two_layers():
    assert not sb.separate(ROWS, XOR).is_separable
    one = SeedbedPerceptron(random_state=0).fit(ROWS, XOR)
    assert one.score(ROWS, XOR) < 1 and not one.is_separated_ and one.n_iter_ == 1000 and min(one.mistakes_) > 0
    network = sb.Network.parse("linear 4, sigmoid, linear out")
    two = SeedbedClassifier(network=network, optimizer="adam 0.1", members=4, random_state=0).fit(ROWS, XOR)
    assert two.score(ROWS, XOR) == 1


@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
def test_several_classes_are_a_unit_for_each_as_in_scikit_learn():
    x, y = load_iris(return_X_y=True)
    names = load_iris().target_names[y]
    twin = Perceptron(shuffle=False, tol=None, max_iter=9).fit(x, names)
    ours = SeedbedPerceptron(shuffle=False, epochs=9).fit(x, names)
    np.testing.assert_array_equal(ours.coef_, twin.coef_)
    np.testing.assert_array_equal(ours.predict(x), twin.predict(x))
    np.testing.assert_allclose(ours.decision_function(x), twin.decision_function(x), rtol=1e-12)
    assert ours.n_iter_ == 9 and len(ours.mistakes_) == 9


def test_digits_in_a_pipeline():
    x, y = load_digits(return_X_y=True)
    model = make_pipeline(StandardScaler(), SeedbedPerceptron(epochs=30, random_state=0)).fit(x[:1200], y[:1200])
    twin = make_pipeline(StandardScaler(), Perceptron(random_state=0)).fit(x[:1200], y[:1200])
    assert model.score(x[1200:], y[1200:]) > twin.score(x[1200:], y[1200:]) - 0.03


def test_passes_by_hand_are_the_epochs_of_fit():
    x, y = load_iris(return_X_y=True)
    whole, by_hand = SeedbedPerceptron(epochs=3, shuffle=False).fit(x, y), SeedbedPerceptron()
    for _ in range(3):
        by_hand.partial_fit(x, y, classes=[0, 1, 2])
    np.testing.assert_array_equal(by_hand.coef_, whole.coef_)
    assert by_hand.mistakes_ == whole.mistakes_


def test_the_rate_changes_the_length_of_the_weights_and_no_answer():
    x, y = load_iris(return_X_y=True)
    one, other = (SeedbedPerceptron(lr=lr, epochs=9, random_state=0).fit(x, y) for lr in (1.0, 0.125))
    np.testing.assert_array_equal(one.coef_ / 8, other.coef_)  # a power of two: without rounding
    assert one.mistakes_ == other.mistakes_


def test_the_random_state_decides_the_orders():
    x, y = load_iris(return_X_y=True)
    unit = SeedbedPerceptron(epochs=5, random_state=0)
    same, again, other = (clone(unit).set_params(random_state=s).fit(x, y).coef_ for s in (0, 0, 1))
    assert np.array_equal(same, again) and not np.array_equal(same, other)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lr": 0}, "lr: expected a finite number above 0, got 0"),
        ({"lr": "fast"}, "lr: expected a finite number above 0, got 'fast'"),
        ({"epochs": 0}, "epochs: expected a whole number of at least 1, got 0"),
        ({"epochs": 2.5}, "epochs: expected a whole number of at least 1, got 2.5"),
    ],
)
def test_a_wrong_parameter_is_named(given, message):
    with pytest.raises(sb.UsageError, match=f"^{message}$"):
        SeedbedPerceptron(**given).fit(ROWS, XOR)


def test_classes_that_do_not_fit():
    with pytest.raises(sb.DataError, match=r"^y: expected at least two classes, got only one class, 1$"):
        SeedbedPerceptron().fit(ROWS, np.ones(4, int))
    with pytest.raises(sb.UsageError, match=r"^classes: expected all classes in the first call of partial_fit, got"):
        SeedbedPerceptron().partial_fit(ROWS, XOR)
    unit = SeedbedPerceptron().partial_fit(ROWS, XOR, classes=[0, 1])
    with pytest.raises(sb.UsageError, match=r"^classes: expected those of the first call, \[0, 1\], got others$"):
        unit.partial_fit(ROWS, XOR, classes=[0, 2])
    with pytest.raises(sb.DataError, match=r"^y: expected one of the classes \[0, 1\], got 3$"):
        unit.partial_fit(ROWS, XOR + 3)
