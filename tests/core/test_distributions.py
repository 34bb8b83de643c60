"""Distributions and draws: independent by place, shared by name, and with the law that they claim."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seedbed.core.distributions import Choice, Distribution, choice, integers, log_uniform, make, uniform
from seedbed.core.draw import distributions, draw, draws
from seedbed.core.errors import SeedbedError, UsageError
from seedbed.core.value import same, walk
from tests.core.families import Dense, Descent, Leaky, Net, Newton, Noise, Plan, example, plans

N = 1000
ALPHA = 1e-3  # the seeds below are fixed, so a test passes always or never; this is how unlucky one may have been


def drawn_rates(lr: Any, seed: int = 0) -> list[float]:
    return [draw(Descent(lr), seed=seed, number=n).lr for n in range(N)]


def drawn_units(units: Any) -> list[int]:
    return [int(draw(Dense(units), seed=0, number=n).units) for n in range(N)]


def test_uniform_is_uniform() -> None:
    assert stats.kstest(drawn_rates(uniform(0.2, 3.0)), stats.uniform(0.2, 2.8).cdf).pvalue > ALPHA


def test_log_uniform_is_uniform_in_the_logarithm() -> None:
    assert stats.kstest(drawn_rates(log_uniform(1e-4, 1.0)), stats.loguniform(1e-4, 1.0).cdf).pvalue > ALPHA


def test_integers_are_all_equally_likely_and_both_ends_come() -> None:
    counts = np.bincount(drawn_units(integers(2, 9)), minlength=10)
    assert counts[:2].sum() == 0
    assert stats.chisquare(counts[2:]).pvalue > ALPHA


def test_integers_in_the_logarithm_favour_small_ones() -> None:
    counts = np.bincount(drawn_units(integers(1, 16, log=True)), minlength=17)[1:]
    steps = np.log(np.arange(2, 18)) - np.log(np.arange(1, 17))
    assert stats.chisquare(counts, N * steps / math.log(17)).pvalue > ALPHA


def test_a_choice_takes_each_option_equally_often() -> None:
    counts = np.unique_counts(drawn_units(choice(16, 32, 64, 128))).counts
    assert stats.chisquare(counts).pvalue > ALPHA


def test_members_and_places_draw_independently() -> None:
    space = example(rule=Descent(uniform(0, 1)), decay=uniform(0, 1))
    members: list[Any] = [draw(space, seed=3, number=n) for n in range(N)]
    pairs = [(member.rule.lr, member.decay) for member in members]
    rates, decays = np.array(pairs).T
    for a, b in ((rates, decays), (rates[1:], rates[:-1])):
        assert stats.spearmanr(a, b).pvalue > ALPHA
    assert len(set(rates) | set(decays)) == 2 * N


def test_a_draw_does_not_depend_on_the_other_places() -> None:
    alone = draw(example(decay=uniform(0, 1)), seed=3, number=5)
    beside = draw(example(decay=uniform(0, 1), batch=choice(8, 16), rule=Newton(uniform(0, 1))), seed=3, number=5)
    assert alone.decay == beside.decay


def test_the_same_seed_and_number_draw_the_same_and_others_do_not() -> None:
    space = Descent(log_uniform(1e-4, 1))
    one = draw(space, seed=1, number=2)
    assert same(one, draw(space, seed=1, number=2))
    assert one != draw(space, seed=2, number=1)
    assert one != draw(space, seed=1, number=3)


def test_a_draw_is_the_same_in_every_version() -> None:
    space = example(rule=Descent(log_uniform(1e-4, 1.0)), batch=choice(16, 32, 64), decay=uniform(0, 1, name="d"))
    drawn = draw(space, seed=7, number=3)
    assert (drawn.rule, drawn.batch, drawn.decay) == (Descent(0.0002355518756350915), 16, 0.19480006689415197)


def test_places_with_one_name_share_one_draw() -> None:
    width = integers(1, 10**9, name="width")
    space = Net([Dense(width), Dense(width), Dense(integers(1, 10**9)), Dense(integers(1, 10**9, name="other"))])
    units = [piece.units for piece in draw(space, seed=0, number=0).pieces if isinstance(piece, Dense)]
    assert units[0] == units[1]
    assert len(set(units)) == 3


def test_a_choice_may_hold_values_that_hold_distributions() -> None:
    space = Net([choice(Noise(uniform(0.1, 0.2)), Leaky(uniform(1, 2)), None), Dense("out")])
    drawn = [draw(space, seed=0, number=n).pieces for n in range(60)]
    firsts = [pieces[0] for pieces in drawn if len(pieces) == 2]
    assert {type(piece) for piece in firsts} == {Noise, Leaky}
    assert all(0.1 <= p.rate <= 0.2 if isinstance(p, Noise) else 1 <= p.slope <= 2 for p in firsts)  # type: ignore[attr-defined]
    assert any(len(pieces) == 1 for pieces in drawn)


def test_a_distribution_inside_a_choice_has_a_stream_of_its_own() -> None:
    outer = uniform(0, 1)
    inner = draw(Descent(choice(outer)), seed=0, number=0).lr
    assert inner != draw(Descent(outer), seed=0, number=0).lr


def test_every_place_that_held_a_distribution_is_listed_with_what_it_drew() -> None:
    rate = uniform(0.1, 0.5, name="rate")
    rule = choice(Descent(log_uniform(1e-4, 1)), Newton(rate))
    space = example(net=Net([choice(Noise(rate), None), Leaky(choice(uniform(1, 2), uniform(3, 4)))]), rule=rule)
    seen = set()
    for number in range(40):
        plain, listed = draw(space, seed=5, number=number), draws(space, seed=5, number=number)
        assert not any(isinstance(c, Distribution) for one in listed.values() for _, c in walk(one.content))
        assert same(listed["rule"].content, plain.rule) and listed["rule"].is_space
        assert listed["net.pieces[1].slope"].content == plain.net.pieces[-1].slope
        noise, is_descent = listed["net.pieces[0]"].content, isinstance(plain.rule, Descent)
        assert (noise is None) == (len(plain.net.pieces) == 1)
        assert ("rule.lr" in listed) == is_descent and ("rate" in listed) == (noise is not None or not is_descent)
        if is_descent:
            assert listed["rule.lr"].content == plain.rule.lr
        if noise is not None:
            assert listed["rate"].content == noise.rate == plain.net.pieces[0].rate
        seen.add((is_descent, noise is None))
    assert len(seen) == 4


@given(plans, st.integers(0, 2**40), st.integers(0, 2**20))
def test_what_is_drawn_is_plain_and_draws_itself(plan: Plan, seed: int, number: int) -> None:
    drawn = draw(plan, seed=seed, number=number)
    assert not any(isinstance(content, Distribution) for _, content in walk(drawn))
    assert same(draw(drawn, seed=seed + 1, number=number), drawn)
    assert distributions(drawn) == {}


def test_the_distributions_of_a_space_are_listed_by_place() -> None:
    space = example(net=Net([Dense(choice(1, 2)), Leaky(uniform(0, 1))]), decay=choice(None, uniform(0, 1)))
    assert list(distributions(space)) == ["net.pieces[0].units", "net.pieces[1].slope", "decay"]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: uniform(2, 1), "uniform: expected low < high, got 2 and 1"),
        (lambda: uniform(0, math.inf), "uniform: expected finite ends, got inf"),
        (lambda: uniform(0, math.nan), "uniform: expected finite ends, got nan"),
        (lambda: log_uniform(0, 1), "log_uniform: expected a low end above 0, got 0\nhint: a logarithm"),
        (lambda: integers(0, 4, log=True), "integers: expected a low end above 0, got 0"),
        (lambda: integers(3, 3), "integers: expected low < high, got 3 and 3"),
        (choice, "choice: expected at least one value, got none"),
        (lambda: uniform(0, 1, name="a b"), "uniform: expected a word as its name, got 'a b'"),
        (lambda: make("uniform", [0, True]), "uniform: expected numbers as its ends, got True"),
        (lambda: make("uniform", [0, "1"]), "uniform: expected numbers as its ends, got '1'"),
        (lambda: make("integers", [0, 1.0]), "integers: expected whole numbers, got 1.0"),
        (lambda: make("log_uniform", [1]), "log_uniform: expected two ends, low and high, got 1 arguments"),
        (lambda: make("uniform", [0, 1], log=True), "uniform: expected no log, got log=True\nhint: use log_uniform"),
    ],
)
def test_an_unsound_distribution_says_so(build: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        build()
    assert str(caught.value).startswith(message)


def test_ends_of_any_library_are_kept_as_pythons() -> None:
    d: Any = make("integers", [np.int64(1), np.int64(5)])
    assert (type(d.low), type(d.high)) == (int, int)
    assert repr(log_uniform(1, 10, name="lr")) == "log_uniform(1.0, 10.0, name='lr')"
    assert repr(integers(1, 5, log=True)) == "integers(1, 5, log=True)"
    assert issubclass(UsageError, SeedbedError)
    assert isinstance(choice(1), Choice)
