"""The normal density against SciPy's distribution and its test of Kolmogorov and Smirnov."""

import pytest
from scipy import stats

from seedbed.recipe.explaining.normal import SUMMANDS, sections, sums
from tests.recipe.explaining.reading import rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("normal")


def test_areas(told):
    for k, (_, inside, outside) in enumerate(rows(section(told, "areas")), start=1):
        assert (inside, outside) == pytest.approx((stats.norm.cdf(k) - stats.norm.cdf(-k), 2 * stats.norm.sf(k)))
    assert said(section(told, "areas"))["whole"] == pytest.approx(1)


def test_sums_come_nearer_to_it(told):
    distances = [distance for _, distance in rows(section(told, "sums"))]
    expected = [stats.kstest(sums(n), "norm").statistic for n in SUMMANDS]
    assert distances == pytest.approx(expected, abs=1e-4)  # the density is added up in steps of a thousandth
    assert distances == sorted(distances, reverse=True) and distances[-1] < 0.01


def test_first_weights_are_as_they_are_meant(told):
    values = said(section(told, "weights"))
    assert values["deviation"] == pytest.approx(values["meant"], rel=0.02) and abs(values["mean"]) < 0.004
    assert values["meant"] == pytest.approx((2 / 100) ** 0.5)
    assert values["outside"] == pytest.approx(2 * stats.norm.sf(2), abs=0.005)
