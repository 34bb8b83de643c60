"""Runs that were stopped before they had a result: what is told of them, and what is said not to be known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.recipe import job as jobs
from seedbed.training import checkpoint, waves
from tests.training.test_checkpoint import StopError, stop_after

pytestmark = pytest.mark.slow  # each of these trains networks

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


@pytest.mark.usefixtures("small_steps")
def test_what_has_not_learned_yet_is_not_blamed_for_it(tmp_path: Path) -> None:
    slow = sb.Setup(
        network=sb.Network.parse("linear 12, relu, linear out"), loss=sb.CrossEntropy(), optimizer=sb.SGD(1e-3),
        batch_size=128, epochs=300,
    )  # fmt: skip
    found = sb.diagnose(stopped(tmp_path / "run", 30, setup=slow))
    assert found.findings == () and "whether these networks would have learned" in found.unknown[0]


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize(("calls", "watch"), [(3, "full"), (30, "economy"), (30, "off")])
def test_where_the_checkpoint_tells_too_little_some_are_trained_once_more(
    tmp_path: Path, calls: int, watch: str
) -> None:
    found = sb.diagnose(stopped(tmp_path / "run", calls, watch=watch), members=2)
    assert [one.code for one in found.findings] == ["init_too_large"] and found.n_members == 2
    assert "2 of its 3 members were trained once more" in found.unknown[0]


@pytest.mark.usefixtures("small_steps")
def test_data_from_memory_has_to_be_given_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 5)), rng.integers(0, 2, 300)
    folder = stopped(tmp_path / "run", 10, data=(x, y))
    found = sb.diagnose(folder)
    assert found.findings == () and "came from memory" in found.unknown[0]
    assert sb.diagnose(folder, (x, y)).cases
    with pytest.raises(sb.RunError, match="it has changed"):
        sb.diagnose(folder, (x + 1, y))


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
