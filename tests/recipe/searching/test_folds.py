"""A search on folds: its winner predicts, and is measured again, as a run on the same folds would be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from seedbed.recipe.searching.report import command
from seedbed.recipe.searching.winner import FRESH

K, EPOCHS = 3, 2


def space() -> sb.Setup:
    rate = sb.log_uniform(1e-2, 1e-1)
    return sb.Setup(sb.Network([sb.Linear("out")]), sb.CrossEntropy(), sb.Adam(rate), epochs=EPOCHS, batch_size=32)


@pytest.fixture(scope="module")
def study() -> sb.Study:
    return sb.search(space(), "iris", trials=3, method="random", folds=K, retrain=2, seed=5, out=None)


def test_the_winner_is_trained_again_on_the_same_folds(study: sb.Study) -> None:
    assert study.truth is not None
    again = sb.train(study.setup, "iris", members=2, folds=K, seed=5 + FRESH, out=None, watch="off")
    scores = again.history[again.history["epoch"] == EPOCHS - 1].groupby(again.history["member"] // K)["valid_score"]
    # The last epoch is the best: so short a training still learns.
    np.testing.assert_allclose(sorted(study.truth.retrained), sorted(scores.mean()), atol=1e-6)
    assert len(study.truth.retrained_test) == 2
    best = again.results["test"]["best"]["accuracy"]
    assert best in [pytest.approx(one["accuracy"]) for one in study.truth.retrained_test]
    assert command(sb.Study(study.store, study.config, Path("/f"))).endswith(f"/f/winner.toml --folds {K}")


def test_by_time_the_network_of_the_last_fold_predicts() -> None:
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=240, freq="D")
    x = rng.normal(size=240)
    table = pd.DataFrame({"day": days, "x": x, "up": np.where(x + 0.3 * rng.normal(size=240) > 0, "yes", "no")})
    data = sb.data.load(table, target="up", time="day", name="ups")
    found = sb.search(space(), data, trials=3, method="random", folds=K, retrain=0, out=None)
    run = sb.train(space(), data, members=3, folds=K, out=None, watch="off")
    assert isinstance(found.best, sb.Member) and found.best.fold == K - 1
    assert isinstance(run.best, sb.Member) and found.best.number == run.best.number
    np.testing.assert_array_equal(found.best.predict(data.test.rows), run.best.predict(data.test.rows))
    assert found.truth is not None
    assert found.truth.results["test"]["winner"] == pytest.approx(run.results["test"]["best"])
    assert {member.fold for member in found.ensemble(4).members} == {K - 1}
