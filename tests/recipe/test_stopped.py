"""Runs that were stopped before they had a result: what is told of them, and what is said not to be known."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

import seedbed as sb
from seedbed.recipe import job as jobs
from seedbed.recipe import stopped as stopping
from seedbed.training import checkpoint, waves
from seedbed.training.checkpoint import Checkpoints
from seedbed.training.layout import STACKED
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training
from seedbed.watching.findings import all_of
from tests.training.test_checkpoint import StopError, stop_after

LARGE = "linear 12 weight=normal(8), tanh, linear 12 weight=normal(8), tanh, linear out"


def sick(**rest: Any) -> sb.Setup:
    given = {"loss": sb.CrossEntropy(), "optimizer": sb.SGD(0.01), "batch_size": 128, "epochs": 12} | rest
    return sb.Setup(network=sb.Network.parse(LARGE), **given)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step in a call, and a checkpoint behind every call."""
    monkeypatch.setattr(checkpoint, "WRITING_SHARE", np.inf)
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)


def stopped(folder: Path, calls: int, *, watch: str = "full", data: Any = "digits", setup: Any = None) -> Path:
    """The folder of a run that was stopped behind so many steps."""
    with pytest.raises(StopError):
        sb.train(
            setup or sick(), data, members=3, out=folder, watch=watch, checkpoint_every=0.0,
            on_progress=stop_after(calls),
        )  # fmt: skip
    assert (folder / "job.json").is_file() and not (folder / "run.json").exists()
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("small_steps")
def test_a_checkpoint_tells_the_epochs_so_far(tmp_path: Path) -> None:
    """The curves are those of the run that nothing stopped; the folder is left so that it can go on."""
    folder = stopped(tmp_path / "run", 30)
    files = sorted(path.name for path in (folder / "checkpoint").iterdir())
    found = sb.diagnose(folder)
    assert sorted(path.name for path in (folder / "checkpoint").iterdir()) == files
    assert [one.code for one in found.findings] == ["init_too_large"]
    whole = sb.train(sick(), "digits", members=3, out=None, watch="full")
    for case, member in zip(found.cases, whole.members, strict=True):
        assert case.history is not None and case.series is not None
        n = len(case.history["train_loss"])
        assert 2 <= n < 12
        due = whole.history.query(f"member == {member.number}")["train_loss"].to_numpy()[:n]
        np.testing.assert_allclose(case.history["train_loss"], due, rtol=1e-5)
        assert np.isfinite(case.series["dead"][:n]).any()
    n_epochs = max(len(case.history["train_loss"]) for case in found.cases)  # type: ignore[index]
    assert f"behind epoch {n_epochs} of 12" in found.unknown[0]
    assert sb.resume(folder).is_interrupted is False


@pytest.mark.slow
@pytest.mark.usefixtures("small_steps")
def test_what_has_not_learned_yet_is_not_blamed_for_it(tmp_path: Path) -> None:
    slow = sb.Setup(
        network=sb.Network.parse("linear 12, relu, linear out"), loss=sb.CrossEntropy(), optimizer=sb.SGD(1e-3),
        batch_size=128, epochs=300,
    )  # fmt: skip
    found = sb.diagnose(stopped(tmp_path / "run", 30, setup=slow))
    assert found.findings == () and "whether these networks would have learned" in found.unknown[0]


@pytest.mark.slow
@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(("calls", "watch"), [(3, "full"), (30, "economy"), (30, "off")])
def test_where_the_checkpoint_tells_too_little_some_are_trained_once_more(
    tmp_path: Path, calls: int, watch: str
) -> None:
    found = sb.diagnose(stopped(tmp_path / "run", calls, watch=watch), members=2)
    assert [one.code for one in found.findings] == ["init_too_large"] and found.n_members == 2
    assert "2 of its 3 members were trained once more" in found.unknown[0]
    reached = max(len(case.history["train_loss"]) for case in found.cases)  # type: ignore[index]
    assert (reached < 12 and f"to epoch {reached} of 12, as far as the run had come" in found.unknown[0]) == (calls > 3)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(("is_kept", "due"), [(True, 3), (False, stopping.UNKNOWN)])
