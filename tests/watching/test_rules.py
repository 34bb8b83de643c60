"""Rules on cases written down by hand: what each of them needs to speak, and by what it is kept silent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.watching.case import Case, Inputs
from seedbed.watching.finding import Finding
from seedbed.watching.findings import NEEDS_THE_END, all_of, diagnosed, fit, flow, steps
from seedbed.watching.series import Series

N = 20  # epochs
CHANCE = float(np.log(2))


def case(
    train: float = 0.9, valid: Any = 0.9, score: Any = 0.6, train_score: Any = 0.6, batch: int = 32, **signals: float
) -> Case:
    """A case of two even classes; losses as shares of that of chance, signals the same in all epochs and layers."""
    network = sb.Network.parse("linear 8, relu, linear out").bind(2)
    setup = sb.Setup(network=network, loss=sb.CrossEntropy(), optimizer=sb.SGD(0.1), batch_size=batch, epochs=N)
    inputs = Inputs(np.zeros(4), np.ones(4), np.array([50, 50]), None, 100, False)
    columns = {"train_loss": train, "train_score": train_score, "valid_loss": valid, "valid_score": score}
    history = {name: np.broadcast_to(np.asarray(a, float), N) for name, a in columns.items()}
    history |= {name: CHANCE * a for name, a in history.items() if name.endswith("loss")}
    shapes = {"gain": (N,), "gradient_variance": (N,), "gradient_squared": (N,)}
    values = {name: np.full(shapes.get(name, (N, 3)), a) for name, a in signals.items()}
    series = Series(values, ("linear 8", "relu", "linear out"), (0, 2))
    return Case(setup, (4,), "classification", inputs, CHANCE, 0, history, "trained", 0, series)


def codes(found: Any) -> list[str]:
    return [one.code for one in found]


def one_of(found: Any, code: str) -> Finding:
    return next(one for one in found if one.code == code)


SWINGS = np.where(np.arange(N) % 2, 0.7, 0.4)
CALM = {"step": 1e-3, "weight": 1.0}


def noisy(scale: float) -> dict[str, float]:
    return {"gradient_variance": scale, "gradient_squared": 1.0}


def test_a_score_that_swings_is_a_fault_of_steps_that_overshoot() -> None:
    swinging = case(train_score=SWINGS, gain=0.2, **noisy(5.0), **CALM)
    found = one_of(steps.found(swinging), "oscillating")
    assert found.remedies[0] == "lr_down" and "gradient" in str(found.evidence[-1])
    drowned = one_of(steps.found(case(train_score=SWINGS, gain=0.2, **noisy(500.0), **CALM)), "oscillating")
    assert drowned.remedies[0] == "larger_batch"
    assert drowned.evidence[-1].value == pytest.approx(500 / 32)
    for silent in (
        case(train_score=SWINGS, gain=0.9, **CALM),  # noisy layers make a score swing, not steps
        case(train=0.3, train_score=SWINGS, gain=0.2, **CALM),  # the training part is learned
        case(gain=0.2, **CALM),
    ):
        assert "oscillating" not in codes(steps.found(silent))


def test_a_batch_is_too_small_where_its_gradient_is_noise() -> None:
    found = one_of(steps.found(case(train_score=SWINGS, batch=1, gain=0.9, **noisy(6.3), **CALM)), "batch_too_small")
    assert [one.value for one in found.evidence[1:]] == pytest.approx([1, 0.9, 6.3])
    for silent in (
        case(train_score=SWINGS, batch=2, gain=0.2, **noisy(0.5), **CALM),  # two examples tell the slope
        case(train_score=SWINGS, batch=32, gain=0.2, **noisy(100.0), **CALM),
    ):
        assert "batch_too_small" not in codes(steps.found(silent))


def test_steps_that_turn_round_are_evidence_and_no_finding() -> None:
    """A finding that stands without them shows them; alone they name nothing, and what goes on is not shown."""
    turning = one_of(steps.found(case(train_score=SWINGS, gain=0.2, cosine=-0.8, **CALM)), "oscillating")
    assert turning.evidence[-1].value == pytest.approx(-0.8) and "cosine" in turning.evidence[-1].what
    high = one_of(steps.found(case(step=0.5, weight=1.0, gain=0.2, cosine=-0.6)), "lr_too_high")
    assert high.evidence[-1].value == pytest.approx(-0.6)
    straight = one_of(steps.found(case(train_score=SWINGS, gain=0.2, cosine=0.1, **CALM)), "oscillating")
    assert "cosine" not in str(straight)
    assert codes(steps.found(case(cosine=-0.9, **CALM))) == codes(steps.found(case(**CALM)))
    assert case(cosine=np.nan, **CALM).turning() == ()


def test_the_noise_scale() -> None:
    assert case(**noisy(12.0)).noise_scale == pytest.approx(12.0)
    assert case(gradient_variance=2.0, gradient_squared=-1.0).noise_scale == np.inf
    assert np.isnan(case(gradient_variance=0.0, gradient_squared=0.0).noise_scale) and np.isnan(case().noise_scale)


def test_long_steps_are_told_once() -> None:
    found = one_of(steps.found(case(step=3.0, weight=1.0, gain=-2.0)), "lr_too_high")
    assert [one.what for one in found.evidence] == ["step / weights, in the first epoch", steps.GAIN]
    found = one_of(steps.found(case(step=0.1, weight=0.5)), "lr_too_high")
    assert [one.what for one in found.evidence] == ["step / weights, at the beginning"]


def test_weights_that_one_step_makes_large_tell_of_it_when_the_others_are_small() -> None:
    """He's weights behind 4 and 8 inputs begin at 0.71 and 0.5; units that died take no further steps."""
    found = one_of(steps.found(case(step=0.01, weight=3.0)), "lr_too_high")
    assert found.evidence[0].value == pytest.approx(np.median([3 / 0.5**0.5, 3 / 0.5]))
    assert "lr_too_high" not in codes(steps.found(case(step=0.01, weight=1.0)))


