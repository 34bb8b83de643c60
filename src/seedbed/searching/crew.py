"""A crew: the trials of a task as members of a population, from one rung to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.data.dataset import Dataset
from seedbed.network.alignment import own_params
from seedbed.network.padding import Padded
from seedbed.searching import blobs
from seedbed.searching.store import Result
from seedbed.searching.trial import COMPLETE, DIVERGED, RUNNING, Trial, ranked
from seedbed.training.paused import Paused
from seedbed.training.plan import Plan
from seedbed.training.predict import predictions
from seedbed.training.setup import Setup
from seedbed.training.supplies import Supplies
from seedbed.training.trained import DIVERGED as HAS_DIVERGED
from seedbed.training.trained import Trained
from seedbed.training.trainer import Progress, Training

EARLY = 8  # trials whose weights are kept behind a rung that is not the last


@dataclass
class Crew:
    """Trials in training, side by side.

    Arguments:
        trials: as they are before.
        setups: of the trials, bound to the data; as the program has them.
        own: the same as the trials have them by themselves.
        data: a data set for each fold, or one.
        seed: of the study.
        until: the epoch of the rung.
        is_last: whether it is the last of the round.
        paused: where the trials stood at the rung before.
        plan: how the program is laid out, where that is settled.
        supplies: shared by all crews.
        ends: asked between device calls whether to end now.
    """

    trials: Sequence[Trial]
    setups: Sequence[Setup]
    own: Sequence[Setup]
    data: Sequence[Dataset]
    seed: int
    until: int
    is_last: bool
    paused: Mapping[int, Sequence[Paused]]
    plan: Plan | None
    supplies: Supplies
    ends: Callable[[], bool] | None = None
    on_progress: Callable[[Progress], None] | None = None
    training: Training = field(init=False)
    _pauses: dict[int, list[Paused]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        k = len(self.data)
        numbers = [trial.number * k + fold for trial in self.trials for fold in range(k)]
        paused = [one for trial in self.trials for one in self.paused[trial.number]] if self.paused else None
        self.training = Training(
            [setup for setup in self.setups for _ in range(k)],
            numbers,
            list(self.data) * len(self.trials) if k > 1 else self.data[0],
            self.seed,
            on_progress=self.on_progress,
            supplies=self.supplies,
            until=None if self.is_last else self.until,
            paused=paused,
            ends=self.ends,
        )
        if self.plan is not None:
            self.training.plans = [self.plan] * len(self.training.groups)

    def train(self) -> bool:
        """Trains to the rung; False where it was ended before."""
        self.training.run()
        return not self.training.is_interrupted

    def results(
        self,
        seconds: float,
        finished: float,
        *,
        n_going: int,
        rivals: Sequence[Trial],
        n_kept: int,
        kept: Sequence[Trial],
    ) -> list[Result]:
        """What came of the trials.

        Of the best it is kept where they stand, so that they can go on, or weights and predictions. Who is not among
        the best so far will not be when all tasks are done.

        Arguments:
            seconds: that all of them took together.
            finished: seconds since the beginning of the study.
            n_going: how many of these and their rivals go on behind the rung.
            rivals: that have the rung behind them in other tasks.
            n_kept: of how many of the study's best weights and predictions are kept.
            kept: whose these are so far.
        """
        found = [self._judged(i, trial, seconds, finished) for i, trial in enumerate(self.trials)]
        going = set() if self.is_last else set(_places(found, rivals, n_going))
        # A search may be ended at any rung: what is best by then has to predict.
        heavy = _places(found, kept, n_kept if self.is_last else min(n_kept, EARLY))
        predicted = dict(zip(heavy, self._predictions(heavy), strict=True)) if heavy else {}
        folds = range(len(self.data))
        return [
            Result(
                trial,
                curve=blobs.curve_of([self._history(i, fold) for fold in folds], self.until),
                paused=blobs.of_paused(self.pauses(i)) if i in going else None,
                weights=blobs.of_weights([self._weights(i, fold) for fold in folds]) if i in predicted else None,
                predictions=blobs.of_predictions(predicted[i], self.data[0].task) if i in predicted else None,
            )
            for i, trial in enumerate(found)
        ]

    def pauses(self, i: int) -> list[Paused]:
        """Where the networks of trial `i` stand."""
        if i not in self._pauses:
            self._pauses[i] = [self.training.pauses[i * len(self.data) + fold] for fold in range(len(self.data))]
        return self._pauses[i]

    def _judged(self, i: int, trial: Trial, seconds: float, finished: float) -> Trial:
        """The trial with its score: the mean over folds."""
        scores, losses, epochs, outcomes = [], [], [], []
        for fold in range(len(self.data)):
            one, place = self._at(i, fold)
            epoch = int(one.best_epoch[place])
            epochs.append(epoch)
            outcomes.append(one.outcomes[place])
            losses.append(float(one.history[place, epoch, 2]) if epoch >= 0 else np.nan)
            scores.append(float(one.history[place, epoch, 3]) if epoch >= 0 else np.nan)
        is_sound = HAS_DIVERGED not in outcomes and bool(np.isfinite([*scores, *losses]).all())
        state = DIVERGED if not is_sound else COMPLETE if self.is_last else RUNNING
        return replace(
            trial,
            state=state,
            rung=trial.rung + 1,
            score=float(np.mean(scores)) if np.isfinite(scores).all() else None,
            loss=float(np.mean(losses)) if np.isfinite(losses).all() else None,
            epochs=self.until,
            best_epoch=int(np.median(epochs)),
            seconds=trial.seconds + seconds / len(self.trials),
            finished=finished,
        )

    def _at(self, i: int, fold: int) -> tuple[Trained, int]:
        """Where the network of a trial on a fold is."""
        if not hasattr(self, "_places"):
            self._places = {
                int(at): (one, place) for one in self.training.results for place, at in enumerate(one.places)
            }
        return self._places[i * len(self.data) + fold]

    def _history(self, i: int, fold: int) -> NDArray[Any]:
        one, place = self._at(i, fold)
        history: NDArray[Any] = one.history[place]
        return history

    def _weights(self, i: int, fold: int) -> Sequence[blobs.Arrays]:
        """The best weights, in the form of the trial's own network."""
        one, place = self._at(i, fold)
        weights: Sequence[blobs.Arrays] = jax.tree.map(lambda a: np.asarray(a[place]), one.params)
        network = self.setups[i].network
        return own_params(network, weights, self.own[i].network) if isinstance(network, Padded) else weights

    def _predictions(self, which: Sequence[int]) -> NDArray[Any]:
        """What some of the trials predict for the validation part, or out of fold, (trial, n, k)."""
        parts = []
        for fold, data in enumerate(self.data):
            pairs = [self._at(i, fold) for i in which]
            trained = pairs[0][0]
            places = np.asarray([place for _, place in pairs])
            # Always whole calls: each number of members would be a program of its own.
            filled = np.resize(places, -(-len(places) // EARLY) * EARLY)
            parts.append(predictions(trained, filled, data.valid.x, data.task, at_once=EARLY)[: len(places)])
        return np.concatenate(parts, axis=1)


def _places(found: Sequence[Trial], others: Sequence[Trial], n: int) -> list[int]:
    """Which of the trials found are among the best `n` of all, the best first."""
    places = {trial.number: i for i, trial in enumerate(found)}
    best = [trial for trial in ranked([*found, *others])[:n] if trial.state != DIVERGED]
    return [places[trial.number] for trial in best if trial.number in places]
