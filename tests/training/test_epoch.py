"""Batches that do not fill up, validation in blocks, scores over an epoch: each against the run by hand.

Tolerance: 1e-10, for other orders of summation over at most 50 steps in float64.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score

from seedbed.data import load
from seedbed.training import state
from seedbed.training.layout import LAYOUTS, STACKED, WIDE
from seedbed.training.plan import Plan
from seedbed.training.predict import predictions
from seedbed.training.trainer import Training
from tests.training import by_hand
from tests.training.populations import (
    CLASSES,
    CLASSIFY,
    MEMBERS,
    QUANTITIES,
    REGRESS,
    assert_close,
    members_of,
    trained,
    training,
)

TOLERANCE = 1e-10
PAIR = Plan(2, 1, STACKED)


def test_the_last_batch_of_these_tests_is_not_full() -> None:
    """So that the laws speak about it: 44 examples in batches of 9."""
    assert (len(CLASSES.train), len(CLASSES.train) % CLASSIFY.batch_size) == (44, 8)


def test_a_batch_is_never_larger_than_the_data() -> None:
    """One step an epoch."""
    setups = [member.replace(batch_size=1000) for member in MEMBERS[:2]]
    whole = training(setups, plan=PAIR)
    for number, one in enumerate(members_of(whole)):
        assert_close(one, by_hand.run(setups[number], CLASSES, number)[0], TOLERANCE)
    assert whole.n_steps == 2 * CLASSIFY.epochs


def test_batches_of_one() -> None:
    setups = [member.replace(batch_size=1, epochs=1) for member in MEMBERS[:2]]
    for number, one in enumerate(trained(setups, plan=PAIR)):
        assert_close(one, by_hand.run(setups[number], CLASSES, number)[0], TOLERANCE)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_regression_with_several_targets(layout: str) -> None:
    """Loss of the standardised targets, R² as scikit-learn's, the same in any unit."""
    setups = [REGRESS.replace(optimizer=member.optimizer) for member in MEMBERS]
    for number, one in enumerate(trained(setups, data=QUANTITIES, plan=Plan(2, 3, layout))):
        assert_close(one, by_hand.run(setups[number], QUANTITIES, number)[0], TOLERANCE)


RNG = np.random.default_rng(11)
N = 1507
MANY_X, MANY_WEIGHT = RNG.normal(size=(N, 4)), RNG.uniform(0.0, 2.0, N)
MANY = load((MANY_X, (MANY_X[:, 0] * MANY_X[:, 1] > 0).astype(int)), sample_weight=MANY_WEIGHT, valid_share=0.4)
MANY_NUMBERS = load((MANY_X, np.stack([MANY_X[:, 0] ** 2, MANY_X.sum(1)], 1)), valid_share=0.4)


@pytest.mark.parametrize(("data", "setup"), [(MANY, CLASSIFY), (MANY_NUMBERS, REGRESS)], ids=["classes", "numbers"])
def test_validation_in_blocks(data: Any, setup: Any) -> None:
    """The rows that fill up the last block do not count; here there are two blocks, and one row too few for them."""
    n = len(data.valid)
    assert n > state.BLOCK
    assert n % 2 == 1
    setups = [setup.replace(optimizer=member.optimizer, epochs=2, batch_size=150) for member in MEMBERS[:2]]
    weight = None if data.train.weight is None else (data.train.weight, data.valid.weight)
    for number, one in enumerate(trained(setups, data=data, plan=PAIR)):
        assert_close(one, by_hand.run(setups[number], data, number, weight=weight)[0], TOLERANCE)


@given(st.integers(1, 100_000))
def test_blocks_are_even(n: int) -> None:
    size = state.block_size(n)
    n_blocks = -(-n // size)
    assert size <= state.BLOCK
    assert n_blocks == -(-n // state.BLOCK)  # no more than are needed
    assert n_blocks * size - n < n_blocks  # and less than a row of filling for each


@pytest.mark.parametrize("data", [CLASSES, QUANTITIES], ids=lambda data: data.name)
def test_validation_score_is_that_of_the_predictions(data: Any) -> None:
    """By scikit-learn, from what the best weights predict, in the targets' own units."""
    setup = CLASSIFY if data.task == "classification" else REGRESS
    whole = training([setup.replace(optimizer=member.optimizer) for member in MEMBERS], data=data)
    (part,) = whole.results
    predicted = predictions(part, np.arange(6), data.valid.x, data.task)
    for i, one in enumerate(members_of(whole)):
        score = one.history[one.best_epoch, 3]
        if data.task == "classification":
            assert score == pytest.approx(accuracy_score(data.valid.y, predicted[i].argmax(1)), abs=1e-12)
        else:
            assert score == pytest.approx(r2_score(data.valid.y, predicted[i]), abs=1e-12)


def test_the_test_part_is_not_touched() -> None:
    """A data set whose test part is spoiled trains to the same bits."""
    spoiled = dataclasses.replace(
        CLASSES, test=dataclasses.replace(CLASSES.test, x=np.full_like(CLASSES.test.x, np.nan))
    )
    for mine, other in zip(trained(MEMBERS, data=spoiled), trained(MEMBERS), strict=True):
        assert_close(mine, other, 0.0)


def test_images_are_read_as_vectors_by_a_linear_layer() -> None:
    """Pixels as bytes, one mean for all of them; the last axis runs fastest."""
    pixels = RNG.integers(0, 255, (60, 3, 2, 1), np.uint8)
    data = load((pixels, pixels.reshape(60, 6).argmax(1) > 2))
    flat = load((pixels.reshape(60, 6).astype(np.float64), pixels.reshape(60, 6).argmax(1) > 2))
    setups = [CLASSIFY.replace(epochs=2, precision="float32")] * 2
    for mine, other in zip(trained(setups, data=data, plan=PAIR), trained(setups, data=flat, plan=PAIR), strict=True):
        # Standardised in single precision here and in double there: 6e-8 a step, with the momentum, over ten steps.
        assert_close(mine, other, 5e-6)


def test_wall_clock_of_each_epoch_grows() -> None:
    whole = Training(list(MEMBERS), range(6), CLASSES, plans=[Plan(2, 3, WIDE)])
    (part,) = whole.run()
    assert (np.diff(part.seconds, axis=1) > 0).all()
    assert 0 < part.seconds[0, 0] < part.seconds[0, -1] <= whole.wall_seconds
