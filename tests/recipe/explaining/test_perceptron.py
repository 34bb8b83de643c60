"""The perceptron explained: gates against scikit-learn, the circle, the proof, and what learns XOR."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Perceptron

from seedbed.network.gates import truth_rows
from seedbed.recipe.explaining.perceptron import GATES, sections, times
from seedbed.recipe.explaining.xor import NETWORKS, XOR, learned_xor, n_solved
from seedbed.reporting.explained.plot import Plot
from tests.recipe.explaining.reading import part, rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("perceptron")


@pytest.mark.filterwarnings("ignore:Maximum number of iteration")
def test_gates_have_the_weights_of_scikit_learn_and_fewer_mistakes_than_the_bound(told):
    for gate, weights, bias, rounds, mistakes, bound in rows(section(told, "gates")):
        twin = Perceptron(shuffle=False, tol=None, max_iter=rounds).fit(truth_rows(2), GATES[gate])
        assert (weights, bias) == (twin.coef_[0].tolist(), twin.intercept_[0])
        assert twin.score(truth_rows(2), GATES[gate]) == 1 and 0 < mistakes <= bound
        assert times(GATES[gate]).mistakes[-1] == 0


def test_the_border_that_is_drawn_has_the_classes_on_its_sides(told):
    ones, zeros, border = part(section(told, "gates"), Plot).lines
    height = lambda x: np.interp(x, border.x[np.isfinite(border.y)], border.y[np.isfinite(border.y)])  # noqa: E731
    assert list(zip(zeros.x, zeros.y, strict=True)) == [(1.0, 1.0)] and height(1.0) < 1.0
    assert height(1.0) > 0.0 and len(ones.x) == 3  # (1, 0) lies below it, and so do the two on the left


def test_xor_goes_round_and_its_point_is_the_mean_of_both_classes(told):
    found = times(XOR)
    assert min(found.mistakes) > 0 and len(found.mistakes) < 20
    values = said(section(told, "too_much"))
    first, last = (found.states[values[end]] for end in ("first", "last"))
    np.testing.assert_array_equal(first.weight, last.weight)
    for is_one in (True, False):
        mean = truth_rows(2)[(np.asarray(XOR) == 1) == is_one].mean(axis=0)
        np.testing.assert_allclose(mean, values["point"])


def test_the_weights_that_are_shown_compute_xor(told):
    first, second, last = rows(section(told, "two_layers"))
    hidden = [(truth_rows(2) @ unit[2] + unit[3] > 0).astype(float) for unit in (first, second)]
    assert (np.stack(hidden, axis=1) @ last[2] + last[3] > 0).astype(int).tolist() == list(XOR)
    assert said(section(told, "two_layers"))["said"] == [0.0, 1.0, 1.0, 0.0]


def test_sigmoid_neurons_learn_it_and_a_few_more_units_learn_it_always(told):
    answers = learned_xor(4)
    assert answers.shape == (NETWORKS, 4) and n_solved(answers) == NETWORKS
    assert 0 < n_solved(learned_xor(2)) < NETWORKS
    assert [row[1] for row in rows(section(told, "sigmoids"))] == [n_solved(learned_xor(n)) for n in (2, 4)]
    assert n_solved(np.array([[0.1, 0.9, 0.9, 0.1], [0.1, 0.9, 0.4, 0.1]])) == 1
