"""Sequences both ways, against NumPy and known numbers."""

import numpy as np
import pytest

from seedbed.recipe.explaining.sequences import SEQUENCES, N, by_recurrence, descended, sections
from seedbed.reporting.explained.plot import Plot
from tests.recipe.explaining.reading import part, rows, said, section

KNOWN = (
    [3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25],
    9 / 2.0 ** np.arange(12),
    [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89],
)


@pytest.mark.parametrize("place", range(3))
def test_both_ways_give_the_known_terms(place):
    sequence = SEQUENCES[place]
    np.testing.assert_allclose(by_recurrence(sequence, N), KNOWN[place], rtol=1e-15)
    np.testing.assert_allclose([sequence.term(n) for n in range(N)], KNOWN[place], atol=1e-12)


def test_tables():
    told = sections("sequence")
    assert all(row[-1] < 1e-12 for row in rows(section(told, "forms")))
    for ratio, tenth, hundredth in rows(section(told, "ends")):
        assert (tenth, hundredth) == pytest.approx((np.prod([ratio] * 10), np.prod([ratio] * 100)))
    assert [line.y[1] for line in part(section(told, "ends"), Plot).lines] == pytest.approx([0.8, -0.9, 1.1])


def test_descent_is_a_geometric_sequence():
    told = section(sections("sequence"), "as_sequence")
    points = descended()
    np.testing.assert_allclose(points[1:] / points[:-1], said(told)["ratio"], rtol=1e-12)
    assert all(recurrence == pytest.approx(general) for _, recurrence, general in rows(told))
