"""The run on disk: what comes back is what was there, and what is there is whole."""

from __future__ import annotations

import json
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from seedbed.core.fields import whole
from seedbed.core.value import same
from seedbed.network import Layer
from seedbed.recipe import folder as folders
from seedbed.recipe import report, work
from seedbed.recipe.compare import list_runs
from seedbed.recipe.folder import reserve
from tests.recipe.test_train import SETUP, equal, quick

FILES = {
    "ensemble.safetensors",
    "job.json",
    "setup.toml",
    "run.json",
    "data.json",
    "history.parquet",
    "signals.parquet",
    "weights.safetensors",
    "preprocessing.safetensors",
    "predictions.safetensors",
    "report.html",
}


NEWER = ("intervals", "temperature", "groups", "importance")  # what run.json did not hold in the first version


def rows_for(run: sb.Run) -> Any:
    from tests.recipe.conftest import houses

    return houses(20) if run.task == "regression" else sb.data.load(run.data["name"]).test.rows


def test_the_folder_holds_plain_files_that_others_may_read(any_run: sb.Run) -> None:
    assert any_run.folder is not None
    found = {path.name: path for path in any_run.folder.iterdir()}
    assert set(found) == FILES
    modes = {stat.S_IMODE(path.stat().st_mode) for path in found.values()}
    assert len(modes) == 1, "safetensors makes its files for one user alone"
    assert [path.name for path in any_run.folder.parent.iterdir()] == [any_run.folder.name]


def test_what_was_saved_comes_back(any_run: sb.Run) -> None:
    assert any_run.folder is not None
    again = sb.load_run(any_run.folder)
    pd.testing.assert_frame_equal(again.history, any_run.history, check_exact=True)
    pd.testing.assert_frame_equal(again.table, any_run.table, check_exact=True)
    pd.testing.assert_frame_equal(again.draws, any_run.draws, check_exact=True)
    assert same(again.setup, any_run.setup)
    for name in (
        "name",
        "data",
        "seed",
        "results",
        "intervals",
        "steps",
        "environment",
        "wall_seconds",
        "is_interrupted",
        "task",
    ):
        assert getattr(again, name) == getattr(any_run, name), name
    for ours, theirs in zip(any_run.members, again.members, strict=True):
        assert same(ours.setup, theirs.setup) and same(ours.network, theirs.network)
        for name in ("number", "outcome", "best_epoch", "valid_loss", "valid_score"):
            assert getattr(ours, name) == getattr(theirs, name), name
        equal(ours.params, theirs.params)
        assert jax.tree.map(np.dtype, [a.dtype for a in jax.tree.leaves(ours.params)]) == [
            a.dtype for a in jax.tree.leaves(theirs.params)
        ]
    for name in ("temperature", "groups", "importance"):
        assert getattr(again.held, name) == getattr(any_run.held, name), name
    assert [trained.plan for trained in again.trained] == [trained.plan for trained in any_run.trained]


def test_a_run_from_before_there_were_intervals_is_read(own_run: sb.Run) -> None:
    assert own_run.folder is not None
    path = own_run.folder / "run.json"
    plain = json.loads(path.read_text(encoding="utf-8"))
    for name in NEWER:
        del plain[name]
    path.write_text(json.dumps(plain), encoding="utf-8")
    again = sb.load_run(own_run.folder)
    assert again.intervals == {} and again.results == own_run.results
    assert again.report().is_file()


def test_predictions_of_a_loaded_run_are_the_same_to_the_bit(any_run: sb.Run) -> None:
    assert any_run.folder is not None
    again, rows = sb.load_run(any_run.folder), rows_for(any_run)
    for ours, theirs in [*zip(any_run.members, again.members, strict=True), (any_run.ensemble(), again.ensemble())]:
        np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))
        if any_run.task == "classification":
            np.testing.assert_array_equal(ours.predict_proba(rows), theirs.predict_proba(rows))
    assert [m.number for m in again.ensemble(3).members] == [m.number for m in any_run.ensemble(3).members]


