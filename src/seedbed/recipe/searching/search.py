"""`search`: from a space and data to a study with a winner."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from seedbed.core import toml
from seedbed.core.errors import TrainingError, UsageError
from seedbed.data.dataset import Dataset
from seedbed.data.folds import told_of_folds
from seedbed.data.loading import load
from seedbed.recipe import folder as folders
from seedbed.recipe.defaults import AUTO
from seedbed.recipe.given import whole
from seedbed.recipe.searching.asked import METHOD, compared_at, configured, named
from seedbed.recipe.searching.budget import seconds_of
from seedbed.recipe.searching.progress import showing_search
from seedbed.recipe.searching.study import STUDY_FILE, Study
from seedbed.recipe.searching.winner import told_once
from seedbed.searching.cluster import Cluster
from seedbed.searching.config import Config
from seedbed.searching.database import missing_file, shown
from seedbed.searching.names import names_in
from seedbed.searching.store import Round, Store
from seedbed.searching.worker import Told, Worker
from seedbed.training.scopes import ctrl_c
from seedbed.training.setup import Setup

STUDY_NAME = "search"


def search(
    space: Setup | None,
    data: Any,
    *,
    trials: int | None = None,
    budget: str | float | None = None,
    method: str = METHOD,
    study: str | Path | None = None,
    name: str = STUDY_NAME,
    resume: bool = False,
    seed: int = 0,
    folds: int | None = None,
    epochs: int | None = None,
    halving: bool | None = None,
    steps: int | None = None,
    rungs: Sequence[int] | None = None,
    retrain: int | None = None,
    out: str | Path | None = AUTO,
    cluster: str | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    on_round: Callable[[Round], None] | None = None,
    on_told: Callable[[Told], None] | None = None,
) -> Study:
    """Searches a space, coarse to fine over whole populations, and tells the truth about the winner.

    Trials train side by side as padded cohorts; where they are compared at rungs, those that fall behind are given up.
    Ctrl-C ends it with the best so far; whatever stops it, the same call goes on with the study, and several processes
    may work on one. The test part is scored once, at the end.

    Arguments:
        space: a setup in which distributions stand; None proposes one, see `propose_space`.
        data: a data set, or what `seedbed.data.load` takes.
        trials: how many in all; 128 unless a budget is given; of a grid all points.
        budget: wall clock instead: seconds, or "90s", "5m", "1h30m".
        method: "coarse-to-fine", "random", "quasi-random", "grid", "tpe", "halving" (random, with rungs), "hyperband".
        study: the database that holds it: a path or an address such as "postgresql://host/db"; None: `study.db` in
            the search's folder.
        name: of the study in the database.
        resume: expect the study to be there, and go on with it as it was begun.
        seed: decides points, first weights, noise and the order of the data; trial n is what member n learns.
        folds: the score of a trial is its mean over so many folds, all in one population.
        epochs: of a trial that is trained to the end, in place of the setup's.
        halving: whether trials that fall behind are given up at rungs; by the method unless given.
        steps: into how many values a grid cuts a range.
        rungs: the epochs at which trials are compared, such as (2, 6, 20), the last being the end; one third of the
            trials goes on behind each. By the number of trials and epochs unless given.
        retrain: how often the winner is trained again with fresh seeds; 8 unless given, or as often as it was where
            the study is finished; 0 leaves that away.
        out: the folder of the search, "auto" for `runs/<data>-search-<date>-<time>`, None to keep nothing else on disk.
        cluster: works on a cluster of Ray: "local" for one of its own, "auto" for the one that this machine is part
            of, or its address such as "ray://host:10001".
        workers: processes on the cluster; otherwise one for each GPU or host, or for each core of a local one.
        progress: whether to show how far it is on a terminal.
        on_round: is called with each round that is begun.
        on_told: is called between device calls.

    Raises:
        UsageError: an argument is not sound, the study holds another space or data, or its database cannot be used.
        SetupError, ShapeError, DataError: space or data are not sound.
        RunError: the folder is in the way.
        TrainingError: every trial diverged.
    """
    if study is not None and not isinstance(study, str | Path):
        raise UsageError(f"study: expected a path or the address of a database, got {study!r}")
    began, dataset = time.perf_counter(), load(data)
    n_retrained = None if retrain is None else whole("retrain", retrain, least=0)
    asked: dict[str, Any] = {
        "trials": trials, "budget": budget, "method": method, "seed": seed, "folds": folds, "epochs": epochs,
        "halving": halving, "steps": steps, "rungs": rungs,
    }  # fmt: skip
    n_workers = None if workers is None else whole("workers", workers, least=1)
    if workers is not None and cluster is None:
        raise UsageError(
            "workers: expected a cluster to run them, got none", "say which: --ray local (cluster='local' in Python)"
        )
    config = None if resume else configured(space, dataset, **asked)
    store, folder = _opened(study, named(name), resume, out, dataset)
    config = _resumed(store, dataset, space, asked) if config is None else _begun(store, config)
    parts, before = _parts(dataset, config.folds), store.seconds()
    with ctrl_c() as noted, showing_search(progress, on_told, on_round) as (tell, say):
        told: dict[str, Any] = {"on_told": tell, "on_round": say, "ends": noted}
        worker = (
            Worker(store, config, parts, **told)
            if cluster is None
            else Cluster(cluster, store, config, parts, n_workers, **told)
        )
        worker.run()
        found = Study(store, config, folder, told_of_folds(dataset, parts) if config.folds else dataset, parts)
        found.is_interrupted = worker.is_interrupted or noted()
        found.worker = worker
    if not found.is_scored:
        _check_begun(found)
    if found.has_weights:
        found.truth = told_once(found, retrain=0 if found.is_interrupted else n_retrained)
    found.wall_seconds = before + time.perf_counter() - began
    if folder is not None:
        found.write()
        found.wall_seconds = before + time.perf_counter() - began
    return found


def _opened(
    study: str | Path | None, name: str, resume: bool, out: str | Path | None, data: Dataset
) -> tuple[Store, Path | None]:
    """The study's store, and the folder of the search."""
    if study is None and resume:
        hint = "name its database: --study FOLDER/study.db (study= in Python)"
        raise UsageError("resume: expected the study to go on with, got none", hint)
    # A bare name lies where the user works, and not in a search's own folder.
    at_home = study is not None and "://" not in str(study) and Path(study).name == STUDY_FILE != str(study)
    if at_home and str(out) == AUTO:  # a search's own folder: its results stay together
        folder: Path | None = Path(str(study)).parent
    else:
        folder = folders.reserve(out, f"{data.name}-search")
    if study is None:
        study = _file(folder)
    if resume:
        _check_there(str(study), name)
    return Store(str(study), name), folder


