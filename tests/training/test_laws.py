"""The laws of a population: beside whom, where, and in how many pieces a member trains does not matter to it.

Tolerances: 1e-9 relative to the largest number of an array, in float64 over 50 steps. Programs for other plans add in
another order, which costs 1e-16 a step; a trajectory that is not chaotic lets that grow to some 1e-13.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.core.distributions import log_uniform, uniform
from seedbed.core.draw import draw
from seedbed.core.keys import INITIALISATION, member_key
from seedbed.network import Network
from seedbed.training import SGD, compiling, devices, trainer, waves
from seedbed.training.layout import LAYOUTS, STACKED
from seedbed.training.plan import Plan
from tests.training import by_hand
from tests.training.populations import (
    ALL,
    CLASSES,
    CLASSIFY,
    MEMBERS,
    QUANTITIES,
    REGRESS,
    assert_close,
    assert_equal,
    members_of,
    trained,
    training,
)

TOLERANCE = 1e-9
# All six at once; two waves, with ghosts in the second; three waves; each alone on one device.
PLANS = [
    *(Plan(2, 3, layout) for layout in LAYOUTS),
    *(Plan(1, 4, layout) for layout in LAYOUTS),
    Plan(2, 1, STACKED),
    Plan(1, 1, STACKED),
]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_each_member_is_the_single_run_by_hand(plan: Plan) -> None:
    for number, one in enumerate(trained(MEMBERS, plan=plan)):
        assert_close(one, by_hand.run(MEMBERS[number], CLASSES, number)[0], TOLERANCE)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_population_of_one_is_the_single_run(layout: str) -> None:
    (one,) = trained(MEMBERS[3:4], [3], plan=Plan(1, 1, layout))
    assert_close(one, by_hand.run(MEMBERS[3], CLASSES, 3)[0], TOLERANCE)


@settings(max_examples=25, deadline=None)  # every plan is compiled by the tests above
@given(order=st.permutations(range(6)), n=st.integers(1, 6), plan=st.sampled_from(PLANS))
def test_neither_place_nor_company_matters(order: list[int], n: int, plan: Plan) -> None:
    expected = trained(MEMBERS)
    some = order[:n]
    for number, one in zip(some, trained([MEMBERS[i] for i in some], some, plan=plan), strict=True):
        assert_close(one, expected[number], TOLERANCE)


DIVERGING = (1e30, 1e5)  # in the second epoch and in the sixth


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("rate", DIVERGING)
def test_a_member_driven_to_nan_touches_no_other(rate: float, layout: str) -> None:
    sound = [REGRESS.replace(optimizer=member.optimizer.replace(lr=0.1)) for member in MEMBERS]
    sick = [*sound[:2], sound[2].replace(optimizer=SGD(rate, momentum=0.9)), *sound[3:]]
    plan = Plan(2, 3, layout)
    beside_sound, beside_sick = trained(sound, data=QUANTITIES, plan=plan), trained(sick, data=QUANTITIES, plan=plan)
    assert beside_sick[2].outcome == "diverged"
    for place in (0, 1, 3, 4, 5):
        assert beside_sick[place].outcome == "trained"
        assert_equal(beside_sick[place], beside_sound[place])


SPACE = CLASSIFY.replace(
    network=Network.parse("linear 6 weight=he_normal(uniform(0.5,1.5)), tanh, dropout uniform(0,0.5), linear out"),
    optimizer=SGD(log_uniform(0.01, 0.5), momentum=uniform(0.0, 0.9)),
    data_order="own",
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_member_3_alone_is_member_3_of_sixteen(layout: str) -> None:
    """With noise, its own order of the data, and numbers that it drew."""
    setups = [draw(SPACE, seed=5, number=number) for number in range(16)]
    together = trained(setups, plan=Plan(2, 8, layout), seed=5)
    (alone,) = trained([draw(SPACE, seed=5, number=3)], [3], plan=Plan(1, 1, STACKED), seed=5)
    assert_close(alone, together[3], TOLERANCE)
    others = [one.history[0, 0] for one in together]
    assert len(set(others)) == 16  # and nobody else


@pytest.mark.parametrize("layout", LAYOUTS)
def test_single_precision(layout: str) -> None:
    """To 3e-6: a step rounds to 6e-8 of the largest weight, and here the errors of 50 steps add up without growing."""
    setups = [member.replace(precision="float32") for member in MEMBERS]
    for number, one in enumerate(trained(setups, plan=Plan(2, 3, layout))):
        assert one.history.dtype == np.float32
        assert_close(one, by_hand.run(MEMBERS[number], CLASSES, number)[0], 3e-6)


def test_the_same_setup_data_seed_and_plan_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    first = trained(MEMBERS)
    for again in (trained(MEMBERS), trained(MEMBERS)):
        assert_all_equal(again, first)
    monkeypatch.setattr(compiling, "_compiled", {})  # also where the program is compiled anew
    assert_all_equal(trained(MEMBERS), first)


@pytest.mark.parametrize("seconds", [1e-9, 1e-4, 1e3])
def test_how_the_calls_are_cut_changes_no_bit(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """From one step in a call to the whole training in one."""
    plan = Plan(1, 4, STACKED)
    expected = trained(MEMBERS, plan=plan)
    monkeypatch.setattr(waves, "CALL_SECONDS", seconds)
    told: list[Any] = []
    assert_all_equal(trained(MEMBERS, plan=plan, on_progress=told.append), expected)
    n_calls = {1e-9: 2 * 50, 1e3: 4}.get(seconds)  # two waves of fifty steps; the first call of a wave is short
    assert n_calls is None or len(told) == n_calls


def test_another_seed_gives_another_run() -> None:
    """The law above does not hold for lack of chance."""
    pairs = zip(trained(MEMBERS), trained(MEMBERS, seed=1), strict=True)
    assert all(abs(a.history[0, 0] - b.history[0, 0]) > 1e-3 for a, b in pairs)


def test_parts_that_fit_in_memory_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, sizes = Plan(2, 1, STACKED), []
    whole = training(MEMBERS, plan=plan)
    monkeypatch.setattr(devices, "memory_bytes", lambda: 1)

    class Counted(trainer.Cohort):
        def __init__(self, *arguments: Any, **rest: Any) -> None:
            super().__init__(*arguments, **rest)
            sizes.append([wave.numbers.tolist() for wave in self.waves])

    monkeypatch.setattr(trainer, "Cohort", Counted)
    split = training(MEMBERS, plan=plan)
    assert sizes == [[[0, 1]], [[2, 3]], [[4, 5]]]  # never more than one wave at a time
    assert_all_equal(members_of(split), members_of(whole))
    (part,) = split.results
    np.testing.assert_array_equal(part.numbers.optimizer.lr, [one.optimizer.lr for one in MEMBERS])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_training_goes_on_from_given_weights(layout: str) -> None:
    start = [by_hand.first_params(MEMBERS[i], CLASSES, 10 + i) for i in range(6)]
    for number, one in enumerate(trained(MEMBERS, start=start, plan=Plan(1, 4, layout))):
        assert_close(one, by_hand.run(MEMBERS[number], CLASSES, number, start=start[number])[0], TOLERANCE)


def test_rate_zero_leaves_given_weights_alone() -> None:
    start = [by_hand.first_params(MEMBERS[i], CLASSES, 10 + i) for i in range(6)]
    still = [member.replace(optimizer=member.optimizer.replace(lr=0.0)) for member in MEMBERS]
    for given_, one in zip(start, trained(still, start=start), strict=True):
        for mine, other in zip(one.params, jax.tree.leaves(given_), strict=True):
            np.testing.assert_array_equal(mine, other)


def test_first_weights_are_the_networks_own() -> None:
    """What a user gets from `Network.init`, but for single precision, in which it draws."""
    with jax.enable_x64(True):
        key = member_key(0, 4, INITIALISATION)
        network = CLASSIFY.network.bind(3)
        expected = jax.tree.leaves(network.init((4,), key=key, dtype=np.float64))
        drawn = jax.tree.leaves(by_hand.first_params(CLASSIFY, CLASSES, 4))
    for mine, other in zip(drawn, expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=3e-7)


def assert_all_equal(ours: Any, theirs: Any) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        assert_equal(mine, other)


assert ALL in PLANS
