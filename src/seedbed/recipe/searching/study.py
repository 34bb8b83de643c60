"""The study: what a search gives back, and what its database gives back again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core import toml
from seedbed.core.errors import RunError, TrainingError, UsageError
from seedbed.data.dataset import Dataset
from seedbed.data.fold_encoder import over_folds
from seedbed.data.preprocessor import Preprocessor
from seedbed.data.temperature import temperature_for
from seedbed.recipe.candidates import Candidate
from seedbed.recipe.member import Ensemble, Member
from seedbed.recipe.results import select
from seedbed.recipe.searching.winner import Truth
from seedbed.searching import blobs
from seedbed.searching.cluster import Cluster
from seedbed.searching.config import Config
from seedbed.searching.database import missing_file, shown
from seedbed.searching.importance import importances
from seedbed.searching.names import names_in
from seedbed.searching.narrowing import widest
from seedbed.searching.space import Space
from seedbed.searching.store import Round, Store
from seedbed.searching.trial import Trial, best_of
from seedbed.searching.worker import Worker
from seedbed.training.cohorts import bind
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.training.state import COLUMNS
from seedbed.training.trained import TRAINED, Trained

if TYPE_CHECKING:
    from pandas import DataFrame

ENSEMBLE_SIZE = 8
STUDY_FILE = "study.db"  # in the folder of a search that names no database


TRIAL_COLUMNS = ("trial", "round", "state", "rungs", "score", "loss", "epochs", "best_epoch", "seconds", "finished")


@dataclass(eq=False, repr=False)
class Study:
    """A search and what came of it.

    Attributes:
        store: its database.
        config: what it searches and how.
        folder: where its report and its winner are, or None.
        data: the data set; None where the study was opened without it.
        parts: what trials learned from: the data set, or its folds.
        is_interrupted: whether the user ended it.
        truth: about the winner: found, retrained with fresh seeds, and on the test part; None where it was not told.
        wall_seconds: of the search, with what it took before it went on, and all that follows it; of one that was
            opened again up to its last trial.
    """

    store: Store
    config: Config
    folder: Path | None = None
    data: Dataset | None = None
    parts: Sequence[Dataset] = ()
    is_interrupted: bool = False
    truth: Truth | None = None
    wall_seconds: float = 0.0
    worker: Worker | Cluster | None = None
    _fitted: dict[Any, Preprocessor] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the study in its database."""
        return self.store.name

    @cached_property
    def space(self) -> Space:
        """What was searched, as it was given."""
        return self.config.to_space()

    @cached_property
    def rounds(self) -> list[Round]:
        """The rounds, each with the ranges that it drew from."""
        return self.store.rounds()

    @cached_property
    def listed(self) -> list[Trial]:
        """The trials, in the order of their numbers."""
        return self.store.trials()

    @cached_property
    def trials(self) -> DataFrame:
        """The trials as a table: what became of each, and a column for each dimension, missing where it has none.

        Columns: trial, round, state (complete, pruned behind a rung, diverged; waiting or running where the search was
        interrupted), rungs, score, loss, epochs, best_epoch, seconds, finished; and the dimensions, one of the name of
        another column as "loss (drawn)". The score is the
        validation score at the epoch of the smallest validation loss, the mean over folds; finished is in seconds since
        the beginning of the study.
        """
        import pandas as pd

        names = [dimension.name for dimension in self.space.dimensions]
        rows = [
            (
                t.number, t.round, t.state, t.rung, t.score, t.loss, t.epochs, t.best_epoch, t.seconds, t.finished,
                *(t.point.get(name) for name in names),
            )
            for t in self.listed
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=[*TRIAL_COLUMNS, *map(self.column_of, names)])
        return table.astype(dict.fromkeys(("score", "loss", "finished"), float))

    @staticmethod
    def column_of(name: str) -> str:
        """The column of a dimension in `trials`."""
        return f"{name} (drawn)" if name in TRIAL_COLUMNS else name

    @cached_property
    def curves(self) -> DataFrame:
        """The history of each trial, the mean over folds: trial, epoch, losses, scores, learning rate."""
        import pandas as pd

        tables = []
        for number, content in self.store.kept("curve").items():
            curve = blobs.curve(content)
            columns = {name: curve[:, c].astype(np.float64) for c, name in enumerate(COLUMNS)}
            tables.append(pd.DataFrame({"trial": number, "epoch": np.arange(len(curve)), **columns}))
        names = ["trial", "epoch", *COLUMNS]
        return (
            pd.concat(tables, ignore_index=True).sort_values(["trial", "epoch"])
            if tables
            else pd.DataFrame(columns=names)
        )

    @cached_property
    def winner(self) -> Trial:
        """The trial with the best validation score among those that were trained to the end.

        Raises:
            TrainingError: no trial has a finite score, or none has one yet.
        """
        found = best_of(self.listed)
        if (found is None and any(not trial.is_over for trial in self.listed)) or not self.listed:
            came = f"got none of {len(self.listed)} so far"
            raise TrainingError(f"expected a trial with a finite score, {came}", "go on with the search: --resume")
        if found is None:
            hint = "lower the ranges of learning rates and gains; `seedbed diagnose` says what is wrong with one setup"
            raise TrainingError(f"expected a trial with a finite score, but all {len(self.listed)} diverged", hint)
        return found

    @property
    def is_scored(self) -> bool:
        """Whether any trial has a finite score."""
        return best_of(self.listed) is not None

    @property
    def has_weights(self) -> bool:
        """Whether the winner's weights were kept, so that it can predict."""
        return self.winner.number in self.store.kept("weights", [self.winner.number])

    @cached_property
    def setup(self) -> Setup:
        """The winner's setup."""
        return self.setup_of(self.winner)

    def setup_of(self, trial: Trial) -> Setup:
        """The setup of a trial: `train(setup, data, members=[trial.number], seed=...)` trains it again."""
        space = Space(toml.loads(self.rounds[trial.round].space, Setup))
        return space.setup_at(trial.point)

    @cached_property
    def best(self) -> Member | Ensemble:
        """The winner as a network; with folds the mean of its networks, or where they follow time that of the last.

        Raises:
            UsageError: the study was opened without its data.
            RunError: its weights were not kept.
        """
        return self._network(self.winner.number)

    def ensemble(self, k: int = ENSEMBLE_SIZE) -> Ensemble:
        """The greedy ensemble of `k` places, from the validation predictions of all trials whose weights were kept.

        Raises:
            UsageError: k is below 1, or the study was opened without its data.
            RunError: no trial has been trained far enough.
        """
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise UsageError(f"ensemble: expected k of at least 1, got {k!r}")
        numbers, predicted = self.predictions
        y = self.valid_y
        chosen = select(self._data.task, y, predicted, k)
        temperature = 1.0 if self.config.folds else temperature_for(self._data.task, y, predicted[chosen].mean(axis=0))
        networks = {c: self._network(numbers[c]).members for c in set(chosen)}
        return Ensemble(tuple(member for c in chosen for member in networks[c]), temperature)

    @cached_property
    def predictions(self) -> tuple[list[int], NDArray[Any]]:
        """The trials whose predictions were kept, and those, (trial, n, k).

        Raises:
            RunError: there are none.
        """
        kept = self.store.kept("predictions")
        if not kept:
            hint = "go on with the search: --resume (resume=True in Python)"
            raise RunError(f"study: expected predictions of its trials, got none in {self.store.shown}", hint)
        return list(kept), np.stack([blobs.predictions(content) for content in kept.values()])

    @property
    def is_ordered(self) -> bool:
        """Whether there are folds that follow time, so that the network of the last predicts for its setup."""
        return self.config.folds is not None and self._data.train.time is not None

    @property
    def valid_y(self) -> NDArray[Any]:
        """The targets of the validation part, or of all folds' in turn."""
        assert self._data is not None
        return np.concatenate([part.valid.y for part in self.parts])

    @cached_property
    def importance(self) -> DataFrame:
        """The share of the score's variance that each dimension explains, by Optuna's fANOVA, the largest first.

        Of the dimensions that all trials have: what stands inside an option of a choice is not among them.
        """
        import pandas as pd

        # Trials may lie where a range was widened.
        seen = widest([self.space, *(Space(toml.loads(one.space, Setup)) for one in self.rounds)])
        found = importances(self.store, [d for d in seen if not d.needs])
        table = pd.DataFrame({"dimension": list(found), "importance": list(found.values())})
        return table.sort_values("importance", ascending=False, ignore_index=True)

    def report(self, path: str | Path | None = None, *, language: str | None = None) -> Path:
        """Writes a page with all that was tried and the truth about the winner, and gives back where.

        Arguments:
            path: of the page; into the study's folder unless given. A page like it is replaced.
            language: of the page, the reader's own unless given.

        Raises:
            RunError: the study has no folder and no path is given.
            UsageError: another file stands there, or it cannot be written there.
        """
        from seedbed.recipe.searching.report import write

        return write(self, path, language)

    def write(self) -> None:
        """Writes what the folder holds beside the study: the winner's setup and the report."""
        from seedbed.core.files import write_text
        from seedbed.recipe.report import written

        assert self.folder is not None

        def write() -> None:
            assert self.folder is not None
            write_text(self.folder / "winner.toml", toml.dumps(self.setup))
            self.report()

        written(write, f"the study is in {self.store.shown}")

    @property
    def _data(self) -> Dataset:
        if self.data is None:
            hint = "open it with the data: load_study(url, data=...)"
            raise UsageError("study: expected its data, to predict with what it found, got none", hint)
        return self.data

    def _network(self, number: int) -> Member | Ensemble:
        """A trial as a network, or with folds those that vote, see `Candidate.voting`."""
        data, trial = self._data, self.listed[number]
        setup = self.setup_of(trial)
        bound = [bind(setup, part, self._preprocessor(setup, part).shape) for part in self.parts]
        kept = self.store.kept("weights", [number])
        if number not in kept:
            hint = f"train it again: train(study.setup_of(trial), data, members=[{number}], seed={self.config.seed})"
            raise RunError(f"trial {number}: expected its weights, which were not kept", hint)
        weights = blobs.weights(kept[number], [len(one.network.layers) for one in bound])
        k = len(self.parts)
        encoder = over_folds([part.encoder for part in self.parts]) if self.config.folds else data.encoder
        members = [
            Member(
                number * k + fold if self.config.folds else number,
                setup,
                TRAINED,
                trial.best_epoch,
                trial.loss or float("nan"),
                trial.score or float("nan"),
                _alone(bound[fold], weights[fold], self._preprocessor(setup, part)),
                0,
                encoder,
                fold=fold if self.config.folds else None,
                has_vote=not self.is_ordered or fold == k - 1,
            )
            for fold, part in enumerate(self.parts)
        ]
        voting = Candidate(number, tuple(members)).voting
        return voting[0] if len(voting) == 1 else Ensemble(voting)

    def _preprocessor(self, setup: Setup, part: Dataset) -> Preprocessor:
        key = (id(part), setup.preprocessing, tuple(jax.tree.leaves(setup.preprocessing)))
        if key not in self._fitted:
            self._fitted[key] = Preprocessor.fit(setup.preprocessing, part)
        return self._fitted[key]

    def __repr__(self) -> str:
        best = best_of(self.listed)
        told = "" if best is None else f", best score {best.score:.4f}"
        return f"Study({self.name!r} in {self.store.shown}, {len(self.listed)} trials{told})"