@pytest.mark.slow
def test_another_process_predicts_the_same(digits_run: sb.Run, tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np, seedbed as sb\n"
        "run = sb.load_run(sys.argv[1])\n"
        "np.save(sys.argv[2], run.ensemble().predict_proba(sb.data.load('digits').test.rows))\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(digits_run.folder), str(tmp_path / "p.npy")], check=True, timeout=120
    )
    ours = digits_run.ensemble().predict_proba(rows_for(digits_run))
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), ours)


@pytest.mark.slow
def test_a_loaded_run_gives_the_start_of_another_and_its_report(digits_run: sb.Run, tmp_path: Path) -> None:
    assert digits_run.folder is not None
    again = sb.load_run(digits_run.folder)
    still = again.setup.replace(optimizer=sb.SGD(0.0), epochs=1)
    begun = sb.train(still, "digits", members=[2], start=again, out=None)
    equal(begun.members[0].params, digits_run.members[2].params)
    page = again.report(tmp_path / "page.html", language="ko").read_text(encoding="utf-8")
    assert 'lang="ko"' in page
    assert again.report() == digits_run.folder / "report.html"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run; tests copy it."""
    folder = tmp_path_factory.mktemp("finished") / "own"
    quick(epochs=1, out=folder)
    return folder


@pytest.fixture
def own_run(finished: Path, tmp_path: Path) -> sb.Run:
    return sb.load_run(shutil.copytree(finished, tmp_path / "runs" / "own"))


def test_a_run_is_never_overwritten(own_run: sb.Run) -> None:
    assert own_run.folder is not None
    before = (own_run.folder / "run.json").read_bytes()
    with pytest.raises(sb.RunError, match="expected a new or empty folder for the run, but something is there"):
        quick(out=own_run.folder)
    with pytest.raises(sb.RunError, match="expected a new or empty folder"):
        reserve(own_run.folder / "run.json", "")
    assert (own_run.folder / "run.json").read_bytes() == before


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert quick(epochs=1, out=tmp_path / "run").folder == tmp_path / "run"


def test_default_folders_of_one_second_differ(in_folder: Path) -> None:
    first = reserve("auto", "my data/1")
    assert first is not None and first.name.startswith("my-data-1-")
    first.mkdir(parents=True)
    second = reserve("auto", "my data/1")
    assert second is not None and second != first


def test_a_place_that_may_not_be_written_is_told_before_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(folders.os, "access", lambda *_: False)
    with pytest.raises(sb.RunError, match=f"expected a folder that can be made, but {tmp_path} may not be written to"):
        quick(out=tmp_path / "deep" / "run")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sb.RunError, match="expected a folder that can be made"):
        quick(out="auto")


def test_a_file_in_the_way_is_told_before_training(in_folder: Path) -> None:
    Path("runs").write_text("")
    for out in ("auto", "runs/mine"):
        with pytest.raises(sb.RunError, match=r"expected a folder that can be made, but .*runs may not be written to"):
            reserve(out, "iris")


def test_a_full_disk_leaves_the_job_and_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(sb.TrainingError, match="run: the run could not be written: No space left on device") as caught:
        quick(epochs=1, out=tmp_path / "run")
    assert caught.value.exit_code == 1
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"job.json", "setup.toml"}


def test_a_page_that_cannot_be_drawn_costs_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(report, "page_of", broken)
    said = rf"the report could not be written \(ZeroDivisionError: by nothing\); the run is in {tmp_path}/run, "
    with pytest.warns(UserWarning, match=said):
        run = quick(epochs=1, out=tmp_path / "run")
    assert len(run.members) == 2
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES - {"report.html", "signals.parquet"}
    monkeypatch.undo()
    assert sb.load_run(tmp_path / "run").report().is_file()


@pytest.mark.parametrize("where", ["judge", "save", "report"])
def test_ctrl_c_after_the_training_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, where: str
) -> None:
    def interrupting(function: Any) -> Any:
        def both(*arguments: Any) -> Any:
            signal.raise_signal(signal.SIGINT)
            return function(*arguments)

        return both

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background may ignore it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    room, name = {"judge": (work, "judge"), "save": (folders, "save"), "report": (report, "page_of")}[where]
    monkeypatch.setattr(room, name, interrupting(getattr(room, name)))
    with pytest.warns(UserWarning, match=f"interrupted before the report was there; the run is in {tmp_path}/run"):
        quick(epochs=1, out=tmp_path / "run")
    monkeypatch.undo()
    again = sb.load_run(tmp_path / "run")
    assert not again.is_interrupted and not (tmp_path / "run" / "report.html").exists()


def test_images_with_other_numbers_of_colours_are_reported_without_pictures(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, array in (("images-idx4", rng.integers(0, 255, (90, 3, 3, 4))), ("labels-idx1", np.arange(90) % 3)):
        head = bytes([0, 0, 8, array.ndim]) + np.asarray(array.shape, ">u4").tobytes()
        (tmp_path / f"train-{name}-ubyte").write_bytes(head + array.astype(np.uint8).tobytes())
    run = quick(tmp_path, epochs=1, out=tmp_path / "run")
    assert run.held.wrong_images is None and (tmp_path / "run" / "report.html").is_file()


def test_what_a_killed_process_left_is_no_run(own_run: sb.Run) -> None:
    assert own_run.folder is not None
    runs = own_run.folder.parent
    shutil.copytree(own_run.folder, runs / ".own-x1y2" / "run")
    shutil.copytree(own_run.folder, runs / ".own-z")
    assert [one["run"] for one in list_runs(runs)] == [str(own_run.folder)]


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(sb.RunError, match=r"expected the folder of a run, but it has no run\.json"):
        sb.load_run(tmp_path)


@pytest.mark.parametrize("name", sorted(FILES - {"report.html", "job.json", "ensemble.safetensors", "signals.parquet"}))
@pytest.mark.parametrize("damage", ["gone", "cut", "empty"])
def test_a_damaged_file_is_told(own_run: sb.Run, name: str, damage: str) -> None:
    assert own_run.folder is not None
    path = own_run.folder / name
    content = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(b"" if damage == "empty" else content[: len(content) // 2])
    with pytest.raises(sb.SeedbedError) as caught:
        sb.load_run(own_run.folder)
    assert str(own_run.folder) in str(caught.value)


def test_a_run_of_a_later_format_is_told(own_run: sb.Run) -> None:
    assert own_run.folder is not None
    path = own_run.folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "format": 99}), encoding="utf-8")
    with pytest.raises(sb.RunError, match="expected a run of format 1, got 99"):
        sb.load_run(own_run.folder)


class Head(Layer, kind="test_folder_head"):
    """A last layer that names its size and its weights in words of its own."""

    width: int | str = whole(words=("out",))

    def out_shape(self, in_shape: Any) -> Any:
        return (self.width,)

    def init(self, in_shape: Any, *, key: Any, dtype: Any) -> Any:
        return {"to.classes": jax.random.normal(key, (*in_shape, self.width), dtype)}

    def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
        return x @ params["to.classes"]


@pytest.mark.slow
def test_a_layer_of_ones_own_comes_back_with_its_sizes_and_names(tmp_path: Path) -> None:
    setup = SETUP.replace(network=sb.Network([sb.Linear(8), sb.Tanh(), Head("out")]))
    run = quick(setup=setup, epochs=1, out=tmp_path / "run")
    again = sb.load_run(tmp_path / "run")
    assert again.best.network.layers[2].width == run.best.network.layers[2].width == 3
    assert set(again.best.params[2]) == {"to.classes"}
    equal([m.params for m in again.members], [m.params for m in run.members])
    np.testing.assert_array_equal(again.best.predict(rows_for(run)), run.best.predict(rows_for(run)))


def test_parts_of_a_population_that_does_not_fit_are_one_cohort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import seedbed.training.trainer as trainer

    monkeypatch.setattr(trainer, "_at_once", lambda _: 2)
    run = quick(members=5, epochs=1, out=tmp_path / "run")
    assert len(run.trained) == 1 and isinstance(run.members[4].params, tuple)
    again = sb.load_run(tmp_path / "run")
    pd.testing.assert_frame_equal(again.history, run.history, check_exact=True)
    equal([m.params for m in again.members], [m.params for m in run.members])
