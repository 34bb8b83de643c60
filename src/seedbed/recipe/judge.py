"""The result: best member and ensemble, chosen on the validation part, scored once on the test part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.dataset import Dataset
from seedbed.data.temperature import cooled, temperature_for
from seedbed.recipe.groups import group_scores
from seedbed.recipe.importance import importance_of
from seedbed.recipe.looks import looks_of
from seedbed.recipe.member import Member, predict_encoded
from seedbed.recipe.results import Metrics, metrics, select
from seedbed.recipe.run import ENSEMBLE_SIZE, Held, best_of, candidates
from seedbed.recipe.wrong import most_wrong_of
from seedbed.reporting.intervals import intervals

Predictions = dict[str, NDArray[Any]]  # of `best` and `ensemble`
Results = dict[str, dict[str, Metrics]]


def judge(members: Sequence[Member], data: Dataset) -> tuple[Held, Results]:
    """What a run keeps of the data, and the metrics by part, by model and by name.

    Probabilities are scored at the temperature that was fitted on the validation part: what `predict_proba` gives.
    Data without a test part, as an estimator of scikit-learn is fitted to, has metrics on the validation part alone.
    """
    task, best = data.task, best_of(members)
    chosen = candidates(members)
    if best not in chosen:
        chosen[-1] = best
    predicted = predict_encoded(chosen, data.valid.x)
    picked = select(task, data.valid.y, predicted, ENSEMBLE_SIZE)
    unlike = sorted(set(picked))
    counts = [picked.count(c) for c in unlike]
    voting = [chosen[c] for c in unlike]
    untouched = predict_encoded([best, *voting], data.test.x)
    valid = _models(predicted[chosen.index(best)], predicted[unlike], counts)
    test = _models(untouched[0], untouched[1:], counts)
    temperature = {model: temperature_for(task, data.valid.y, p) for model, p in valid.items()}
    valid, test = (_cooled(task, part, temperature) for part in (valid, test))
    told = test if len(data.test) else {}
    held = Held(
        valid_y=data.valid.y,
        valid_predictions=predicted,
        ensemble=tuple(chosen[c].number for c in picked),
        candidates=tuple(member.number for member in chosen),
        test_y=data.test.y,
        test_best=test["best"],
        test_ensemble=test["ensemble"],
        intervals={"test": {model: intervals(task, data.test.y, p) for model, p in told.items()}},
        temperature=temperature,
        groups=group_scores(task, data.test.y, test["ensemble"], data.test.group),
        importance=importance_of(voting, counts, data) if told else None,
        **most_wrong_of(data, test["ensemble"]),
        looks=looks_of(best.trained.preprocessor, data),
    )
    results = {"validation": _scored(task, data.valid.y, valid), "test": _scored(task, data.test.y, told)}
    return held, {part: models for part, models in results.items() if models}


def _models(best: NDArray[Any], voting: NDArray[Any], counts: Sequence[int]) -> Predictions:
    return {"best": best, "ensemble": np.average(voting, axis=0, weights=counts)}


def _cooled(task: str, predictions: Predictions, temperature: dict[str, float]) -> Predictions:
    return {model: cooled(task, p, temperature[model]) for model, p in predictions.items()}


def _scored(task: str, y: NDArray[Any], predictions: Predictions) -> dict[str, Metrics]:
    return {model: metrics(task, y, p) for model, p in predictions.items()}
