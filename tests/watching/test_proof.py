"""The proof of remedies: against SciPy, against counting all deals one by one, and against what the terms mean."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seedbed.core.errors import UsageError
from seedbed.watching.proof import cohens_d, holm, permutation_p, verdicts


def counted(a: list[float], b: list[float]) -> float:
    """The p of the permutation test, deal by deal."""
    pooled = np.asarray([*a, *b])
    deals = list(itertools.combinations(range(len(pooled)), len(a)))
    total = pooled.sum()
    differences = [pooled[list(deal)].mean() - (total - pooled[list(deal)].sum()) / len(b) for deal in deals]
    return float(np.mean(np.asarray(differences) >= np.mean(a) - np.mean(b) - 1e-12))


@pytest.mark.parametrize(("n", "m"), [(8, 8), (5, 8), (3, 2), (1, 6)])
@pytest.mark.parametrize("shift", [-0.2, 0.0, 0.1, 1.0])
def test_it_counts_every_deal(n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng(int(10 * n + m + 100 * abs(shift)))
    a, b = (rng.normal(size=n) + shift).tolist(), rng.normal(size=m).tolist()
    assert permutation_p(a, b) == pytest.approx(counted(a, b), abs=1e-12)


def test_it_agrees_with_scipy() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0.4, 1, 8), rng.normal(0, 1, 8)
    found = stats.permutation_test(
        (a, b),
        lambda x, y, axis: x.mean(axis) - y.mean(axis),
        vectorized=True,
        alternative="greater",
        n_resamples=np.inf,
        permutation_type="independent",
    )
    assert permutation_p(a, b) == pytest.approx(float(found.pvalue), abs=1e-12)


@given(st.lists(st.integers(0, 6), min_size=4, max_size=9), st.integers(1, 3))
def test_equal_scores_are_no_accident_of_rounding(whole: list[int], n: int) -> None:
    scores = [one / 7 for one in whole]  # accuracies of a small part: many ties
    assert permutation_p(scores[:n], scores[n:]) == pytest.approx(counted(scores[:n], scores[n:]), abs=1e-12)


def test_the_smallest_p_of_eight_against_eight() -> None:
    assert permutation_p(np.arange(8) + 10.0, np.arange(8.0)) == pytest.approx(1 / 12_870)
    assert permutation_p([0.5] * 8, [0.5] * 8) == 1.0


def test_sixteen_against_sixteen_is_exact_too() -> None:
    assert permutation_p(np.arange(16) + 20.0, np.arange(16.0)) == pytest.approx(1 / math.comb(32, 16))
    assert permutation_p([0.0] * 15 + [1.0], [0.0] * 16) == pytest.approx(0.5)


def test_of_many_values_it_draws_and_is_near() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.4, 1, 30), rng.normal(0, 1, 30)
    drawn = permutation_p(a, b, draws=4000)
    p = float(stats.ttest_ind(a, b, alternative="greater").pvalue)
    assert drawn == permutation_p(a, b, draws=4000) and abs(drawn - p) < 4 * math.sqrt(p * (1 - p) / 4000) + 0.005
    assert permutation_p(a + 99, b, draws=99) == pytest.approx(0.01)  # never 0


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([0.02]) == [0.02] and holm([]) == []


def test_cohens_d_by_hand_and_its_floor() -> None:
    a, b = [3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0]
    pooled = math.sqrt((2 * 1.0 + 3 * np.var(b, ddof=1)) / 5)
    assert cohens_d(a, b) == pytest.approx(1.5 / pooled)
    assert cohens_d([0.504] * 8, [0.5] * 8) == pytest.approx(0.4)  # seeds that agree do not make it large
    assert cohens_d(b, a) == -cohens_d(a, b)


def test_a_cure_is_proved_and_what_does_nothing_is_not() -> None:
    rng = np.random.default_rng(0)
    noise = lambda: rng.normal(0, 0.02, 8)  # noqa: E731
    arms = {
        "tanh": 0.90 + noise(),
        "relu": 0.90 + noise(),
        "weak": 0.60 + noise(),
        "nothing": 0.30 + noise(),
        "worse": 0.10 + noise(),
    }
    found = verdicts(0.30 + noise(), arms)
    assert [name for name, one in found.items() if one.is_proved] == ["tanh", "relu", "weak"]
    assert {name for name, one in found.items() if one.ties_best} <= {"tanh", "relu"}
    assert found["tanh"].p == pytest.approx(1 / 12_870) and found["tanh"].p_holm == pytest.approx(5 / 12_870)
    assert found["worse"].d < 0 and found["worse"].worst == min(arms["worse"])


def test_a_difference_that_is_sure_but_tiny_is_no_proof() -> None:
    found = verdicts([0.5] * 8, {"lr_up": [0.503] * 8})["lr_up"]
    assert found.p_holm < 0.05 and found.d == pytest.approx(0.3) and not found.is_proved


def test_what_was_given_up_is_never_proved_and_still_counts() -> None:
    arms = {"cure": [0.9] * 8, "given_up": [0.95] * 8}
    found = verdicts([0.3] * 8, arms, hopeless=["given_up"])
    assert not found["given_up"].is_proved and found["given_up"].p == 1.0
    assert found["cure"].is_proved and found["cure"].p_holm == pytest.approx(2 / 12_870) and found["cure"].ties_best


@pytest.mark.slow
def test_without_a_cure_few_arms_are_proved() -> None:
    rng = np.random.default_rng(0)
    n_false = 0
    for _ in range(2000):
        arms = {str(i): rng.normal(size=8) for i in range(10)}
        n_false += any(one.is_proved for one in verdicts(rng.normal(size=8), arms).values())
    assert n_false / 2000 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_scores_are_finite() -> None:
    with pytest.raises(UsageError, match="one finite number for each seed"):
        permutation_p([0.1, float("nan")], [0.2])
