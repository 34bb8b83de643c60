"""Each drawn place against the score."""

from __future__ import annotations

import numpy as np
import pytest
from pandas import DataFrame, Series

from seedbed.reporting.hyperparameters import MOST_POINTS, REST, draw_hyperparameter, hyperparameters_data
from seedbed.reporting.strength import strength


def members(scores, **columns):
    n = len(scores)
    given = {
        "member": np.arange(n), "valid_score": scores, "valid_loss": 1.0, "best_epoch": 3, "outcome": "trained",
        "is_best": np.arange(n) == 0, "ensemble_weight": 0,
    }  # fmt: skip
    return DataFrame(given | columns)


def drawn(**columns):
    n = len(next(iter(columns.values())))
    return DataFrame({"member": np.arange(n)} | columns)


def one(make, scores, values, **columns):
    return hyperparameters_data(make(table=members(scores, **columns), draws=drawn(place=values)))[0]


def test_the_diverged_and_the_far_too_low_stand_below_all_others(make):
    outcome = ["trained", "trained", "diverged", "trained"]
    place = one(make, [0.9, 0.4, np.nan, -7.0], [0.1, 0.2, 0.3, 0.4], outcome=outcome)
    assert place.floor == pytest.approx(0.4 - 0.08 * 0.5)
    points = place.points.set_index("member")
    assert points["standing"].to_dict() == {0: "best", 1: "other", 2: "below", 3: "below"}
    assert points.loc[[2, 3], "score"].tolist() == [place.floor] * 2


@pytest.mark.parametrize(
    ("values", "is_number", "is_log"),
    [
        (list(np.logspace(-4, 0, 9)), True, True),
        ([0.001, *np.linspace(0.2, 1, 8)], True, False),  # wide by chance, but even
        ([0.0, *np.logspace(-4, 0, 8)], True, False),  # zero has no place on a logarithmic scale
        (list(range(20, 29)), True, False),
        ([32, 64, 128] * 3, False, False),
        (["relu", "tanh", "elu"] * 3, False, False),
        ([True, False, True] * 3, False, False),
        (["relu", 0.5, "elu"] * 3, False, False),
    ],
)
def test_numbers_lie_on_a_line_and_words_side_by_side(make, values, is_number, is_log):
    place = one(make, np.linspace(0, 1, 9), values)
    assert (place.is_number, place.is_log) == (is_number, is_log)
    draw_hyperparameter(place).to_dict()


def test_what_was_drawn_evenly_by_its_logarithm_is_shown_so(make):
    def is_log(values, places):
        scores = np.linspace(0, 1, len(values))
        evidence = make(table=members(scores), draws=drawn(rate=values), log_places=frozenset(places))
        return hyperparameters_data(evidence)[0].is_log

    rates = np.array([0.001, 0.0012, 0.002, 0.003, 0.006])
    assert is_log(rates, ["rate"]) and not is_log(rates, []) and not is_log(rates, ["other"])
    assert not is_log(rates / 10 + 0.01, ["rate"])  # so near each other that both scales are the same


def test_words_stand_in_their_natural_order_and_rare_ones_together(make):
    assert one(make, np.arange(6.0), [128, 32, 64] * 2).words == ("32", "64", "128")
    assert one(make, np.arange(4.0), ["linear 128", "linear 32"] * 2).words == ("linear 32", "linear 128")
    many = [f"w{i}" for i in range(15)]
    place = one(make, np.arange(30.0), many + many[:10] + many[:5])
    assert place.words == (*(f"w{i}" for i in range(10)), REST)
    assert (place.points["value"] == REST).sum() == 5


def test_a_place_that_only_some_members_have_shows_those(make):
    place = one(make, [0.1, 0.2, 0.3], [0.5, np.nan, 0.7])
    assert place.points["member"].tolist() == [0, 2]


def test_places_without_difference_are_left_out_and_the_strongest_comes_first(make):
    rng, score = np.random.default_rng(0), np.linspace(0, 1, 60)
    places = hyperparameters_data(
        make(table=members(score), draws=drawn(same=np.ones(60), noise=rng.random(60), cause=score**2))
    )
    assert [place.name for place in places] == ["cause", "noise"]
    assert places[0].strength > 0.9 > 0.3 > places[1].strength
    assert hyperparameters_data(make(table=members(score), draws=False)) == []


def test_strength_by_hand():
    # Groups a: 1, 3 and b: 5, 7. Total 20 around 4, within 2 + 2 = 4: eps² = 1 - 4/20 * 3/2 = 0.7.
    assert strength(Series(list("aabb")), Series([1.0, 3, 5, 7]), is_number=False) == pytest.approx(0.7)
    assert strength(Series(list("abab")), Series([1.0, 1, 2, 2]), is_number=False) == 0.0


def test_thousands_of_members_are_thinned_and_the_chosen_stay(make):
    rng = np.random.default_rng(1)
    votes = (np.arange(6000) % 600 == 0).astype(int)
    place = one(make, rng.random(6000), rng.random(6000), ensemble_weight=votes)
    assert len(place.points) == MOST_POINTS
    assert (place.points["standing"] == "ensemble").sum() == 9  # the tenth is the best itself
    assert (place.points["standing"] == "best").sum() == 1
