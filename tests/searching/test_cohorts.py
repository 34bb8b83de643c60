"""Cohorts and their cost model: what is padded together depends on what compiling and training cost."""

from __future__ import annotations

import itertools
import json

import jax
import numpy as np
import pytest

from seedbed import data
from seedbed.core.distributions import choice, integers, log_uniform
from seedbed.network import CrossEntropy, Linear, Network, ReLU, Tanh
from seedbed.searching import costs as module
from seedbed.searching.cohorts import FEWEST_IN_PART, MOST_PARTS, PART, _boxes, cohorts, parted
from seedbed.searching.costs import Costs
from seedbed.searching.space import Space
from seedbed.training import SGD, Setup
from seedbed.training.cohorts import bind
from seedbed.training.plan import Plan
from seedbed.training.supplies import Supplies
from tests.searching.spaces import nested


def wide() -> Setup:
    """Two layers of any width."""
    units = [integers(8, 256, name=name) for name in ("first", "second")]
    layers = [Linear(units[0]), choice(ReLU(), Tanh()), Linear(units[1]), ReLU(), Linear("out")]
    return Setup(Network(layers), CrossEntropy(), SGD(log_uniform(1e-3, 1.0)), batch_size=32, epochs=4)


def grouped(compiling: float, training: float, searched: Setup, n: int = 40, rungs: tuple[int, ...] = (4,)):
    """The cohorts of some trials."""
    digits, space, supplies = data.load("digits"), Space(searched), Supplies()
    setups = [space.setup_at(space.sampled(seed=0, number=number)) for number in range(n)]
    bound = [bind(one, digits, supplies.preprocessor(one, digits).shape) for one in setups]
    found = cohorts(bound, digits, supplies, rungs=rungs, n_folds=1, costs=Costs(compiling, training))
    assert sorted(place for one in found for place in one.places) == list(range(n))
    for one in found:  # one program each, on which the trials agree in what no padding changes
        assert {jax.tree.structure(setup) for setup in one.setups} == {one.structure}
        assert len({(type(bound[p].optimizer), bound[p].batch_size) for p in one.places}) == 1
    return found


def test_where_compiling_costs_more_trials_are_padded_together() -> None:
    assert len(grouped(50.0, 0.1, nested())) == 4  # two optimizers, two batch sizes: what no padding makes one
    [dear], cheap = grouped(50.0, 0.1, wide(), 100), grouped(1e-3, 20.0, wide(), 100)
    assert len(cheap) >= 4
    seconds = [sum(one.trial_seconds * len(one.places) for one in found) for found in ([dear], cheap)]
    assert seconds[1] < 0.7 * seconds[0] * 200  # whose model trains so many times faster


@pytest.mark.parametrize("program", [0.0, 0.3, 3.0, 1e9])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_boxes_of_widths_hold_every_trial_once_and_save_what_they_cost(n_axes: int, program: float) -> None:
    """Against the one box, by the same costs; and no two boxes overlap."""
    rng = np.random.default_rng(n_axes)
    own = [(place, tuple(rng.integers(4, 100, n_axes).tolist())) for place in range(60)]
    seconds = lambda widths: float(np.prod(np.asarray(widths) / 100))  # noqa: E731
    boxes = _boxes(own, seconds, lambda each: program)
    assert sorted(one for box in boxes for one in box) == own
    ends = [(np.min(widths, axis=0), np.max(widths, axis=0)) for widths in ([w for _, w in box] for box in boxes)]
    costs = [len(box) * seconds(highest) + program for box, (_, highest) in zip(boxes, ends, strict=True)]
    assert sum(costs) <= 60 * seconds(np.max([w for _, w in own], axis=0)) + program + 1e-9
    assert (len(boxes) == 1) == (program == 1e9)
    for (low, high), (other_low, other_high) in itertools.combinations(ends, 2):
        assert np.any(high < other_low) or np.any(other_high < low)


def test_waves_of_a_search_that_halves_are_small() -> None:
    """As large as what is left at the last rung; of long epochs as small as may be."""
    halved, whole = (grouped(50.0, 1.0, wide(), 100, rungs=rungs)[0] for rungs in ((1, 3, 7, 20), (20,)))
    assert (halved.most, whole.most) == (2, 16)  # 4 of the 100 reach the end, 2 on each core
    assert halved.plan.chunk == halved.fewest == 4
    slow = grouped(50.0, 1e3, wide(), 100, rungs=(1, 3, 7, 20))[0]
    assert slow.fewest == slow.plan.chunk == 1 < halved.fewest


def test_the_last_trials_of_a_cohort_get_smaller_waves_where_that_pays() -> None:
    model, plan = Costs(), Plan(2, 32, "stacked")
    assert model.laddered(plan, 64, seconds=1.0, n_layers=4) == plan
    assert model.laddered(plan, 3, seconds=1e-4, n_layers=4) == plan
    assert model.laddered(plan, 3, seconds=1.0, n_layers=4) == Plan(2, 2, "stacked")


def test_what_was_measured_is_remembered_for_the_machine(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path)
    assert Costs.known() == Costs()
    model = Costs()
    model.note("training", expected=0.5, measured=0.5)  # the host's part; what takes longest weighs most
    model.note("training", expected=9.5, measured=39.5)
    model.note("compiling", expected=0.01, measured=9.0)  # too short to tell anything
    model.keep()
    assert Costs.known().factors == pytest.approx((1.0, 2.0**0.5))  # 4^0.3 to a power of √2
    [path] = (tmp_path / "costs").iterdir()
    assert json.loads(path.read_text())["training"] == pytest.approx(4.0**0.3)
    path.write_text("{")
    assert Costs.known() == Costs()


def test_small_differences_add_up(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is 1.5 times slower: no one step is as large as a power of √2."""
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path)
    for _ in range(12):
        model = Costs.known()
        model.note("training", expected=model.training, measured=1.5)
        model.keep()
    [path] = (tmp_path / "costs").iterdir()
    assert json.loads(path.read_text())["training"] == pytest.approx(1.5, rel=0.02)
    assert Costs.known().training == pytest.approx(2.0**0.5)


@pytest.mark.parametrize("n", [1, 29, 1024, 1025, 4096])
@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_the_trials_of_a_rung_are_dealt_into_parts(n: int, n_workers: int) -> None:
    cohorts = [range(n // 3), range(n // 3, n)]
    made = [parted(cohort, n, n_workers) for cohort in cohorts]
    assert [number for cohort in made for part in cohort for number in part] == list(range(n))  # each once, in order
    sizes = [len(part) for cohort in made for part in cohort]
    assert max(sizes) <= max(PART, -(-n // MOST_PARTS)) and max(sizes) <= max(FEWEST_IN_PART, -(-n // n_workers))
    assert len(sizes) <= max(MOST_PARTS, n_workers) + len(cohorts) + n // PART * (n <= PART * MOST_PARTS)
    for cohort in made:
        assert not cohort or max(map(len, cohort)) - min(map(len, cohort)) <= 1
