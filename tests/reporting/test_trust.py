"""The figures that say how far a result can be trusted, against scikit-learn's and values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from seedbed.reporting.bins import bins_data
from seedbed.reporting.evidence import Groups, Importance
from seedbed.reporting.groups import groups_data
from seedbed.reporting.importance import importance_data
from seedbed.reporting.intervals import wilson
from seedbed.reporting.labels import labels_data
from seedbed.reporting.page import page
from seedbed.reporting.reliability import reliability_data


def two_classes(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    z = 2 * rng.normal(size=(n, 2))
    return (rng.random(n) < softmax(z, axis=1)[:, 1]).astype(int), z


def test_of_two_classes_the_diagram_is_that_of_scikit_learn(make):
    y, z = two_classes()
    p = softmax(z, axis=1)
    found = reliability_data(make(k=2, test_y=y, test_ensemble=p))
    share, mean = calibration_curve(y, p[:, 1], n_bins=10, strategy="quantile")
    np.testing.assert_allclose(found.bins["probability"], mean, atol=2e-3)  # bins of 40, or cut at a quantile
    np.testing.assert_allclose(found.bins["share"], share, atol=1 / 39)
    assert found.bins["count"].tolist() == [40] * 10
    assert found.error == pytest.approx(np.abs(found.bins["share"] - found.bins["probability"]).mean())
    low, high = wilson(found.bins["share"][3] * 40, 40)
    assert found.bins.loc[3, ["low", "high"]].tolist() == pytest.approx([low, high])


def test_without_the_temperature_the_error_is_the_one_before(make):
    y, z = two_classes(4000)
    evidence = make(k=2, test_y=y, test_ensemble=softmax(z, axis=1), temperature=3.0)
    raw = reliability_data(make(k=2, test_y=y, test_ensemble=softmax(3 * z, axis=1)))
    found = reliability_data(evidence, is_raw=True)
    np.testing.assert_allclose(found.bins, raw.bins, rtol=1e-9)
    assert found.error == pytest.approx(raw.error) and found.error > 3 * reliability_data(evidence).error


def test_of_several_classes_the_one_that_is_named_counts(make):
    p = np.repeat([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], 20, axis=0)
    y = np.asarray([0] * 10 + [2] * 10 + [1] * 16 + [0] * 4)
    found = reliability_data(make(test_y=y, test_ensemble=p))
    assert found.bins[["probability", "share"]].to_numpy() == pytest.approx(np.asarray([[0.5, 0.5], [0.8, 0.8]]))
    assert found.error == pytest.approx(0.0)


def test_too_few_examples_and_values_have_no_diagram(make):
    assert reliability_data(make(test_y=np.zeros(39, int), test_ensemble=np.full((39, 3), 1 / 3))) is None
    assert reliability_data(make("regression", k=1)) is None


def test_classes_are_those_of_scikit_learn(make):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 90)
    p = softmax(rng.normal(size=(90, 3)) + np.eye(3)[y], axis=1)
    table = labels_data(make(test_y=y, test_ensemble=p, names=("a", "b", "c"))).set_index("label").loc[["a", "b", "c"]]
    precision, recall, f1, support = sk.precision_recall_fscore_support(y, p.argmax(axis=1))
    expected = np.stack([support, precision, recall, f1], axis=1)
    np.testing.assert_allclose(table[["examples", "precision", "recall", "f1"]], expected)
    np.testing.assert_allclose(table["roc_auc"], sk.roc_auc_score(y, p, multi_class="ovr", average=None))


def test_bins_of_the_truth_by_hand(make):
    truth = np.arange(60.0)[:, None]
    off = np.where(truth < 20, 1.0, np.where(truth < 40, -2.0, 4.0)) + 0.5 * (-1.0) ** np.arange(60)[:, None]
    table = bins_data(make("regression", k=1, test_y=truth, test_ensemble=truth + off))
    assert table["examples"].tolist() == [20, 20, 20] and table["label"][0].startswith("0 – ")
    np.testing.assert_allclose(table["value"], [1, 2, 4])
    np.testing.assert_allclose(table["bias"], [1, -2, 4])
    half = 1.959964 * 0.5 * np.sqrt(20 / 19) / np.sqrt(20)
    np.testing.assert_allclose(table["high"] - table["value"], half, rtol=1e-5)
    assert bins_data(make("regression", k=1, test_y=np.ones((99, 1)), test_ensemble=np.ones((99, 1)))).empty


IMPORTANCE = Importance(("a", "b", "c"), (0.1, 0.3, -0.01), (0.02, 0.05, 0.01), 0.9, 200, 5, 4)
GROUPS = Groups("accuracy", (("north", 20, 0.5, 0.3, 0.7), ("south", 40, 0.9, 0.8, 0.95)), 2)


def test_the_most_important_column_stands_first(make):
    table = importance_data(make(importance=IMPORTANCE))
    assert table["label"].tolist() == ["b", "a", "c"]
    np.testing.assert_allclose(table.loc[0, ["value", "low", "high"]].astype(float), [0.3, 0.25, 0.35])


def test_patches_keep_their_places(make):
    names = tuple("abcdef")
    drops = tuple(np.arange(6.0))
    table = importance_data(make(importance=Importance(names, drops, drops, 0.9, 200, 5, grid=(2, 3))))
    assert table.loc[4, ["label", "line", "column"]].tolist() == ["e", 1, 1]


def test_groups_are_shown_as_they_were_scored(make):
    assert groups_data(make(groups=GROUPS)).to_numpy().tolist() == [list(row) for row in GROUPS.rows]


@pytest.mark.parametrize("task", ["classification", "regression", "multilabel"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_page_shows_them_all(make, task, language):
    y, z = two_classes()
    changed = {"test_y": y, "test_ensemble": softmax(z, axis=1), "k": 2, "temperature": 1.4}
    text = page(
        make(task, groups=GROUPS, importance=IMPORTANCE, **changed if task == "classification" else {}), language
    )
    expected = (
        {"classes", "reliability", "groups", "importance"} if task == "classification" else {"groups", "importance"}
    )
    expected |= {"reliability"} if task == "multilabel" else {"bins"} if task == "regression" else set()
    every = {"classes", "reliability", "bins", "groups", "importance"}
    assert {name for name in every if f'<section id="{name}">' in text} == expected
    assert ('<i class="raw"' in text) == (task == "classification")


def test_what_was_not_measured_has_no_section(make):
    text = page(make(), "en")
    assert 'id="groups"' not in text and 'id="importance"' not in text and 'id="bins"' not in text
