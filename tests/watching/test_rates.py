"""The rules of a range test on curves whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from seedbed.watching.rates import rules

RATES = np.geomspace(1e-6, 10, 71)  # ten to a decade


def bowl(flat: tuple[float, float], before: float = 2.0, least: float = 0.1) -> np.ndarray:
    """A loss that falls for a decade in front of a flat part, and rises for one behind it."""
    at = np.log10(RATES)
    low, high = np.log10(flat)
    away = np.clip(np.maximum(low - at, at - high), 0, 1)
    return np.asarray(least + (before - least) * away)


def test_the_middle_of_the_flat_part_is_suggested() -> None:
    found = rules(RATES, 2.0, bowl((1e-3, 1e-1)))
    assert found["middle"] == pytest.approx(1e-2, rel=0.15)
    assert 1e-3 * 0.99 <= found["best"] <= 1e-1 * 1.01 and found["tenth"] == pytest.approx(found["best"] / 10)
    # By numpy alone: the largest fall of the mean over five rates.
    smooth = np.convolve(bowl((1e-3, 1e-1)), np.ones(5) / 5, "same")[2:-2]
    steepest = RATES[2:-2][np.argmin(np.gradient(smooth)[:30])]
    assert found["steepest"] == pytest.approx(steepest, rel=0.3) and 1e-4 < found["steepest"] < 1e-3


def test_one_lucky_rate_moves_the_best_and_not_the_suggestion() -> None:
    after = bowl((1e-3, 1e-1))
    after[-3] = 0.05
    found = rules(RATES, 2.0, after)
    assert found["best"] == RATES[-3] and found["middle"] == pytest.approx(1e-2, rel=0.2)


def test_rates_that_diverged_count_for_nothing() -> None:
    after = bowl((1e-3, 1e-1))
    after[RATES > 0.12] = np.nan
    assert rules(RATES, 2.0, after) == rules(RATES, 2.0, np.where(RATES > 0.12, 1e9, bowl((1e-3, 1e-1))))


@pytest.mark.parametrize("after", [np.full(71, 2.0), np.full(71, 1.99), np.linspace(2, 9, 71), np.full(71, np.nan)])
def test_where_no_rate_takes_the_loss_down_none_is_suggested(after: np.ndarray) -> None:
    assert rules(RATES, 2.0, after) == {}


def test_losses_below_zero_fall_too() -> None:
    assert rules(RATES, -1.0, bowl((1e-3, 1e-1)) - 3)["middle"] == pytest.approx(1e-2, rel=0.15)
