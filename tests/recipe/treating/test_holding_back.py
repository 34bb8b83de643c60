"""More data held back as a remedy: an arm with a split of its own, judged on the rows that judge all others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.data.holding import held_back
from seedbed.recipe.treating.arms import CONTROL, arms_for, arms_given
from seedbed.recipe.treating.experiment import BEST, LAST, Experiment
from seedbed.recipe.treating.patient import Patient
from seedbed.recipe.treating.treat import _arms
from seedbed.training.trainer import Training
from seedbed.watching.finding import SERIOUS, Finding

RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 6))
Y = (X[:, 0] + 0.7 * RNG.normal(size=160) > 0).astype(int)
DATA = sb.data.load((X, Y), name="few")
OVERFITTING = Finding("overfitting", (), (), SERIOUS, (), ("l2", "hold_back"))


def setup(**rest: Any) -> sb.Setup:
    given = {"loss": sb.CrossEntropy(), "optimizer": sb.Adam(0.02), "batch_size": 16, "epochs": 20} | rest
    return sb.Setup(network=sb.Network.parse("linear 24, tanh, linear out"), **given)


def test_the_arm_has_its_own_data_and_stops_early() -> None:
    arms = {arm.name: arm for arm in arms_for(setup(), DATA, [OVERFITTING], seed=0)}
    own = arms["hold_back"]
    assert own.data is not None and len(own.data.valid) > len(DATA.valid) and own.setup.patience is not None
    assert all(arm.data is None for name, arm in arms.items() if "hold_back" not in name)
    assert arms["l2 + hold_back"].data is not None and arms["l2 + hold_back"].setup.penalty is not None
    patient = setup(patience=3)  # the data is all that changes
    (_, alone) = arms_given(patient, DATA, ["hold_back"])
    assert sb.same(alone.setup, patient) and alone.data is not None


def test_it_is_proposed_where_the_last_weights_are_judged_and_tried_wherever_it_is_asked_for() -> None:
    names = [arm.name for arm in arms_for(setup(), DATA, [OVERFITTING], 0, without=("hold_back",))]
    assert "hold_back" not in names and not any("hold_back" in name for name in names) and "l2" in names
    one = Patient("few", setup(), DATA, (OVERFITTING,))
    patient = replace(one, setup=setup(patience=3))  # whose best weights are judged in any case
    for who, judged, asked, is_there in (
        (one, BEST, None, False),
        (one, LAST, None, True),
        (patient, LAST, None, False),
        (one, BEST, ["hold_back"], True),
    ):
        assert ("hold_back" in [arm.name for arm in _arms(who, asked, 0, judged)]) is is_there


@pytest.mark.slow
def test_judged_by_the_last_weights_it_is_proved_where_noise_is_learned_by_heart() -> None:
    """A target with half as much noise as slope, and a network with room for both."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(300, 10))
    data = sb.data.load((x, x[:, 0] - x[:, 1] + rng.normal(size=300)), name="noisy")
    sick = sb.Setup(
        network=sb.Network.parse("linear 64, tanh, linear out"), loss=sb.MeanSquaredError(), optimizer=sb.Adam(0.01),
        batch_size=16, epochs=200, preprocessing=(sb.Standardize(), sb.StandardizeTarget()),
    )  # fmt: skip
    found = sb.treat(sick, data, findings=[OVERFITTING], judged="last", watch="off")
    arms = found.arms.set_index("arm")
    assert arms.loc["hold_back", "proved"] and arms.loc["hold_back", "mean"] > arms.loc[CONTROL, "mean"] + 0.2


def test_it_has_no_place_where_rows_belong_together() -> None:
    grouped = sb.data.load((X, Y), group=np.arange(160) // 4)
    assert "hold_back" not in [arm.name for arm in arms_for(setup(), grouped, [OVERFITTING], seed=0)]
    with pytest.raises(sb.UsageError, match="'hold_back', which has no place in it or changes nothing"):
        arms_given(setup(), grouped, ["hold_back"])


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_it_is_judged_on_the_rows_that_judge_all(task: str) -> None:
    """Against networks of the larger validation part, of whose predictions those for the old rows are scored."""
    y = Y if task == "classification" else X[:, 0] + 0.3 * RNG.normal(size=160)
    data = sb.data.load((X, y), task=task)
    one = setup(epochs=6) if task == "classification" else setup(epochs=6, loss=sb.MeanSquaredError())
    # Whoever looks at the test part is led astray.
    nonsense = replace(data.test, x=-50 * data.test.x, rows=-50 * data.test.rows, y=np.zeros_like(data.test.y))
    blind = replace(data, test=nonsense)
    experiment = Experiment(arms_given(one, blind, ["hold_back"]), blind, seed=3)
    experiment.run(range(4))
    arm = experiment.arms[1]
    held = held_back(data)
    assert held is not None and arm.data is not None
    (trained,) = Training([arm.setup] * 4, range(4), held, 3).run()
    old = np.isin(held.valid.index, data.valid.index)
    x = trained.preprocessor.x(held.valid.x[old])
    due = []
    for m in range(4):
        params = [{name: np.asarray(a[m], np.float64) for name, a in layer.items()} for layer in trained.params]
        hidden = np.tanh(x @ params[0]["weight"] + params[0]["bias"])
        outputs = hidden @ params[2]["weight"] + params[2]["bias"]
        truth = held.valid.y[old]
        if task == "classification":
            due.append(np.mean(outputs.argmax(axis=1) == truth))
        else:
            said = trained.preprocessor.unscale(outputs)
            due.append(max(0.0, 1 - np.sum((said - truth) ** 2) / np.sum((truth - truth.mean()) ** 2)))
    np.testing.assert_allclose(experiment.scores("hold_back"), due, atol=1e-5)
    assert len(np.unique(experiment.scores(CONTROL))) > 1 and set(experiment.seconds) == {CONTROL, "hold_back"}


@pytest.mark.slow
def test_a_treatment_says_how_to_hold_back_as_many() -> None:
    data = sb.data.load("iris")
    found = sb.treat(setup(epochs=30, optimizer=sb.Adam(1e-4)), data, arms=["hold_back", "lr_far_up"], seeds=8)
    assert set(found.shares) == {CONTROL, "hold_back"} and found.shares["hold_back"] == pytest.approx(48 / 25 / 6)
    assert found.valid_share is None and found.chosen == "lr_far_up"
    table = found.arms.assign(ties_best=found.arms["arm"] == "hold_back")
    other = replace(found, arms=table)  # as if it had been the one
    assert other.valid_share == found.shares["hold_back"]
    assert other.differences[-1] == ("valid_share", "0.167", "0.32")
    assert "valid_share=0.32" in str(other) and "--valid-share 0.32" in str(other)
    assert "valid_share" not in str(found)
