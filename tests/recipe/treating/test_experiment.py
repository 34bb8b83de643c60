"""The experiment: scores, what diverges, what is given up; against the members of an ordinary training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.recipe.treating.arms import CONTROL, GIVEN, Arm
from seedbed.recipe.treating.experiment import LAST, SCORE, Experiment, Trial
from seedbed.training.trained import DIVERGED, INTERRUPTED
from seedbed.training.trainer import Training

pytestmark = pytest.mark.slow  # each of these trains networks


def setup(lr: float = 0.05, units: int = 6, **rest: Any) -> sb.Setup:
    network = sb.Network([sb.Linear(units), sb.Tanh(), sb.Linear("out")])
    given = {"loss": sb.CrossEntropy(), "batch_size": 32, "epochs": 40} | rest
    return sb.Setup(network=network, optimizer=sb.SGD(lr), **given)


def arms(*setups: sb.Setup) -> list[Arm]:
    names = [CONTROL, *(f"arm{i}" for i in range(1, len(setups)))]
    return [Arm(name, GIVEN if i else CONTROL, one, i) for i, (name, one) in enumerate(zip(names, setups, strict=True))]


@pytest.fixture(scope="module")
def iris() -> sb.data.Dataset:
    return sb.data.load("iris")


@pytest.mark.parametrize("judged", [pytest.param("best", marks=pytest.mark.slow), LAST])
def test_members_of_one_number_in_several_arms_are_what_they_are_alone(iris: sb.data.Dataset, judged: str) -> None:
    setups = [setup(), setup(0.5), setup(units=9)]
    experiment = Experiment(arms(*setups), iris, seed=3, judged=judged, gives_up=False)
    experiment.run(range(4))
    for arm in experiment.arms:
        (alone,) = Training([arm.setup] * 4, range(4), iris, 3).run()
        at = alone.best_epoch if judged == "best" else np.full(4, 39)
        expected = alone.history[np.arange(4), at, SCORE]
        np.testing.assert_allclose(experiment.scores(arm.name), expected, atol=0.05)  # one of 25 examples
    assert set(experiment.seconds) == {arm.name for arm in experiment.arms} and experiment.wall_seconds > 0


def test_more_seeds_join_those_that_are_there(iris: sb.data.Dataset) -> None:
    experiment = Experiment(arms(setup(epochs=2), setup(0.5, epochs=2)), iris)
    experiment.run(range(4))
    first = experiment.scores("arm1")
    experiment.run(range(4, 8))
    assert len(experiment.scores("arm1")) == 8 and (experiment.scores("arm1")[:4] == first).all()


def test_who_diverges_has_the_lowest_score(iris: sb.data.Dataset) -> None:
    wild = setup(1e30, epochs=3).replace(network=sb.Network.parse("linear 6, relu, linear out"))
    experiment = Experiment(arms(setup(epochs=3), wild), iris)
    experiment.run(range(4))
    assert {t.outcome for t in experiment.trials if t.arm == "arm1"} == {DIVERGED}
    assert experiment.scores("arm1").max() <= min(1 / 3, experiment.scores(CONTROL).min())


def test_of_a_regression_no_score_is_below_that_of_the_mean() -> None:
    x = np.random.default_rng(0).normal(size=(120, 3))
    data = sb.data.load((x, 100 + x.sum(axis=1)), task="regression")
    raw = {"loss": sb.MeanSquaredError(), "preprocessing": (), "epochs": 1}
    experiment = Experiment(arms(setup(1e-6, **raw), setup(1e3, **raw)), data)
    experiment.run(range(4))
    assert experiment.scores(CONTROL).tolist() == [0.0] * 4 == experiment.scores("arm1").tolist()


def test_what_is_behind_half_way_is_given_up_and_what_is_ahead_is_not(
    iris: sb.data.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbed.training.waves.CALL_SECONDS", 1e-9)  # a look after every step
    monkeypatch.setattr("seedbed.training.waves.FIRST_STEPS", 1)
    monkeypatch.setattr("seedbed.training.waves.GROWTH", 1)
    setups = [setup(0.02), setup(0.1, units=9), setup(1e-9, units=7)]
    kept: list[Any] = []
    monkeypatch.setattr(Experiment, "_found", lambda self, one, *_: kept.append(one) or [None] * len(one.places))
    for gives_up in (True, False):
        experiment = Experiment(arms(*setups), iris, gives_up=gives_up)
        experiment.run(range(4))
        assert experiment.hopeless == (("arm2",) if gives_up else ())
        n_done = np.isfinite(kept[-1].history[:, :, SCORE]).sum(axis=1)  # of the last cohort, that of arm2
        assert (n_done == (20 if gives_up else 40)).all()
        outcomes = {t.arm: t.outcome for t in experiment.trials}
        assert outcomes["arm1"] != INTERRUPTED and outcomes[CONTROL] != INTERRUPTED
    experiment = Experiment(arms(*setups), iris)
    experiment.run(range(4))
    experiment.run(range(4, 8))
    assert len(experiment.scores("arm2")) == 4 and len(experiment.scores("arm1")) == 8


def trials(**left: list[str] | None) -> Experiment:
    """An experiment with four networks in each arm, in which these are found."""
    there = {arm: None if codes is None else frozenset(codes) for arm, codes in left.items()}
    known = [Trial(arm, seed, 0.5, "trained", codes) for arm, codes in there.items() for seed in range(4)]
    return Experiment([], sb.data.load("iris"), trials=known)


def test_what_the_control_does_not_show_cannot_be_gone() -> None:
    shown = trials(control=["dead_relu"], he=[], tanh=["dead_relu"])
    assert [shown.left(arm, ["dead_relu"]) for arm in ("control", "he", "tanh")] == [True, False, True]
    unseen = trials(control=["lr_too_low"], he=[], tanh=["dead_relu"])
    assert [unseen.left(arm, ["dead_relu"]) for arm in ("control", "he", "tanh")] == [None] * 3
    unfit = trials(control=None, he=[])  # the control does not train at all
    assert unfit.left("he", ["loss_does_not_fit"]) is False
