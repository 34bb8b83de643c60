"""Members and ensembles as a user holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from tests.recipe.conftest import houses


def test_a_member_predicts_what_its_weights_say(digits_run: sb.Run, digits: Any) -> None:
    member = digits_run.best
    first, prelu, _, last = member.params
    standardize = member.trained.preprocessor.x
    x = standardize(digits.test.x).reshape(-1, 64).astype(np.float64)
    hidden = x @ first["weight"] + first["bias"]
    hidden = np.where(hidden > 0, hidden, prelu["slope"] * hidden)
    logits = hidden @ last["weight"] + last["bias"]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(member.predict_proba(digits.test.rows), p, atol=1e-5)  # float32 against float64
    np.testing.assert_array_equal(member.predict(digits.test.rows), p.argmax(axis=1))


def test_an_ensemble_is_the_weighted_mean_of_its_members(digits_run: sb.Run, digits: Any) -> None:
    ensemble = digits_run.ensemble(k=5)
    each = [member.predict_proba(digits.test.rows) for member in ensemble.members]
    assert len(each) == sum(ensemble.weights.values()) == 5
    np.testing.assert_allclose(ensemble.predict_proba(digits.test.rows), np.mean(each, axis=0), atol=1e-6)
    assert repr(ensemble).startswith("Ensemble(")


def test_the_result_is_what_the_models_say_of_the_test_part(digits_run: sb.Run, digits: Any) -> None:
    truth = np.asarray(digits.class_names)[digits.test.y]
    for name, model in (("best", digits_run.best), ("ensemble", digits_run.ensemble())):
        assert digits_run.results["test"][name]["accuracy"] == pytest.approx(
            np.mean(model.predict(digits.test.rows) == truth)
        )
    assert digits_run.results["validation"]["best"]["accuracy"] == pytest.approx(digits_run.best.valid_score)


def test_values_come_in_their_own_unit(houses_run: sb.Run) -> None:
    table = houses()
    said = houses_run.ensemble().predict(table.drop(columns="price"))
    assert said.shape == (len(table),) and 0.3 < said.mean() / table["price"].mean() < 3
    with pytest.raises(sb.UsageError, match="predict_proba: expected a classifier, got a network that predicts values"):
        houses_run.best.predict_proba(table)


def test_columns_may_come_in_another_order_and_with_others_beside(houses_run: sb.Run) -> None:
    table = houses()
    mixed = table[["town", "price", "rooms", "area"]].assign(note="new")
    np.testing.assert_array_equal(houses_run.best.predict(mixed), houses_run.best.predict(table))


def test_missing_columns_are_named(houses_run: sb.Run) -> None:
    with pytest.raises(sb.DataError, match="got rows without 'area', 'town'"):
        houses_run.best.predict(houses().drop(columns=["area", "town"]))


def test_holes_and_unknown_categories_are_taken(houses_run: sb.Run) -> None:
    rows = pd.DataFrame({"area": [np.nan, 80], "rooms": [3, 3], "town": ["Paris", None]})
    assert np.isfinite(houses_run.best.predict(rows)).all()


@pytest.mark.parametrize("k", [0, -1, True])
def test_an_ensemble_has_at_least_one_place(digits_run: sb.Run, k: int) -> None:
    with pytest.raises(sb.UsageError, match="ensemble: expected k of at least 1"):
        digits_run.ensemble(k)
