"""Progress, Ctrl-C and what is kept of a training that was interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seedbed.training import devices, scopes, waves
from seedbed.training.layout import STACKED
from seedbed.training.plan import Plan
from seedbed.training.trainer import Progress, Training
from tests.training.populations import CLASSES, CLASSIFY, MEMBERS, assert_near, members_of, trained, training

PAIRS = Plan(2, 1, STACKED)


@pytest.fixture
def short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step in each call."""
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)


@pytest.mark.usefixtures("short_calls")
def test_progress_is_told_between_calls() -> None:
    told: list[Progress] = []
    whole = training(MEMBERS, plan=PAIRS, on_progress=told.append)
    assert len(told) == 3 * 50
    shares = [one.share_done for one in told]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(1 / 150)
    assert shares[-1] == told[-1].epochs_done / told[-1].epochs == 1.0
    assert {(one.n_members, one.epochs) for one in told} == {(6, 10)}
    assert [one.n_steps for one in told] == list(range(2, 302, 2))
    assert whole.n_steps == 300
    scores = [one.best_score for one in told]
    assert scores == sorted(scores)
    best = max(np.nanmax(one.history[:, 3]) for one in members_of(whole))
    assert scores[-1] == best == whole.best_score
    assert 0 < told[0].wall_seconds < told[-1].wall_seconds < whole.wall_seconds


@pytest.mark.usefixtures("short_calls")
def test_progress_over_cohorts() -> None:
    told: list[Progress] = []
    setups = [*MEMBERS[:2], *(member.replace(epochs=2) for member in MEMBERS[2:])]
    training(setups, plan=PAIRS, on_progress=told.append)
    shares = [one.share_done for one in told]
    assert shares == sorted(shares)
    assert shares[49] == pytest.approx(2 / 6)
    assert shares[-1] == 1.0


class Interrupt:
    """Sends Ctrl-C once so many calls have been told."""

    def __init__(self, behind: int, times: int = 1) -> None:
        self.left, self.times = behind, times

    def __call__(self, progress: Progress) -> None:
        self.left -= 1
        if self.left == 0:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("short_calls")
def test_ctrl_c_keeps_the_best_so_far() -> None:
    """Behind 3 waves x 12 steps: two epochs are whole, and the best weights are those of one of them."""
    before = signal.getsignal(signal.SIGINT)
    whole = training(MEMBERS, plan=PAIRS, on_progress=Interrupt(3 * 12))
    assert signal.getsignal(signal.SIGINT) is before
    assert whole.is_interrupted
    for one, expected in zip(members_of(whole), trained(MEMBERS, plan=PAIRS), strict=True):
        assert one.outcome == "interrupted"
        np.testing.assert_array_equal(one.history[:2], expected.history[:2])
        assert np.isnan(one.history[2:]).all()
        assert one.best_epoch == np.argmin(one.history[:2, 2])
        if one.best_epoch == expected.best_epoch:
            assert_near(one.params, expected.params, 0.0)


@pytest.mark.usefixtures("short_calls")
def test_ctrl_c_before_an_epoch_is_whole() -> None:
    whole = training(MEMBERS, plan=PAIRS, on_progress=Interrupt(4))
    assert {(one.outcome, one.best_epoch) for one in members_of(whole)} == {("interrupted", -1)}


@pytest.mark.usefixtures("short_calls")
def test_ctrl_c_leaves_cohorts_and_parts_that_have_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three parts of the first cohort, one has begun; of the second cohort none."""
    monkeypatch.setattr(devices, "memory_bytes", lambda: 1)
    whole = training([*MEMBERS, CLASSIFY.replace(batch_size=7)], plan=PAIRS, on_progress=Interrupt(7))
    assert whole.is_interrupted
    assert [list(part.places) for part in whole.results] == [[0, 1]]


@pytest.mark.usefixtures("short_calls")
def test_a_second_ctrl_c_is_meant() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        training(MEMBERS, plan=PAIRS, on_progress=Interrupt(5, times=2))
    assert signal.getsignal(signal.SIGINT) is before


def test_training_in_another_thread_leaves_ctrl_c_alone() -> None:
    """Only the main thread may handle signals; and no precision leaks out of it."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(training(MEMBERS, plan=PAIRS)))
    thread.start()
    thread.join()
    (whole,) = found
    assert not whole.is_interrupted
    assert members_of(whole)[0].history.dtype == np.float64
    assert np.asarray(waves.jax.numpy.ones(1)).dtype == np.float32


INTERRUPTED = """
import json
from seedbed.training import waves
from tests.training.populations import MEMBERS, members_of, training
waves.CALL_SECONDS = 0.01
setups = [member.replace(epochs=100_000, precision="float32") for member in MEMBERS]
whole = training(setups, on_progress=lambda progress: print(progress.epochs_done, flush=True))
print(json.dumps([whole.is_interrupted, [[one.outcome, one.best_epoch] for one in members_of(whole)]]))
"""


def test_a_real_signal_ends_a_long_training() -> None:
    """In a process of its own, as from a terminal: it ends between two calls, long before its last epoch."""
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(root / "src")])}
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], env=environment, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        while float(run.stdout.readline()) < 20:
            pass
        run.send_signal(signal.SIGINT)
        *_, last = run.stdout.read().splitlines()
        assert run.wait(timeout=60) == 0
    is_interrupted, members = json.loads(last)
    assert is_interrupted
    assert len(members) == 6
    assert all(outcome == "interrupted" and epoch >= 0 for outcome, epoch in members)


def test_setups_are_checked_when_a_training_is_built() -> None:
    with pytest.raises(ValueError, match="outputs for classes"):
        Training([CLASSIFY.replace(network=CLASSIFY.network.bind(9))], [0], CLASSES)


def test_what_was_noted_outside_counts_inside() -> None:
    """A Ctrl-C between the recipe's scope and that of the training must not be lost."""
    before = signal.getsignal(signal.SIGINT)
    with scopes.ctrl_c() as outside:
        signal.raise_signal(signal.SIGINT)
        whole = training(MEMBERS, plan=PAIRS)
        assert whole.is_interrupted and not whole.results
        assert not outside(), "it was dealt with"
    assert signal.getsignal(signal.SIGINT) is before
