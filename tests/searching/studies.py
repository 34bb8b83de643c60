"""Studies without training: a store with a round of a small space, and results that are made up."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import optuna

from seedbed.core import toml
from seedbed.searching import blobs
from seedbed.searching.config import Config
from seedbed.searching.database import address
from seedbed.searching.space import Space
from seedbed.searching.store import Result, Round, Store, Task
from seedbed.searching.trial import COMPLETE, DIVERGED, RUNNING, Trial
from tests.searching.spaces import small

SEED, EPOCHS = 3, 4


def config(trials: int = 8) -> Config:
    return Config(
        space=toml.dumps(small()),
        data="made-up",
        fingerprint="none",
        task="classification",
        source=None,
        method="random",
        trials=trials,
        seconds=None,
        epochs=EPOCHS,
        seed=SEED,
        folds=None,
        halves=True,
        steps=None,
    )


def add_round(store: Store, n: int = 8, *, first: int = 0, number: int = 0, rungs: tuple[int, ...] = (2, 4)) -> bool:
    """A round with all its trials in one cohort."""
    space = Space(small())
    numbers = range(first, first + n)
    points = [space.sampled(seed=SEED, number=i) for i in numbers]
    new = Round(number, first, n, rungs, toml.dumps(space.setup), (), (tuple(numbers),))
    return store.add_round(new, points, space.dimensions)


def open_rung(store: Store, size: int = 4, *, rung: int = 0, n: int = 8, round_: int = 0) -> None:
    """The first rung in tasks of so many trials."""
    parts = [tuple(range(at, min(at + size, n))) for at in range(0, n, size)]
    store.open_rung([Task(round_, rung, i, part) for i, part in enumerate(parts)], [])


def result(trial: Trial, *, score: float | None = None, is_last: bool = False) -> Result:
    """A trial one rung on, the better the higher its number; without a finite score where it is nan."""
    score = trial.number / 100 if score is None else score
    is_sound = bool(np.isfinite(score))
    state = DIVERGED if not is_sound else COMPLETE if is_last else RUNNING
    after = Trial(
        trial.number,
        trial.round,
        trial.point,
        state,
        trial.rung + 1,
        score if is_sound else None,
        1.0 - score if is_sound else None,
        EPOCHS if is_last else 2,
        1,
        trial.seconds + 0.5,
        float(trial.number),
    )
    weights = blobs.of_weights([({"weight": np.ones(2, np.float32)},)])
    predictions = blobs.of_predictions(np.ones((3, 2)), "classification")
    heavy = (weights, predictions) if is_last and is_sound else (None, None)
    return Result(after, blobs.curve_of([np.zeros((after.epochs, 5))], after.epochs), None, *heavy)


def finish(store: Store, task: Task, *, is_last: bool = False, n_kept: int | None = None) -> bool:
    """Writes made-up results of a task."""
    found = [result(trial, is_last=is_last) for trial in store.trials(task.trials)]
    return store.finish(task, found, n_kept)


def made(url: object, name: str = "a") -> Store:
    """A study with a round of eight trials, its first rung open in two tasks."""
    store = Store(str(url), name)
    store.begin(config())
    add_round(store)
    open_rung(store)
    store.join()
    return store


@contextlib.contextmanager
def by_optuna(url: object, name: str) -> Iterator[optuna.Study]:
    """A study as Optuna opens it, by itself."""
    storage = optuna.storages.RDBStorage(address(str(url)).render_as_string(hide_password=False))
    try:
        yield optuna.load_study(study_name=name, storage=storage)
    finally:
        storage.remove_session()
        storage.engine.dispose()