RISING = np.concatenate([np.linspace(1, 0, 5), np.linspace(0, 2, N - 5)])


def test_overfitting_is_none_where_little_is_wrong() -> None:
    assert "overfitting" in codes(fit.found(case(train=0.01, valid=0.7 + RISING, score=0.7)))
    for silent in (
        case(train=0.01, valid=0.3 + RISING, score=0.7),  # most of the loss of chance was taken away before it rose
        case(train=0.01, valid=0.7 + RISING, score=0.95),  # few errors are left, and very sure ones
        case(train=0.01, valid=0.7, score=0.7),
    ):
        assert "overfitting" not in codes(fit.found(silent))


def test_remedies_are_named_that_have_a_place_in_the_setup() -> None:
    """Adam is none for who has it, nor are more rows held back for who stops by those that are."""
    slow = case(1.0, 1.0, 0.5, 0.5, step=1e-6, weight=1.0, gradient=1.0)
    with_adam = replace(slow, setup=slow.setup.replace(optimizer=sb.Adam(0.1)))
    assert one_of(all_of(slow), "lr_too_low").remedies == ("lr_up", "adam", "longer", "lr_range")
    assert one_of(all_of(with_adam), "lr_too_low").remedies == ("lr_up", "longer", "lr_range")
    rising = np.concatenate([[0.7], np.linspace(0.8, 2.0, N - 1)])
    by_heart = case(0.01, rising, 0.7, gradient=1.0, **CALM)
    patient = replace(by_heart, setup=by_heart.setup.replace(patience=3))
    assert one_of(all_of(by_heart), "overfitting").remedies == ("l2", "dropout", "early_stopping", "hold_back")
    assert one_of(all_of(patient), "overfitting").remedies == ("l2", "dropout")


def test_who_diverged_is_not_told_of_classes_that_are_uneven() -> None:
    """Its score stays that of the largest class, for it learned nothing at all."""
    uneven = Inputs(np.zeros(4), np.ones(4), np.array([90, 10]), None, 100, False)
    sick = replace(case(1.0, 1.0, 0.9, 0.9, gradient=1.0, **CALM), inputs=uneven)
    assert "class_imbalance" in codes(all_of(sick))
    assert [one.code for one in diagnosed([replace(sick, outcome="diverged")])] == ["non_finite"]


def lost(member: int, ended: int, broken: int, sound: int) -> Case:
    """A case of 20 epochs of four steps, whose loss is a number in so many epochs."""
    one = case(1.0, 1.0, 0.5, 0.5, gradient=1.0, **CALM)
    assert one.history is not None
    history = {name: a[:sound] for name, a in one.history.items()}
    return replace(one, number=member, outcome="diverged", ended=ended, broken=broken, history=history)


def test_a_loss_that_is_no_number_is_told_with_its_step_and_its_layer() -> None:
    found = one_of(steps.found(lost(3, 5, 1, sound=1)), "non_finite")
    assert found.layers == (1,)
    assert [str(one) for one in found.evidence] == [
        "the loss was no number first in member 3, at step 2 of epoch 2; sound steps before it: 5 (expected all 80)",
        "outputs were no numbers first behind layer 1, relu; layers with sound outputs before it: 1 (expected all 3)",
    ]
    alone = one_of(steps.found(lost(3, 0, 3, sound=0)), "non_finite")
    assert alone.layers == () and alone.evidence[0].what.startswith(
        "the loss was no number first in member 3, at step 1"
    )
    assert str(alone.evidence[1]).startswith("the loss alone was no number; ")
    ruined = one_of(steps.found(lost(3, 7, -1, sound=2)), "non_finite")
    (evidence,) = ruined.evidence
    assert evidence.what.startswith("the loss of the validation part was no number first in member 3, behind step 4 of")
    before = one_of(steps.found(lost(3, -1, -1, sound=2)), "non_finite")  # a run of an earlier version
    assert [str(one) for one in before.evidence] == ["epochs until the loss was no number: 2 (expected none in 20)"]