def test_they_go_no_further_than_the_run_had_come(is_kept: bool, due: int, tmp_path: Path) -> None:
    assert -(-len(DATA.train) // SLOW.batch_size) == 3  # steps in an epoch
    folder = stopped(tmp_path / "run", 11, watch="economy", data=DATA, setup=SLOW.replace(epochs=20_000))
    if not is_kept:  # then a fixed number, for nothing tells it
        shutil.rmtree(folder / "checkpoint")
    ticks: list[Any] = []
    notes: list[str] = []
    found = sb.diagnose(folder, DATA, members=2, on_progress=ticks.append, on_note=notes.append)
    assert [len(case.history["train_loss"]) for case in found.cases] == [due] * 2  # type: ignore[index]
    assert not found.is_over and f"to epoch {due} of 20,000, " in found.unknown[0]
    assert notes == [f"trains 2 members once more, as the run did, to epoch {due} of 20,000, and watches them"]
    assert ticks[-1].epochs == due and ticks[0].share_done < 0.5 < 0.99 < ticks[-1].share_done <= 1.0


RNG = np.random.default_rng(0)
X = 2.5 + RNG.normal(size=(300, 4))  # not centred
Y = (X[:, 0] > 3.8).astype(int)  # nine of ten in one class
DATA = sb.data.load((X, Y), name="uneven", task="classification")
SLOW = sb.Setup(
    network=sb.Network.parse("linear 4, elu, linear out"), loss=sb.CrossEntropy(), optimizer=sb.SGD(0.01),
    batch_size=64, epochs=50, preprocessing=(),
)  # fmt: skip


@pytest.fixture(scope="module")
def halted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on data from memory that would have learned, watched in full, stopped in its third epoch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "WRITING_SHARE", np.inf)
        patch.setattr(waves, "CALL_SECONDS", 1e-9)
        return stopped(tmp_path_factory.mktemp("halted") / "run", 10, data=DATA, setup=SLOW)


