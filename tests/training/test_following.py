"""An observer that is shown what the step before did: against NumPy, and wherever a training is cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from seedbed.training import SGD, checkpoint, waves
from seedbed.training.checkpoint import Checkpoints
from seedbed.training.layout import LAYOUTS, STACKED
from seedbed.training.observe import Observation
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training
from tests.training import by_hand
from tests.training.populations import (
    ALL,
    CLASSES,
    CLASSIFY,
    MEMBERS,
    QUANTITIES,
    REGRESS,
    assert_equal,
    members_of,
    trained,
    training,
)
from tests.training.test_checkpoint import StopError, stop_after


@dataclass(frozen=True)
class Follower:
    """Gives both steps; every so many, or at the end of every epoch."""

    every: int | None = None
    follows: bool = True

    def __call__(self, seen: Observation) -> Any:
        return {"previous": seen.previous, "updates": seen.updates}


def flat(steps: Any, member: int) -> NDArray[Any]:
    """The steps of a member, (epoch, number)."""
    return np.concatenate([a[member].reshape(len(a[member]), -1) for a in jax.tree.leaves(steps)], axis=1)


def expected(setup: Any, number: int, every: int | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """What the steps in front of looks did, and the steps looked at, summed over each epoch, in NumPy."""
    path: list[Any] = []
    by_hand.run(setup, CLASSES, number, path=path)
    did = np.diff(np.stack([np.concatenate([a.ravel() for a in weights]) for weights in path]), axis=0)
    before = np.concatenate([np.zeros_like(did[:1]), did[:-1]])
    n_steps = len(did) // setup.epochs
    counts = np.arange(len(did))
    looks = counts % n_steps == n_steps - 1 if every is None else counts % every == 0
    kept = [np.where(looks[:, None], a, 0).reshape(setup.epochs, n_steps, -1) for a in (before, did)]
    has_look = looks.reshape(setup.epochs, n_steps).any(axis=1)
    first, second = (np.where(has_look[:, None], a.sum(axis=1), np.nan) for a in kept)
    return first, second


@pytest.mark.slow  # ten programs; where calls are cut goes through the same at three cadences
@pytest.mark.parametrize(
    ("layout", "every"), [*((layout, None) for layout in LAYOUTS), *((STACKED, n) for n in (1, 2, 3, 4, 5, 7, 16))]
)
def test_the_step_before_is_that_of_numpy(layout: str, every: int | None) -> None:
    """At every step, across the ends of epochs, and where most epochs have no look; on two devices."""
    members = MEMBERS[:4]
    (part,) = training(members, observe=Follower(every), plan=Plan(2, 2, layout)).results
    for m, setup in enumerate(members):
        before, did = expected(setup, m, every)
        np.testing.assert_allclose(flat(part.seen["previous"], m), before, rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(flat(part.seen["updates"], m), did, rtol=1e-8, atol=1e-11)


def test_with_one_step_in_an_epoch() -> None:
    setup = CLASSIFY.replace(batch_size=1000)
    (part,) = training([setup], observe=Follower(), plan=Plan(1, 1, STACKED)).results
    previous, updates = flat(part.seen["previous"], 0), flat(part.seen["updates"], 0)
    assert not previous[0].any()
    np.testing.assert_array_equal(previous[1:], updates[:-1])


@pytest.mark.slow
@pytest.mark.parametrize("every", [None, 1, 3])
def test_following_changes_no_bit(every: int | None) -> None:
    for mine, other in zip(
        members_of(training(MEMBERS, observe=Follower(every), plan=ALL)), trained(MEMBERS, plan=ALL), strict=True
    ):
        assert_equal(mine, other)


def of_checkpoints(folder: Path, every: int | None) -> Training:
    kept = Checkpoints(folder, 0.0)
    point, _ = kept.load()
    setups = MEMBERS[:2]
    return Training(
        setups, [0, 1], CLASSES, plans=[Plan(2, 1, STACKED)], observe=Follower(every), checkpoints=kept, point=point
    )


@pytest.mark.parametrize(
    "every", [pytest.param(None, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.slow), 3]
)
def test_where_calls_are_cut_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int | None
) -> None:
    """Single steps, stopped behind some of them and resumed from the checkpoint, against whole epochs."""
    (whole,) = training(MEMBERS[:2], observe=Follower(every), plan=Plan(2, 1, STACKED)).results
    monkeypatch.setattr(checkpoint, "WRITING_SHARE", np.inf)
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    for calls in range(2, 10):
        first = of_checkpoints(tmp_path / str(calls), every)
        first.on_progress = stop_after(calls)
        with pytest.raises(StopError):
            first.run()
        again = of_checkpoints(tmp_path / str(calls), every)
        assert again.point is not None
        again.run()
        jax.tree.map(np.testing.assert_array_equal, again.results[0].seen, whole.seen)


def test_members_that_pause_and_go_on_beside_others() -> None:
    """Looks at every third of five steps: the one before the first look of an epoch may be of the epoch before."""
    (whole,) = training(MEMBERS, observe=Follower(3)).results
    first = training(MEMBERS, observe=Follower(3), until=3)
    chosen = [4, 1]
    rest = training(
        [MEMBERS[i] for i in chosen], chosen, observe=Follower(3), plan=Plan(2, 1, STACKED),
        paused=[first.pauses[place] for place in chosen],
    )  # fmt: skip
    for name in ("previous", "updates"):
        for i, m in enumerate(chosen):
            ours, theirs = flat(rest.results[0].seen[name], i), flat(whole.seen[name], m)
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_alone_and_in_a_population() -> None:
    (whole,) = training(MEMBERS, observe=Follower(3)).results
    for m in (0, 5):
        (alone,) = training([MEMBERS[m]], [m], observe=Follower(3), plan=Plan(1, 1, STACKED)).results
        np.testing.assert_allclose(
            flat(alone.seen["previous"], 0), flat(whole.seen["previous"], m), rtol=1e-8, atol=1e-11
        )


def test_a_member_that_has_ended_rests_and_starts_count_from_where_they_are() -> None:
    """One diverges at once, in a wave that goes on for the other; a given start is no step."""
    setups, plan = [REGRESS.replace(optimizer=SGD(1e200, momentum=0.9)), REGRESS], Plan(2, 1, STACKED)
    (part,) = training(setups, observe=Follower(1), plan=plan, data=QUANTITIES).results
    assert part.outcomes == ["diverged", "trained"]
    assert not flat(part.seen["previous"], 0)[1:].any() and not flat(part.seen["updates"], 0)[1:].any()
    assert flat(part.seen["previous"], 1).any(axis=1).all()
    starts = [jax.tree.map(lambda a, m=m: 3 * np.asarray(a)[m], part.params) for m in (1, 1)]
    (again,) = training([REGRESS] * 2, observe=Follower(1000), plan=plan, data=QUANTITIES, start=starts).results
    assert not flat(again.seen["previous"], 0)[0].any()


def test_who_does_not_ask_is_shown_nothing() -> None:
    def looks(seen: Observation) -> Any:
        assert seen.previous is None
        return seen.updates

    training(MEMBERS[:2], observe=looks)
