"""Members and ensembles as a user holds them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from tests.recipe.conftest import digits_setup, houses


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
    p **= 1 / member.temperature
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(member.predict_proba(digits.test.rows), p, atol=1e-5)  # float32 against float64
    np.testing.assert_array_equal(member.predict(digits.test.rows), p.argmax(axis=1))


def test_an_ensemble_is_the_weighted_mean_of_its_members(digits_run: sb.Run, digits: Any) -> None:
    ensemble = digits_run.ensemble(k=5)
    each = [replace(member, temperature=1.0).predict_proba(digits.test.rows) for member in ensemble.members]
    assert len(each) == sum(ensemble.weights.values()) == 5
    mean = np.mean(each, axis=0) ** (1 / ensemble.temperature)
    mean /= mean.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ensemble.predict_proba(digits.test.rows), mean, atol=1e-5)
    assert repr(ensemble).startswith("Ensemble(")


def test_the_result_is_what_the_models_say_of_the_test_part(digits_run: sb.Run, digits: Any) -> None:
    truth = np.asarray(digits.class_names)[digits.test.y]
    for name, model in (("best", digits_run.best), ("ensemble", digits_run.ensemble())):
        assert digits_run.results["test"][name]["accuracy"] == pytest.approx(
            np.mean(model.predict(digits.test.rows) == truth)
        )
    assert digits_run.results["validation"]["best"]["accuracy"] == pytest.approx(digits_run.best.valid_score)


@pytest.mark.slow
def test_probabilities_are_those_that_the_log_loss_was_measured_with(digits: Any, tmp_path: Path) -> None:
    """Smoothed labels make networks less sure than they are right, and a temperature mends that."""
    setup = digits_setup().replace(loss=sb.CrossEntropy(label_smoothing=0.4), epochs=4)
    run = sb.train(setup, digits, members=2, out=tmp_path / "run", watch="off")
    rows, temperature = digits.test.rows, run.held.temperature

    def log_loss(model: sb.Member | sb.Ensemble) -> float:
        p = model.predict_proba(rows)[np.arange(len(digits.test.y)), digits.test.y]
        return float(-np.log(np.maximum(p, np.finfo(np.float64).eps)).mean())  # as scikit-learn bounds it

    assert 0.1 < temperature["ensemble"] < 0.9 and temperature["best"] == run.best.temperature < 0.9
    for name, model in (("best", run.best), ("ensemble", run.ensemble())):
        measured = run.results["test"][name]["log_loss"]
        assert log_loss(model) == pytest.approx(measured, rel=1e-4)
        plain = replace(model, temperature=1.0)
        assert log_loss(plain) > measured + 0.05
        np.testing.assert_array_equal(model.predict(rows), plain.predict(rows))
    (said,) = (fact for label, fact in run.steps[-1].facts if label == "calibration")
    words = r"temperature 0\.\d+ for the ensemble, fitted on validation: log loss \d\.\d+ on test, \d\.\d+ without it"
    assert re.fullmatch(words, said)
    assert [m.temperature for m in run.members if m is not run.best] == [1.0]
    again = sb.load_run(tmp_path / "run")
    for ours, theirs in ((run.best, again.best), (run.ensemble(3), again.ensemble(3))):
        np.testing.assert_array_equal(ours.predict_proba(rows), theirs.predict_proba(rows))


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


def test_a_trained_network_folds() -> None:
    network = sb.Network([sb.Linear(8), sb.Linear(6), sb.Tanh(), sb.Linear("out")])
    setup = sb.Setup(network=network, loss=sb.CrossEntropy(), optimizer=sb.SGD(0.1), epochs=1)
    best = sb.train(setup, "iris", members=1, out=None, watch="off").best
    folded = best.network.fold()
    x = jnp.asarray(np.random.default_rng(0).normal(size=(7, 4)), jnp.float32)
    before, behind = jax.tree.map(jnp.asarray, (best.params, folded.params(best.params)))
    np.testing.assert_allclose(folded.network.apply(behind, x), best.network.apply(before, x), rtol=1e-4, atol=1e-5)
    assert str(folded.network) == "linear 6, tanh, linear 3"
