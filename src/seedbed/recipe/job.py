"""The job of a run: what was asked for, on disk before anything trains, so that it can go on after whatever stopped it.

setup.toml          the setup as given
job.json            seed, members, where the data is and what it was, plans that were asked for
start.safetensors   weights to begin with, where they were given
checkpoint/         how far training is, see `seedbed.training.checkpoint`

They are written into a hidden folder and moved out of it, `job.json` first: with that there is a run, without it there
is nothing, and what was not moved yet is moved later. The results come beside these when training is over, `run.json`
last: a folder with a job and no `run.json` is a run that was stopped. One process at a time works in a folder: it holds
a lock that ends with it, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seedbed.core import toml
from seedbed.core.errors import RunError, SeedbedError
from seedbed.core.files import flush, write_text
from seedbed.recipe.defaults import RUNS
from seedbed.recipe.environment import installed
from seedbed.training.setup import Setup

FORMAT = 1
BEGINNING = ".begin"
CHECKPOINT = "checkpoint"
ADDED: dict[str, Any] = {"source": None, "watch": None, "interventions": ()}  # that jobs of before do not have
SPARE_BYTES = 4_000_000  # for the report and what else does not grow with the weights


@dataclass(frozen=True)
class Job:
    """What a run was asked to do, apart from its setup and the weights to begin with.

    Attributes:
        name: of the data.
        numbers: of the members.
        seed: of the run.
        folds: how many folds the members train on, or None.
        origin: where the data is, see `Dataset.origin`; None where it came from memory.
        fingerprint: of the data.
        is_observed: whether an `observe` function looks inside.
        plans: one for each cohort, as plain data, where they were given.
        source: how the data was named, see `Dataset.source`; None in a run of before.
        watch: the level and the cadence of the signals, or None.
        interventions: pairs of an epoch and the numbers of the setup that changed there, by their places.
    """

    name: str
    numbers: tuple[int, ...]
    seed: int
    folds: int | None
    origin: dict[str, Any] | None
    fingerprint: str
    is_observed: bool
    plans: tuple[dict[str, Any], ...] | None = None
    source: str | None = None
    watch: tuple[str, int] | None = None
    interventions: tuple[tuple[int, dict[str, float]], ...] = ()


@contextmanager
def locked(folder: Path, *, to_read: bool = False) -> Iterator[None]:
    """Inside, no other process works in the folder.

    Arguments:
        to_read: whether others may read it as well meanwhile.

    Raises:
        RunError: another one does already.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if to_read else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "wait until it is done, or name another folder with --out (out= in Python)"
            raise RunError(f"{folder}: expected a run that nobody works on, but another process does", hint) from None
        except OSError as error:
            said = f"{folder}: cannot be locked ({error.strerror}): see to it that one process alone works on the run"
            warnings.warn(said, stacklevel=3)
        yield
    finally:
        os.close(descriptor)  # and with it the lock


def is_locked(folder: Path, *, to_read: bool = False) -> bool:
    """Whether a process works in the folder, so that it cannot be worked in, or not even read."""
    try:
        with locked(folder, to_read=to_read):
            return False
    except RunError:
        return True


@contextmanager
def begun(folder: Path, setup: Setup, job: Job, start: Sequence[Any] | None, n_bytes: int) -> Iterator[None]:
    """Inside, the folder is there, holds the job and is locked. Where nothing is worth keeping, it goes again.

    Arguments:
        folder: see `reserve`.
        start: for each member the weights to begin with, or None.
        n_bytes: about how much the run will take.

    Raises:
        RunError: the folder cannot be made or written to, or has no room.
    """
    check_room(folder, n_bytes)
    with locked(folder):
        if (folder / "job.json").exists():  # it came while this process read its data
            raise RunError(f"{folder}: expected a new folder for the run, but another run is there", "name another")
        try:
            with _sound(folder, "begun"):
                _write(folder, setup, job, start)
            yield
        except BaseException as error:
            is_full = isinstance(error.__cause__, OSError)  # the disk is at fault: the same job will do on another day
            if not (is_full or is_worth_keeping(folder)):
                forget(folder)
            raise


