"""Early stopping, best weights and divergence, each against the history of the same member without them."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from seedbed.network import L2
from seedbed.training import SGD, waves
from seedbed.training.layout import LANES, STACKED
from seedbed.training.plan import Plan
from tests.training import by_hand
from tests.training.populations import (
    CLASSES,
    MEMBERS,
    QUANTITIES,
    REGRESS,
    assert_equal,
    assert_near,
    members_of,
    trained,
    training,
)

PLAN = Plan(2, 3, STACKED)


def stop_of(losses: np.ndarray, patience: int) -> tuple[int, str]:
    """The last epoch of a member by its validation losses, and how it ends: patience epochs without a smaller one."""
    best, waited = np.inf, 0
    for epoch, loss in enumerate(losses):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited >= patience:
            return epoch, "stopped early"
    return len(losses) - 1, "trained"


@pytest.mark.parametrize(("patience", "layout"), [(1, LANES), (3, STACKED)])
def test_stops_when_patience_is_over(patience: int, layout: str) -> None:
    free = trained(MEMBERS, plan=Plan(2, 3, layout))
    stopping = trained([member.replace(patience=patience) for member in MEMBERS], plan=Plan(2, 3, layout))
    ends = []
    for one, whole in zip(stopping, free, strict=True):
        losses = whole.history[:, 2]
        end, outcome = stop_of(losses, patience)
        ends.append(end)
        assert one.outcome == outcome
        assert one.best_epoch == np.argmin(losses[: end + 1])
        # The same programs but for the stopping, which may move a rounding: 1e-13 at 1e-16 a step.
        np.testing.assert_allclose(one.history[: end + 1], whole.history[: end + 1], rtol=1e-12, atol=1e-13)
        assert np.isnan(one.history[end + 1 :]).all()
    assert len(set(ends)) > 1  # some stop earlier than others
    assert min(ends) < 9


@pytest.mark.parametrize("member", range(6))
def test_best_weights_are_those_of_the_smallest_validation_loss(member: int) -> None:
    """Of an early epoch for some members, of the last for others; with 1e-9 for 50 steps in another order of sums."""
    one = trained(MEMBERS)[member]
    _, steps = by_hand.run(MEMBERS[member], CLASSES, member)
    assert one.best_epoch == np.argmin(one.history[:, 2])
    assert_near(one.params, steps[one.best_epoch].after, 1e-9)


def test_without_patience_every_epoch_is_trained() -> None:
    for one in trained(MEMBERS):
        assert one.outcome == "trained"
        assert np.isfinite(one.history).all()


def test_a_tie_is_not_better(monkeypatch: pytest.MonkeyPatch) -> None:
    """With rate zero every epoch is like the first: patience 3 ends behind the fourth, and the wave with it."""
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    still = [member.replace(optimizer=member.optimizer.replace(lr=0.0), patience=3) for member in MEMBERS]
    whole = training(still, plan=PLAN)
    for one in members_of(whole):
        assert (one.outcome, one.best_epoch) == ("stopped early", 0)
        assert np.isfinite(one.history[:4]).all()
        assert np.isnan(one.history[4:]).all()
    assert whole.n_steps == 6 * 4 * 5  # nothing is computed for a wave that is over
    (part,) = whole.results
    assert np.isfinite(part.seconds[:, :4]).all()
    assert np.isnan(part.seconds[:, 4:]).all()


def test_a_stopped_member_does_not_hold_up_its_neighbours() -> None:
    """One stops at once; the others go on to where they stop beside sound members."""
    setups = [member.replace(patience=3) for member in MEMBERS]
    still = [*setups[:3], setups[3].replace(optimizer=SGD(0.0, momentum=0.5)), *setups[4:]]
    beside = trained(still, plan=PLAN)
    assert beside[3].outcome == "stopped early"
    for place in (0, 1, 2, 4, 5):
        assert_equal(beside[place], trained(setups, plan=PLAN)[place])


def test_a_member_that_diverges_keeps_its_best_weights() -> None:
    """At rate 1e5 the loss overflows in the sixth epoch; the weights of the first epoch are the best."""
    setups = [REGRESS.replace(optimizer=SGD(lr, momentum=0.9)) for lr in (1e5, 0.05, 1e30, 0.1, 1e300, 0.02)]
    population = trained(setups, data=QUANTITIES, plan=PLAN)
    diverged, at_once = population[0], population[4]
    assert [one.outcome for one in population] == ["diverged", "trained"] * 3
    n_sound = int(np.isfinite(diverged.history[:, 0]).sum())
    assert 1 < n_sound < 10
    assert np.isnan(diverged.history[n_sound:]).all()
    with np.errstate(all="ignore"):
        expected, _ = by_hand.run(setups[0], QUANTITIES, 0)
    assert diverged.best_epoch == expected.best_epoch
    # Weights near 1e14 that grow by 1e5 a step carry the rounding of the first step, 1e-16, some hundredfold.
    assert_near(diverged.params, expected.params, 1e-10)
    assert at_once.best_epoch == -1
    assert np.isnan(at_once.history).all()
    first = jax.tree.leaves(by_hand.first_params(setups[4], QUANTITIES, 4))
    assert_near(at_once.params, first, 1e-15)  # nothing better was there


def test_a_member_that_its_last_step_ruins_has_diverged() -> None:
    """No training loss shows it any more, only the validation: one step of the whole training, at rate 1e300."""
    setups = [REGRESS.replace(optimizer=SGD(lr, momentum=0.9), batch_size=1000, epochs=1) for lr in (1e300, 0.1)]
    ruined, sound = trained(setups, data=QUANTITIES, plan=Plan(2, 1, STACKED))
    assert (ruined.outcome, ruined.best_epoch) == ("diverged", -1)
    assert (sound.outcome, sound.best_epoch) == ("trained", 0)


def test_a_wave_of_diverged_members_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    whole = training([REGRESS.replace(optimizer=SGD(1e300, momentum=0.9))] * 6, data=QUANTITIES, plan=PLAN)
    assert {one.outcome for one in members_of(whole)} == {"diverged"}
    assert whole.n_steps == 6 * 5  # the first epoch alone


def test_patience_watches_the_loss_without_penalty() -> None:
    """The history holds the loss alone: with rate zero it is the same with a penalty of any strength."""
    still = [member.replace(optimizer=SGD(0.0, momentum=0.9)) for member in MEMBERS]
    heavy = trained([member.replace(penalty=L2(1e6)) for member in still], plan=PLAN)
    for mine, other in zip(heavy, trained(still, plan=PLAN), strict=True):
        np.testing.assert_allclose(mine.history, other.history, rtol=1e-14)
