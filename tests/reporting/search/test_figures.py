"""What the figures of a search show, from evidence that is made up."""

from __future__ import annotations

import numpy as np
import pytest

from seedbed.reporting.search.clock import clock_data
from seedbed.reporting.search.curves import MANY, MOST_ROWS, N_BEST, curves_data
from seedbed.reporting.search.evidence import Axis
from seedbed.reporting.search.figures import parallel
from seedbed.reporting.search.importance import importance_data
from seedbed.reporting.search.narrowing import narrowing_data
from seedbed.reporting.search.parallel import ABSENT_AT, SCORE, parallel_data
from seedbed.reporting.search.parameters import draw_parameter, parameters_data
from seedbed.reporting.search.points import BELOW, GIVEN_UP, WHOLE, WINNER, points_data, thinned
from seedbed.reporting.search.rungs import rungs_data, totals
from seedbed.reporting.search.scale import scale_of
from seedbed.reporting.search.truth import spread_data, truth_data


def test_each_trial_that_was_judged_is_a_point(make) -> None:
    evidence = make()
    points = points_data(evidence).set_index("trial")
    assert set(evidence.trials["trial"]) - set(points.index) == {29}  # it waits
    assert points.at[evidence.winner, "standing"] == WINNER and points.at[2, "standing"] == BELOW
    states = evidence.trials.set_index("trial")["state"]
    assert all(states[t] == "complete" for t in points.index[points["standing"] == WHOLE])
    assert all(states[t] == "pruned" for t in points.index[points["standing"] == GIVEN_UP])
    sound = points[points["standing"] != BELOW]
    assert (sound["drawn"] == sound["score"]).all() and points.at[2, "drawn"] < sound["score"].min()
    assert points.at[evidence.winner, "group"] == 5 and points.at[2, "group"] == 1
    few = thinned(points.reset_index(), 5)
    assert len(few) <= 5 and (few["standing"] == WINNER).sum() == 1


def test_the_most_important_parameter_comes_first_with_the_trials_that_have_it(make) -> None:
    lr, block, momentum = parameters_data(make())
    assert [one.axis.name for one in (lr, block, momentum)] == ["optimizer.lr", "block", "optimizer.momentum"]
    assert len(lr.points) == 29 and set(block.points["value"]) == set(block.axis.options)
    assert (momentum.points["trial"] % 2 == 1).all()
    assert (lr.low, lr.high) == (1e-4, 1.0)


def test_an_option_may_be_none_itself(make) -> None:
    evidence = make(present={t: frozenset({"block"}) for t in range(30)})
    evidence.points["block"] = None
    assert [len(one.points) for one in parameters_data(evidence)][1] == 29


def test_scores_near_perfect_are_drawn_apart(make) -> None:
    scale = scale_of(make(), [0.5, 0.9, 0.98, 1.0])
    assert scale.is_stretched and scale.least == pytest.approx(0.01)
    assert scale.at([0.9, 0.98, 1.0]) == pytest.approx([0.1, 0.02, 0.01])
    assert scale.share([0.5, 1.0]) == pytest.approx([0, 1])
    assert scale.share([scale.score(0.5)]) == pytest.approx([0.5])
    ticks = scale.options()["axis"].to_dict()
    assert ticks["values"][-1] == pytest.approx(0.01) and ticks["labelExpr"].count("format") == 2
    flat = scale_of(make(), [0.4, 0.5])
    assert not flat.is_stretched and flat.at([0.4]) == pytest.approx([0.4]) and flat.score(0.5) == pytest.approx(0.45)
    assert not scale_of(make(), []).is_stretched


def test_parallel_coordinates_place_every_value(make) -> None:
    evidence = make()
    found = parallel_data(evidence)
    assert found.axes == ("optimizer.lr", "block", "optimizer.momentum", SCORE)
    lines = found.lines.set_index(["axis", "trial"])["place"]
    lr = float(evidence.points.at[5, "optimizer.lr"])
    assert lines["optimizer.lr", 5] == pytest.approx((np.log10(lr) + 4) / 4)
    assert [lines["block", t] for t in (0, 1, 5)] == [0, 0.5, 1]
    assert lines["optimizer.momentum", 4] == ABSENT_AT and lines["optimizer.momentum", 5] == pytest.approx(0.15 / 0.95)
    assert lines[SCORE, evidence.winner] == pytest.approx(1)
    assert 2 not in found.lines["trial"].to_numpy()  # it diverged


def test_parallel_coordinates_of_many_say_which_are_drawn(make) -> None:
    assert "evenly" not in parallel(make(), "en").caption
    assert parallel(make(n=200), "en").caption.endswith("They are taken evenly along the scores of 198.")


