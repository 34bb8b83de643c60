"""Runs on folds: every setup trains on all of them in one population, and their mean predicts, or by time the last."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

import seedbed as sb
from seedbed.data.temperature import temperature_for
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


def test_what_is_said_is_of_the_folds(run: sb.Run, table: pd.DataFrame) -> None:
    """No network had the one split of the data without folds."""
    said, prepared = (dict(step.facts) for step in run.steps[:2])
    assert said["rows"] == "150: 120 in 3 folds (each 80 to train, 40 to validate), 30 to test"
    by_time = table.assign(day=pd.date_range("2020-01-01", periods=150, freq="D"))
    setup = SETUP.replace(preprocessing=[sb.Standardize()], epochs=1)
    run = sb.train(setup, sb.data.load(by_time, target="price", time="day"), members=1, folds=K, out=None, watch="off")
    said, prepared = (dict(step.facts) for step in run.steps[:2])
    assert said["rows"] == "150: 120 in 3 folds (each 30–90 to train, 30 to validate), 30 to test"
    assert prepared["standardize"].endswith("fitted on each fold's training part only")
    (of_time,) = [notice for notice in run.data["notices"] if "split by time" in notice]
    assert of_time == (
        "split by time: the first of 3 folds trained on 2020-01-01 to 2020-01-30 and validated on 2020-01-31 to "
        "2020-02-29, the last trained on 2020-01-01 to 2020-03-30 and validated on 2020-03-31 to 2020-04-29; tested on "
        "2020-04-30 to 2020-05-29"
    )


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
    facts, numbers = dict(run.steps[-1].facts), [str(member.number) for member in run.best.members]
    assert facts["best member"].endswith(f"(the mean of members {', '.join(numbers)})")
    assert facts["ensemble"].endswith(f"(of {len(run.ensemble().weights)} members)")
    alone = sb.train(SETUP, data, members=1, epochs=1, out=None, watch="off")
    assert dict(alone.steps[-1].facts)["ensemble"].endswith("(of 1 member)")


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


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    """Sales that grow, with holes, so that each fold fills them in another way."""
    rng = np.random.default_rng(0)
    day = rng.permutation(320)
    frame = pd.DataFrame({"day": day, "size": rng.normal(size=320), "town": rng.choice(["Ulm", "Bonn", "Jena"], 320)})
    frame["sold"] = frame["size"] * (1 + day / 60) + (frame.town == "Ulm") + 0.1 * rng.normal(size=320)
    frame.loc[::7, "size"] = np.nan
    return frame


@pytest.fixture(scope="module")
def ordered(sales: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[sb.Run, Any]:
    data = sb.data.load(sales, target="sold", time="day", name="sales")
    run = sb.train(SETUP, data, members=3, folds=K, out=tmp_path_factory.mktemp("ordered") / "run", watch="off")
    return run, data


@pytest.mark.slow
def test_by_time_the_network_of_the_last_fold_predicts(ordered: tuple[sb.Run, Any], sales: pd.DataFrame) -> None:
    run, data = ordered
    (best,) = run.best.members
    assert best.fold == K - 1 and run.is_ordered
    scores = [np.mean([m.valid_score for m in run.members if m.number // K == c]) for c in range(3)]
    assert best.number // K == np.argmax(scores)  # chosen by the mean over all folds
    assert {m.fold for m in run.ensemble().members} == {K - 1}
    assert sum(run.ensemble().weights.values()) == 8
    test = r2_score(data.test.y[:, 0], run.best.predict(data.test.rows))
    assert run.results["test"]["best"]["r2"] == pytest.approx(test, rel=1e-6)
    table = run.table
    assert table.is_best.tolist() == [m.number == best.number for m in run.members]
    assert (table.ensemble_weight[[m.fold != K - 1 for m in run.members]] == 0).all()
    assert table.ensemble_weight.sum() == 8
    assert dict(run.steps[-1].facts)["best member"].endswith(f"(member {best.number})")
    told = dict(run.steps[3].facts)["folds"]
    assert told == "3 in time; the last, which sees most rows, predicts; each setup learns on all of them, and is " \
        "validated out of fold"  # fmt: skip


def test_by_time_validation_is_told_over_all_folds_that_came_later(ordered: tuple[sb.Run, Any]) -> None:
    run, data = ordered
    own = [m for m in run.members if m.number // K == run.best.members[0].number // K]
    folds = data.folds(K)
    said = np.concatenate([m.predict(fold.valid.rows) for m, fold in zip(own, folds, strict=True)])
    y = np.concatenate([fold.valid.y[:, 0] for fold in folds])
    assert run.results["validation"]["best"]["r2"] == pytest.approx(r2_score(y, said), rel=1e-6)
    assert run.importance is not None and run.held.importance.rows == len(folds[-1].valid)


def test_by_time_one_file_predicts_with_the_encoder_of_the_last_fold(
    ordered: tuple[sb.Run, Any], sales: pd.DataFrame
) -> None:
    run, data = ordered
    assert run.encoder.kind == "folds" and run.folder is not None
    light = sb.load_predictor(run.folder / "ensemble.safetensors")
    assert light.encoder == data.folds(K)[-1].encoder
    np.testing.assert_allclose(light.predict(sales), run.ensemble().predict(sales), rtol=1e-9)
    again = sb.load_run(run.folder)
    assert again.is_ordered and [m.has_vote for m in again.members] == [m.fold == K - 1 for m in again.members]
    np.testing.assert_array_equal(again.best.predict(sales), run.best.predict(sales))
    np.testing.assert_array_equal(again.ensemble(3).predict(sales), run.ensemble(3).predict(sales))
    pd.testing.assert_frame_equal(again.table, run.table)


@pytest.mark.slow
def test_by_time_probabilities_have_the_temperature_of_the_newest_rows(tmp_path: Path) -> None:
    """Which the networks that predict have not learned from; elsewhere the mean over folds has none."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1200, 4))
    y = (x[:, 0] > 0).astype(int)
    setup = SETUP.replace(loss=sb.CrossEntropy(), optimizer=sb.Adam(0.01), epochs=2)  # less sure than it is right
    options: dict[str, Any] = {"members": 1, "folds": 2, "watch": "off"}
    data = sb.data.load((x, y), time=np.arange(1200))
    run = sb.train(setup, data, out=tmp_path / "run", **options)
    newest = data.folds(2)[-1].valid
    raw = replace(run.best, temperature=1.0).predict_proba(newest.rows)
    expected = temperature_for("classification", newest.y, raw)
    assert run.held.temperature["best"] == run.best.temperature == pytest.approx(expected, rel=1e-6) and expected < 0.8
    assert sb.load_run(tmp_path / "run").best.temperature == run.best.temperature
    assert run.ensemble(2).temperature == run.ensemble().temperature
    by_chance = sb.train(setup, sb.data.load((x, y)), out=None, **options)
    assert by_chance.ensemble(2).temperature == by_chance.best.temperature == 1.0


