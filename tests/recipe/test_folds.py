"""Runs on folds: every setup trains on all of them in one population, and what it predicts is the mean over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

import seedbed as sb
from seedbed.training.trainer import Training
from tests.recipe.conftest import houses

K = 3
SETUP = sb.Setup(
    network=sb.Network([sb.Linear(8), sb.Tanh(), sb.Linear("out")]),
    loss=sb.MeanSquaredError(),
    optimizer=sb.Adam(sb.log_uniform(1e-3, 1e-1)),
    batch_size=16,
    epochs=4,
    precision="float64",
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Houses in which a hole's median and the towns differ from fold to fold."""
    found = houses(150)
    found.loc[::7, "area"] = np.nan
    return found


@pytest.fixture(scope="module")
def data(table: pd.DataFrame) -> Any:
    return sb.data.load(table, target="price", name="houses")


@pytest.fixture(scope="module")
def run(data: Any, tmp_path_factory: pytest.TempPathFactory) -> sb.Run:
    return sb.train(SETUP, data, members=4, folds=K, out=tmp_path_factory.mktemp("folds") / "run")


def test_every_setup_trains_on_every_fold(run: sb.Run) -> None:
    assert [(m.number, m.fold) for m in run.members] == [(c * K + f, f) for c in range(4) for f in range(K)]
    rates = [m.setup.optimizer.lr for m in run.members]
    assert [rates[i] == rates[i + 1] for i in range(11)] == [i % K != K - 1 for i in range(11)]
    assert len(run.history) == 12 * SETUP.epochs and len(run.draws) == len(run.table) == 12


def test_a_member_learns_the_same_on_its_fold_alone(run: sb.Run, data: Any) -> None:
    """Its random streams follow from its number, its data is that fold."""
    member = run.members[7]
    alone = Training([member.setup], [7], data.folds(K)[1], plans=[member.trained.plan.__class__(1, 1, "stacked")])
    alone.run()
    np.testing.assert_allclose(alone.results[0].history[0], member.trained.history[member.place], rtol=1e-8)


def test_validation_is_out_of_fold(run: sb.Run, data: Any) -> None:
    """Each row of the pool is predicted by the networks that did not learn from it, in the order of the source."""
    folds = data.folds(K)
    best = [m.number for m in run.best.members]
    assert {number // K for number in best} == {best[0] // K}
    said, y = {}, {}
    for fold, member in zip(folds, run.best.members, strict=True):
        predicted = member.predict(fold.valid.rows)
        said |= dict(zip(fold.valid.index.tolist(), predicted.tolist(), strict=True))
        y |= dict(zip(fold.valid.index.tolist(), fold.valid.y[:, 0].tolist(), strict=True))
    assert len(said) == len(data.train) + len(data.valid)
    order = sorted(said)
    expected = r2_score([y[i] for i in order], [said[i] for i in order])
    assert run.results["validation"]["best"]["r2"] == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(run.held.valid_y[:, 0], [y[i] for i in order])


def test_the_mean_over_folds_predicts(run: sb.Run, data: Any, table: pd.DataFrame) -> None:
    each = [member.predict(table) for member in run.best.members]
    np.testing.assert_allclose(run.best.predict(table), np.mean(each, axis=0), rtol=1e-6)
    test = r2_score(data.test.y[:, 0], run.best.predict(data.test.rows))
    assert run.results["test"]["best"]["r2"] == pytest.approx(test, rel=1e-6)
    assert len(run.ensemble(2).members) == 2 * K


def test_each_network_reads_the_features_of_its_own_fold(run: sb.Run, data: Any) -> None:
    """The folds fill holes with medians of their own, so that one encoder for all would be wrong."""
    folds = data.folds(K)
    row = pd.DataFrame({"area": [np.nan], "rooms": [3], "town": ["Ulm"]})
    filled = [float(fold.encoder.features(row)[0, 0]) for fold in folds]
    assert len(set(filled)) > 1
    for fold, value in enumerate(filled):
        assert float(run.encoder.of_fold(run.encoder.features(row), fold)[0, 0]) == value


def test_it_comes_back_from_disk(run: sb.Run, table: pd.DataFrame) -> None:
    assert run.folder is not None
    again = sb.load_run(run.folder)
    assert again.n_folds == K and [m.fold for m in again.members] == [m.fold for m in run.members]
    np.testing.assert_array_equal(again.ensemble().predict(table), run.ensemble().predict(table))
    np.testing.assert_array_equal(again.best.predict(table), run.best.predict(table))
    pd.testing.assert_frame_equal(again.table, run.table)
    np.testing.assert_array_equal(sb.load_predictor(run.folder).predict(table), run.ensemble().predict(table))


def test_classes_and_arrays(tmp_path: Path) -> None:
    """Arrays have one encoder for all folds, so that the light predictor serves them."""
    setup = SETUP.replace(loss=sb.CrossEntropy(), precision="float32")
    run = sb.train(setup, "iris", members=2, folds=5, epochs=20, out=tmp_path / "run")
    assert run.results["validation"]["ensemble"]["accuracy"] > 0.8
    x = sb.data.load("iris").test.rows
    assert (tmp_path / "run" / "ensemble.safetensors").is_file()
    np.testing.assert_array_equal(sb.load_predictor(tmp_path / "run").predict(x), run.ensemble().predict(x))


def test_a_run_on_folds_goes_on(data: Any, run: sb.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seedbed.training import checkpoint, waves

    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    monkeypatch.setattr(checkpoint, "WRITING_SHARE", np.inf)
    calls = iter(range(60))

    def stop(_: Any) -> None:
        if next(calls) == 50:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        sb.train(SETUP, data, members=4, folds=K, out=tmp_path / "run", plan=run, checkpoint_every=0, on_progress=stop)
    again = sb.resume(tmp_path / "run", data)
    columns = ["member", "epoch", "train_loss", "valid_loss", "valid_score"]
    pd.testing.assert_frame_equal(again.history[columns], run.history[columns], check_exact=True)
    assert again.results == run.results


def test_folds_that_cannot_be(data: Any) -> None:
    with pytest.raises(sb.UsageError, match="folds: expected a whole number of at least 2, got 1"):
        sb.train(SETUP, data, members=1, folds=1, out=None)
