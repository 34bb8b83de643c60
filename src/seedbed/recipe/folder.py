"""The result of a run on disk: plain files beside its job, read back without running any code.

setup.toml               the setup as given
run.json                 seed, members and what each drew, results, steps, environment, plans
data.json                what the data was, and how raw rows become features
history.parquet          losses and scores, per member and epoch
signals.parquet          what was told of the layers, per member, epoch and layer, where training was watched
weights.safetensors      the best weights of every member, cohort by cohort
preprocessing.safetensors    what preprocessing learned from the training part
ensemble.safetensors     the ensemble by itself: all that prediction needs, where NumPy can compute it
predictions.safetensors  targets and predictions that ensembles and the report need
report.html              the report, written last
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from seedbed.core import toml
from seedbed.core.errors import RunError, SeedbedError, TrainingError
from seedbed.core.files import flush
from seedbed.core.plain import from_plain
from seedbed.data.encoder import Encoder
from seedbed.recipe import steps
from seedbed.recipe.candidates import calibrated
from seedbed.recipe.defaults import AUTO, RUNS
from seedbed.recipe.job import BEGINNING, is_locked
from seedbed.recipe.packing import pack
from seedbed.recipe.predictor import FILE
from seedbed.recipe.run import Held, Run, members_of
from seedbed.recipe.saved import Saved, cohort_to_plain, preprocessing_of, weights_of
from seedbed.reporting.evidence import Groups, Importance, Looks, Step
from seedbed.training.interventions import Intervention
from seedbed.training.setup import Setup
from seedbed.training.trained import Trained
from seedbed.watching.finding import Finding

FORMAT = 1


def reserve(out: str | Path | None, name: str) -> Path | None:
    """The folder that a run will be written to; nothing is made yet.

    Raises:
        RunError: it is there and not empty, or cannot be made.
    """
    if out is None:
        return None
    if str(out) == AUTO:
        folder = _free(RUNS / f"{_safe(name)}-{datetime.datetime.now():%Y%m%d-%H%M%S}")
    else:
        folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(path.name != BEGINNING for path in folder.iterdir())):
        hint = "name another folder with --out (out= in Python), or remove it first"
        if (folder / "job.json").exists() and not (folder / "run.json").exists():
            goes_on = f"seedbed train --resume {folder} goes on with the run that was stopped there"
            hint = f"{'another process trains the run there' if is_locked(folder) else goes_on}; {hint}"
        raise RunError(f"{folder}: expected a new or empty folder for the run, but something is there", hint)
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        raise RunError(f"{folder}: expected a folder that can be made, but {there} may not be written to")
    return folder


def save(run: Run, folder: Path) -> None:
    """Writes a run into its folder, `run.json` last: without that there is no result.

    Raises:
        TrainingError: it cannot be written, because the disk is full for example.
    """
    result = folder / "run.json"
    try:
        for left in folder.glob(".new-*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as hidden:
            partial = Path(hidden)
            _write(run, partial)
            written = sorted(partial.iterdir(), key=lambda path: path.name == result.name)
            for path in written:
                flush(path)
            for old in (result, folder / FILE, folder / "report.html"):  # of the run that was interrupted, and went on
                old.unlink(missing_ok=True)
            for path in written:
                path.replace(folder / path.name)
        flush(folder)
    except OSError as error:
        hint = f"make room, then: seedbed train --resume {folder} (sb.resume in Python)"
        raise TrainingError(f"{folder}: the run could not be written: {error.strerror or error}", hint) from error


def load_run(path: str | Path) -> Run:
    """The run that `train` wrote: the same members, history, results and predictions.

    Raises:
        RunError: there is no run, or a file of it is missing or damaged.
        SetupError: its setup names layers of the user's own that were not imported.
    """
    from safetensors import SafetensorError

    folder = Path(path)
    if not (folder / "run.json").is_file():
        if (folder / "job.json").is_file():
            if is_locked(folder):
                raise RunError(f"{folder}: expected a run with a result, got one that still trains", "wait for its end")
            hint = f"seedbed train --resume {folder} goes on with it (sb.resume in Python)"
            raise RunError(f"{folder}: expected a run with a result, got one that was stopped before", hint)
        hint = "seedbed runs lists what is there"
        if (folder / "winner" / "run.json").is_file():
            hint = f"it is the folder of a search: the run of its winner is {folder / 'winner'}"
        raise RunError(f"{folder}: expected the folder of a run, but it has no run.json", hint)
    try:
        return _read(folder)
    except SeedbedError:
        raise
    except (OSError, ValueError, KeyError, TypeError, IndexError, SafetensorError) as error:
        hint = "it was damaged after it was written, or comes from another version of seedbed"
        raise RunError(f"{folder}: the run cannot be read: {type(error).__name__}: {error}", hint) from error


def _write(run: Run, folder: Path) -> None:
    (folder / "setup.toml").write_text(toml.dumps(run.setup), encoding="utf-8")
    _dump(folder / "run.json", _run_to_plain(run))
    _dump(folder / "data.json", {"description": run.data, "encoder": run.encoder.to_dict()})
    run.history.to_parquet(folder / "history.parquet", index=False)
    if run.signals is not None:
        run.signals.to_parquet(folder / "signals.parquet", index=False)
    _save(folder / "weights.safetensors", weights_of(run.trained))
    _save(folder / "preprocessing.safetensors", preprocessing_of(run.trained))
    _write_ensemble(run, folder / FILE)
    _save(folder / "predictions.safetensors", _arrays_of(run.held))


def _write_ensemble(run: Run, path: Path) -> None:
    ensemble = run.ensemble()
    if packed := pack(ensemble):
        packed.save(path, ensemble.predictor.encoder, ensemble.predictor.temperature)


def _run_to_plain(run: Run) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": run.name,
        "seed": run.seed,
        "wall_seconds": run.wall_seconds,
        "is_interrupted": run.is_interrupted,
        "folds": run.n_folds,
        "is_ordered": run.is_ordered,
        "n_looks": run.n_looks,
        "interventions": [[one.epoch, dict(one.changes)] for one in run.interventions],
        "findings": [finding.to_dict() for finding in run.findings],
        "results": run.results,
        "intervals": run.intervals,
        "temperature": run.held.temperature,
        "groups": run.held.groups,
        "importance": run.held.importance,
        "steps": [steps.plain(step) for step in run.steps],
        "environment": run.environment,
        "ensemble": run.held.ensemble,
        "candidates": run.held.candidates,
        "wrong_rows": run.held.wrong_rows,
        "looks": None if run.held.looks is None else [run.held.looks.names_before, run.held.looks.names_after],
        "cohorts": [cohort_to_plain(trained, run.members) for trained in run.trained],
    }


def _read(folder: Path) -> Run:
    from safetensors.numpy import load_file

    plain = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if plain["format"] != FORMAT:
        raise RunError(f"{folder}: expected a run of format {FORMAT}, got {plain['format']}", "update seedbed")
    data = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    held = _held_of(load_file(folder / "predictions.safetensors"), plain)
    encoder = Encoder.from_dict(data["encoder"])
    n_folds, is_ordered = plain.get("folds"), plain.get("is_ordered", False)
    saved = Saved.read(folder, encoder.target, data["description"]["shape"])
    trained: list[Trained] = []
    numbers: list[int] = []
    setups: list[Setup] = []
    for c, cohort in enumerate(plain["cohorts"]):
        drawn = [from_plain(member["setup"], Setup) for member in cohort["members"]]
        trained.append(saved.cohort(c, cohort, drawn, np.arange(len(numbers), len(numbers) + len(drawn))))
        numbers += [member["number"] for member in cohort["members"]]
        setups += drawn
    members = members_of(trained, numbers, setups, encoder, n_folds, is_ordered=is_ordered)
    return Run(
        name=plain["name"],
        folder=folder,
        setup=toml.load(folder / "setup.toml", Setup),
        data=data["description"],
        encoder=encoder,
        seed=plain["seed"],
        members=calibrated(members, held.temperature["best"], n_folds),
        trained=tuple(trained),
        held=held,
        results=plain["results"],
        steps=tuple(Step(s["name"], tuple((a, b) for a, b in s["facts"])) for s in plain["steps"]),
        environment=plain["environment"],
        wall_seconds=plain["wall_seconds"],
        is_interrupted=plain["is_interrupted"],
        n_folds=n_folds,
        is_ordered=is_ordered,
        n_looks=plain.get("n_looks", 1),
        interventions=tuple(Intervention.of(*one) for one in plain.get("interventions", ())),
        findings=tuple(Finding.from_dict(one) for one in plain.get("findings", ())),
    )


ARRAYS = ("valid_y", "valid_predictions", "test_y", "test_best", "test_ensemble", "wrong", "wrong_images")

LOOKS = ("before", "after", "pictures_before", "pictures_after")


def _arrays_of(held: Held) -> dict[str, Any]:
    found = {name: getattr(held, name) for name in ARRAYS}
    found |= {f"looks.{name}": getattr(held.looks, name) for name in LOOKS if held.looks is not None}
    return {name: np.ascontiguousarray(a) for name, a in found.items() if a is not None}


def _held_of(arrays: dict[str, Any], plain: dict[str, Any]) -> Held:
    contents = {name: arrays.get(name) for name in ARRAYS}
    rest: dict[str, Any] = {"candidates": tuple(plain["candidates"]), "ensemble": tuple(plain["ensemble"])}
    rest |= _trust_of(plain) | {"looks": _looks_of(arrays, plain.get("looks"))}
    return Held(**contents, **rest, wrong_rows=plain["wrong_rows"])  # type: ignore[arg-type]


def _trust_of(plain: dict[str, Any]) -> dict[str, Any]:
    """What says how far a result can be trusted; a run of before has none of it."""
    groups, importance = plain.get("groups"), plain.get("importance")
    intervals = {
        part: {model: {name: tuple(ends) for name, ends in metrics.items()} for model, metrics in models.items()}
        for part, models in plain.get("intervals", {}).items()
    }
    found = {
        "intervals": intervals,
        "groups": groups and Groups(groups["metric"], tuple(map(tuple, groups["rows"])), groups["n_left_out"]),
        "importance": importance and Importance(**{k: _tupled(v) for k, v in importance.items()}),
    }
    return {**found, "temperature": plain["temperature"]} if "temperature" in plain else found


def _tupled(content: Any) -> Any:
    return tuple(content) if isinstance(content, list) else content


def _looks_of(arrays: dict[str, Any], names: list[list[str]] | None) -> Looks | None:
    """The looks that a run keeps; a run of an earlier version has none."""
    if names is None:
        return None
    before, after = map(tuple, names)
    return Looks(names_before=before, names_after=after, **{name: arrays.get(f"looks.{name}") for name in LOOKS})  # type: ignore[arg-type]


def _save(path: Path, arrays: dict[str, Any]) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    path.touch()
    mode = path.stat().st_mode  # of a file that anyone makes here; safetensors makes one for this user alone
    try:
        save_file(arrays, path)
    except SafetensorError as error:
        raise OSError(str(error)) from None
    path.chmod(mode)


def _dump(path: Path, plain: Any) -> None:
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False, default=_unnumpy) + "\n", encoding="utf-8")


def _unnumpy(content: Any) -> Any:
    if hasattr(content, "tolist"):
        return content.tolist()
    if dataclasses.is_dataclass(content):
        return dataclasses.asdict(content)  # type: ignore[arg-type]
    raise TypeError(f"cannot write {content!r} as JSON")


def _safe(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".-")
    return kept or "run"


def _free(folder: Path) -> Path:
    """The folder, with a number behind it if two runs begin in the same second."""
    n, free = 1, folder
    while free.exists():
        n += 1
        free = folder.with_name(f"{folder.name}-{n}")
    return free
