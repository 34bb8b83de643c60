"""Methods: how many points, which, and that the same trials give the same proposals."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from seedbed.core.distributions import choice, integers, log_uniform
from seedbed.core.errors import UsageError
from seedbed.network import Chain, CrossEntropy, Linear, Network, ReLU
from seedbed.searching.methods import METHODS, grid, grid_growth, grid_size
from seedbed.searching.narrowing import Change, ends, narrowed, widest
from seedbed.searching.rungs import brackets, mean_epochs, n_survivors, rungs_of, survivors
from seedbed.searching.space import Space
from seedbed.searching.trial import COMPLETE, DIVERGED, Trial, best_of
from seedbed.training import SGD, Adam, RMSProp, Setup
from tests.searching.spaces import nested, shared, small


def scored(space: Space, points, first=0, round_=0, peak=-1.2):
    """Trials whose score falls with the distance of the learning rate from a best one."""
    found = []
    for number, point in enumerate(points, start=first):
        lr = next(value for name, value in point.items() if name.startswith("optimizer.lr"))
        found.append(Trial(number, round_, point, COMPLETE, 1, -abs(math.log10(lr) - peak), 0.1, 4, 3))
    return found


def run(name: str, space: Space, trials: int, **options):
    kind, halves = METHODS[name]
    method = kind(space, 20, 7, trials, halves, **options)
    found, proposals = [], []
    while (proposal := method.propose(len(proposals), found, proposals[-1].space if proposals else space)) is not None:
        found += scored(proposal.space, proposal.points, len(found), len(proposals))
        proposals.append(proposal)
    return found, proposals


@pytest.mark.parametrize("made", [nested, shared])
@pytest.mark.parametrize("name", [name for name in METHODS if name != "grid"])
def test_a_method_gives_as_many_sound_points_as_are_asked_for(name: str, made) -> None:
    space = Space(made())
    trials, proposals = run(name, space, 45)
    assert len(trials) == 45
    for trial in trials:
        proposals[trial.round].space.setup_at(trial.point)
    again, _ = run(name, space, 45)
    assert [t.point for t in again] == [t.point for t in trials]


def test_tpe_looks_where_it_was_good() -> None:
    trials, _ = run("tpe", Space(small()), 60)
    first, last = (np.median([t.score for t in part]) for part in (trials[:15], trials[40:]))
    assert last > first / 2


def test_a_sobol_sequence_is_more_even_than_chance() -> None:
    def worst_gap(name: str) -> float:
        trials, _ = run(name, Space(small()), 64)
        lr = np.sort([math.log10(t.point["optimizer.lr"]) for t in trials])
        return float(np.diff([-3, *lr, 0]).max())

    assert worst_gap("quasi-random") < 2 * 3 / 64 < worst_gap("random")


def test_a_grid_has_every_combination_once() -> None:
    space = Space(nested())
    points = grid(space, 2)
    # batch 2 · units 2 · activation 2 · second (1 + 2 · 2) · (sgd 2 · 2 + adam 2)
    assert len(points) == grid_size(space, 2) == 2 * 2 * 2 * 5 * 6
    assert max(Counter(tuple(sorted(p.items(), key=str)) for p in points).values()) == 1
    rates = sorted({p["optimizer.lr"] for p in points if "optimizer.lr" in p})
    np.testing.assert_allclose(rates, [1e-3, 1.0])
    some, _ = run("grid", space, 11, steps=2)
    assert len(some) == 11
    with pytest.raises(UsageError, match=r"optimizer.lr: expected steps for a grid over a range"):
        grid(Space(small()), None)


def test_a_grid_counts_what_several_options_share_once() -> None:
    space = Space(shared())
    points = grid(space, 2)
    # first and second: units 2 unless both are absent, 1 + 3 · 2 · rate 2 · (2 optimizers with momentum 2, 1 without)
    assert len(points) == (1 + 3 * 2) * 2 * (2 * 2 + 1)
    assert [n for _, _, n in grid_growth(space, 2)] == [2, 4, 7, 21, 42, 70]
    assert len({tuple(sorted(p.items(), key=str)) for p in points}) == len(points)
    for point in points:
        space.setup_at(point)


def test_rungs_and_survivors() -> None:
    assert rungs_of(20, 512) == (1, 3, 7, 20)
    assert rungs_of(20, 11) == (20,)
    assert rungs_of(1, 512) == (1,)
    assert mean_epochs((3, 7, 20), 9) == 3 + 4 * 3 / 9 + 13 / 9
    trials = [Trial(i, 0, {}, COMPLETE, 1, s, 0.1) for i, s in enumerate([0.1, 0.9, 0.5, 0.9, 0.2])]
    trials[1] = replace(trials[1], loss=0.2)
    trials[2] = replace(trials[2], state=DIVERGED)
    assert [t.number for t in survivors(trials)] == [1, 3]
    assert n_survivors(5) == 2
    assert best_of(trials).number == 3  # of equal scores the smaller loss
    shares = [share for _, share in brackets(27)]
    assert sum(shares) == pytest.approx(1)
    np.testing.assert_allclose(np.asarray(shares) / shares[-1], [6.75, 3, 1.5, 1])  # (s_max + 1) / (s + 1) · ηˢ


def test_ranges_close_in_on_what_did_well() -> None:
    space = Space(small())
    trials = scored(space, [space.sampled(seed=1, number=n) for n in range(100)], peak=-1.5)
    finer, changes = narrowed(space, space, trials)
    [lr] = [change for change in changes if change.name == "optimizer.lr"]
    assert lr.kind == "narrowed"
    low, high = (math.log10(end) for end in lr.after)
    assert -3 < low < -1.5 < high < 0
    assert high - low < 1.5
    assert widest([space, finer])[1] == space.dimensions[1]


def test_a_range_whose_best_stand_at_its_end_is_widened() -> None:
    space = Space(small())
    trials = scored(space, [space.sampled(seed=1, number=n) for n in range(100)], peak=1.0)
    wider, changes = narrowed(space, space, trials)
    [lr] = [change for change in changes if change.name == "optimizer.lr"]
    assert lr.kind == "widened"
    assert lr.after[1] == pytest.approx(10**1.5)
    assert lr.after[0] > 1e-3
    assert "optimizer.lr" in wider
    momentum = Space(small()).with_ranges({"optimizer.lr": log_uniform(0.1, 0.2)})
    evenly = np.linspace(0.0, 0.9, 60)
    best_at_end = [
        Trial(n, 0, {"optimizer.lr": 0.15, "optimizer.momentum": m}, COMPLETE, 1, m, 0.1)
        for n, m in enumerate(map(float, evenly))
    ]
    _, changes = narrowed(momentum, momentum, best_at_end)
    [high] = [c.after[1] for c in changes if c.name == "optimizer.momentum" and c.kind == "widened"]
    assert 0.9 < high < 1.0  # as far as it is allowed, not by half of the range
    at_zero = [replace(trial, score=-trial.score) for trial in best_at_end]
    _, changes = narrowed(momentum, momentum, at_zero)
    [change] = [c for c in changes if c.name == "optimizer.momentum"]
    assert (change.kind, change.after[0]) == ("narrowed", 0.0)  # below nothing is allowed: the rest closes in
    assert change.after[1] < 0.3


@pytest.mark.parametrize(
    ("given", "best", "kind", "after"),
    [
        (integers(1, 4), 4, "widened", (4, 6)),
        (integers(1, 4), 1, "narrowed", (1, 2)),  # below 1 no units and batches
        (integers(1, 3, log=True), 3, "widened", (3, 7)),
        (integers(1, 40), 20, "narrowed", (19, 21)),
        (integers(1, 8), 2, "narrowed", (2, 3)),
    ],
)
def test_ranges_of_whole_numbers_hold_what_was_best(given, best, kind, after) -> None:
    space = Space(small().replace(batch_size=given))
    points = [space.sampled(seed=3, number=n) for n in range(400)]
    trials = [Trial(n, 0, p, COMPLETE, 1, -abs(p["batch_size"] - best), 0.1) for n, p in enumerate(points)]
    exact = [trial for trial in trials if trial.score == 0]
    _, changes = narrowed(space, space, exact + trials[: 5 * len(exact)])
    [change] = [c for c in changes if c.name == "batch_size"]
    assert (change.kind, change.after) == (kind, after)


def test_no_dimension_takes_over_the_name_of_one_that_was_dropped() -> None:
    blocks = [Chain([Linear(integers(low, 2 * low)), ReLU()]) for low in (4, 8, 16)]  # told apart by their places
    chosen = choice(SGD(log_uniform(1e-3, 1.0)), Adam(log_uniform(1e-4, 0.1)), RMSProp(log_uniform(1e-5, 0.01)))
    space = Space(Setup(Network([choice(*blocks, name="block"), Linear("out")]), CrossEntropy(), chosen))
    first = {"block": space["block"].labels[0], "optimizer": "sgd"}
    points = [space.sampled(seed=3, number=n) for n in range(200)]
    trials = [
        Trial(n, 0, p, COMPLETE, 1, float(all(p[name] != label for name, label in first.items())), 0.1)
        for n, p in enumerate(points)
    ]
    finer, _ = narrowed(space, space, trials)
    assert {d.name: d.needs for d in finer.dimensions} == {d.name: d.needs for d in space.dimensions}
    for d in finer.dimensions:
        if not d.is_choice:
            low, high = ends(space[d.name])
            assert low <= ends(d)[0] < ends(d)[1] <= 1.5 * high


def test_an_option_that_no_good_trial_has_is_dropped_while_two_are_left() -> None:
    def changed(good: set[int]) -> tuple[Space, dict[str, Change]]:
        space = Space(small().replace(batch_size=choice(64, 128, 256)))
        points = [space.sampled(seed=3, number=n) for n in range(200)]
        trials = [Trial(n, 0, p, COMPLETE, 1, float(p["batch_size"] in good), 0.1) for n, p in enumerate(points)]
        finer, changes = narrowed(space, space, trials)
        return finer, {change.name: change for change in changes}

    finer, changes = changed({64, 256})
    assert changes["batch_size"] == Change("batch_size", (64, 128, 256), (64, 256), "dropped")
    assert finer["batch_size"].labels == (64, 256)
    assert "batch_size" not in changed({128})[1]  # one option left is no choice: the others stay
