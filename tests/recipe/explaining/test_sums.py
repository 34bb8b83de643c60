"""Sums against Python's own, and their derivative against differences."""

import math

import numpy as np
import pytest

from seedbed.recipe.explaining.sums import FACTOR, U, V, sections
from tests.recipe.explaining.reading import rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("sum")


def test_laws(told):
    (_, *added), (_, *scaled), (_, *product), (_, *squares) = rows(section(told, "laws"))
    assert added == [math.fsum([*U, *V])] * 2 and scaled == [FACTOR * math.fsum(U)] * 2
    assert product == [math.fsum(U)] * 2 and squares == [math.fsum(u * u for u in U), math.fsum(U) ** 2]
    values = said(section(told, "laws"))
    assert (values["plain"].key, values["squares"].key) == ("affine.linear", "affine.neither")


def test_derivatives(told):
    found = [
        np.array([float(one) for one in text.strip("()").replace("−", "-").split(", ")])
        for _, text in rows(section(told, "slope"))
    ]
    h = 1e-6
    for f, slopes in zip((np.sum, lambda x: x @ V), found, strict=True):
        differences = [(f(U + h * e) - f(U - h * e)) / (2 * h) for e in np.eye(len(U))]
        np.testing.assert_allclose(slopes, differences, atol=1e-6)


def test_the_structure_of_sums_along_an_axis_is_said_in_both_languages(told):
    structure = said(section(told, "slope"))["structure"]
    assert "Kronecker" in structure.text("en") and "크로네커" in structure.text("ko")


def test_numbers_from_one_to_n(told):
    assert all(added == formula == math.comb(n + 1, 2) for n, added, formula in rows(section(told, "closed")))
