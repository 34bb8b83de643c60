"""The estimators as people use them: alone, in pipelines, in cross-validation and in a search over a grid."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import seedbed as sb
from seedbed.interop import SeedbedClassifier, SeedbedRegressor

IRIS = load_iris()
NAMES = np.array(["setosa", "versicolor", "virginica"])[IRIS.target]
NETWORK = sb.Network.parse("linear 8, tanh, linear out")
SETUP = sb.Setup(network=NETWORK, loss=sb.CrossEntropy(), optimizer=sb.Adam(0.02))


@pytest.fixture(scope="module")
def flowers() -> SeedbedClassifier:
    return SeedbedClassifier(SETUP, members=3, ensemble=4, random_state=0).fit(IRIS.data, NAMES)


def test_it_predicts_as_the_ensemble_of_its_run(flowers):
    ensemble = flowers.run_.ensemble(4)
    probability = flowers.predict_proba(IRIS.data)
    # The run predicts in single precision, with 2e-7 at best; a softmax of outputs near 10 multiplies that.
    np.testing.assert_allclose(probability, ensemble.predict_proba(IRIS.data), atol=2e-5)
    assert flowers.predict(IRIS.data).tolist() == ensemble.predict(IRIS.data).tolist()
    np.testing.assert_allclose(probability.sum(axis=1), 1.0, atol=1e-12)
    assert flowers.classes_.tolist() == sorted(set(NAMES))
    assert flowers.score(IRIS.data, NAMES) == accuracy_score(NAMES, flowers.predict(IRIS.data)) > 0.95


def test_what_it_has_learned_can_be_looked_at(flowers, tmp_path):
    assert flowers.n_iter_ == 20 and flowers.n_features_in_ == 4
    assert set(flowers.history_["member"]) == {0, 1, 2} and flowers.history_["epoch"].max() == 19
    assert flowers.run_.setup == SETUP and flowers.run_.seed == 0
    # There is no test part here: what the run says is on the validation part, and says so.
    assert list(flowers.run_.results) == ["validation"]
    assert "validation accuracy" in repr(flowers.run_)
    told = "none: the figures are of the part that chose the members"
    assert flowers.run_.steps[-1].facts[-1] == ("test examples", told)
    assert "there is no test part" in flowers.run_.report(tmp_path / "report.html").read_text("utf-8")


def test_it_goes_through_pickle_and_clone(flowers):
    again = pickle.loads(pickle.dumps(flowers))
    assert np.array_equal(again.predict_proba(IRIS.data), flowers.predict_proba(IRIS.data))
    assert again.run_.setup == SETUP
    fresh = clone(flowers)
    assert fresh.get_params() == flowers.get_params() and not hasattr(fresh, "run_")


def test_a_row_is_answered_alike_alone_and_among_others(flowers):
    alone = np.concatenate([flowers.predict_proba(row[None]) for row in IRIS.data[:5]])
    np.testing.assert_allclose(alone, flowers.predict_proba(IRIS.data)[:5], rtol=1e-12)


def test_weights_say_what_repeated_rows_say(flowers):
    weight = np.random.default_rng(0).integers(0, 4, len(NAMES))
    weighted = clone(flowers).fit(IRIS.data, NAMES, sample_weight=weight)
    repeated = clone(flowers).fit(IRIS.data.repeat(weight, axis=0), NAMES.repeat(weight))
    assert np.array_equal(weighted.predict_proba(IRIS.data), repeated.predict_proba(IRIS.data))
    assert not np.allclose(weighted.predict_proba(IRIS.data), flowers.predict_proba(IRIS.data))


def test_the_random_state_decides(flowers):
    same, other = (clone(flowers).set_params(random_state=s).fit(IRIS.data, NAMES) for s in (0, 1))
    assert np.array_equal(same.predict_proba(IRIS.data), flowers.predict_proba(IRIS.data))
    assert not np.allclose(other.predict_proba(IRIS.data), flowers.predict_proba(IRIS.data))


@pytest.mark.slow
def test_digits_in_cross_validation_against_logistic_regression():
    x, y = load_digits(return_X_y=True)
    x, y = x[:900], y[:900]
    scores = [
        cross_val_score(make_pipeline(StandardScaler(), model), x, y, cv=3).mean()
        for model in (SeedbedClassifier(members=4, random_state=0), LogisticRegression(max_iter=1000))
    ]
    assert scores[0] > scores[1] - 0.01


def test_a_search_over_a_grid_finds_the_optimizer_that_learns():
    grid = {"optimizer": ["adam 0.00001", "adam 0.03"]}
    model = SeedbedClassifier(SETUP, network="linear 4, tanh, linear out", members=1, epochs=25, batch_size=16)
    search = GridSearchCV(model.set_params(random_state=0), grid, cv=2).fit(IRIS.data, IRIS.target)
    assert search.best_params_["optimizer"] == "adam 0.03" and search.best_score_ > 0.9
    best = search.best_estimator_.run_
    assert best.setup.optimizer == sb.Adam(0.03) and str(best.setup.network) == "linear 4, tanh, linear out"
    assert (best.setup.epochs, best.setup.batch_size) == (25, 16)


def test_a_few_rows_are_trained_for_long_enough():
    x, y = load_diabetes(return_X_y=True)
    model = SeedbedRegressor(members=1, random_state=0).fit(x[:60], y[:60])
    setup = model.run_.setup
    assert setup.epochs * -(-50 // setup.batch_size) >= 1000
    assert model.score(x[:60], y[:60]) > 0.4


def test_several_values_at_once():
    x, y = load_diabetes(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(x, np.column_stack([y, -3 * y + 100]), random_state=0)
    model = SeedbedRegressor(SETUP.replace(loss=sb.MeanSquaredError()), members=1, random_state=0)
    said = model.fit(train_x, train_y).predict(test_x)
    assert model.score(test_x, test_y) == pytest.approx(r2_score(test_y, said)) and model.score(test_x, test_y) > 0.3
    assert np.corrcoef(said.T)[0, 1] < -0.95  # each in its own unit
    assert abs(said[:, 1].mean() - test_y[:, 1].mean()) < 30


def test_a_table_with_texts_and_holes():
    rng = np.random.default_rng(0)
    city = rng.choice(["Bern", "Oslo", "Rome"], 300)
    size = rng.normal(size=300)
    y = np.where((city == "Rome") ^ (size > 0), "yes", "no")
    frame = pd.DataFrame({"city": city, "size": np.where(rng.random(300) < 0.02, np.nan, size)})
    model = SeedbedClassifier(SETUP.replace(epochs=60), members=1, random_state=0).fit(frame[:200], y[:200])
    assert model.score(frame[200:], y[200:]) > 0.9
    assert model.feature_names_in_.tolist() == ["city", "size"] and model.n_features_in_ == 2
    assert model.run_.encoder.feature_names == ("city=Bern", "city=Oslo", "city=Rome", "size", "size=(missing)")
    with pytest.raises(ValueError, match="The feature names should match those that were passed during fit"):
        model.predict(frame.rename(columns={"city": "town"}))


def test_a_table_of_numbers_is_an_array_with_names(flowers):
    frame = pd.DataFrame(IRIS.data, columns=list("abcd"))
    model = clone(flowers).fit(frame, NAMES)
    assert model.run_.encoder.feature_names == tuple("abcd")
    assert np.array_equal(model.predict_proba(frame), flowers.predict_proba(IRIS.data))


def test_nothing_is_printed_unless_it_is_asked_for(flowers, capfd):
    clone(flowers).fit(IRIS.data, NAMES)
    assert capfd.readouterr() == ("", "")
