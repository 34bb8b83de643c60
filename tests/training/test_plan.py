"""Plans: sound guesses from the sizes, refusals, measurement, and that a given one is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.core.errors import UsageError
from seedbed.network import Network
from seedbed.training import devices, plan, tuning
from seedbed.training.layout import LANES, LAYOUTS, STACKED, WIDE
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training
from tests.training.populations import CLASSES, CLASSIFY, MEMBERS, assert_close, trained, training


def shapes(*units: int) -> Any:
    """The weights of one member, as shapes."""
    network = Network.parse(", relu, ".join(f"linear {n}" for n in units[1:]))
    return network.params_shapes((units[0],))


@given(n=st.integers(1, 5000), units=st.sampled_from([(2, 16, 2), (64, 64, 10), (784, 30, 10), (784, 512, 512, 10)]),
       batch=st.sampled_from([1, 32, 64, 65, 512]), shared=st.booleans())  # fmt: skip
def test_a_guess_holds_all_members_in_even_waves(n: int, units: tuple[int, ...], batch: int, shared: bool) -> None:
    guess = plan.guess(n, SHAPES[units], batch, shares_order=shared)
    assert 1 <= guess.n_devices <= min(n, 2)
    assert guess.layout in LAYOUTS
    n_waves = -(-n // guess.wave)
    assert guess.n_devices * guess.chunk * n_waves >= n
    # No more ghosts than one for each device and wave.
    assert guess.wave * n_waves - n <= guess.n_devices * n_waves
    fits = guess.chunk * plan.weight_bytes(SHAPES[units]) <= plan.CACHE_BYTES
    assert fits or guess.chunk == 1


SHAPES = {units: shapes(*units) for units in ((2, 16, 2), (64, 64, 10), (784, 30, 10), (784, 512, 512, 10))}


@pytest.mark.parametrize(
    ("n", "units", "batch", "shared", "layout"),
    [
        (64, (2, 16, 2), 32, True, LANES),  # a few units: members in lanes
        (64, (2, 16, 2), 512, True, STACKED),  # but not where the batch fills them
        (4, (2, 16, 2), 32, True, STACKED),  # nor where the members do not
        (64, (784, 30, 10), 10, True, WIDE),  # a thin first layer that all share
        (64, (784, 30, 10), 10, False, STACKED),  # but not where each has its own batch
        (64, (64, 64, 10), 32, True, STACKED),
        (1, (784, 30, 10), 10, True, STACKED),
    ],
)
def test_the_layout_that_is_guessed(n: int, units: tuple[int, ...], batch: int, shared: bool, layout: str) -> None:
    assert plan.guess(n, SHAPES[units], batch, shares_order=shared).layout == layout


def test_large_networks_train_one_by_one() -> None:
    assert plan.guess(64, SHAPES[784, 512, 512, 10], 128, shares_order=True) == Plan(2, 1, STACKED)


def test_on_an_accelerator_the_members_fill_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "is_cpu", lambda: False)
    monkeypatch.setattr(devices, "memory_bytes", lambda: 1 << 34)
    guess = plan.guess(16384, SHAPES[64, 64, 10], 32, shares_order=True)
    assert guess == Plan(2, 8192, STACKED)
    monkeypatch.setattr(devices, "memory_bytes", lambda: 1 << 24)
    few = plan.guess(16384, SHAPES[64, 64, 10], 32, shares_order=True)
    assert few.wave * 12 * plan.weight_bytes(SHAPES[64, 64, 10]) <= 1 << 24


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Plan(3, 2, STACKED), "plan: expected at most 2 devices, got 3\nhint: set SEEDBED_DEVICES=3, or leave"),
        (Plan(0, 2, STACKED), "plan: expected at least one device and one member on it, got Plan\\(n_devices=0"),
        (Plan(2, 0, STACKED), "plan: expected at least one device and one member on it"),
        (Plan(2, 2, "stack"), "plan: expected a layout, one of stacked, wide, lanes, got 'stack'\nhint: did you mean"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_done_is_refused(wrong: Plan, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        trained(MEMBERS, plan=wrong)


def test_as_many_plans_as_cohorts() -> None:
    whole = Training(list(MEMBERS), range(6), CLASSES, plans=[Plan(1, 4, STACKED)] * 2)
    with pytest.raises(UsageError, match="plans: expected one for each cohort, got 2 for 1 cohorts"):
        whole.run()


@pytest.mark.parametrize("given_plan", [Plan(1, 4, WIDE), Plan(2, 1, STACKED)], ids=str)
def test_a_given_plan_is_used_and_told(given_plan: Plan) -> None:
    (part,) = training(MEMBERS, plan=given_plan).results
    assert part.plan == given_plan


def test_a_plan_is_plain_data() -> None:
    told = Plan(2, 3, LANES)
    assert Plan(**json.loads(json.dumps(told.to_dict()))) == told
    assert told.wave == 6
    assert asdict(told) == told.to_dict()


def test_without_one_the_guess_is_used() -> None:
    (part,) = training(MEMBERS, plan=None).results
    in_shape = part.setup.network.params_shapes((4,))
    assert part.plan == plan.guess(6, in_shape, CLASSIFY.batch_size, shares_order=True)


class Tuned:
    """The choice of plans with measurements that a test decides."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Any, speed: Callable[[Plan], float]) -> None:
        self.measured: list[Plan] = []
        monkeypatch.setenv("SEEDBED_CACHE", str(folder))
        monkeypatch.setattr(tuning, "WORTH_SECONDS", 0.0)

        def measure(blueprint: Any, setups: Any, parts: Any) -> float:
            self.measured.append(blueprint.plan)
            return speed(blueprint.plan)

        monkeypatch.setattr(tuning, "_measured", measure)

    def choose(self, n: int) -> Plan:
        setups = [CLASSIFY.replace(network=Network.parse("linear 600, relu, linear out"))] * n
        whole = Training(setups, range(n), CLASSES)
        return whole._blueprint(0).plan


