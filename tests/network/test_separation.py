"""Whether one perceptron is enough: counts known from the literature, and proofs that are checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed import DataError, ShapeError
from seedbed.interop.perceptron import SeedbedPerceptron
from seedbed.network import separation
from seedbed.network.gates import truth_rows
from seedbed.network.separation import Separation, separate

# How many Boolean functions of n inputs one threshold unit computes; the two constant ones are among them. Muroga 1971,
# Threshold logic and its applications; sequence A000609 of the OEIS.
THRESHOLD_FUNCTIONS = {1: 4, 2: 14, 3: 104}


def check(found: Separation, x, y) -> None:
    """The proof, in the arithmetic of its definition."""
    x, is_second = np.asarray(x, float), np.asarray(y) == found.classes[1]
    if found.is_separable:
        assert found.shares is None and ((x @ found.weight + found.bias > 0) == is_second).all()
        assert np.abs(x @ found.weight + found.bias).min() > 0
        return
    assert found.weight is None and (found.shares >= 0).all()
    for of_class in (is_second, ~is_second):
        assert found.shares[of_class].sum() == pytest.approx(1.0, abs=1e-9)
        size = np.abs(x).max()
        np.testing.assert_allclose(found.shares[of_class] @ x[of_class], found.point, atol=1e-9 * size)


@pytest.mark.parametrize("n", THRESHOLD_FUNCTIONS)
def test_as_many_boolean_functions_as_the_literature_counts(n):
    x, count = truth_rows(n), 2
    for number in range(1, 2**2**n - 1):
        y = number >> np.arange(2**n) & 1
        found = separate(x, y)
        check(found, x, y)
        count += found.is_separable
    assert count == THRESHOLD_FUNCTIONS[n]


def test_xor_has_the_middle_of_the_square_in_both_classes():
    found = separate(truth_rows(2), [0, 1, 1, 0])
    np.testing.assert_allclose(found.shares, 0.5, atol=1e-12)
    np.testing.assert_allclose(found.point, 0.5, atol=1e-12)
    # What the shares say: w + b > 0 for (0, 1) and (1, 0), and ≤ 0 for (0, 0) and (1, 1), add up to 0 > 0.
    signs = np.array([-1.0, 1.0, 1.0, -1.0])
    with_one = np.column_stack([truth_rows(2), np.ones(4)])
    np.testing.assert_allclose(found.shares @ (signs[:, None] * with_one), 0.0, atol=1e-12)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(4, 40), st.booleans())
def test_random_rows_with_a_line_or_a_common_point_put_in(seed, n_features, n_rows, has_line):
    rng = np.random.default_rng(seed)
    # Whole numbers times powers of two, so that half of a sum of two rows is between them without rounding.
    x = (rng.integers(-500, 500, (n_rows, n_features)) + rng.integers(-500, 500, n_features)).astype(float)
    x *= 2.0 ** rng.integers(-8, 9, n_features)
    y = np.arange(n_rows) % 2
    if has_line:
        z = x @ (rng.normal(size=n_features) / (1 + x.std(axis=0)))
        y = (z > np.sort(z)[n_rows // 2 - 1]).astype(int)
    else:
        x[0] = (x[1] + x[3]) / 2  # row 0 is of class 0, the others of class 1
    found = separate(x, y)
    assert found.is_separable == has_line
    check(found, x, y)


@given(st.integers(0, 10_000))
def test_the_perceptron_finds_a_line_just_where_there_is_one(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(8, 2)), rng.integers(0, 2, 8)
    if len(set(y)) < 2:
        return
    found = separate(x, y)
    learned = SeedbedPerceptron(shuffle=False, epochs=300).fit(x, y)
    assert found.is_separable or not learned.is_separated_
    if found.is_separable and not learned.is_separated_:  # then the line is narrow: the bound is not used up yet
        signs = np.where(y == 1, 1.0, -1.0)
        assert separation_bound(x, signs, found) > sum(learned.mistakes_)


def separation_bound(x, signs, found):
    margin = (signs * (x @ found.weight + found.bias)).min() / np.sqrt(found.weight @ found.weight + found.bias**2)
    return (1 + (x**2).sum(axis=1).max()) / margin**2


def test_digits_one_against_the_rest():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    separable = []
    for digit in range(10):
        found = separate(x, y == digit)
        check(found, x, y == digit)
        separable.append(found.is_separable)
    assert separable == [True] * 8 + [False] * 2  # eights and nines have means that are means of other digits


def test_a_row_in_both_classes_is_the_proof():
    found = separate([[0.0, 1.0], [3.0, 2.0], [3.0, 2.0]], ["no", "no", "yes"])
    assert found.classes == ("no", "yes") and found.point.tolist() == [3.0, 2.0]
    assert found.shares.tolist() == [0.0, 1.0, 1.0]


def test_classes_that_almost_touch_are_told_apart():
    for gap in (1e-6, 1e-10, 1e-13):
        check(found := separate([[0.0], [1.0], [1.0 + gap]], [0, 0, 1]), [[0.0], [1.0], [1.0 + gap]], [0, 0, 1])
        assert found.is_separable


def test_a_solver_that_errs_is_not_believed(monkeypatch):
    wrong = np.array([0.0, 0.0, 1.0]), np.array([0.5, 0.5, 0.0, 0.0])
    monkeypatch.setattr(separation, "_programme", lambda rows: wrong)
    with pytest.raises(DataError, match=r"^x: expected a proof either way, got a line that does not separate"):
        separate(truth_rows(2), [0, 0, 0, 1])


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        ([1.0, 2.0], [0, 1], ShapeError, "x and y: expected shapes (rows, features) and (rows,), got (2,) and (2,)\n"
         "hint: write a single feature as x[:, None]"),
        ([[1.0], [2.0]], [0, 1, 1], ShapeError,
         "x and y: expected shapes (rows, features) and (rows,), got (2, 1) and (3,)"),
        ([[1.0, 2.0], [0.0, np.nan]], [0, 1], DataError, "x: expected finite numbers, got nan in row 1, column 1"),
        ([[1.0], [2.0]], [1, 1], DataError, "y: expected two classes, got 1"),
        ([[1.0], [2.0], [3.0]], [0, 1, 2], DataError,
         "y: expected two classes, got 3\nhint: for more classes ask for each against the rest: separate(x, y == 3)"),
        ([["a"], ["b"]], [0, 1], DataError, "x: expected numbers, got an array of type <U1"),
    ],
)  # fmt: skip
def test_what_is_refused(x, y, error, message):
    with pytest.raises(error) as caught:
        separate(x, y)
    assert str(caught.value) == message
