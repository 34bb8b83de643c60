"""Numbers that are changed while a population trains: what they do, and that the run can be done again."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.training.interventions import Intervention, interventions_of, numbers_of
from tests.training import by_hand
from tests.training.populations import ALL, CLASSES, MEMBERS, training

SETUP = sb.Setup(
    network=sb.Network.parse("linear 8, relu, dropout 0.1, linear out"), loss=sb.CrossEntropy(), optimizer=sb.SGD(0.1),
    epochs=12, batch_size=16,
)  # fmt: skip


def test_a_rate_changes_at_the_beginning_of_its_epoch() -> None:
    """Until then the weights are those of the old rate; a rate of 0 from then on leaves them as they are."""
    still = (Intervention.of(4, {"optimizer.lr": 0.0}),)
    (changed,) = training(MEMBERS, plan=ALL, interventions=still).results
    (plain,) = training(MEMBERS, plan=ALL).results
    rates = changed.history[:, :, 4]
    np.testing.assert_array_equal(rates[:, :4], plain.history[:, :4, 4])
    assert (rates[:, 4:] == 0).all()
    np.testing.assert_allclose(changed.history[:, :4], plain.history[:, :4], rtol=1e-12)
    np.testing.assert_array_equal(changed.history[:, 4:, 2], np.repeat(changed.history[:, 3:4, 2], 6, axis=1))


def test_two_rates_are_those_of_a_training_by_hand() -> None:
    (changed,) = training(MEMBERS[:1], plan=None, interventions=(Intervention.of(1, {"optimizer.lr": 0.05}),)).results
    one, _ = by_hand.run(MEMBERS[0], CLASSES, 0, rate_of=lambda epoch: MEMBERS[0].optimizer.lr if epoch < 1 else 0.05)
    np.testing.assert_allclose(changed.history[0, :, :4], one.history[:, :4], rtol=1e-8)


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A run that was interrupted in the middle of its training."""
    x = np.random.default_rng(0).normal(size=(300, 4))
    path = tmp_path / "data.npz"
    np.savez(path, x=x, y=(x[:, 0] * x[:, 1] > 0).astype(int))
    calls = 0

    def stop(_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            signal.raise_signal(signal.SIGINT)

    run = sb.train(SETUP, path, members=2, out=tmp_path / "run", checkpoint_every=0.0, on_progress=stop)
    assert run.is_interrupted
    return tmp_path / "run"


def test_a_run_goes_on_with_another_rate_keeps_that_and_is_done_again(stopped: Path) -> None:
    run = sb.resume(stopped, change={"optimizer.lr": 0.01, "network.layers[2].rate": 0.0})
    (one,) = run.interventions
    rates = run.history.groupby("epoch")["learning_rate"].first()
    assert (rates[: one.epoch] == np.float32(0.1)).all() and (rates[one.epoch :] == np.float32(0.01)).all()
    assert 0 < one.epoch < 12
    assert sb.load_run(stopped).interventions == run.interventions
    facts = dict(next(step for step in run.steps if step.name == "train").facts)
    assert facts["changes on the way"] == str(one)
    again = sb.train(SETUP, stopped.parent / "data.npz", members=2, out=None, interventions=run.interventions, plan=run)
    for column in ("train_loss", "valid_loss", "learning_rate"):
        np.testing.assert_array_equal(again.history[column], run.history[column])
    with pytest.raises(sb.UsageError, match="that still trains, to change it, got one that is finished"):
        sb.resume(stopped, change={"optimizer.lr": 0.1})


def test_what_is_no_number_of_the_setup_is_refused_and_changes_nothing(stopped: Path) -> None:
    before = (stopped / "job.json").read_bytes()
    with pytest.raises(sb.UsageError, match=r"expected a number of the setup, got 'optimizer\.rate'"):
        sb.resume(stopped, change={"optimizer.rate": 0.1})
    with pytest.raises(sb.SetupError, match="expected a number of at least 0"):
        sb.resume(stopped, change={"optimizer.lr": -1.0})
    with pytest.raises(sb.UsageError, match="expected a number of the setup"):
        sb.resume(stopped, change={"optimizer.momentum": 0.9})  # there is none: another structure
    assert (stopped / "job.json").read_bytes() == before


def test_numbers_have_the_places_that_users_write() -> None:
    assert set(numbers_of(SETUP)) >= {"optimizer.lr", "network.layers[2].rate", "network.layers[0].weight.gain"}


def test_changes_by_epoch_are_said_as_a_mapping() -> None:
    told = {"members": 1, "out": None, "seed": 3}
    by_epoch = sb.train(SETUP, "iris", interventions={4: {"optimizer.lr": 0.0}}, **told)
    again = sb.train(SETUP, "iris", interventions=by_epoch.interventions, **told)
    assert by_epoch.interventions == (Intervention.of(4, {"optimizer.lr": 0.0}),)
    np.testing.assert_array_equal(by_epoch.trained[0].history, again.trained[0].history)
    assert (by_epoch.trained[0].history[:, 4:, 4] == 0).all() and (by_epoch.trained[0].history[:, :4, 4] > 0).all()


@pytest.mark.parametrize("given", [[(2, "optimizer.lr", 0.1)], {2: 0.1}, {-1: {"optimizer.lr": 0.1}}, 7])
def test_what_is_no_intervention_is_refused(given: Any) -> None:
    with pytest.raises(sb.UsageError, match="interventions: expected"):
        interventions_of(given)