def test_files_of_new_rows_are_read_as_the_folds_know_them(tmp_path: Path) -> None:
    """With the texts that mean a hole, and texts that look like numbers as texts."""
    frame = houses(90).assign(code=[f"{i % 3:02}" for i in range(90)]).astype({"area": object})
    frame.loc[::9, "area"] = "?"
    path = tmp_path / "houses.csv"
    frame.to_csv(path, index=False)
    data = sb.data.load(path, target="price", missing="?", types={"code": "category"})
    run = sb.train(SETUP.replace(epochs=1), data, members=1, folds=2, out=tmp_path / "run", watch="off")
    encoder = sb.load_run(tmp_path / "run").encoder
    assert encoder.kind == "folds" and encoder == run.encoder
    rows = sb.data.read_rows(path, encoder)
    assert rows["area"].isna().tolist() == pd.to_numeric(frame["area"], errors="coerce").isna().tolist()
    assert set(rows["code"]) == {"00", "01", "02"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.best.predict(rows)


def test_what_a_fold_cannot_learn_is_told_with_the_data() -> None:
    """In the steps, and with what the report warns of."""
    rng = np.random.default_rng(0)
    who = np.repeat([f"p{i}" for i in range(20)], 6)
    ill = np.where(who == "p3", "gout", rng.choice(["flu", "well"], 120))
    frame = pd.DataFrame({"x": rng.normal(size=120), "who": who, "ill": ill})
    setup = SETUP.replace(loss=sb.CrossEntropy(), epochs=1)
    data = next(
        data
        for data in (sb.data.load(frame, target="ill", group="who", split_seed=seed) for seed in range(9))
        if data.class_names.index("gout") in data.train.y
    )
    run = sb.train(setup, data, members=1, folds=2, out=None, watch="off")
    said = [notice for notice in run.data["notices"] if "cannot learn the classes gout" in notice]
    assert len(said) == 1 and ("notice", said[0]) in run.steps[0].facts
    assert run.data["fingerprint"] == data.fingerprint


def test_classes_and_arrays(tmp_path: Path) -> None:
    """Arrays have one encoder for all folds, so that the light predictor serves them."""
    setup = SETUP.replace(loss=sb.CrossEntropy(), precision="float32")
    run = sb.train(setup, "iris", members=2, folds=5, epochs=20, out=tmp_path / "run", watch="off")
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