@contextmanager
def _sound(folder: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "name a folder where there is room and which may be written to, with --out (out= in Python)"
        raise RunError(f"{folder}: the run could not be {done}: {error.strerror or error}", hint) from None


def is_worth_keeping(folder: Path) -> bool:
    """Whether the folder holds a checkpoint or a result."""
    return (folder / "run.json").exists() or any((folder / CHECKPOINT).glob("*.json"))


def forget(folder: Path) -> None:
    """Removes what a job has written."""
    for name in (CHECKPOINT, BEGINNING):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("setup.toml", "job.json", "start.safetensors"):
        with contextlib.suppress(OSError):
            (folder / name).unlink()
    with contextlib.suppress(OSError):  # something of the user's may have come in
        folder.rmdir()
    if folder.parent == RUNS:  # made here as well, where it holds no other run
        with contextlib.suppress(OSError):
            RUNS.rmdir()


def read(folder: Path) -> tuple[Setup, Job, list[Any] | None]:
    """The setup, the job and the weights to begin with that `begun` wrote.

    Raises:
        RunError: there is no job, it is damaged, or it comes from a newer version.
        SetupError: the setup names layers of the user's own that were not imported.
    """
    path = folder / "job.json"
    if not path.is_file():
        raise RunError(f"{folder}: expected a run that was begun, but it has no job.json", "seedbed runs lists them")
    try:
        _settle(folder)
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain["format"] > FORMAT:
            came = f"seedbed {installed('seedbed')} or older, got one of seedbed {plain['seedbed']}"
            raise RunError(f"{folder}: expected a run of {came}", "update seedbed, or go on with that version")
        fields = {name: (ADDED | plain)[name] for name in Job.__dataclass_fields__}
        for name in ("numbers", "plans", "watch", "interventions"):
            fields[name] = None if fields[name] is None else tuple(fields[name])
        return (
            toml.load(folder / "setup.toml", Setup),
            Job(**fields),
            _read_start(folder, len(fields["numbers"]) * (fields["folds"] or 1)),
        )
    except SeedbedError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{folder}: the job cannot be read: {type(error).__name__}: {error}", "train anew") from error


def rewrite(folder: Path, job: Job) -> None:
    """Writes a job that has changed in place of the one that is there.

    Raises:
        RunError: it cannot be written.
    """
    with _sound(folder, "changed"):
        write_text(folder / "job.json", _text(job))


def _text(job: Job) -> str:
    plain = {"format": FORMAT, "seedbed": installed("seedbed"), **asdict(job)}
    return json.dumps(plain, indent=1, ensure_ascii=False) + "\n"


def check_room(folder: Path, n_bytes: int) -> None:
    """Makes the folder where it is not there, and sees whether a run can be written to it.

    Raises:
        RunError: it cannot be written to, or has not so many bytes of room beside those of its checkpoints.
    """
    with _sound(folder, "written to"):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # modes alone do not tell
            free = shutil.disk_usage(folder).free
    wanted = n_bytes + SPARE_BYTES - sum(path.stat().st_size for path in (folder / CHECKPOINT).glob("*"))
    if free < wanted:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise RunError(
            f"{folder}: expected about {wanted / 1e6:,.0f} MB of room for the run and its checkpoints, got "
            f"{free / 1e6:,.0f} MB",
            "make room, or name a folder on another disk with --out (out= in Python)",
        )


def _write(folder: Path, setup: Setup, job: Job, start: Sequence[Any] | None) -> None:
    from safetensors.numpy import save

    hidden = folder / BEGINNING
    shutil.rmtree(hidden, ignore_errors=True)  # of a process that was killed
    hidden.mkdir()
    (hidden / "setup.toml").write_text(toml.dumps(setup), encoding="utf-8")
    if start is not None:
        arrays = {
            f"{place}.{layer}.{name}": np.ascontiguousarray(array)
            for place, layers in enumerate(start)
            for layer, own in enumerate(layers)
            for name, array in own.items()
        }
        counts = {"layers": json.dumps([len(layers) for layers in start])}
        (hidden / "start.safetensors").write_bytes(save(arrays, metadata=counts))
    (hidden / "job.json").write_text(_text(job), encoding="utf-8")
    for path in hidden.iterdir():
        flush(path)
    (hidden / "job.json").replace(folder / "job.json")
    _settle(folder)


def _settle(folder: Path) -> None:
    """Moves what belongs to the job out of the hidden folder, now or when the process that began was killed before."""
    hidden = folder / BEGINNING
    if hidden.is_dir():
        for path in hidden.iterdir():
            path.replace(folder / path.name)
        hidden.rmdir()
        flush(folder)


def _read_start(folder: Path, n_members: int) -> list[Any] | None:
    from safetensors import safe_open

    path = folder / "start.safetensors"
    if not path.is_file():
        return None
    with safe_open(path, framework="numpy") as file:
        counts = json.loads(file.metadata()["layers"])
        start: list[list[dict[str, Any]]] = [[{} for _ in range(counts[place])] for place in range(n_members)]
        for key in list(file.keys()):
            place, layer, name = key.split(".", 2)
            start[int(place)][int(layer)][name] = file.get_tensor(key)
    return [tuple(layers) for layers in start]