def test_options_stand_in_lines_where_they_fit_and_aslant_where_not(make) -> None:
    def angle(*options: str) -> int:
        found = parameters_data(make(axes=(Axis("block", options),)))
        drawn = draw_parameter(make(), found[0], scale_of(make(), [0.5, 0.9])).to_dict()
        return drawn["layer"][0]["encoding"]["x"]["axis"]["labelAngle"]

    assert angle("identity", "linear, activation, dropout") == 0
    assert angle("linear 12 weight=orthogonal", "linear 12 weight=he_normal") == -28


def test_every_rung_counts_who_came_and_who_went(make) -> None:
    evidence = make()
    table = rungs_data(evidence)
    assert table[["round", "epochs"]].to_numpy().tolist() == [[0, 2], [0, 6], [1, 2], [1, 6]]
    first = table.iloc[0]
    assert (first.reached, first.went_on, first.pruned, first.diverged, first.unfinished) == (20, 5, 14, 1, 0)
    scores = evidence.rung_scores[evidence.rung_scores["epochs"] == 2].set_index("trial")["score"]
    own = scores[scores.index < 20]
    assert first["median"] == pytest.approx(own.median()) and first.high == own.max()
    pruned = [t for t in range(20) if evidence.trials["state"][t] == "pruned"]
    assert first.highest_pruned == pytest.approx(own[pruned].max())
    counts = totals(evidence)
    assert counts["unfinished"] == 1 and counts["saved"] == counts["pruned"] * 4
    assert counts["trained"] == evidence.trials["epochs"].sum()


def test_ranges_close_in_widen_and_lose_options(make) -> None:
    evidence = make()
    lr, block, momentum = narrowing_data(evidence)
    assert lr.rounds["kind"].tolist() == ["given", "widened"] and lr.rounds["high"].tolist() == [1.0, 2.0]
    assert block.rounds.query("kind == 'dropped'")[["round", "option"]].to_numpy().tolist() == [[1, "linear, <tanh>"]]
    assert momentum.rounds["low"].tolist() == [0.0, 0.2]
    assert block.winner == evidence.points.at[evidence.winner, "block"]
    assert narrowing_data(make(rounds=evidence.rounds[:1])) == []


def test_of_many_curves_the_best_are_lines_over_quantiles(make) -> None:
    few, many = curves_data(make(), "score"), curves_data(make(300, 60), "loss")
    assert few.lines["trial"].nunique() == 28 and few.bands.empty
    assert few.lines["epoch"].min() == 1 and few.lines["epoch"].max() == 6
    assert many.n_trials > MANY and many.lines["trial"].nunique() == N_BEST and len(many.lines) <= MOST_ROWS
    assert (many.bands["p10"] <= many.bands["p90"]).all() and many.is_log


def test_the_stair_ends_at_the_winner(make) -> None:
    evidence = make()
    found = clock_data(evidence)
    assert found.unit == "seconds" and found.stair["best"].is_monotonic_increasing
    assert found.stair["best"].iloc[-1] == evidence.trials["score"][evidence.winner]
    assert found.stair["at"].iloc[-1] == pytest.approx(evidence.trials["finished"].max())
    later = make(trials=evidence.trials.assign(finished=evidence.trials["finished"] * 1000))
    assert clock_data(later).unit == "hours"


def test_the_truth_has_a_point_for_each_score(make) -> None:
    table = truth_data(make())
    assert table["what"].value_counts().to_dict() == {
        "retrained": 2, "retrained_test": 2, "found": 1, "winner_test": 1, "ensemble_validation": 1, "ensemble_test": 1,
    }  # fmt: skip
    spread = spread_data(table).set_index("what")
    assert spread.at["retrained", "mean"] == pytest.approx(0.89)
    assert spread.at["retrained", "high"] == pytest.approx(0.89 + np.std([0.88, 0.9], ddof=1))
    assert truth_data(make(worth=None)).empty


def test_importance_is_shown_where_it_tells_something(make) -> None:
    assert importance_data(make())["dimension"].tolist() == ["optimizer.lr", "block"]
    assert importance_data(make(3)).empty


def test_an_interrupted_rung_is_decided_where_trials_were_given_up(make) -> None:
    trials = make().trials
    running = trials["state"].isin(["complete"]) & (trials["round"] == 0)
    stopped = trials.assign(
        state=trials["state"].mask(running, "running"), rungs=trials["rungs"].mask(running, 1)
    )  # behind the first rung, and not at the second
    first = rungs_data(make(trials=stopped)).iloc[0]
    assert (first.went_on, first.pruned, first.diverged, first.unfinished) == (5, 14, 1, 0)
