"""`resume`: a run that was stopped goes on, whatever stopped it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedbed.core.errors import DataError, RunError, UsageError
from seedbed.data.dataset import Dataset
from seedbed.data.loading import load
from seedbed.recipe import job as jobs
from seedbed.recipe.defaults import CHECKPOINT_SECONDS
from seedbed.recipe.folder import load_run
from seedbed.recipe.run import Run
from seedbed.recipe.work import Show, Work, finished
from seedbed.reporting.evidence import Step
from seedbed.training.checkpoint import Checkpoints
from seedbed.training.interventions import Intervention
from seedbed.training.observe import Observe
from seedbed.training.trainer import Progress


def resume(
    folder: str | Path,
    data: Any = None,
    *,
    observe: Observe | None = None,
    change: Mapping[str, float] | None = None,
    checkpoint_every: float = CHECKPOINT_SECONDS,
    progress: bool | None = None,
    on_step: Callable[[Step], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """The run that `train` would have given, had nothing stopped it: the same bits in history and weights.

    It goes on from the last checkpoint, or begins anew where none was written; a run that is finished is given back as
    it is. On another machine, or with another number of devices, the result is the same within the tolerance of plans.

    Arguments:
        folder: of the run.
        data: the data set again, or what `seedbed.data.load` takes; None reads it from where it came.
        observe: the same function as before, where there was one.
        change: numbers of the setup by their places, such as `{"optimizer.lr": 0.01}`, that all members have from the
            next epoch on that none has begun. The run keeps it among its interventions.
        checkpoint_every, progress, on_step, on_progress: as for `train`.

    Raises:
        RunError: there is no run that was begun; another process works on it; it was made by a newer version; the data
            is not what it was; all as for `train`.
        UsageError: the data, or an observer, has to be given.
    """
    path = Path(folder)
    if _is_finished(path):
        if change:
            raise UsageError(f"{path}: expected a run that still trains, to change it, got one that is finished")
        return finished(path)
    setup, job, start = jobs.read(path)
    if job.is_observed != (observe is not None):
        expected = "the function of the run that was stopped" if job.is_observed else "none, as the run had none"
        raise UsageError(f"observe: expected {expected}, got {observe!r}")
    with jobs.locked(path):
        if _is_finished(path):  # by the process that held the lock
            return finished(path)
        dataset = the_data_of_job(job, data, path)
        n_looks = load_run(path).n_looks if (path / "run.json").is_file() else 0
        more = [Intervention.of(_next_epoch(path), change)] if change else []
        work = Work.of_job(setup, job, dataset, observe=observe, n_looks=n_looks, more=more)
        jobs.check_room(path, work.n_bytes)
        if change:
            jobs.rewrite(path, work.job)
        work.training.start = start
        for trouble in work.keep_in(path, checkpoint_every):
            warnings.warn(trouble, stacklevel=2)
        return work.done(path, Show(progress, on_step, on_progress))


def _next_epoch(folder: Path) -> int:
    """The first epoch that no member has begun, by the newest checkpoint."""
    point, _ = Checkpoints(folder / jobs.CHECKPOINT, 0.0).load()
    waves = [] if point is None else [wave for block in point.blocks for wave in block.waves if not wave.is_over]
    return max((wave.epoch + (wave.step > 0) for wave in waves), default=0)


def the_data_of(run: Run, data: Any = None) -> Dataset:
    """The data set that a run learned from: given again, or read again from where it came.

    Raises:
        UsageError: it came from memory, and has to be given.
        RunError: it is gone, or has changed; the message names what differs.
    """
    where = run.folder or run.name
    if run.folder is not None and (run.folder / "job.json").is_file():
        found = _loaded(jobs.read(run.folder)[1], data, run.folder)
    elif data is None:
        raise UsageError(f"{where}: expected its data, which came from memory, got none", "give it again")
    else:
        found = load(data)
    if found.fingerprint != run.data["fingerprint"]:
        message = f"{where}: expected the data that the run learned from, but {_what_changed(run.data, found)}"
        raise RunError(message, "put the data back as it was, or train a new run on what there is now")
    return found


def _what_changed(before: dict[str, Any], found: Dataset) -> str:
    """What differs between the description of a data set and one that should be the same."""
    now = found.describe()
    told = [
        f"{name} {before[name]} is now {now[name]}"
        for name in ("task", "shape", "rows", "split_seed")
        if before.get(name) != now[name]
    ]
    told += [f"the {name} have other values" for name in ("features", "targets") if before.get(name) != now[name]]
    return "; ".join([*told, f"fingerprint {before['fingerprint']} is now {now['fingerprint']}"])


def _is_finished(folder: Path) -> bool:
    if not (folder / "run.json").is_file():
        return False
    return not load_run(folder).is_interrupted or not (folder / "job.json").is_file()


def the_data_of_job(job: jobs.Job, data: Any, folder: Path) -> Dataset:
    """The data set that a run began with, given again or read again.

    Raises:
        UsageError: it came from memory, and has to be given.
        RunError: it is gone, or has changed.
    """
    found = _loaded(job, data, folder)
    if found.fingerprint != job.fingerprint:
        raise RunError(
            f"{folder}: expected the data that the run began with (fingerprint {job.fingerprint}), got "
            f"{found.source} with {found.fingerprint}: it has changed",
            "put the data back as it was, or train a new run",
        )
    is_named_so = data is not None or job.source in (None, found.source)
    return found if is_named_so else replace(found, source=job.source or "")


def _loaded(job: jobs.Job, data: Any, folder: Path) -> Dataset:
    """The data set as it is given, or as it stands where the run read it; another place is read the same way."""
    if data is None and job.origin is None:
        hint = f'give it again: sb.resume("{folder}", data)'
        raise UsageError(f"{folder}: expected the data, which came from memory and is not on disk, got none", hint)
    is_place = data is None or isinstance(data, str | Path)
    options = job.origin["options"] if job.origin is not None and is_place else {}
    try:
        return load(job.origin["source"] if data is None else data, **options)  # type: ignore[index]
    except DataError as error:
        moved = "where it lies elsewhere now: --data of diagnose and treat, in Python data=..., reads it as before"
        said = f"{folder}: the data that the run began with cannot be read: {error.message}"
        raise RunError(said, moved if data is None else error.hint) from None
