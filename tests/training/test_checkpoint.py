"""Checkpoints: a training that was stopped anywhere and goes on gives the bits of one that nothing stopped."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seedbed.core.errors import RunError
from seedbed.network import Network
from seedbed.training import checkpoint, devices, trainer, waves
from seedbed.training.augmentation import Noise
from seedbed.training.checkpoint import Checkpoints, Point
from seedbed.training.layout import LANES, STACKED
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training
from tests.training.populations import (
    CLASSES,
    CLASSIFY,
    MEMBERS,
    QUANTITIES,
    REGRESS,
    assert_close,
    assert_equal,
    members_of,
)

DROPPING = CLASSIFY.replace(
    network=Network.parse("linear 5, relu, dropout 0.3, linear out"), augmentation=(Noise(0.1),), patience=3
)
# Two structures, six members each, of which two train at a time: six blocks, of one wave each.
POPULATION = [*MEMBERS, *(DROPPING.replace(optimizer=one.optimizer) for one in MEMBERS)]
PLANS = [Plan(2, 1, STACKED)] * 2


class StopError(Exception):
    """Raised in the middle of a training, as if it had been killed there."""


def stop_after(calls: int) -> Callable[[Any], None]:
    told = iter(range(1, calls + 1))

    def tell(_: Any) -> None:
        if next(told) == calls:
            raise StopError

    return tell


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step in a call, two members at a time, and a checkpoint behind every call."""
    monkeypatch.setattr(checkpoint, "WRITING_SHARE", np.inf)
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    monkeypatch.setattr(trainer, "_at_once", lambda _: 2)


def begin(
    folder: Path, setups: Any = POPULATION, data: Any = CLASSES, plans: Any = PLANS, every: float = 0.0
) -> Training:
    """A training that keeps checkpoints there, and goes on from the newest."""
    kept = Checkpoints(folder, every)
    point, said = kept.load()
    assert said == []
    return Training(setups, list(range(len(setups))), data, seed=3, plans=plans, checkpoints=kept, point=point)


def stopped(folder: Path, calls: int, **rest: Any) -> None:
    whole = begin(folder, **rest)
    whole.on_progress = stop_after(calls)
    with pytest.raises(StopError):
        whole.run()


@pytest.fixture(scope="module")
def undisturbed() -> Training:
    whole = Training(POPULATION, list(range(12)), CLASSES, seed=3, plans=PLANS)
    whole.run()
    return whole


def assert_same(ours: Training, theirs: Training) -> None:
    for mine, other in zip(members_of(ours), members_of(theirs), strict=True):
        assert_equal(mine, other)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("calls", [(2,), (50, 1, 120), (151,), (190, 30)])
def test_what_was_stopped_goes_on_to_the_same_bits(
    tmp_path: Path, undisturbed: Training, calls: tuple[int, ...]
) -> None:
    """In the first steps; at the end of a block; in another cohort; several times."""
    for some in calls:
        stopped(tmp_path, some)
    again = begin(tmp_path)
    assert again.point is not None and again.point.n_steps > 0
    again.run()
    assert_same(again, undisturbed)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(
    ("setup", "plan"),
    [
        (REGRESS.replace(data_order="own"), Plan(2, 2, STACKED)),
        (REGRESS.replace(precision="float32"), Plan(2, 1, LANES)),
    ],
    ids=["own order", "lanes"],
)
def test_other_plans_and_orders(tmp_path: Path, setup: Any, plan: Plan) -> None:
    given: dict[str, Any] = {"setups": [setup] * 3, "data": QUANTITIES, "plans": [plan]}
    stopped(tmp_path, 17, **given)
    again = begin(tmp_path, **given)
    again.run()
    whole = Training([setup] * 3, [0, 1, 2], QUANTITIES, seed=3, plans=[plan])
    whole.run()
    assert_same(again, whole)


def test_seconds_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    stopped(tmp_path, 60)
    again = begin(tmp_path)
    assert again.point is not None
    before, compiling = again.point.wall_seconds, again.point.compile_seconds
    again.run()
    assert again.compile_seconds > compiling > 0
    seconds = again.results[0].seconds[0]
    assert (np.diff(seconds) > 0).all() and again.wall_seconds > before > 0