def _check_there(study: str, name: str) -> None:
    """Refuses to go on with a study that is not there, before anything is made.

    Raises:
        UsageError: it says what is there.
    """
    if (file := missing_file(study)) is not None:
        raise UsageError(f"study: expected a study to go on with, got {file}, which is not there", "see --study")
    names = names_in(study)
    if name not in names:
        there = f"it has {', '.join(map(repr, names))}: name one with --name" if names else "it has none: search first"
        raise UsageError(f"study: expected a study named {name!r} in {shown(study)}, got none", there)


def _file(folder: Path | None) -> Path:
    """The database of a search that names none."""
    if folder is None:
        made = Path(tempfile.mkdtemp(prefix="seedbed-search-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)  # nothing is to be kept
        return made / STUDY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "name a folder that may be written to, with --out (out= in Python)"
        raise UsageError(f"{folder}: the study could not be written there: {error.strerror}", hint) from None
    return folder / STUDY_FILE


def _check_begun(study: Study) -> None:
    """Says why no trial has a score: it was ended too early, and not all of them diverged.

    Raises:
        KeyboardInterrupt: the user ended it; its argument says where the study is.
        TrainingError: the budget did.
    """
    if study.is_interrupted:
        raise KeyboardInterrupt(study.store.shown)  # the study is there to go on with, but there is nothing to tell
    if any(not trial.is_over for trial in study.listed):
        came = f"none of {len(study.listed)} in {study.config.seconds or 0:g} s"
        hint = "give it a larger budget, or fewer epochs; programs that were compiled are kept for the next time"
        raise TrainingError(f"budget: expected a trial that reaches its first rung in time, got {came}", hint)


def _resumed(store: Store, data: Dataset, space: Setup | None, asked: dict[str, Any]) -> Config:
    """The configuration of a study that is there; what is asked beside it has to be the same."""
    config = store.config()
    assert config is not None  # `names_in` has it
    said: dict[str, Any] = {"fingerprint": data.fingerprint, "data": data.name}
    said |= {name: asked[name] for name in ("trials", "folds", "epochs", "steps") if asked[name] is not None}
    said |= {} if asked["budget"] is None else {"seconds": seconds_of(asked["budget"])}
    said |= {} if asked["halving"] is None else {"halves": asked["halving"]}
    rungs = compared_at(asked["rungs"], config.method, asked["halving"])
    said |= {} if rungs is None else {"rungs": rungs}
    # Of these two it is not known whether they were asked for, unless they are others than by default.
    said |= {} if asked["method"] == METHOD else {"method": asked["method"]}
    said |= {} if asked["seed"] == 0 else {"seed": asked["seed"]}
    if space is not None:
        epochs = asked["epochs"] if rungs is None else rungs[-1]
        said["space"] = toml.dumps(space if epochs is None else space.replace(epochs=epochs))
    replace(config, **said).check_same(config, _where(store))
    return config


def _where(store: Store) -> str:
    return f"study {store.name!r} in {store.shown}"


def _begun(store: Store, config: Config) -> Config:
    """The configuration of the study, which is this one or the same."""
    found = store.begin(config)
    config.check_same(found, _where(store))
    return found


def _parts(data: Dataset, folds: int | None) -> Sequence[Dataset]:
    return [data] if folds is None else data.folds(folds)