def test_of_several_members_the_one_is_told_that_came_first() -> None:
    (found,) = diagnosed([lost(0, 9, 2, sound=2), lost(1, 4, 0, sound=1), lost(2, 30, 0, sound=7)])
    assert found.members == (0, 1, 2) and found.layers == (0, 2)
    assert "first in member 1, at step 1 of epoch 2;" in found.evidence[0].what and "layer 0" in found.evidence[1].what


def decaying(began: list[float], ended: list[float]) -> Case:
    """A case with a penalty that learns nothing; the weights of its two layers as they begin and end."""
    sick = case(1.0, 1.0, 0.5, 0.5, weight=1.0)
    assert sick.series is not None
    sick.series["weight"][0, [0, 2]] = began
    sick.series["weight"][1:, [0, 2]] = ended
    return replace(sick, setup=sick.setup.replace(penalty=sb.L2(1.0)))


def test_weights_that_a_penalty_shrinks_are_measured_against_those_that_began_at_something() -> None:
    assert codes(fit.found(decaying([1.0, 0.0], [0.1, 0.1])))[:1] == ["over_regularised"]
    assert "over_regularised" not in codes(fit.found(decaying([1.0, 0.0], [0.4, 0.0])))
    assert "over_regularised" not in codes(fit.found(decaying([0.0, 0.0], [0.0, 0.1])))


def test_dead_units_are_a_fault_where_the_rest_cannot_learn() -> None:
    sound = {"gradient": 1.0, "saturated": np.nan, **CALM}
    assert codes(flow.found(case(train=0.9, dead=0.9, **sound))) == ["dead_relu"]
    assert codes(flow.found(case(train=0.3, dead=0.9, **sound))) == []
    assert codes(flow.found(case(train=0.9, dead=0.6, **sound))) == []


def test_who_masters_a_task_does_not_struggle() -> None:
    assert case(valid=0.9, score=0.6).struggles and case(valid=0.9, score=0.9).struggles
    assert not case(valid=0.9, score=0.94).struggles  # of even classes: 0.88 of the errors of chance are gone
    assert case(valid=0.9, score=0.94).mastered == pytest.approx(0.88)


def test_a_gradient_fades_where_the_first_layer_stays_and_the_last_moves() -> None:
    def with_first(gradient: float, step: float, last: float = 1e-2) -> Case:
        one = case(gradient=1.0, step=last, weight=1.0)
        assert one.series is not None
        one.series["gradient"][:, 0], one.series["step"][:, 0] = gradient, step
        return one

    n_steps = case().n_steps
    still, moving = 0.1 / n_steps, 1.0 / n_steps  # of the weights, in all steps together
    found = one_of(flow.found(with_first(5e-3, still, last=moving)), "vanishing_gradient")
    assert found.layers == (0,) and [one.value for one in found.evidence] == pytest.approx([5e-3, 0.1])
    interrupted = replace(with_first(5e-3, still, last=moving), outcome="interrupted")
    assert not codes(flow.found(interrupted))  # the first may move still
    assert not codes(flow.found(with_first(5e-3, moving, last=moving)))  # slower, and yet it learns
    assert not codes(flow.found(with_first(5e-3, still, last=still)))  # all stay: too low a rate
    assert not codes(flow.found(with_first(5e-2, still, last=moving)))
    assert codes(flow.found(with_first(5e-4, moving, last=moving))) == ["vanishing_gradient"]


def early(outcome: str, number: int, gradient: Any = 1.0) -> Case:
    """A network that says one class of two uneven ones, reads what is not centred, and has hardly moved."""
    lazy = case(train=0.99, valid=0.99, score=0.9, train_score=0.9, step=1e-5, weight=1.0, gradient=1.0)
    assert lazy.series is not None
    values = lazy.series.values | {"gradient": np.broadcast_to(np.asarray(gradient, float), (N, 3))}
    inputs = replace(lazy.inputs, mean=np.full(4, 5.0), classes=np.array([90, 10]))
    return replace(lazy, inputs=inputs, outcome=outcome, number=number, series=replace(lazy.series, values=values))


def test_what_rests_on_the_end_is_not_said_of_who_was_interrupted() -> None:
    said = {one.code for one in all_of(early("trained", 0))}
    assert said == {"not_centred", "class_imbalance", "underfitting", "lr_too_low"} < set(NEEDS_THE_END)
    assert codes(diagnosed([early("trained", 0)])) == ["not_centred"]
    assert diagnosed([early("interrupted", 0)]) == []
    both = diagnosed([early("interrupted", 0), early("stopped early", 1)])
    assert codes(both) == ["not_centred"] and both[0].members == (1,)


def test_what_is_not_said_takes_no_other_finding_along() -> None:
    """Gradients that vanish stand under what explains them at the end, and alone before."""
    vanished = (1e-6, np.nan, 1.0)
    (whole,) = diagnosed([early("trained", 0, vanished)])
    assert whole.code == "not_centred" and "vanishing_gradient" in codes(whole.symptoms)
    (found,) = diagnosed([early("interrupted", 0, vanished)])
    assert found.code == "vanishing_gradient" and found.symptoms == ()