def test_a_long_training_measures_its_plan_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    tuned = Tuned(monkeypatch, tmp_path, lambda plan: 1.0 / plan.chunk if plan.layout == STACKED else 2.0)
    chosen = tuned.choose(100)
    assert len(set(tuned.measured)) == len(tuned.measured) >= 3  # the guess, other chunks, another layout
    assert {STACKED, WIDE} <= {one.layout for one in tuned.measured}
    fastest = max((one for one in tuned.measured if one.layout == STACKED), key=lambda one: one.chunk)
    assert chosen == plan.even(100, 2, fastest.chunk, STACKED)
    tuned.measured.clear()
    assert tuned.choose(100) == chosen
    assert tuned.choose(7) == plan.even(7, 2, chosen.chunk, STACKED)  # remembered for the structure
    assert tuned.measured == []


def test_a_damaged_note_is_measured_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    tuned = Tuned(monkeypatch, tmp_path, lambda plan: 1.0)
    tuned.choose(100)
    (note,) = (tmp_path / "plans").iterdir()
    for damage in ("", "{}", '{"n_devices": 2}'):
        note.write_text(damage)
        tuned.measured.clear()
        tuned.choose(100)
        assert tuned.measured


def test_a_short_training_is_not_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    tuned = Tuned(monkeypatch, tmp_path, lambda plan: 1.0)
    monkeypatch.setattr(tuning, "WORTH_SECONDS", 20.0)
    tuned.choose(4)
    assert tuned.measured == []


@pytest.mark.slow
def test_measuring_changes_no_result(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The real thing: the plan that was the fastest trains the same members, to 1e-9."""
    monkeypatch.setattr(tuning, "WORTH_SECONDS", 0.0)
    monkeypatch.setattr(tuning, "TRIAL_SECONDS", 0.02)
    monkeypatch.setenv("SEEDBED_CACHE", str(tmp_path))
    for mine, other in zip(trained(MEMBERS, plan=None), trained(MEMBERS), strict=True):
        assert_close(mine, other, 1e-9)
    assert len(list((tmp_path / "plans").iterdir())) == 1
