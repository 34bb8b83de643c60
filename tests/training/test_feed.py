"""Training on streamed data: every step is the one that the superbatches ask for, and a break changes no bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import seedbed as sb
from seedbed.core.errors import SetupError
from seedbed.training import checkpoint, feed, waves
from seedbed.training.checkpoint import Checkpoints
from seedbed.training.layout import STACKED
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training
from tests.training.populations import assert_equal, members_of

BATCH, HELD = 7, 35  # examples in a step and in a superbatch
SETUP = sb.Setup(
    network=sb.Network([sb.Linear("out")]),
    loss=sb.MeanSquaredError(),
    optimizer=sb.SGD(0.05),
    batch_size=BATCH,
    epochs=3,
    preprocessing=(sb.Center(), sb.StandardizeTarget()),
    precision="float64",
)
PAIRS = [Plan(2, 1, STACKED)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred rows in ten row groups."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
    table["y"] = 2 * table["a"] - table["b"] + rng.normal(size=300) + 5
    path = tmp_path_factory.mktemp("stream") / "rows.parquet"
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path, row_group_size=30)
    return path


@pytest.fixture(scope="module")
def data(path: Path) -> Any:
    return sb.data.load(path, target="y", stream=True)


@pytest.fixture(autouse=True)
def small_superbatches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SUPERBATCH_BYTES", HELD * 3 * 8)


def test_every_step_is_that_of_the_superbatches(data: Any) -> None:
    """Against gradient descent in NumPy, row by row as the stream gives them."""
    part, numbers = data.train, [4, 7, 9]
    whole = Training([SETUP] * 3, numbers, data, seed=2, plans=PAIRS)
    whole.run()
    mean_y, scale_y = part.target_moments.mean, np.sqrt(part.target_moments.variance)
    for number, one in zip(numbers, members_of(whole), strict=True):
        first = SETUP.network.bind(1).init((3,), key=sb.core.keys.member_key(2, number, 0), dtype=np.float32)
        w, b = np.asarray(first[0]["weight"], np.float64), np.asarray(first[0]["bias"], np.float64)
        losses = []
        for epoch in range(SETUP.epochs):
            total = 0.0
            for x, y, _ in part.superbatches(epoch, 2, HELD, prepare=lambda x: x - part.moments.mean):
                for at in range(0, len(x), BATCH):
                    batch, wanted = x[at : at + BATCH], (y[at : at + BATCH] - mean_y) / scale_y
                    error = batch @ w + b - wanted
                    total += (error**2).sum()
                    w = w - 0.05 * 2 * batch.T @ error / len(batch)
                    b = b - 0.05 * 2 * error.mean(axis=0)
            losses.append(total / len(part))
        np.testing.assert_allclose(one.history[:, 0], losses, rtol=1e-5)  # first weights are drawn in single precision
        if one.best_epoch == SETUP.epochs - 1:
            np.testing.assert_allclose(one.params[1], w, rtol=1e-5)


@pytest.mark.parametrize("calls", [3, 20, 41])
def test_a_break_inside_an_epoch_changes_no_bit(
    tmp_path: Path, data: Any, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    monkeypatch.setattr(checkpoint, "WRITING_SHARE", np.inf)
    left = calls

    def stop(_: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise InterruptedError

    kept = Checkpoints(tmp_path, 0.0)
    with pytest.raises(InterruptedError):
        Training([SETUP] * 3, [0, 1, 2], data, plans=PAIRS, checkpoints=kept, on_progress=stop).run()
    point, _ = kept.load()
    assert point is not None and any(wave.step for wave in point.blocks[-1].waves)
    again = Training([SETUP] * 3, [0, 1, 2], data, plans=PAIRS, point=point)
    again.run()
    whole = Training([SETUP] * 3, [0, 1, 2], data, plans=PAIRS)
    whole.run()
    for mine, other in zip(members_of(again), members_of(whole), strict=True):
        assert_equal(mine, other)


def test_a_superbatch_is_read_once_for_all_waves(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[int, int]] = []
    original = type(data.train).superbatches

    def counting(self: Any, epoch: int, seed: int, size: int, skip: int = 0, *rest: Any) -> Any:
        for number, one in enumerate(original(self, epoch, seed, size, skip, *rest), skip):
            read.append((epoch, number))
            yield one

    monkeypatch.setattr(type(data.train), "superbatches", counting)
    Training([SETUP] * 6, list(range(6)), data, plans=PAIRS).run()
    n = -(-len(data.train) // HELD)
    assert [one for one in read if one[0] < SETUP.epochs] == [(e, k) for e in range(SETUP.epochs) for k in range(n)]


def test_one_superbatch_may_hold_everything(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SUPERBATCH_BYTES", 1 << 20)
    whole = Training([SETUP], [0], data, plans=[Plan(1, 1, STACKED)])
    whole.run()
    assert np.isfinite(members_of(whole)[0].history).all()


def test_balanced_classes_and_labels(path: Path) -> None:
    """Weights of classes come from all rows, and the last superbatch, which is not full, counts as it should."""
    table = pd.read_parquet(path)
    table["y"] = np.where(table["y"] > 7, "high", "low")
    table.to_parquet(path.with_name("classes.parquet"), row_group_size=30)
    data = sb.data.load(path.with_name("classes.parquet"), target="y", stream=True)
    setup = SETUP.replace(loss=sb.CrossEntropy(), class_weight="balanced", optimizer=sb.SGD(0.0), preprocessing=())
    whole = Training([setup], [0], data, plans=[Plan(1, 1, STACKED)])
    whole.run()
    (one,) = members_of(whole)
    x, y, _ = (
        np.concatenate(a) for a in zip(*((x, y, y) for x, y, _ in data.train.superbatches(0, 0, 999)), strict=True)
    )
    logits = x.astype(np.float64) @ one.params[1] + one.params[0]
    losses = jax.scipy.special.logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]
    weight = (len(y) / (2 * np.bincount(y)))[y]
    np.testing.assert_allclose(one.history[:, 0], np.sum(weight * losses) / weight.sum(), rtol=1e-4)


def test_members_cannot_have_their_own_order_of_a_stream(data: Any) -> None:
    with pytest.raises(SetupError, match="data_order: expected 'shared' for data that is streamed, got 'own'"):
        Training([SETUP.replace(data_order="own")], [0], data)


def test_a_file_that_changes_meanwhile_is_said(path: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved.parquet"
    moved.write_bytes(path.read_bytes())
    data = sb.data.load(moved, target="y", stream=True)
    moved.unlink()
    with pytest.raises(sb.DataError, match=f"{moved}"):
        sb.train(SETUP, data, members=1, out=None)


def test_the_whole_recipe_works_on_a_stream(path: Path, tmp_path: Path) -> None:
    run = sb.train(SETUP, sb.data.load(path, target="y", stream=True), members=3, out=tmp_path / "run")
    assert run.results["test"]["ensemble"]["r2"] > 0.6
    assert (tmp_path / "run" / "report.html").is_file()
    rows = pd.read_parquet(path)
    assert sb.load_run(tmp_path / "run").ensemble().predict(rows).shape == (300,)
