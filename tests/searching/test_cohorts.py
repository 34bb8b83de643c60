"""Cohorts and their cost model: what is padded together depends on what compiling and training cost."""

from __future__ import annotations

import json

import jax
import pytest

from seedbed import data
from seedbed.searching import costs as module
from seedbed.searching.cohorts import FEWEST_IN_PART, MOST_PARTS, PART, cohorts, parted
from seedbed.searching.costs import Costs
from seedbed.searching.space import Space
from seedbed.training.cohorts import bind
from seedbed.training.plan import Plan
from seedbed.training.supplies import Supplies
from tests.searching.spaces import nested


def grouped(compiling: float, training: float):
    """Forty trials that differ in widths, activation, a layer, the optimizer and the batch size."""
    digits, space, supplies = data.load("digits"), Space(nested()), Supplies()
    setups = [space.setup_at(space.sampled(seed=0, number=n)) for n in range(40)]
    bound = [bind(one, digits, supplies.preprocessor(one, digits).shape) for one in setups]
    found = cohorts(bound, digits, supplies, epochs=4, n_folds=1, costs=Costs(compiling, training))
    assert sorted(place for one in found for place in one.places) == list(range(40))
    for one in found:  # one program each, on which the trials agree in what no padding changes
        assert {jax.tree.structure(setup) for setup in one.setups} == {one.structure}
        assert len({(type(bound[p].optimizer), bound[p].batch_size) for p in one.places}) == 1
    return found


def test_where_compiling_costs_more_trials_are_padded_together() -> None:
    dear, cheap = grouped(50.0, 0.1), grouped(1e-6, 50.0)
    assert len(dear) == 4  # two optimizers, two batch sizes: what no padding makes one
    assert len(cheap) > 12


def test_the_last_trials_of_a_cohort_get_smaller_waves_where_that_pays() -> None:
    model, plan = Costs(), Plan(2, 32, "stacked")
    assert model.laddered(plan, 64, seconds=1.0, n_layers=4) == plan
    assert model.laddered(plan, 3, seconds=1e-4, n_layers=4) == plan
    assert model.laddered(plan, 3, seconds=1.0, n_layers=4) == Plan(2, 2, "stacked")


def test_what_was_measured_is_remembered_for_the_machine(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path)
    assert Costs.known() == Costs()
    model = Costs()
    model.note("training", expected=1.0, measured=4.0)
    model.note("compiling", expected=0.01, measured=9.0)  # too short to tell anything
    model.keep()
    assert Costs.known().factors == pytest.approx((1.0, 2.0**0.5))  # 4^0.3 to a power of √2
    [path] = (tmp_path / "costs").iterdir()
    assert json.loads(path.read_text())["training"] == pytest.approx(4.0**0.3)
    path.write_text("{")
    assert Costs.known() == Costs()


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