@pytest.fixture
def folder(halted: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(halted, tmp_path / "run")
    return tmp_path / "run"


def test_who_has_learned_little_so_far_is_not_blamed_for_what_may_go(folder: Path) -> None:
    """One class in nearly all examples, and inputs far from zero, which at the end are faults of who says one class."""
    found = sb.diagnose(folder, DATA)
    assert found.n_members == 3
    for case in found.cases:
        assert {"not_centred", "class_imbalance"} & {one.code for one in all_of(case)} and not case.is_over
    assert found.findings == () and not found.is_over
    assert str(found).startswith("nothing was found that keeps these networks from learning so far\nnot known: what ")


@pytest.mark.usefixtures("small_steps")
def test_a_result_that_ctrl_c_left_is_told_of_in_the_same_way() -> None:
    told = iter(range(1000))
    ctrl_c = lambda _: signal.raise_signal(signal.SIGINT) if next(told) == 10 else None  # noqa: E731
    run = sb.train(SLOW, DATA, members=2, out=None, watch="full", on_progress=ctrl_c)
    assert run.is_interrupted and run.findings == ()
    found = sb.diagnose(run, DATA)
    assert found.findings == () and not found.is_over
    assert "whether 2 of 2 members, which were interrupted, would have learned" in found.unknown[-1]


@pytest.mark.usefixtures("small_steps")
def test_what_ctrl_c_left_is_trained_once_more_as_far_as_it_came() -> None:
    told = iter(range(1000))
    ctrl_c = lambda _: signal.raise_signal(signal.SIGINT) if next(told) == 10 else None  # noqa: E731
    run = sb.train(SLOW, DATA, members=2, out=None, watch="economy", on_progress=ctrl_c)
    notes: list[str] = []
    found = sb.diagnose(run, DATA, on_note=notes.append)
    n = run.history["epoch"].nunique()
    assert notes == [f"trains 2 members once more, as the run did, to epoch {n} of 50, and watches them"] and n < 50
    assert [len(case.history["train_loss"]) for case in found.cases] == [n] * 2  # type: ignore[index]
    assert "whether 2 of 2 members, which were interrupted, would have learned" in found.unknown[-1]


def test_data_from_memory_has_to_be_given_again(folder: Path) -> None:
    found = sb.diagnose(folder)
    assert found.findings == () and found.n_members == 0 and "came from memory" in found.unknown[0]
    lines = str(found).splitlines()
    assert lines[0] == "nothing could be looked at" and lines[-1].startswith("hint: give the data again")
    with pytest.raises(sb.RunError, match="it has changed"):
        sb.diagnose(folder, (X + 1, Y))
    with pytest.raises(sb.UsageError, match="source: expected a name"):  # what is given has faults of its own
        sb.diagnose(folder, 3)


def test_plans_for_other_devices_are_no_obstacle(folder: Path) -> None:
    job = json.loads((folder / "job.json").read_text())
    job["plans"] = [Plan(64, 1, STACKED).to_dict()]
    (folder / "job.json").write_text(json.dumps(job))
    with pytest.raises(sb.UsageError, match="64"):
        sb.resume(folder, DATA)
    assert len(sb.diagnose(folder, DATA).cases) == 3


def of_an_older_version(listed: dict[str, Any], folder: Path) -> None:
    """The last array of each block is not there yet."""
    for entry in listed["blocks"]:
        arrays = load((folder / entry["file"]).read_bytes())
        del arrays[f"0.{len(arrays) - 1}"]
        content = save(arrays)
        (folder / entry["file"]).write_bytes(content)
        entry["digest"] = checkpoint._digest(content)


def of_a_newer_version(listed: dict[str, Any], _: Path) -> None:
    listed["format"] = checkpoint.FORMAT + 1


def damaged(listed: dict[str, Any], folder: Path) -> None:
    for entry in listed["blocks"]:
        (folder / entry["file"]).write_bytes(b"\0")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (of_an_older_version, "expected the arrays of this setup, got others, so the checkpoint was not looked at"),
        (of_a_newer_version, "of format 1 or older, got 2, so the checkpoint was not looked at"),
        (damaged, "is damaged"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_where_the_checkpoint_does_not_do_some_are_trained_once_more(
    change: Callable[[dict[str, Any], Path], None], said: str, folder: Path
) -> None:
    kept = folder / "checkpoint"
    for path in kept.glob("*.json"):
        listed = json.loads(path.read_text())
        change(listed, kept)
        path.write_text(json.dumps(listed))
    found = sb.diagnose(folder, DATA, members=1)
    assert found.n_members == 1 and not found.is_over
    assert "1 of its 3 members were trained once more" in found.unknown[0]
    assert any(said in sentence for sentence in found.unknown[1:])
    assert "so far" in str(found)


def test_of_two_checkpoints_the_older_is_looked_at_and_that_is_said(folder: Path) -> None:
    newest = max((folder / "checkpoint").glob("*.json"))
    newest.write_text("{")
    found = sb.diagnose(folder, DATA)
    assert len(found.cases) == 3 and not found.is_over
    assert newest.name in found.unknown[-1] and "an older one is used" in found.unknown[-1]


def test_nobody_else_works_in_the_folder_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading moves and removes files, which another process may have just begun to write."""
    seen = []

    def noting(own: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            seen.append((own.__name__, jobs.is_locked(folder)))
            return own(*given)

        return noted

    monkeypatch.setattr(jobs, "_settle", noting(jobs._settle))
    monkeypatch.setattr(Checkpoints, "load", noting(Checkpoints.load))
    sb.diagnose(folder, DATA)
    assert seen == [("_settle", True), ("load", True)] and not jobs.is_locked(folder)


def test_two_may_read_at_the_same_time_and_none_while_another_works(folder: Path) -> None:
    with jobs.locked(folder, to_read=True):
        assert sb.diagnose(folder, DATA).cases
        with pytest.raises(sb.RunError, match="another process does"), jobs.locked(folder):
            raise AssertionError
    with jobs.locked(folder), pytest.raises(sb.RunError, match="still trains"):
        sb.diagnose(folder, DATA)


@pytest.mark.parametrize("of", ["a checkpoint", "members trained once more", "a run", "a setup"])
def test_ctrl_c_ends_a_diagnosis(of: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training notes it and gives back what there is, which is no diagnosis of a whole training."""
    what: Any = SLOW if of == "a setup" else folder
    if of == "members trained once more":
        shutil.rmtree(folder / "checkpoint")
    if of == "a run":
        what = sb.train(SLOW, DATA, members=1, epochs=1, out=tmp_path / "whole", watch="off")
    prepare = Training.prepare

    def interrupted(*given: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        prepare(*given)

    monkeypatch.setattr(Training, "prepare", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sb.diagnose(what, DATA)


def test_folders_that_are_no_whole_run(tmp_path: Path) -> None:
    with pytest.raises(sb.RunError, match=r"no run\.json"):
        sb.diagnose(tmp_path / "nothing")
    half = tmp_path / "half"
    half.mkdir()
    (half / "job.json").write_text('{"format": 1, "na', encoding="utf-8")
    with pytest.raises(sb.RunError, match="the job cannot be read"):
        sb.diagnose(half)
    with jobs.locked(half), pytest.raises(sb.RunError, match="still trains"):
        sb.diagnose(half)
    (half / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(sb.RunError, match="the run cannot be read"):
        sb.diagnose(half)
