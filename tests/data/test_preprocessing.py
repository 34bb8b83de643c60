"""Preprocessing, against scikit-learn's StandardScaler."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from seedbed.core.errors import DataError, SetupError
from seedbed.core.plain import from_plain, to_plain
from seedbed.data import Preprocessing, Preprocessor, Standardize, StandardizeTarget, load
from seedbed.data import statistics as module
from seedbed.data.statistics import Moments

STEPS = (Standardize(), StandardizeTarget())


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "diabetes"])
def test_equals_scikit_learn(name):
    data = load(name)
    scaler = StandardScaler().fit(data.train.x)
    fitted = Preprocessor.fit(STEPS, data)
    for part in (data.train, data.valid, data.test):
        np.testing.assert_allclose(fitted.x(part.x), scaler.transform(part.x), rtol=1e-10, atol=1e-12)


def test_per_all_shares_one_mean_and_deviation():
    data = load("digits")
    x = Preprocessor.fit([Standardize(per="all")], data).x(data.train.x)
    np.testing.assert_allclose(x, (data.train.x - data.train.x.mean()) / data.train.x.std(), rtol=1e-12)


def test_indicators_are_left_alone_and_constants_only_shifted():
    n = np.arange(40)
    data = load((np.stack([n % 2, n, np.full(40, 0.1)], axis=1), n / 7))
    x = Preprocessor.fit([Standardize()], data).x(data.train.x)
    np.testing.assert_array_equal(x[:, 0], data.train.x[:, 0])
    assert x[:, 1].mean() == pytest.approx(0, abs=1e-12) and x[:, 1].std() == pytest.approx(1)
    np.testing.assert_allclose(x[:, 2], 0, atol=1e-15)


def test_only_the_training_part_is_looked_at():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, 3)), rng.normal(size=100)
    data = load((x, y))
    outside = np.concatenate([data.valid.index, data.test.index])
    x[outside], y[outside] = 1e9, -1e9
    before, after = (Preprocessor.fit(STEPS, d).arrays() for d in (data, load((x, y))))
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


@pytest.mark.parametrize(("given", "result"), [(np.uint8, np.float32), (np.float32, np.float32), (float, float)])
def test_precision_follows_the_data(given, result):
    x = np.random.default_rng(0).integers(0, 256, (50, 4, 4)).astype(given)
    data = load((x, np.arange(50) % 2))
    for steps in (STEPS, ()):
        fitted = Preprocessor.fit(steps, data)
        assert fitted.x(data.test.x).dtype == result
    exact = StandardScaler().fit(data.train.x.reshape(-1, 16).astype(float))
    scaled = Preprocessor.fit(STEPS, data).x(data.test.x).reshape(-1, 16)
    # float32 rounds numbers of up to 256 to 1.5e-5 before they are divided by a deviation of about 74
    np.testing.assert_allclose(scaled, exact.transform(data.test.x.reshape(-1, 16)), atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 4), st.floats(-1e6, 1e6), st.integers(0, 99), st.integers(1, 64))
def test_moments_do_not_depend_on_the_blocks(n, k, shift, seed, block):
    values = np.random.default_rng(seed).normal(shift, 1.0, (n, k))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        known = Moments.of(values)
    assert known.n == n
    np.testing.assert_allclose(known.mean, values.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(known.variance, values.var(axis=0), rtol=1e-8, atol=1e-12)
    np.testing.assert_array_equal(known.low, values.min(axis=0))
    np.testing.assert_array_equal(known.high, values.max(axis=0))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.integers(0, 99))
def test_moments_of_parts_merge_into_those_of_all(sizes, seed):
    parts = [np.random.default_rng([seed, i]).normal(1e3 * i, 1.0, (n, 2, 3)) for i, n in enumerate(sizes)]
    together, whole = Moments.empty((2, 3)), np.concatenate(parts)
    for part in parts:
        together = together.merge(Moments.of(part))
    assert together.n == len(whole)
    if len(whole):
        np.testing.assert_allclose(together.mean, whole.mean(axis=0), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(together.variance, whole.var(axis=0), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("axes", [(), (0, 1), (0, 1, 2)])
def test_pooled_moments_are_those_of_all_values_together(axes):
    images = np.random.default_rng(0).normal([0.0, 5.0, -2.0], [1.0, 2.0, 3.0], (50, 4, 6, 3))
    one, over = Moments.of(images).pooled(axes), (0, *(axis + 1 for axis in axes))
    for given_, wanted in ((one.mean, images.mean), (one.variance, images.var), (one.low, images.min)):
        np.testing.assert_allclose(given_, wanted(axis=over), rtol=1e-12)
    np.testing.assert_array_equal(one.high, images.max(axis=over))
    assert one.n == images.size // one.mean.size


def test_targets_come_back_in_their_own_unit():
    data = load("diabetes")
    fitted = Preprocessor.fit(STEPS, data)
    y = fitted.y(data.train.y)
    assert y.mean() == pytest.approx(0, abs=1e-12) and y.std() == pytest.approx(1)
    np.testing.assert_allclose(fitted.unscale(y), data.train.y, rtol=1e-12)
    np.testing.assert_allclose(fitted.unscale(np.ones(1)) - fitted.unscale(np.zeros(1)), data.train.y.std(axis=0))
    assert fitted.unscale(np.zeros((5, 3, 1), np.float32)).shape == (5, 3, 1)  # members, rows, targets


def test_several_targets_have_their_own_scales():
    rng = np.random.default_rng(0)
    data = load((rng.normal(size=(50, 2)), rng.normal(size=(50, 2)) * [1.0, 1e4]))
    fitted = Preprocessor.fit(STEPS, data)
    scale = fitted.unscale(np.ones(2)) - fitted.unscale(np.zeros(2))
    np.testing.assert_allclose(scale, data.train.y.std(axis=0), rtol=1e-12)


def test_targets_of_other_tasks_are_left_alone():
    data = load("iris")
    fitted = Preprocessor.fit(STEPS, data)
    assert fitted.y(data.train.y) is data.train.y
    assert set(fitted.arrays()) == {"0.mean", "0.scale"}


def test_steps_build_on_one_another():
    data = load("wine")
    once = Preprocessor.fit([Standardize(per="all"), Standardize()], data).x(data.train.x)
    np.testing.assert_allclose(once, Preprocessor.fit([Standardize()], data).x(data.train.x), atol=1e-10)


@pytest.mark.parametrize("name", ["iris", "diabetes"])
@pytest.mark.parametrize("per", ["feature", "all"])
def test_stored_arrays_give_the_same_back(name, per):
    data, steps = load(name), (Standardize(per=per), StandardizeTarget())
    fitted = Preprocessor.fit(steps, data)
    assert all(array.dtype == np.float64 for array in fitted.arrays().values())
    again = Preprocessor.from_arrays(steps, fitted.arrays(), data.shape)
    np.testing.assert_array_equal(again.x(data.test.x), fitted.x(data.test.x))
    np.testing.assert_array_equal(again.y(data.test.y), fitted.y(data.test.y))
    assert again.arrays().keys() == fitted.arrays().keys()


def test_stored_arrays_that_do_not_fit():
    with pytest.raises(DataError, match=r"preprocessing: expected numbers for 1 steps, got '1.mean'"):
        Preprocessor.from_arrays([Standardize()], {"0.mean": 0.0, "0.scale": 1.0, "1.mean": 0.0}, (3,))
    with pytest.raises(DataError, match=r"expected numbers for each step, got none for Standardize\("):
        Preprocessor.from_arrays([Standardize()], {}, (3,))


def test_steps_are_values_with_text_forms():
    step = Standardize(per="all")
    assert to_plain(step) == {"kind": "standardize", "per": "all"}
    assert from_plain(to_plain(step), Preprocessing) == step
    assert from_plain("standardize_target", Preprocessing) == StandardizeTarget()
    with pytest.raises(SetupError, match="per: expected one of feature, all, channel, got 'pixel'"):
        Standardize(per="pixel")