def load_study(url: str | Path, name: str | None = None, data: Any = None) -> Study:
    """A study from its database; with its data, also what it found can predict.

    Arguments:
        url: the database, as `search` takes it, or the folder of a search that holds it.
        name: of the study, where there are several.
        data: the data set that was searched on, or what `seedbed.data.load` takes.

    Raises:
        UsageError: there is no such study, several and no name, or the data are others.
    """
    if "://" not in str(url) and (Path(url) / STUDY_FILE).is_file():
        url = Path(url) / STUDY_FILE
    if (file := missing_file(str(url))) is not None:
        hint = "name the file or the address that `seedbed search --study` was given"
        came = f"the folder {file} without {STUDY_FILE}" if file.is_dir() else f"{file}, which is not there"
        raise UsageError(f"study: expected a file with a study, got {came}", hint)
    names = names_in(str(url))
    if name is None and len(names) != 1:
        hint = "search first" if not names else f"say which: {', '.join(names)}"
        raise UsageError(f"study: expected one study in {shown(str(url))}, got {len(names)}", hint)
    if name is not None and name not in names:
        there = f"it has {', '.join(map(repr, names))}: name one with --name" if names else "search first"
        raise UsageError(f"study: expected a study named {name!r} in {shown(str(url))}, got none", there)
    store = Store(str(url), name or names[0])
    config = store.config()
    assert config is not None
    told = store.told()
    folder = Path(url).parent if "://" not in str(url) and Path(url).name == STUDY_FILE else None
    truth = None if told is None else Truth.from_text(told)
    study = Study(store, config, folder, truth=truth, wall_seconds=store.seconds())
    if data is not None:
        from seedbed.data.loading import load

        study.data = load(data)
        if study.data.fingerprint != config.fingerprint:
            raise UsageError(f"study: expected the data {config.data} as it was searched on, got {study.data.name}")
        study.parts = [study.data] if config.folds is None else study.data.folds(config.folds)
    return study


def _alone(bound: Setup, weights: Sequence[blobs.Arrays], preprocessor: Preprocessor) -> Trained:
    """A cohort of one network."""
    return Trained(
        setup=bound,
        numbers=jax.tree.map(lambda leaf: np.asarray([leaf], np.float64), bound),
        places=np.zeros(1, np.int64),
        preprocessor=preprocessor,
        params=tuple({name: a[None] for name, a in own.items()} for own in weights),
        best_epoch=np.zeros(1, np.int32),
        outcomes=[TRAINED],
        history=np.full((1, 1, len(COLUMNS)), np.nan),
        seconds=np.full((1, 1), np.nan),
        seen=None,
        ended=np.full(1, -1, np.int32),
        broken=np.full(1, -1, np.int32),
        plan=Plan(1, 1, "stacked"),
    )
