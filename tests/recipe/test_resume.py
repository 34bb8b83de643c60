"""`resume`: a run that was stopped gives what it would have given, and what stands in its way is said."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from seedbed.core.errors import UsageError
from seedbed.recipe import folder as folders
from seedbed.recipe import job, work
from seedbed.recipe.compare import list_runs
from seedbed.recipe.report import page_of
from seedbed.training import checkpoint, waves
from tests.recipe.conftest import houses

NETWORK = sb.Network([sb.Linear(sb.choice(3, 4)), sb.Tanh(), sb.Dropout(0.2), sb.Linear("out")])
SETUP = sb.Setup(
    network=NETWORK, loss=sb.MeanSquaredError(), optimizer=sb.Adam(sb.log_uniform(1e-3, 1e-2)), epochs=3, batch_size=32
)
OPTIONS = {"target": "price", "missing": "?"}


class StopError(Exception):
    """Raised in the middle of a training, as if it had been killed there."""


@pytest.fixture(autouse=True)
def quick_and_careful(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step in a call, a checkpoint behind every call, and a report without pictures."""
    monkeypatch.setattr(checkpoint, "WRITING_SHARE", np.inf)
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    monkeypatch.setattr(work, "write", lambda run: (run.folder / "report.html").write_text(run.name))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "houses.csv"
    houses().to_csv(path, index=False)
    return path


def begin(data: Any, out: Path | None, **options: Any) -> sb.Run:
    if isinstance(data, Path):
        data = sb.data.load(data, **OPTIONS)
    return sb.train(SETUP, data, **{"members": 4, "seed": 7, "out": out, "checkpoint_every": 0.0, **options})


@pytest.fixture(scope="module")
def whole(table: Path) -> sb.Run:
    """What nothing stopped."""
    return begin(table, None)


def at_call(number: int, act: Callable[[], Any]) -> Callable[[Any], None]:
    told = iter(range(1, number + 1))

    def tell(_: Any) -> None:
        if next(told, None) == number:
            act()

    return tell


def fail() -> None:
    raise StopError


def stop(data: Any, out: Path, calls: int = 12, **options: Any) -> Path:
    with pytest.raises(StopError):
        begin(data, out, on_progress=at_call(calls, fail), **options)
    return out


@pytest.fixture
def stopped(table: Path, tmp_path: Path) -> Path:
    """A run that was stopped in the middle of its second structure."""
    return stop(table, tmp_path / "run")


def assert_same(ours: sb.Run, theirs: sb.Run) -> None:
    seconds = "wall_seconds"
    pd.testing.assert_frame_equal(
        ours.history.drop(columns=seconds), theirs.history.drop(columns=seconds), check_exact=True
    )
    for mine, other in zip(ours.members, theirs.members, strict=True):
        assert (mine.number, mine.outcome, mine.best_epoch) == (other.number, other.outcome, other.best_epoch)
        jax.tree.map(np.testing.assert_array_equal, mine.params, other.params)
    assert ours.results == theirs.results and ours.plans == theirs.plans and ours.seed == theirs.seed
    for name in ("valid_predictions", "test_best", "test_ensemble"):
        np.testing.assert_array_equal(getattr(ours.held, name), getattr(theirs.held, name))
    assert not ours.is_interrupted


@pytest.mark.parametrize("calls", [(1,), (5,), (10, 1, 3), (18,)])
def test_what_was_stopped_goes_on(table: Path, tmp_path: Path, whole: sb.Run, calls: tuple[int, ...]) -> None:
    """Before there is a checkpoint worth its name, in the first structure, several times, in the last steps."""
    out = tmp_path / "run"
    shutil.rmtree(stop(table, out, 12) / "checkpoint") if calls == (1,) else stop(table, out, calls[0])
    for some in calls[1:]:
        with pytest.raises(StopError):
            sb.resume(out, checkpoint_every=0.0, on_progress=at_call(some, fail))
    run = sb.resume(out)
    assert len(whole.trained) == 2
    assert_same(run, whole)
    assert_same(sb.load_run(out), whole)
    assert {path.name for path in out.iterdir()} == {
        "job.json", "setup.toml", "run.json", "data.json", "history.parquet", "signals.parquet",
        "weights.safetensors",
        "preprocessing.safetensors", "predictions.safetensors", "ensemble.safetensors", "report.html",
    }  # fmt: skip


