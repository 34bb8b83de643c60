"""`lr_range`: every rate from the same start, a suggestion that trains well, a picture, and bad input."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.recipe import lr_range as module
from seedbed.reporting.rates import rates_data
from seedbed.training.trainer import Training

pytestmark = pytest.mark.slow  # each of these trains networks


def made(optimizer: sb.Optimizer | None = None, network: str = "linear 24, relu, linear out", **rest: Any) -> sb.Setup:
    return sb.Setup(
        network=sb.Network.parse(network), loss=sb.CrossEntropy(), optimizer=optimizer or sb.Adam(1e-3), **rest
    )


@pytest.fixture(scope="module")
def found() -> sb.Range:
    return sb.lr_range(made(sb.SGD(0.1, momentum=0.9)), "digits", n=32)


def test_the_suggestion_on_digits_trains_well(found: sb.Range) -> None:
    assert found.suggested is not None and found.best is not None
    rates = [found.suggested, *np.geomspace(1e-5, 1, 11)]
    space = made(sb.SGD(sb.choice(*map(float, rates)), momentum=0.9), epochs=12)
    run = sb.train(space, "digits", members=list(range(40)), seed=2, out=None)
    best = {m.setup.optimizer.lr: m.valid_score for m in run.members}
    top = max(best.values())
    assert best[found.suggested] >= top - 0.02
    good = [lr for lr, score in best.items() if score >= top - 0.005]
    assert any(0.1 <= found.suggested / lr <= 10 for lr in good)


def test_a_rate_of_a_range_is_a_training_with_it(found: sb.Range) -> None:
    setup = made(sb.SGD(float(found.rates[20]), momentum=0.9), epochs=found.n_steps // 36)
    run = sb.train(setup, "digits", members=[0], seed=0, out=None)
    assert found.n_steps == 180
    assert found.after[20] == pytest.approx(run.history["valid_loss"].iloc[-1], rel=1e-4)


def test_the_loss_before_is_that_of_the_first_weights(found: sb.Range) -> None:
    # The smallest rate of all changes next to nothing.
    assert found.after[0] == pytest.approx(found.before, rel=0.01)
    assert found.before == pytest.approx(np.log(10), rel=0.6)
    assert found.before != found.after[0]


def test_the_table_has_a_line_for_each_rate(found: sb.Range) -> None:
    table = found.table
    assert list(table) == ["lr", "loss_before", "loss_after", "diverged"] and len(table) == 32
    assert np.allclose(np.diff(np.log(table["lr"])), np.log(1e7) / 31)
    assert table["lr"].iloc[[0, -1]].tolist() == pytest.approx([1e-6, 10])
    assert (table["diverged"] == table["loss_after"].isna()).all() and table["diverged"].any()
    assert table.loc[table["loss_after"].idxmin(), "lr"] == found.best
    assert "32 rates from 1e-06 to 10, 180 steps each" in str(found) and "suggested" in str(found)


def test_the_same_again_and_another_seed() -> None:
    first, second, other = (sb.lr_range(made(), "iris", n=5, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.after, second.after, equal_nan=True)
    assert not np.array_equal(first.after, other.after, equal_nan=True)


def test_schedule_patience_and_draws_are_left_out() -> None:
    drawn = sb.Adam(sb.log_uniform(1e-3, 1e-2), schedule=sb.Cosine())
    found = sb.lr_range(made(drawn, patience=1), "iris", n=5)
    plain = sb.lr_range(made(sb.Adam(1.0)), "iris", n=5)
    assert np.array_equal(found.after, plain.after, equal_nan=True)


def test_a_large_part_is_tried_on_as_many_rows_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BATCHES", 5)
    monkeypatch.setattr(module, "MOST_VALID", 40)
    rng = np.random.default_rng(0)
    data = sb.data.load((rng.normal(size=(900, 3)), rng.integers(0, 2, 900)))
    fewer = module._fewer(data, 32, 0)
    assert (len(fewer.train), len(fewer.valid)) == (160, 40)
    assert np.array_equal(fewer.train.x, data.train.x[fewer.train.index])
    assert sb.lr_range(made(), data, n=3).n_steps == 150
    assert sb.lr_range(made(), data, n=3, epochs=2).n_steps == 2 * -(-len(data.train) // 32)


def test_the_picture(found: sb.Range, tmp_path: Path) -> None:
    data = rates_data(found.table, found.suggested, "en")
    assert len(data.curve) + len(data.lost) == 32
    assert set(data.lost["lr"]) == set(found.rates[~(found.after <= 2 * found.before)])
    assert data.is_log and data.marks["label"].item().startswith("suggested: ")
    path = found.report(tmp_path / "range.png")
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">I", head[16:20])[0] > 1200
    assert "<svg" in found.report(tmp_path / "range.svg").read_text()
    with pytest.raises(sb.UsageError, match=r"range\.pdf: expected a name that ends in one of \.png, \.svg"):
        found.report(tmp_path / "range.pdf")
    with pytest.raises(sb.UsageError, match="expected a file that can be written, but No such file"):
        found.report(tmp_path / "no" / "range.png")


def test_where_no_rate_helps_none_is_suggested(tmp_path: Path) -> None:
    found = sb.lr_range(made(sb.SGD(0.1)), "iris", low=1e-12, high=1e-9, n=4)
    assert found.suggested is None and found.best is None and found.rules == {}
    assert "none takes the loss below" in str(found)
    assert found.report(tmp_path / "flat.png").is_file()


def test_all_diverged_is_said() -> None:
    with pytest.raises(sb.TrainingError, match="but all from 1e\\+20 to 1e\\+25 diverged\nhint: try lower rates"):
        sb.lr_range(made(sb.SGD(0.1), "linear 8, relu, linear 8, relu, linear out"), "iris", low=1e20, high=1e25, n=3)


@pytest.mark.parametrize(("given", "said"), [
    ({"low": 1.0, "high": 0.1}, "low, high: expected 0 < low < high, got 1 and 0.1"),
    ({"low": 0.0}, "low, high: expected 0 < low < high, got 0 and 10"),
    ({"low": 1.0, "high": 1.0}, "got 1 and 1"),
    ({"high": float("nan")}, "got 1e-06 and nan"),
    ({"n": 2}, "n: expected at least 3 rates, got 2"),
    ({"epochs": 0}, "epochs: expected a whole number of at least 1, got 0"),
    ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
])  # fmt: skip
def test_bad_input(given: dict[str, float], said: str) -> None:
    with pytest.raises(sb.UsageError) as error:
        sb.lr_range(made(), "iris", **given)  # type: ignore[arg-type]
    assert said in str(error.value)


def test_who_ends_it_is_not_told_that_all_rates_diverged(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(self: Training) -> None:
        self.ends = lambda: True
        whole(self)

    whole = Training.run
    monkeypatch.setattr(Training, "run", run)
    with pytest.raises(KeyboardInterrupt):
        sb.lr_range(made(), "iris", n=4)
