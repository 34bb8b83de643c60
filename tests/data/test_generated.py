"""The generated sets: their geometry, against scikit-learn's where it has the same."""

import doctest

import numpy as np
import pytest
from sklearn import datasets

from seedbed.core.errors import UsageError
from seedbed.data import generate, generated, load, loading
from seedbed.data.generated import GENERATORS


def as_set(x, y):
    return sorted((*np.round(point, 9).tolist(), int(label)) for point, label in zip(x, y, strict=True))


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("moons", lambda: datasets.make_moons(40, shuffle=False)),
        ("circles", lambda: datasets.make_circles(40, shuffle=False, factor=0.5)),
    ],
)
def test_without_noise_equals_scikit_learn(name, reference):
    np.testing.assert_allclose(as_set(*generate(name, rows=40, noise=0.0)), as_set(*reference()), atol=1e-8)


def test_spiral_follows_its_formula():
    x, y = generate("spiral", rows=300, noise=0.0)
    for arm in range(3):  # CS231n: r = 0..1, t = 4 arm .. 4 (arm + 1), (r sin t, r cos t)
        r = np.linspace(0.0, 1.0, 100)
        t = np.linspace(arm * 4, (arm + 1) * 4, 100)
        points = x[y == arm]
        points = points[np.argsort(np.hypot(*points.T))]
        np.testing.assert_allclose(points, np.c_[r * np.sin(t), r * np.cos(t)], atol=1e-12)


@pytest.mark.parametrize("name", GENERATORS)
def test_the_seed_decides_and_classes_are_even(name):
    x, y = generate(name, rows=301, seed=3)
    again, other = generate(name, rows=301, seed=3), generate(name, rows=301, seed=4)
    np.testing.assert_array_equal(x, again[0])
    assert not np.array_equal(x, other[0])
    counts = np.bincount(y)
    assert len(counts) == GENERATORS[name][1] and counts.max() - counts.min() <= 1


def test_noise_has_the_deviation_it_claims():
    x, _ = generate("xor", rows=20_000, noise=0.1)
    residual = x - np.round(x)
    assert residual.std() == pytest.approx(0.1, rel=0.02)  # standard error of the deviation: 0.1 / sqrt(2 * 40000)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "moon"}, r"name: expected one of xor, .*got 'moon'\nhint: did you mean 'moons'\?"),
        ({"rows": 0}, "rows: expected a whole number of at least 1, got 0"),
        ({"noise": -0.1}, "noise: expected a finite number of at least 0, got -0.1"),
        ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
    ],
)
def test_unsound_arguments(wrong, message):
    with pytest.raises(UsageError, match=message):
        generate(**{"name": "moons"} | wrong)


def test_loading_by_name_is_a_classification_with_named_features():
    data = load("moons")
    assert (data.task, data.shape, data.feature_names, data.class_names) == ("classification", (2,), ("x", "y"), (0, 1))


@pytest.mark.parametrize("module", [generated, loading])
def test_the_examples_in_the_docstrings(module):
    assert doctest.testmod(module).failed == 0