def test_ctrl_c_leaves_a_result_that_a_later_one_replaces(table: Path, tmp_path: Path, whole: sb.Run) -> None:
    out = tmp_path / "run"
    early = begin(table, out, on_progress=at_call(8, lambda: signal.raise_signal(signal.SIGINT)))
    assert early.is_interrupted and (out / "report.html").exists()
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with pytest.raises(StopError):
        sb.resume(out, on_progress=at_call(4, fail))
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    assert sb.load_run(out).is_interrupted
    assert_same(sb.resume(out), whole)
    assert_same(sb.load_run(out), whole)


def test_each_look_at_the_test_part_is_counted(table: Path, tmp_path: Path) -> None:
    """A result that Ctrl-C left told of the test part, too."""
    ctrl_c = lambda: signal.raise_signal(signal.SIGINT)  # noqa: E731
    early = begin(table, tmp_path / "run", on_progress=at_call(8, ctrl_c))
    assert early.n_looks == 1 and dict(early.steps[-1].facts)["test examples"].endswith("looked at once")
    later = sb.resume(tmp_path / "run", on_progress=at_call(2, ctrl_c))
    assert later.is_interrupted and later.n_looks == 2
    run = sb.resume(tmp_path / "run")
    said = "looked at 3 times: now, and when the training was interrupted before"
    assert dict(run.steps[-1].facts)["test examples"].endswith(said)
    assert sb.load_run(tmp_path / "run").n_looks == 3 == sb.resume(tmp_path / "run").n_looks
    assert "The test part was used 3 times" in page_of(run, "en")