@pytest.mark.usefixtures("small_steps")
def test_it_goes_on_where_fewer_devices_are(
    tmp_path: Path, undisturbed: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The waves stay as large, on the devices that there are; the results agree within rounding, in float64."""
    stopped(tmp_path, 40)
    first = devices.devices()[:1]
    monkeypatch.setattr(devices, "devices", lambda: first)
    again = begin(tmp_path, plans=None)
    again.run()
    assert (again.results[0].plan.n_devices, again.results[0].plan.chunk) == (1, 2)
    for mine, other in zip(members_of(again)[:6], members_of(undisturbed)[:6], strict=True):
        assert_close(mine, other, 1e-9)


@pytest.mark.usefixtures("small_steps")
def test_a_damaged_checkpoint_is_said_and_the_one_before_is_used(tmp_path: Path, undisturbed: Training) -> None:
    stopped(tmp_path, 40)
    newest = max(tmp_path.glob("*.json"))
    name = json.loads(newest.read_text())["blocks"][-1]["file"]
    content = (tmp_path / name).read_bytes()
    for damage in (content[: len(content) // 2], content[:-1] + bytes([content[-1] ^ 1]), b""):
        (tmp_path / name).write_bytes(damage)
        kept = Checkpoints(tmp_path, 0.0)
        point, said = kept.load()
        assert said == [f"checkpoint {newest} is damaged ({name} is not what was written): an older one is used"]
        assert point is not None
    again = Training(POPULATION, list(range(12)), CLASSES, seed=3, plans=PLANS, checkpoints=kept, point=point)
    again.run()
    assert_same(again, undisturbed)


@pytest.mark.usefixtures("small_steps")
def test_without_a_whole_checkpoint_training_begins_anew(tmp_path: Path) -> None:
    stopped(tmp_path, 5)
    for path in tmp_path.glob("*.json"):
        path.write_text('{"format": 1, "plans": [')
    point, said = Checkpoints(tmp_path, 0.0).load()
    assert point is None and len(said) == checkpoint.KEPT
    assert Checkpoints(tmp_path / "none", 0.0).load() == (None, [])


@pytest.mark.usefixtures("small_steps")
def test_two_checkpoints_are_kept_and_what_is_over_is_written_once(tmp_path: Path) -> None:
    stopped(tmp_path, 120)
    lists = sorted(tmp_path.glob("*.json"))
    assert len(lists) == 2
    blocks = [json.loads(path.read_text())["blocks"] for path in lists]
    assert [len(one) for one in blocks] == [3, 3]
    over = [[entry["file"] for entry in one[:-1]] for one in blocks]
    assert over[0] == over[1]
    named = {entry["file"] for one in blocks for entry in one}
    assert {path.name for path in tmp_path.iterdir()} == named | {path.name for path in lists}


@pytest.mark.usefixtures("small_steps")
def test_a_disk_that_is_full_for_a_while_ends_nothing(
    tmp_path: Path, undisturbed: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint before stays, the trouble is said once, and what was not written leaves nothing behind."""
    stopped(tmp_path, 20)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    again = begin(tmp_path)
    with monkeypatch.context() as disk, pytest.warns(UserWarning, match="no checkpoint could be written") as said:
        disk.setattr(Path, "write_bytes", full)
        again.run()
    assert len(said) == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert_same(again, undisturbed)
    assert again.checkpoints is not None and again.checkpoints.trouble == "No space left on device"


def test_checkpoints_take_a_small_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was asked for: the next one waits for some thirty times what the last one took."""
    now = iter([0.0, 0.0, 100.0, 103.0, 103.0, 103.0 + 99.0, 103.0 + 101.0])
    monkeypatch.setattr(checkpoint.time, "perf_counter", lambda: next(now))
    kept = Checkpoints(tmp_path, every=1.0)
    assert not kept.is_due
    next(now)
    kept.save([], None, wall_seconds=0.0, compile_seconds=0.0, n_steps=0)
    assert not kept.is_due and kept.is_due


@pytest.mark.usefixtures("small_steps")
def test_checkpoints_of_something_else_are_refused(tmp_path: Path) -> None:
    stopped(tmp_path, 5)
    point = Checkpoints(tmp_path, 0.0).load()[0]
    assert isinstance(point, Point)
    others = Training(POPULATION, list(range(1, 13)), CLASSES, seed=3, plans=PLANS, point=point)
    with pytest.raises(RunError, match="expected the members of this run, got others"):
        others.run()
    wider = [one.replace(network=Network.parse("linear 7, tanh, linear out")) for one in MEMBERS]
    with pytest.raises(RunError, match="expected the arrays of this setup, got others"):
        Training(wider, list(range(6)), CLASSES, seed=3, plans=PLANS[:1], point=point).run()
    newest = max(tmp_path.glob("*.json"))
    newest.write_text(newest.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(RunError, match="expected checkpoints of format 1 or older, got 99"):
        Checkpoints(tmp_path, 0.0).load()
