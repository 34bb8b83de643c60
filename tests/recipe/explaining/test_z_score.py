"""z-scores against SciPy, and what they do for descent."""

import numpy as np
import pytest
from scipy import stats

from seedbed.recipe.explaining.z_score import MOST_STEPS, sample, scored, sections, stretch
from tests.recipe.explaining.reading import rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("z_score")


def test_scores_are_scipys():
    np.testing.assert_allclose(scored(sample()), stats.zscore(sample()), atol=1e-12)


def test_the_shape_stays_and_that_of_a_logarithm_does_not(told):
    before, after, logarithm = rows(section(told, "shape"))
    assert before[3] == pytest.approx(stats.skew(sample())) == pytest.approx(after[3]) and abs(logarithm[3]) < 0.1
    assert before[4] == after[4] and after[1:3] == pytest.approx((0, 1))
    assert said(section(told, "shape"))["correlation"] == pytest.approx(1)


def test_a_stretched_bowl_takes_as_many_steps_as_its_condition_says(told):
    raw, standard = rows(section(told, "bowl"))
    assert raw[1] == pytest.approx(20**2, rel=0.1) and 1 <= standard[1] < 1.2
    rate = (raw[1] - 1) / (raw[1] + 1)  # by which both directions shrink at the best learning rate
    assert raw[2] == pytest.approx(np.log(1e-6) / (2 * np.log(rate)), abs=1) and raw[2] < MOST_STEPS
    assert standard[2] <= 5


def test_the_stretch_is_the_condition_of_the_features():
    x = np.random.default_rng(1).normal(size=(50, 2)) * (1, 7)
    assert stretch(x) == pytest.approx(np.linalg.cond(x) ** 2)
