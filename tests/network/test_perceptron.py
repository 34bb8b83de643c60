"""The perceptron's rule against scikit-learn's, Novikoff's bound, and what becomes of it where no line exists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Perceptron

from seedbed.network.gates import truth_rows
from seedbed.network.perceptron import Perceptrons, learn_row, learn_rows, mistake_bound, unlearned

ROWS = truth_rows(2)
GATES = {"and": [-1.0, -1.0, -1.0, 1.0], "or": [-1.0, 1.0, 1.0, 1.0], "nand": [1.0, 1.0, 1.0, -1.0]}
XOR = np.array([[-1.0], [1.0], [1.0], [-1.0]])


def taught(x, signs, epochs, lr=1.0):
    """The units after that many times through the rows, and the mistakes of each time."""
    units, mistakes = unlearned(x.shape[1], signs.shape[1]), []
    for _ in range(epochs):
        units, wrong = learn_rows(units, x, signs, lr=lr)
        mistakes.append(wrong)
    return units, np.array(mistakes)


@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
@pytest.mark.parametrize("epochs", [1, 2, 7])
@pytest.mark.parametrize("n_units", [1, 3])
def test_it_makes_the_updates_of_scikit_learn(epochs, n_units):
    rng = np.random.default_rng(epochs)
    x, y = rng.normal(size=(80, 5)), rng.integers(0, n_units + 1 if n_units == 1 else n_units, 80)
    twin = Perceptron(shuffle=False, tol=None, max_iter=epochs, eta0=0.5).fit(x, y)
    signs = np.where(y[:, None] == (np.arange(n_units) if n_units > 1 else [1]), 1.0, -1.0)
    units, _ = taught(x, signs, epochs, lr=0.5)
    np.testing.assert_array_equal(units.weight.T, twin.coef_)
    np.testing.assert_array_equal(units.bias, twin.intercept_)


def test_a_mistake_moves_the_weights_and_nothing_else_does():
    units = Perceptrons(np.array([[1.0, 1.0], [0.0, 2.0]]), np.array([-2.0, 0.0]))
    moved, wrong = learn_row(units, np.array([1.0, 3.0]), np.array([1.0, 1.0]), lr=0.1)
    assert wrong.tolist() == [True, False]  # the sums are -1 and 7
    np.testing.assert_allclose(moved.weight, [[1.1, 1.0], [0.3, 2.0]], rtol=1e-15)
    np.testing.assert_allclose(moved.bias, [-1.9, 0.0], rtol=1e-15)
    assert units.weight[0, 0] == 1.0 and learn_row(units, np.array([1.0, 3.0]), np.array([-1.0, 1.0]))[0] is units


@pytest.mark.parametrize("name", GATES)
def test_it_learns_the_gates(name):
    signs = np.array(GATES[name])[:, None]
    units, mistakes = taught(ROWS, signs, 20)
    assert mistakes[-1] == 0 and (signs * units.sums(ROWS) > 0).all()
    assert mistakes.sum() <= mistake_bound(ROWS, signs[:, 0], units.weight[:, 0], units.bias[0])


def test_on_xor_it_goes_round_in_a_circle_for_ever():
    # The same weights again at the end of an epoch, with mistakes in between: what follows repeats itself without end.
    units, states = unlearned(2, 1), {}
    for epoch in range(100):
        state = (*units.weight.ravel().tolist(), *units.bias.tolist())
        if state in states:
            break
        states[state] = epoch
        units, mistakes = learn_rows(units, ROWS, XOR)
        assert mistakes > 0
    assert state in states and epoch < 20


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 60), st.floats(0.05, 1.0))
def test_the_mistakes_stay_below_the_bound_of_novikoff(seed, n_features, n_rows, margin):
    rng = np.random.default_rng(seed)
    x, weight, bias = rng.normal(size=(n_rows, n_features)), rng.normal(size=n_features), rng.normal()
    length = np.sqrt(weight @ weight + bias**2)
    x = x[np.abs(x @ weight + bias) / length > margin]
    if not len(x):
        return
    signs = np.sign(x @ weight + bias)
    bound = mistake_bound(x, signs, weight, bias)
    # The bound written out: the longest row, with its constant input, over the smallest distance.
    longest = max(np.linalg.norm([*row, 1.0]) for row in x)
    nearest = min(abs(row @ weight + bias) for row in x) / length
    assert bound == pytest.approx((longest / nearest) ** 2, rel=1e-12)
    units, mistakes = taught(x, signs[:, None], int(bound) + 1)  # an epoch with none comes at the latest then
    assert mistakes.sum() <= bound and mistakes[-1] == 0
    assert (signs[:, None] * units.sums(x) > 0).all()


def test_weights_that_do_not_separate_bound_nothing():
    assert mistake_bound(ROWS, XOR[:, 0], np.array([1.0, 1.0]), -0.5) == np.inf