def test_a_result_is_never_half_of_one_run_and_half_of_another(
    table: Path, tmp_path: Path, whole: sb.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while the new files take their places, there is no result, and it goes on from the checkpoint."""
    out, place = tmp_path / "run", Path.replace
    begin(table, out, on_progress=at_call(8, lambda: signal.raise_signal(signal.SIGINT)))

    def replace(self: Path, target: Path) -> Path:
        if target.name == "weights.safetensors":
            raise StopError
        return place(self, target)

    with monkeypatch.context() as killed, pytest.raises(StopError):
        killed.setattr(Path, "replace", replace)
        sb.resume(out)
    with pytest.raises(sb.RunError, match="expected a run with a result, got one that was stopped before"):
        sb.load_run(out)
    assert not (out / "report.html").exists()
    (out / ".new-left").mkdir()
    (out / ".new-left" / "run.json").write_text("{")
    assert_same(sb.resume(out), whole)
    assert not list(out.glob(".*"))


def test_a_finished_run_is_given_back_and_completed(
    table: Path, tmp_path: Path, whole: sb.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is when the process was killed behind its last file and before its report."""
    out = tmp_path / "run"
    begin(table, out)
    (out / "report.html").unlink()
    (out / "checkpoint").mkdir()
    monkeypatch.setattr(work.Work, "done", fail)
    assert_same(sb.resume(out), whole)
    assert (out / "report.html").exists() and not (out / "checkpoint").exists()


def test_given_weights_and_plans_survive(table: Path, tmp_path: Path, whole: sb.Run) -> None:
    given = {"start": whole, "plan": whole}
    wanted = begin(table, None, **given)
    out = stop(table, tmp_path / "run", 5, **given)
    shutil.rmtree(out / "checkpoint")
    assert json.loads((out / "job.json").read_text())["plans"] == [plan.to_dict() for plan in whole.plans]
    assert_same(sb.resume(out), wanted)


@pytest.mark.parametrize("moved", [0, 1])
def test_a_process_that_is_killed_while_it_begins(
    table: Path, tmp_path: Path, whole: sb.Run, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """With `job.json` in its place there is a run; before, the same command begins anew in the same folder."""
    out, place, left = tmp_path / "run", Path.replace, iter(range(moved))

    def replace(self: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise StopError
        return place(self, target)

    data = sb.data.load(table, **OPTIONS)
    asked = job.Job(
        data.name, (0, 1, 2, 3), 7, None, data.origin, data.fingerprint, is_observed=False, source=data.source
    )
    out.mkdir()
    with monkeypatch.context() as killed, pytest.raises(StopError):
        killed.setattr(Path, "replace", replace)
        job._write(out, SETUP, asked, None)
    assert {path.name for path in out.iterdir()} == {".begin", "job.json"} - ({"job.json"} if moved == 0 else set())
    assert_same(sb.resume(out) if moved else begin(table, out), whole)
    assert not (out / ".begin").exists() and (out / "setup.toml").is_file()


def test_data_from_memory_is_given_again(table: Path, tmp_path: Path, whole: sb.Run) -> None:
    data = sb.data.load(houses(), target="price", name="houses")
    out = stop(data, tmp_path / "run")
    with pytest.raises(UsageError) as caught:
        sb.resume(out)
    assert str(caught.value) == (
        f"{out}: expected the data, which came from memory and is not on disk, got none\n"
        f'hint: give it again: sb.resume("{out}", data)'
    )
    np.testing.assert_array_equal(sb.resume(out, data).held.test_best, whole.held.test_best)


def test_data_that_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "houses.csv"
    frame = houses()
    frame.to_csv(path, index=False)
    out = stop(path, tmp_path / "run")
    before = {one: one.read_bytes() for one in out.rglob("*") if one.is_file()}
    frame.assign(rooms=frame["rooms"].where(frame.index != 5, 99)).to_csv(path, index=False)
    with pytest.raises(sb.RunError) as caught:
        sb.resume(out)
    prints = r"\(fingerprint [0-9a-f]+\), got .*houses\.csv with [0-9a-f]+"
    said = rf"{out}: expected the data that the run began with {prints}: it has changed"
    assert re.fullmatch(said, caught.value.message), caught.value.message
    assert caught.value.hint == "put the data back as it was, or train a new run"
    path.unlink()
    with pytest.raises(sb.RunError) as gone:
        sb.resume(out)
    said = f"{out}: the data that the run began with cannot be read: {path}: expected a file, got none of that name"
    assert gone.value.message == said
    assert {one: one.read_bytes() for one in out.rglob("*") if one.is_file()} == before
    houses().to_csv(path, index=False)
    assert not sb.resume(out).is_interrupted


def test_the_source_is_named_as_it_was(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the path that was given, also from another folder, so that its files are those of an undisturbed run."""
    monkeypatch.chdir(table.parent)
    begin(Path(table.name), tmp_path / "whole")
    out = stop(Path(table.name), tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    run = sb.resume(out)
    assert run.data["source"] == table.name and run.steps[0].facts[0] == ("source", f"houses ({table.name})")
    assert (out / "data.json").read_bytes() == (tmp_path / "whole" / "data.json").read_bytes()
    path = out / "job.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "source"}))
    assert job.read(out)[1].source is None


def test_an_observer_is_asked_for_as_before(stopped: Path) -> None:
    with pytest.raises(UsageError, match="observe: expected none, as the run had none, got <function"):
        sb.resume(stopped, observe=lambda *_: None)
    path = stopped / "job.json"
    path.write_text(path.read_text().replace('"is_observed": false', '"is_observed": true'))
    with pytest.raises(UsageError, match="observe: expected the function of the run that was stopped, got None"):
        sb.resume(stopped)


def test_a_run_of_a_newer_version(stopped: Path) -> None:
    path = stopped / "job.json"
    plain = json.loads(path.read_text())
    path.write_text(json.dumps(plain | {"format": 99, "seedbed": "99.0"}))
    with pytest.raises(sb.RunError) as caught:
        sb.resume(stopped)
    assert caught.value.message == (
        f"{stopped}: expected a run of seedbed {plain['seedbed']} or older, got one of seedbed 99.0"
    )
    assert caught.value.hint == "update seedbed, or go on with that version"


@pytest.mark.parametrize("damage", ["", '{"format": 1', '{"format": 1}', "[]", '{"format": "one"}'])
def test_a_damaged_job(stopped: Path, damage: str) -> None:
    (stopped / "job.json").write_text(damage)
    with pytest.raises(sb.RunError, match=f"{stopped}: the job cannot be read: ") as caught:
        sb.resume(stopped)
    assert caught.value.hint == "train anew"
    assert "damaged" in list_runs(stopped.parent)[0] or damage == '{"format": 1}'


def test_no_job(tmp_path: Path) -> None:
    with pytest.raises(sb.RunError, match=r"expected a run that was begun, but it has no job\.json"):
        sb.resume(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["json", "safetensors"])
@pytest.mark.parametrize("keep", [0, 40])
def test_a_damaged_checkpoint_is_said_and_the_one_before_is_used(
    stopped: Path, whole: sb.Run, name: str, keep: int
) -> None:
    newest = max((stopped / "checkpoint").glob(f"*.{name}"))
    newest.write_bytes(newest.read_bytes()[:keep])
    listed = stopped / "checkpoint" / f"{newest.name[:5]}.json"
    said = rf"checkpoint {listed} is damaged \(.+\): an older one is used"
    n_steps: list[int] = []
    with pytest.warns(UserWarning, match=said) as heard:
        run = sb.resume(stopped, on_progress=lambda tick: n_steps.append(tick.n_steps))
    assert len(heard) == 1 and n_steps[0] > 2 and run.is_interrupted is False
    assert_same(run, whole)


def test_when_all_checkpoints_are_damaged_it_begins_anew(stopped: Path, whole: sb.Run) -> None:
    for path in (stopped / "checkpoint").glob("*.json"):
        path.write_text("")
    with pytest.warns(UserWarning, match=r"is damaged \(.+\): training begins anew") as heard, pytest.raises(StopError):
        sb.resume(stopped, checkpoint_every=0.0, on_progress=at_call(8, fail))
    assert len(heard) == checkpoint.KEPT
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(sb.resume(stopped), whole)


@pytest.fixture
def elsewhere(stopped: Path) -> Iterator[None]:
    """Another process works on the run."""
    with subprocess.Popen(["flock", str(stopped), "-c", "echo; read _"], stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.kill()


@pytest.mark.skipif(shutil.which("flock") is None, reason="another process that locks a folder")
@pytest.mark.usefixtures("elsewhere")
def test_a_second_process_is_refused(stopped: Path, table: Path) -> None:
    before = sorted(stopped.rglob("*"))
    with pytest.raises(sb.RunError) as caught:
        sb.resume(stopped)
    assert caught.value.message == f"{stopped}: expected a run that nobody works on, but another process does"
    assert caught.value.hint == "wait until it is done, or name another folder with --out (out= in Python)"
    assert list_runs(stopped.parent)[0]["unfinished"] == "working"
    with pytest.raises(sb.RunError, match="expected a run with a result, got one that still trains\nhint: wait for"):
        sb.load_run(stopped)
    with pytest.raises(sb.RunError, match="something is there\nhint: another process trains the run there; name anoth"):
        begin(table, stopped)
    assert sorted(stopped.rglob("*")) == before


def test_the_lock_ends_with_the_work(stopped: Path, whole: sb.Run) -> None:
    descriptor = os.open(stopped, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(sb.RunError, match="nobody works on"):
        sb.resume(stopped)
    os.close(descriptor)
    with pytest.raises(StopError):
        sb.resume(stopped, on_progress=at_call(1, fail))
    assert_same(sb.resume(stopped), whole)


def test_a_folder_that_may_not_be_written_to(stopped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(job.tempfile, "TemporaryFile", refused)
    with pytest.raises(sb.RunError, match=f"{stopped}: the run could not be written to: Read-only file system"):
        sb.resume(stopped)


def test_too_little_room_is_said_before_training(
    stopped: Path, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1_000_000))
    told: list[Any] = []
    for attempt in (lambda: begin(table, tmp_path / "new", on_progress=told.append), lambda: sb.resume(stopped)):
        with pytest.raises(sb.RunError) as caught:
            attempt()
        said = "expected about 4 MB of room for the run and its checkpoints, got 1 MB"
        assert caught.value.message.endswith(said)
        assert caught.value.hint == "make room, or name a folder on another disk with --out (out= in Python)"
    assert told == [] and not (tmp_path / "new").exists() and (stopped / "checkpoint").is_dir()


def test_a_result_that_cannot_be_written_is_written_later(
    table: Path, tmp_path: Path, whole: sb.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name, every in (("kept", 0.0), ("young", 100.0)):  # with and without a checkpoint
        with monkeypatch.context() as disk, pytest.raises(sb.TrainingError) as caught:
            disk.setattr(folders, "_save", full)
            begin(table, tmp_path / name, checkpoint_every=every)
        assert caught.value.message == f"{tmp_path / name}: the run could not be written: No space left on device"
        hint = f"make room, then: seedbed train --resume {tmp_path / name} (sb.resume in Python)"
        assert caught.value.hint == hint and caught.value.exit_code == 1
        assert_same(sb.resume(tmp_path / name), whole)


def test_what_is_not_finished_is_listed_and_says_how_to_go_on(stopped: Path, table: Path) -> None:
    assert list_runs(stopped.parent) == [{"run": str(stopped), "data": "houses", "members": 4, "unfinished": "stopped"}]
    hint = f"seedbed train --resume {stopped} goes on with it (sb.resume in Python)"
    with pytest.raises(sb.RunError, match="expected a run with a result, got one that was stopped before") as caught:
        sb.load_run(stopped)
    assert caught.value.hint == hint
    with pytest.raises(sb.RunError, match="expected a new or empty folder for the run, but something is") as in_the_way:
        begin(table, stopped)
    assert in_the_way.value.hint.startswith(f"seedbed train --resume {stopped} goes on with the run that was stopped")
