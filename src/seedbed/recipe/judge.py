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
from seedbed.recipe.member import Member, predict_apart, predict_encoded
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
    and test rows by the mean over the folds.
    """
    task, found = data.task, candidates(members, len(folds) or None)
    best, chosen = best_of(found), found[:MOST_CANDIDATES]
    if best not in chosen:
        chosen[-1] = best
    y, predicted = _validated(chosen, data, folds)
    picked = select(task, y, predicted, ENSEMBLE_SIZE)
    unlike = sorted(set(picked))
    counts = [picked.count(c) for c in unlike]
    voting = [chosen[c] for c in unlike]
    untouched = _tested([best, *voting], data)
    valid = _models(predicted[chosen.index(best)], predicted[unlike], counts)
    test = _models(untouched[0], untouched[1:], counts)
    # Out of fold each row is predicted by one network of a setup; their mean over folds is less sure than that.
    temperature = {model: 1.0 if folds else temperature_for(task, y, p) for model, p in valid.items()}
    valid, test = (_cooled(task, part, temperature) for part in (valid, test))
    told = test if len(data.test) else {}
    measured = told and not folds  # no validation row is new to all networks of an ensemble over folds
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
        importance=importance_of([one.members[0] for one in voting], counts, data) if measured else None,
        **most_wrong_of(data, test["ensemble"]),
        looks=looks_of(best.members[0].trained.preprocessor, folds[0] if folds else data),
    )
    results = {"validation": _scored(task, y, valid), "test": _scored(task, data.test.y, told)}
    return held, {part: models for part, models in results.items() if models}


def _validated(
    chosen: Sequence[Candidate], data: Dataset, folds: Sequence[Dataset]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The targets that candidates are chosen by, and what each predicts there, (candidate, n, k)."""
    if not folds:
        return data.valid.y, predict_encoded([one.members[0] for one in chosen], data.valid.x)
    index = np.concatenate([fold.valid.index for fold in folds])
    order = np.argsort(index, kind="stable")
    y = np.concatenate([fold.valid.y for fold in folds])
    parts = [predict_apart([one.members[f] for one in chosen], fold.valid.x) for f, fold in enumerate(folds)]
    return y[order], np.concatenate(parts, axis=1)[:, order]


def _tested(models: Sequence[Candidate], data: Dataset) -> NDArray[Any]:
    """What each predicts for the test part, (candidate, n, k)."""
    members = [member for one in models for member in one.members]
    encoder = members[0].encoder
    x = data.test.x if encoder == data.encoder else encoder.features(data.test.rows)
    said = predict_encoded(members, x)
    return said.reshape(len(models), len(models[0].members), *said.shape[1:]).mean(axis=1)


def _models(best: NDArray[Any], voting: NDArray[Any], counts: Sequence[int]) -> Predictions:
    return {"best": best, "ensemble": np.average(voting, axis=0, weights=counts)}


def _cooled(task: str, predictions: Predictions, temperature: dict[str, float]) -> Predictions:
    return {model: cooled(task, p, temperature[model]) for model, p in predictions.items()}


def _scored(task: str, y: NDArray[Any], predictions: Predictions) -> dict[str, Metrics]:
    return {model: metrics(task, y, p) for model, p in predictions.items()}
