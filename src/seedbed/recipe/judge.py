"""The result: best member and ensemble, chosen on the validation part, scored once on the test part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.dataset import Dataset
from seedbed.data.temperature import cooled, temperature_for
from seedbed.recipe.candidates import MOST_CANDIDATES, Candidate, best_of, candidates
from seedbed.recipe.groups import group_scores
from seedbed.recipe.importance import importance_of
from seedbed.recipe.looks import looks_of
from seedbed.recipe.member import Member, encoder_of, predict_apart, predict_encoded
from seedbed.recipe.results import Metrics, metrics, select
from seedbed.recipe.run import ENSEMBLE_SIZE, Held
from seedbed.recipe.wrong import most_wrong_of
from seedbed.reporting.intervals import intervals

Predictions = dict[str, NDArray[Any]]  # of `best` and `ensemble`
Results = dict[str, dict[str, Metrics]]


def judge(members: Sequence[Member], data: Dataset, folds: Sequence[Dataset] = ()) -> tuple[Held, Results]:
    """What a run keeps of the data, and the metrics by part, by model and by name.

    Probabilities are scored at the temperature that was fitted on the validation part: what `predict_proba` gives.
    Data without a test part, as an estimator of scikit-learn is fitted to, has metrics on the validation part alone.
    With folds each row of the training and validation parts is predicted by the networks that did not learn from it,
    and test rows by the networks that have a vote: the mean over the folds, or by time those of the last fold.
    """
    task, found = data.task, candidates(members, len(folds) or None)
    best, chosen = best_of(found), found[:MOST_CANDIDATES]
    if best not in chosen:
        chosen[-1] = best
    rows, y, predicted = _validated(chosen, data, folds)
    picked = select(task, y, predicted, ENSEMBLE_SIZE)
    unlike = sorted(set(picked))
    counts = [picked.count(c) for c in unlike]
    voting = [chosen[c] for c in unlike]
    untouched = _tested(voting if best in voting else [best, *voting], data)
    valid = _models(predicted[chosen.index(best)], predicted[unlike], counts)
    test = _models(untouched[voting.index(best) if best in voting else 0], untouched[-len(voting) :], counts)
    unseen = _unseen(best, data, folds)
    temperature = {model: _temperature(task, rows, y, p, unseen) for model, p in valid.items()}
    valid, test = (_cooled(task, part, temperature) for part in (valid, test))
    told = test if len(data.test) else {}
    held = Held(
        valid_y=y,
        valid_predictions=predicted,
        ensemble=tuple(chosen[c].number for c in picked),
        candidates=tuple(one.number for one in chosen),
        test_y=data.test.y,
        test_best=test["best"],
        test_ensemble=test["ensemble"],
        intervals={"test": {model: intervals(task, data.test.y, p, data.test.group) for model, p in told.items()}},
        temperature=temperature,
        groups=group_scores(task, data.test.y, test["ensemble"], data.test.group),
        importance=importance_of([one.voting[0] for one in voting], counts, unseen) if told and unseen else None,
        **most_wrong_of(data, test["ensemble"]),
        looks=looks_of(best.voting[0].trained.preprocessor, folds[best.voting[0].fold or 0] if folds else data),
    )
    results = {"validation": _scored(task, y, valid), "test": _scored(task, data.test.y, told)}
    return held, {part: models for part, models in results.items() if models}


def _validated(
    chosen: Sequence[Candidate], data: Dataset, folds: Sequence[Dataset]
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
    """The rows that candidates are chosen by, their targets, and what each predicts there, (candidate, n, k)."""
    if not folds:
        return data.valid.index, data.valid.y, predict_apart([one.members[0] for one in chosen], data.valid.x)
    index = np.concatenate([fold.valid.index for fold in folds])
    order = np.argsort(index, kind="stable")
    y = np.concatenate([fold.valid.y for fold in folds])
    parts = [predict_apart([one.members[f] for one in chosen], fold.valid.x) for f, fold in enumerate(folds)]
    return index[order], y[order], np.concatenate(parts, axis=1)[:, order]


def _unseen(best: Candidate, data: Dataset, folds: Sequence[Dataset]) -> Dataset | None:
    """The data set whose validation rows are new to all networks that predict; None with several folds."""
    if not folds:
        return data
    fold, *others = {member.fold for member in best.voting}
    return None if others or fold is None else folds[fold]


def _temperature(task: str, rows: NDArray[np.int64], y: NDArray[Any], p: NDArray[Any], unseen: Dataset | None) -> float:
    """The temperature for predictions of validation rows.

    Out of fold each row is predicted by one network of a setup; a mean over folds is less sure than that, so that
    nothing tells its temperature.
    """
    if unseen is None:
        return 1.0
    own = np.isin(rows, unseen.valid.index)
    return temperature_for(task, y[own], p[own])


def _tested(models: Sequence[Candidate], data: Dataset) -> NDArray[Any]:
    """What each predicts for the test part, (candidate, n, k)."""
    members = [member for one in models for member in one.voting]
    encoder = encoder_of(members)
    x = data.test.x if encoder == data.encoder else encoder.features(data.test.rows)
    said = predict_encoded(members, x, encoder)
    return said.reshape(len(models), len(models[0].voting), *said.shape[1:]).mean(axis=1)


def _models(best: NDArray[Any], voting: NDArray[Any], counts: Sequence[int]) -> Predictions:
    return {"best": best, "ensemble": np.average(voting, axis=0, weights=counts)}


def _cooled(task: str, predictions: Predictions, temperature: dict[str, float]) -> Predictions:
    return {model: cooled(task, p, temperature[model]) for model, p in predictions.items()}


def _scored(task: str, y: NDArray[Any], predictions: Predictions) -> dict[str, Metrics]:
    return {model: metrics(task, y, p) for model, p in predictions.items()}
