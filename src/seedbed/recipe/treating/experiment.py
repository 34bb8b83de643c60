"""The experiment: all arms over several seeds as one population, and the score of each network.

Seed s of an arm is member number s, so that all arms see the same data order, and draw the same first weights where
they draw alike. Cohorts form by structure: arms that differ in numbers alone share one program.
An arm whose data is split otherwise trains by itself, and is judged on the same rows as all others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import TrainingError
from seedbed.data.dataset import Dataset, Part
from seedbed.recipe.cases import cases_of
from seedbed.recipe.results import metrics
from seedbed.recipe.treating.arms import CONTROL, Arm, fits
from seedbed.training.predict import predictions
from seedbed.training.state import COLUMNS
from seedbed.training.trained import DIVERGED, INTERRUPTED, Trained
from seedbed.training.trainer import Progress, Training
from seedbed.watching.finding import Finding
from seedbed.watching.findings import findings_of
from seedbed.watching.signals import Watch

BEST, LAST = "best", "last"  # which weights are judged: those that a run keeps, or those that training ended with
SCORE = COLUMNS.index("valid_score")
LOWEST_R2 = 0.0  # who predicts the mean has it; a worse fit is no more useless, and would make every deviation huge
REFUSED = "does not train"  # the outcome of a setup that the data does not fit, such as a loss for another task
HOPE = 0.5  # the share of its epochs after which an arm may be given up


@dataclass(frozen=True)
class Trial:
    """One network of one arm.

    Attributes:
        arm: its name.
        seed: the member's number.
        score: on the validation part; the lowest where it diverged.
        outcome: how its training ended.
        left: the names of what is found in it; None where nobody looked.
    """

    arm: str
    seed: int
    score: float
    outcome: str
    left: frozenset[str] | None = None


@dataclass
class Experiment:
    """Arms in training, and what came of them.

    Arguments:
        arms: the control first.
        data: with a validation part, on which they are judged.
        seed: of the training.
        judged: `BEST` or `LAST`; with patience it is always the best, for that is what patience asks for.
        gives_up: whether hopeless arms are not trained to their end.
        watch: gives the signals that findings are made from; None: nobody looks for them.
        on_progress: called between device calls.
    """

    arms: Sequence[Arm]
    data: Dataset
    seed: int = 0
    judged: str = BEST
    gives_up: bool = True
    watch: Watch | None = None
    on_progress: Callable[[Progress], None] | None = None
    trials: list[Trial] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)  # of each arm
    wall_seconds: float = 0.0
    compile_seconds: float = 0.0

    def run(self, seeds: Sequence[int]) -> None:
        """Trains each arm that has not been given up on these seeds.

        Raises:
            TrainingError: it was interrupted.
        """
        arms = [arm for arm in self.arms if arm.name not in self.hopeless]
        unfit = [arm for arm in arms if not fits(arm.setup, arm.data or self.data)]
        self.trials += [Trial(arm.name, seed, math.nan, REFUSED) for arm in unfit for seed in seeds]
        self.seconds |= {arm.name: 0.0 for arm in unfit}
        fit = [arm for arm in arms if arm not in unfit]
        self._train([arm for arm in fit if arm.data is None], seeds, self.data)
        for arm in fit:
            if arm.data is not None:
                self._train([arm], seeds, arm.data)
        self._settle()

    def _train(self, arms: Sequence[Arm], seeds: Sequence[int], data: Dataset) -> None:
        """Trains arms that learn from the same data."""
        members = [(arm, seed) for arm in arms for seed in seeds]
        if not members:
            return
        training = Training(
            [arm.setup for arm, _ in members],
            [seed for _, seed in members],
            data,
            self.seed,
            observe=self.watch,
            on_progress=self.on_progress,
        )
        if self.gives_up and data is self.data:
            training.is_hopeless = _Hopeless(members, training)
        training.run()
        if training.is_interrupted:
            raise TrainingError("treat: interrupted before all arms were trained; nothing is proved")
        self.wall_seconds += training.wall_seconds
        self.compile_seconds += training.compile_seconds
        self._keep(training.results, members, data)

    @property
    def hopeless(self) -> tuple[str, ...]:
        """The arms that were given up."""
        return tuple(dict.fromkeys(trial.arm for trial in self.trials if trial.outcome == INTERRUPTED))

    def scores(self, arm: str) -> NDArray[np.float64]:
        """The scores of an arm, in the order of its seeds."""
        own = sorted((trial for trial in self.trials if trial.arm == arm), key=lambda trial: trial.seed)
        return np.asarray([trial.score for trial in own])

    def _keep(self, results: Sequence[Trained], members: Sequence[tuple[Arm, int]], data: Dataset) -> None:
        """The networks with their scores, and what each arm took."""
        began = 0.0
        for one in results:
            ended = float(np.nanmax(one.seconds)) if np.isfinite(one.seconds).any() else began
            each = (ended - began) / len(one.places)
            found = self._found(one, [seed for _, seed in members], data)
            same_rows = None if data is self.data else scores_on(one, self.data.valid, data)
            for place, at in enumerate(one.places):
                arm, seed = members[at]
                score = score_of(one, place, self.judged, arm.setup.patience is not None)
                score = score if same_rows is None else float(same_rows[place])
                self.trials.append(Trial(arm.name, seed, score, one.outcomes[place], found[place]))
                self.seconds[arm.name] = self.seconds.get(arm.name, 0.0) + each
            began = ended

    def _found(self, one: Trained, seeds: Sequence[int], data: Dataset) -> Sequence[frozenset[str] | None]:
        """For each member of a cohort the names of what is found in it."""
        if self.watch is None:
            return [None] * len(one.places)
        return [frozenset(named(findings_of(case))) for case in cases_of(one, seeds, data)]

    def left(self, arm: str, codes: Collection[str]) -> bool | None:
        """Whether any of these findings is in at least half of the networks of an arm; None where that is not known.

        It is not where nobody looked, and in no arm where the control shows none of them: what is not seen there
        cannot be gone elsewhere. A control that does not train at all shows what keeps it from that.
        """
        return None if self._shows(CONTROL, codes) is False else self._shows(arm, codes)

    def _shows(self, arm: str, codes: Collection[str]) -> bool | None:
        """The same of an arm by itself."""
        own = [trial.left for trial in self.trials if trial.arm == arm and trial.left is not None]
        return any(2 * sum(code in left for left in own) >= len(own) for code in codes) if own else None

    def _settle(self) -> None:
        """Gives those that diverged the lowest score: that of chance, or what the worst of the others has."""
        is_sound = lambda t: t.outcome not in (DIVERGED, REFUSED) and math.isfinite(t.score)  # noqa: E731
        lowest = min([chance(self.data), *(trial.score for trial in self.trials if is_sound(trial))])
        self.trials = [trial if is_sound(trial) else replace(trial, score=lowest) for trial in self.trials]


def named(findings: Iterable[Finding]) -> Iterator[str]:
    """The names of findings and of what follows from them."""
    for one in findings:
        yield one.code
        yield from named(one.symptoms)


def score_of(one: Trained, place: int, judged: str, has_patience: bool) -> float:
    """The validation score of a network; NaN where it has none."""
    scores = one.history[place, :, SCORE]
    there = np.flatnonzero(np.isfinite(scores))
    epoch = int(one.best_epoch[place])
    if judged == LAST and not has_patience and len(there):
        epoch = int(there[-1])
    return max(float(scores[epoch]), LOWEST_R2) if epoch >= 0 and len(there) else math.nan


def scores_on(one: Trained, part: Part, data: Dataset) -> NDArray[np.float64]:
    """The score of each network of a cohort on these rows, by the weights that it keeps; NaN where it has none.

    Arguments:
        part: rows of the validation part that all arms are judged on, as their data encodes them.
        data: what the cohort learned from, whose encoder may be another.
    """
    x, found = data.encoder.features(part.rows), np.full(len(one.places), np.nan)
    kept = np.flatnonzero(one.best_epoch >= 0)
    if len(kept):
        said = predictions(one, kept, x, data.task)
        name = "r2" if data.task == "regression" else "accuracy"
        scores = [metrics(data.task, part.y, own)[name] if np.isfinite(own).all() else np.nan for own in said]
        found[kept] = np.maximum(scores, LOWEST_R2)
    return found


def chance(data: Dataset) -> float:
    """The score of who knows nothing: of one class in n, of half the labels; in a regression of the mean."""
    if data.task == "classification":
        return 1.0 / data.n_classes
    return 0.5 if data.task == "multilabel" else LOWEST_R2


class _Hopeless:
    """Which members belong to arms that are behind the control half-way, in the mean and with their best seed.

    The control is the first arm; who trains in its cohort goes to the end.
    """

    def __init__(self, members: Sequence[tuple[Arm, int]], training: Training) -> None:
        self.arms = np.asarray([arm.name for arm, _ in members])
        self.training = training

    def __call__(
        self, places: NDArray[np.int64], epochs: NDArray[np.int64], history: NDArray[Any]
    ) -> NDArray[np.bool_]:
        said = np.zeros(len(places), bool)
        control = next((one for one in self.training.results if 0 in one.places), None)
        if control is None or self.arms[0] != CONTROL:  # it still trains, or cannot
            return said
        theirs = control.history[control.places < np.sum(self.arms == self.arms[0])]
        for arm in set(self.arms[places]):
            own = self.arms[places] == arm
            share = epochs[own].min() / history.shape[1]
            if share >= HOPE:
                said[own] = _is_behind(history[own][:, : epochs[own].min()], theirs, share)
        return said


def _is_behind(ours: NDArray[Any], theirs: NDArray[Any], share: float) -> bool:
    """Whether the highest scores so far are below those of the control at the same share of its training."""
    n = max(1, round(share * theirs.shape[1]))
    a, b = _highest(ours), _highest(theirs[:, :n])
    return bool(a.mean() <= b.mean() and a.max() <= b.max())


def _highest(history: NDArray[Any]) -> NDArray[np.float64]:
    """The highest score so far of each member."""
    scores = np.nan_to_num(history[:, :, SCORE].astype(np.float64), nan=LOWEST_R2, posinf=LOWEST_R2, neginf=LOWEST_R2)
    return np.asarray(np.maximum(scores, LOWEST_R2).max(axis=1))
