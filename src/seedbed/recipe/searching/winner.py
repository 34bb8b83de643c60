"""The truth about the winner: its score as it was found is the best of many, and so too good."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import RunError
from seedbed.data.dataset import Dataset
from seedbed.data.temperature import cooled, temperature_for
from seedbed.recipe.candidates import candidates
from seedbed.recipe.given import MOST
from seedbed.recipe.member import Ensemble, Member, encoder_of, predict_encoded
from seedbed.recipe.results import Metrics, metrics
from seedbed.recipe.run import Run
from seedbed.recipe.train import train

if TYPE_CHECKING:
    from seedbed.recipe.searching.study import Study

FRESH = 1_000_003  # added to the seed: no trial has had these streams
RETRAINED = 8  # networks of the winner


@dataclass(frozen=True)
class Truth:
    """What the winner is worth.

    Attributes:
        results: metrics by part (validation, test), by model (winner, ensemble), by name.
        retrained: the validation scores of the winner's setup, trained with fresh seeds; with folds their means.
        retrained_test: the metrics of each of those on the test part; with folds of what its networks predict together.
        found: the winner's validation score, the best of all trials.
        n_trials: that it is the best of: those that came to a rung.
    """

    results: dict[str, dict[str, Metrics]]
    found: float
    n_trials: int
    retrained: tuple[float, ...] = ()
    retrained_test: tuple[Metrics, ...] = ()

    def to_text(self) -> str:
        """The truth for the study."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Truth:
        """The truth from the study."""
        plain = json.loads(text)
        return cls(**plain | {name: tuple(plain[name]) for name in ("retrained", "retrained_test")})

    @property
    def gap(self) -> float | None:
        """How much better the winner looked than its setup is: found - mean of the retrained scores."""
        return self.found - float(np.mean(self.retrained)) if self.retrained else None


def told_once(study: Study, *, retrain: int | None) -> Truth:
    """The truth about a study's winner as it was told before, where nothing has come since; or told now.

    Arguments:
        retrain: how often its setup is trained again with fresh seeds, at least; None: as often as it was, or 8 times.
    """
    if (text := study.store.told()) is not None:
        before = Truth.from_text(text)
        is_same = (before.found, before.n_trials) == (study.winner.score, _n_tried(study))
        # It is trained again only behind all rungs; without that, more of them may have come since.
        is_last = bool(before.retrained) or study.worker is None or study.worker.n_trained == 0
        if is_same and is_last and len(before.retrained) >= (1 if retrain is None else retrain):
            return before
    truth = told_of(study, retrain=RETRAINED if retrain is None else retrain)
    study.store.tell(truth.to_text())
    return truth


def told_of(study: Study, *, retrain: int) -> Truth:
    """The truth about a study's winner; its test part is scored here, and nowhere before.

    Arguments:
        retrain: how often its setup is trained again with fresh seeds.
    """
    data = study.data
    assert data is not None
    winner, ensemble = study.best, study.ensemble()
    results: dict[str, dict[str, Metrics]] = {"validation": {}, "test": {}}
    numbers, predicted = study.predictions
    y = study.valid_y
    said = {
        "winner": predicted[numbers.index(study.winner.number)],
        "ensemble": np.mean([predicted[numbers.index(n)] for n in _trials_of(study, ensemble)], axis=0),
    }
    for name, model in (("winner", winner), ("ensemble", ensemble)):
        temperature = 1.0 if study.config.folds else temperature_for(data.task, y, said[name])
        results["validation"][name] = metrics(data.task, y, cooled(data.task, said[name], temperature))
        if len(data.test):
            results["test"][name] = metrics(
                data.task, data.test.y, cooled(data.task, _tested(model, data), temperature)
            )
    found = study.winner.score
    assert found is not None
    told = Truth({part: models for part, models in results.items() if models}, found, _n_tried(study))
    if not retrain:
        return told
    run = _retrained(study, data, retrain)
    if run.is_interrupted:  # what its networks are by then says nothing of the winner
        return told
    again = candidates(run.members, study.config.folds)
    scores = tuple(one.valid_score for one in again)
    tested = [_tested(Ensemble(one.voting), data) for one in again if len(data.test)]
    return Truth(
        told.results, found, told.n_trials, scores, tuple(metrics(data.task, data.test.y, said) for said in tested)
    )


def _n_tried(study: Study) -> int:
    return sum(trial.rung > 0 for trial in study.listed)


def _retrained(study: Study, data: Dataset, n: int) -> Run:
    """The winner's setup, trained `n` times with fresh seeds; in the search's folder as a run of its own."""
    out = None if study.folder is None else study.folder / "winner"
    setup = study.setup.replace(epochs=study.config.epochs)
    if out is not None and out.exists():
        out = None  # of a search that went on: what is there stays
    # On the same folds: what is held against the winner's score has to be measured as that was.
    options: dict[str, Any] = {"members": n, "folds": study.config.folds, "seed": (study.config.seed + FRESH) % MOST}
    try:
        return train(setup, data, **options, out=out)
    except RunError:  # another process on the same study has just begun there, or nothing can be written
        return train(setup, data, **options, out=None)


def _trials_of(study: Study, ensemble: Ensemble) -> list[int]:
    """The trial of each place of the ensemble."""
    k = study.config.folds or 1
    n_voting = 1 if study.is_ordered else k
    return [member.number // k for member in ensemble.members[::n_voting]]


def _tested(model: Member | Ensemble, data: Dataset) -> NDArray[Any]:
    """What a model predicts for the test part, (n, k), before its temperature."""
    members = list(model.members)
    encoder = encoder_of(members)
    x = data.test.x if encoder == data.encoder else encoder.features(data.test.rows)
    said: NDArray[Any] = predict_encoded(members, x, encoder).mean(axis=0)
    return said
