"""The result: best member and ensemble, chosen on the validation part, scored once on the test part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seedbed.data.dataset import Dataset
from seedbed.recipe.looks import looks_of
from seedbed.recipe.member import Member, predict_encoded
from seedbed.recipe.results import Metrics, metrics, select
from seedbed.recipe.run import ENSEMBLE_SIZE, Held, best_of, candidates
from seedbed.recipe.wrong import most_wrong_of
from seedbed.reporting.intervals import intervals


def judge(members: Sequence[Member], data: Dataset) -> tuple[Held, dict[str, dict[str, Metrics]]]:
    """What a run keeps of the data, and the metrics by part, by model and by name.

    Data without a test part, as an estimator of scikit-learn is fitted to, has metrics on the validation part alone.
    """
    task, best = data.task, best_of(members)
    chosen = candidates(members)
    if best not in chosen:
        chosen[-1] = best
    valid = predict_encoded(chosen, data.valid.x)
    picked = select(task, data.valid.y, valid, ENSEMBLE_SIZE)
    unlike = sorted(set(picked))
    counts = [picked.count(c) for c in unlike]
    test = predict_encoded([best, *(chosen[c] for c in unlike)], data.test.x)
    test_best, test_ensemble = test[0], np.average(test[1:], axis=0, weights=counts)
    valid_ensemble = np.average(valid[unlike], axis=0, weights=counts)
    results = {
        "validation": {
            "best": metrics(task, data.valid.y, valid[chosen.index(best)]),
            "ensemble": metrics(task, data.valid.y, valid_ensemble),
        }
    }
    told = {"best": test_best, "ensemble": test_ensemble} if len(data.test) else {}
    if told:
        results["test"] = {model: metrics(task, data.test.y, said) for model, said in told.items()}
    held = Held(
        valid_y=data.valid.y,
        valid_predictions=valid,
        ensemble=tuple(chosen[c].number for c in picked),
        candidates=tuple(member.number for member in chosen),
        test_y=data.test.y,
        test_best=test_best,
        test_ensemble=test_ensemble,
        intervals={"test": {model: intervals(task, data.test.y, said) for model, said in told.items()}},
        **most_wrong_of(data, test_ensemble),
        looks=looks_of(best.trained.preprocessor, data),
    )
    return held, results
