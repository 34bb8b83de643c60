"""The embedded sets, against scikit-learn's own loaders."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn import datasets

from seedbed.core.errors import DataError, UsageError
from seedbed.data import catalogue, load
from seedbed.data import embedded as module

REFERENCES = {
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
}


def in_source_order(data):
    """All features and targets, in the order of the source."""
    parts = [data.train, data.valid, data.test]
    order = np.argsort(np.concatenate([part.index for part in parts]))
    return (np.concatenate([getattr(part, what) for part in parts])[order] for what in ("x", "y"))


@pytest.mark.parametrize("name", REFERENCES)
def test_equals_scikit_learn(name):
    data, reference = load(name), REFERENCES[name]()
    x, y = in_source_order(data)
    np.testing.assert_array_equal(x, reference.data)
    np.testing.assert_array_equal(y.reshape(-1), reference.target)
    assert list(data.feature_names) == list(reference.feature_names)
    if data.n_classes:
        assert [str(c) for c in data.class_names] == [str(c) for c in reference.target_names]


def test_digits_know_their_image_and_keep_ints_as_classes():
    data = load("digits")
    assert data.image_shape == (8, 8)
    assert data.shape == (64,)
    assert data.class_names == tuple(range(10)) and all(type(c) is int for c in data.class_names)
    assert data.train.y.dtype == np.int32
    assert data.numeric.all()
    np.testing.assert_array_equal(data.train.rows, data.train.x)


@pytest.mark.parametrize("entry", catalogue(), ids=lambda e: e.name)
def test_the_catalogue_tells_the_truth(entry):
    data = load(entry.name)
    assert entry.rows == sum(map(len, (data.train, data.valid, data.test)))
    assert (entry.features,) == data.shape
    assert (entry.task, entry.classes) == (data.task, data.n_classes)
    assert entry.licence and entry.source and entry.description


def test_no_slow_package_is_imported():
    code = "import sys, seedbed.data as d; d.load('digits'); print({'sklearn', 'pandas', 'scipy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "sklearn" not in done.stdout and "pandas" not in done.stdout


def test_unknown_name_lists_the_names_and_offers_the_nearest():
    with pytest.raises(DataError, match=r"one of digits, iris, .* spiral; got 'digit'\nhint: did you mean 'digits'\?"):
        load("digit")


def test_a_target_is_refused_where_the_set_has_its_own():
    with pytest.raises(UsageError, match="target: expected none for iris, which has its own, got 'species'"):
        load("iris", target="species")


def test_without_scikit_learn_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"expected scikit-learn, got no such package\nhint: pip install scikit-learn"):
        load("wine")
