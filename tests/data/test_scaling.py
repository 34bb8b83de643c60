"""The steps of preprocessing: each against scikit-learn or the source's own numbers, and laws that all of them obey."""

import ast
import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import decomposition
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, RobustScaler, StandardScaler

from seedbed import choice, draw, log_uniform
from seedbed.core import toml
from seedbed.core.errors import SetupError
from seedbed.core.plain import from_plain, to_line, to_plain
from seedbed.data import (
    PCA,
    Center,
    Log,
    MinMax,
    PiecewiseLinear,
    Preprocessing,
    Preprocessor,
    Quantile,
    Robust,
    Standardize,
    StandardizeTarget,
    Whiten,
    load,
    scaling,
)
from seedbed.data.statistics import Moments
from seedbed.network import MeanSquaredError, Network
from seedbed.training import SGD, Setup

EACH = (
    Center(),
    Standardize(),
    Standardize(per="all"),
    MinMax(-1.0, 1.0),
    Robust(),
    Log(),
    Quantile(),
    Quantile("uniform", 50),
    PCA(3),
    PCA(share=0.9),
    Whiten(),
    Whiten(zca=True),
    PiecewiseLinear(8),
)
NAMES = [to_line(step) for step in EACH]


def data_of(seed=0, n=200):
    """Five columns: normal, with a long tail, with ties, constant, and a 0/1 indicator."""
    rng = np.random.default_rng(seed)
    x = np.stack(
        [rng.normal(50, 9, n), rng.lognormal(0, 2, n), rng.integers(0, 4, n), np.full(n, 7.0), rng.integers(0, 2, n)], 1
    )
    return load((x, x[:, 0] + rng.normal(size=n)))


DATA = data_of()
X = DATA.train.x


def of(step, data=DATA):
    return Preprocessor.fit([step], data)


def test_the_columns_are_what_these_tests_take_them_for():
    np.testing.assert_array_equal(DATA.numeric, [True, True, True, True, False])


@pytest.mark.parametrize(
    ("step", "reference"),
    [
        (Center(), StandardScaler(with_std=False)),
        (Standardize(), StandardScaler()),
        (MinMax(), MinMaxScaler()),
        (MinMax(-3.0, 5.0), MinMaxScaler((-3, 5))),
    ],
)
def test_affine_steps_equal_scikit_learn(step, reference):
    ours, theirs = of(step).x(DATA.test.x), reference.fit(X).transform(DATA.test.x)
    np.testing.assert_allclose(ours[:, :4], theirs[:, :4], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(ours[:, 4], DATA.test.x[:, 4])


@pytest.mark.parametrize("per", ["feature", "all", "channel"])
@pytest.mark.parametrize("kind", [Center, Standardize, MinMax])
def test_images_share_numbers_as_they_are_told(kind, per):
    images = np.random.default_rng(0).integers(0, 200, (60, 5, 4, 3)).astype(np.uint8)
    images[..., 1] += 50
    data = load((images, np.arange(60) % 2))
    axes = {"feature": 0, "all": (0, 1, 2, 3), "channel": (0, 1, 2)}[per]
    exact = data.train.x.astype(np.float64)
    low, high = exact.min(axis=axes), exact.max(axis=axes)
    mean, scale = {
        Center: (exact.mean(axis=axes), 1.0),
        Standardize: (exact.mean(axis=axes), exact.std(axis=axes)),
        MinMax: (low, high - low),
    }[kind]
    # float32 rounds pixels of up to 250 to 1.5e-5, which is divided by about 58
    np.testing.assert_allclose(of(kind(per=per), data).x(data.train.x), (exact - mean) / scale, atol=2e-5)


def test_robust_equals_scikit_learn_before_it_is_clipped():
    scaled = RobustScaler().fit(X[:, :3]).transform(DATA.test.x[:, :3])
    clipped = scaled / np.sqrt(1 + (scaled / 3) ** 2)
    np.testing.assert_allclose(of(Robust()).x(DATA.test.x)[:, :3], clipped, rtol=1e-12)


def test_robust_takes_half_the_range_where_the_quartiles_are_equal():
    x = np.zeros((100, 1))
    x[:10, 0] = np.arange(10)
    fitted = Robust().fit(x, np.ones(1, dtype=bool))
    assert fitted["scale"] == 4.5
    z = np.asarray([[0.0], [9.0]]) / 4.5
    np.testing.assert_allclose(Robust().apply(fitted, np.asarray([[0.0], [9.0]])), z / np.sqrt(1 + z**2 / 9))


def test_log_treats_what_it_makes_less_skewed_and_nothing_else():
    rng = np.random.default_rng(0)
    tail = rng.lognormal(3, 1.5, 500)
    x = np.stack([rng.normal(size=500), tail, -tail, tail.max() - tail], axis=1)
    fitted = Log().fit(x, np.ones(4, dtype=bool))
    np.testing.assert_array_equal(fitted["columns"], [1, 2])  # the last is skewed, but its logarithm is more so
    after = Log().apply(fitted, x)
    np.testing.assert_allclose(after[:, 1], np.log1p(tail / np.median(tail)), rtol=1e-12)
    np.testing.assert_allclose(after[:, 2], -after[:, 1])
    np.testing.assert_array_equal(after[:, [0, 3]], x[:, [0, 3]])
    assert not len(Log(threshold=1e3).fit(x, np.ones(4, dtype=bool))["columns"])
    assert not len(Log().fit(x, np.zeros(4, dtype=bool))["columns"])


@pytest.mark.parametrize("output", ["normal", "uniform"])
def test_quantile_equals_scikit_learn_between_the_ends(output):
    rng = np.random.default_rng(0)
    x, new = rng.normal(size=(400, 2)), rng.normal(size=(300, 2))
    reference = QuantileTransformer(n_quantiles=400, output_distribution=output, subsample=None).fit(x)
    step = Quantile(output)
    fitted = step.fit(x, np.ones(2, dtype=bool))
    inner = (x > x.min(axis=0)) & (x < x.max(axis=0))
    np.testing.assert_allclose(step.apply(fitted, x)[inner], reference.transform(x)[inner], rtol=1e-9, atol=1e-9)
    # between two training values ours is straight in the output, theirs in the rank: close where values are dense
    middle = np.abs(new) < 1.5
    tolerance = 1e-9 if output == "uniform" else 2e-4
    np.testing.assert_allclose(step.apply(fitted, new)[middle], reference.transform(new)[middle], atol=tolerance)


def test_quantile_of_ties_constants_and_values_beyond_the_training_part():
    x = np.asarray([[0.0, 5.0]] * 50 + [[1.0, 5.0]] * 25 + [[2.0, 5.0]] * 25)
    step = Quantile("uniform", 101)
    fitted = step.fit(x, np.ones(2, dtype=bool))
    got = step.apply(fitted, np.asarray([[0.0, 5.0], [1.0, 4.0], [2.0, 6.0], [9.0, 5.0], [-9.0, 5.0]]))
    np.testing.assert_allclose(got[:, 0], [0.25, 0.62, 0.87, 0.87, 0.25], atol=0.01)  # the middle of each one's ranks
    np.testing.assert_allclose(got[:, 1], 0.5)
    normal = Quantile("normal", 101)
    constant = normal.apply(normal.fit(x, np.ones(2, dtype=bool)), x)[:, 1]
    np.testing.assert_allclose(constant, 0, atol=1e-15)


def test_quantile_makes_a_long_tail_normal():
    rng = np.random.default_rng(0)
    x = rng.lognormal(0, 2, (5000, 1))
    step = Quantile()
    z = step.apply(step.fit(x, np.ones(1, dtype=bool)), rng.lognormal(0, 2, (5000, 1)))
    assert abs(z.mean()) < 0.05 and abs(z.std() - 1) < 0.03 and abs(z).max() < 3.3


@pytest.mark.parametrize("n", [200, 20])
def test_pca_equals_scikit_learn(n):
    x = np.random.default_rng(0).normal(size=(n, 30)) @ np.random.default_rng(1).normal(size=(30, 30))
    step, reference = PCA(5), decomposition.PCA(5, svd_solver="full").fit(x)
    got = step.apply(step.fit(x, np.ones(30, dtype=bool)), x)
    np.testing.assert_allclose(got, reference.transform(x), rtol=1e-8, atol=1e-8)  # their sign convention is ours


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95, 1.0])
def test_pca_keeps_the_share_of_the_variance(share):
    x = np.random.default_rng(0).normal(size=(300, 12)) * np.arange(1, 13)
    step = PCA(share=share)
    kept = len(step.fit(x, np.ones(12, dtype=bool))["axes"])
    held = np.cumsum(decomposition.PCA().fit(x).explained_variance_ratio_)
    assert held[kept - 1] >= share - 1e-9 and (kept == 1 or held[kept - 2] < share)


def test_whitening_equals_scikit_learn_and_leaves_no_correlation():
    x = np.random.default_rng(0).normal(size=(500, 6)) @ np.random.default_rng(1).normal(size=(6, 6))
    numeric = np.ones(6, dtype=bool)
    step, reference = Whiten(eps=0.0), decomposition.PCA(whiten=True, svd_solver="full").fit(x)
    got = step.apply(step.fit(x, numeric), x)
    # they divide by the sample's deviation, n - 1, and we by the population's
    np.testing.assert_allclose(got, reference.transform(x) * np.sqrt(500 / 499), rtol=1e-8, atol=1e-8)
    turned = Whiten(zca=True, eps=0.0)
    zca = turned.apply(turned.fit(x, numeric), x)
    np.testing.assert_allclose(np.cov(zca.T, bias=True), np.eye(6), atol=1e-10)
    # the definition of ZCA: the inverse symmetric root of the covariance
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    np.testing.assert_allclose(zca, (x - x.mean(axis=0)) @ root, rtol=1e-7, atol=1e-7)


def test_whitening_of_what_does_not_vary_is_zero():
    x = np.random.default_rng(0).normal(size=(100, 4))
    x[:, 3], x[:, 2] = 2.0, x[:, 0] + x[:, 1]
    step = Whiten(eps=0.0)
    got = step.apply(step.fit(x, np.ones(4, dtype=bool)), x)
    np.testing.assert_allclose(got.std(axis=0), [1, 1, 0, 0], atol=1e-6)


def test_zca_keeps_images_images_and_pca_makes_vectors_of_them():
    images = load((np.random.default_rng(0).normal(size=(80, 4, 4, 3)), np.arange(80) % 2))
    assert of(Whiten(zca=True), images).shape == (4, 4, 3)
    assert of(Whiten(), images).shape == (48,)
    assert of(PCA(7), images).shape == (7,)


def test_piecewise_linear_by_hand():
    # Figure 1 of the source: bins with edges 0, 1, 2, 4 for the first column; the second is constant, the third 0/1.
    x = np.asarray([[0.0, 3.0, 0.0], [1.0, 3.0, 1.0], [2.0, 3.0, 0.0], [4.0, 3.0, 1.0]])
    step = PiecewiseLinear(3)
    fitted = step.fit(x, np.asarray([True, True, False]))
    values = np.asarray([[0.0, 3.0, 0.0], [0.5, 3.0, 1.0], [3.0, 4.0, 1.0], [8.0, 3.0, 0.0], [-1.0, 2.0, 0.0]])
    by_hand = [
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.5, 0.0, 0.0, 0.0, 1.0],
        [1.0, 1.0, 0.5, 1.0, 1.0],
        [1.0, 1.0, 3.0, 0.0, 0.0],
        [-1.0, 0.0, 0.0, -1.0, 0.0],
    ]
    np.testing.assert_allclose(step.apply(fitted, values), by_hand, rtol=1e-12)
    np.testing.assert_array_equal(step.numeric_after(fitted, np.asarray([True, True, False])), [1, 1, 1, 1, 0])


def test_piecewise_linear_has_the_edges_of_the_quantiles_and_merges_equal_ones():
    x = np.concatenate([np.zeros(70), np.arange(1, 31)])[:, None]
    step = PiecewiseLinear(10)
    fitted = step.fit(x, np.ones(1, dtype=bool))
    edges = np.unique(np.quantile(x, np.linspace(0, 1, 11)))
    np.testing.assert_allclose(fitted["low"], edges[:-1])
    np.testing.assert_allclose(fitted["width"], np.diff(edges))
    assert len(edges) == 5


def test_piecewise_linear_leaves_bins_for_the_values_beside_a_frequent_one():
    x = np.concatenate([np.zeros(999), np.arange(1, 101)])[:, None]
    fitted = PiecewiseLinear(7, ties="capped").fit(x, np.ones(1, dtype=bool))
    counted = np.concatenate([np.zeros(157), np.arange(1, 101)])  # 0 counts as a seventh of the 1099 rows
    edges = np.unique(np.quantile(counted, np.linspace(0, 1, 8), method="inverted_cdf"))
    np.testing.assert_array_equal(fitted["low"], edges[:-1])
    np.testing.assert_array_equal(fitted["width"], np.diff(edges))
    assert len(edges) == 4
    assert len(PiecewiseLinear(7).fit(x, np.ones(1, dtype=bool))["low"]) == 1


@given(st.integers(0, 99), st.integers(1, 20))
def test_piecewise_linear_loses_nothing(seed, bins):
    x = np.random.default_rng(seed).normal(size=(50, 1))
    step = PiecewiseLinear(bins)
    fitted = step.fit(x, np.ones(1, dtype=bool))
    new = np.random.default_rng(seed + 1).normal(size=(50, 1)) * 3
    back = fitted["low"][0] + step.apply(fitted, new) @ fitted["width"]
    np.testing.assert_allclose(back, new[:, 0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("step", EACH, ids=NAMES)
def test_a_row_is_treated_alike_alone_and_among_others(step):
    fitted = of(step)
    together = fitted.x(DATA.test.x)
    alone = np.concatenate([fitted.x(row[None]) for row in DATA.test.x])
    # a product with a matrix may sum in another order for one row than for many
    np.testing.assert_allclose(alone, together, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("step", EACH, ids=NAMES)
def test_only_the_training_part_is_learned_from(step):
    before = of(step).arrays()
    rng = np.random.default_rng(0)
    x = np.concatenate([DATA.train.x, DATA.valid.x, DATA.test.x])[np.argsort(_index(DATA))].copy()
    y = np.arange(len(x)) / 7.0
    outside = np.concatenate([DATA.valid.index, DATA.test.index])
    x[outside] = rng.normal(1e6, 1e6, (len(outside), 5)) * [1, 1, 1, 1, 0]
    after = of(step, load((x, y))).arrays()
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])
    x[DATA.train.index] = np.sqrt(np.abs(x[DATA.train.index]))
    changed = of(step, load((x, y))).arrays()
    assert any(not np.array_equal(before[name], changed[name]) for name in before)


def _index(data):
    return np.concatenate([data.train.index, data.valid.index, data.test.index])


@pytest.mark.parametrize("step", EACH, ids=NAMES)
def test_stored_numbers_give_the_same_back_and_tell_the_shape(step):
    fitted = Preprocessor.fit([step, StandardizeTarget()], DATA)
    again = Preprocessor.from_arrays(fitted.steps, fitted.arrays(), DATA.shape)
    x = again.x(DATA.test.x)
    np.testing.assert_array_equal(x, fitted.x(DATA.test.x))
    assert fitted.shape == again.shape == x.shape[1:]
    np.testing.assert_array_equal(x, scaling.APPLY[step.kind](fitted.fitted[0], DATA.test.x))


@pytest.mark.parametrize("step", EACH, ids=NAMES)
def test_float32_stays_float32_and_is_near_float64(step):
    short = DATA.train.x.astype(np.float32)
    fitted = of(step)
    assert fitted.x(short).dtype == np.float32
    assert fitted.x((short % 256).astype(np.uint8)).dtype == np.float32
    # columns of up to 400 are rounded to 3e-5, and divided by deviations as small as 0.1 of the narrowest bins
    np.testing.assert_allclose(fitted.x(short), fitted.x(DATA.train.x), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("step", EACH, ids=NAMES)
def test_no_step_gives_what_is_not_finite(step):
    for data in (data_of(1, 30), load((np.ones((20, 3)) * np.arange(3), np.arange(20.0)))):
        if getattr(step, "components", None) and data.shape == (3,):
            continue
        assert np.isfinite(of(step, data).x(data.test.x * 100)).all()


@given(st.integers(0, 99), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_targets_come_back(seed, shift, scale):
    y = np.random.default_rng(seed).normal(shift, scale, (40, 2))
    step = StandardizeTarget()
    fitted = step.fit(y, np.ones(2, dtype=bool))
    np.testing.assert_allclose(step.invert(fitted, step.apply(fitted, y)), y, rtol=1e-12, atol=1e-9 * scale)


def test_steps_build_on_the_features_of_those_before():
    fitted = Preprocessor.fit([PiecewiseLinear(4), Standardize(), PCA(6)], DATA)
    embedded = Preprocessor.fit([PiecewiseLinear(4)], DATA).x(X)
    assert fitted.shape == (6,) and embedded.shape[1] > 6
    assert set(np.unique(embedded[:, -1])) == {0.0, 1.0}  # the indicator is left alone
    numeric = np.ones(embedded.shape[1], dtype=bool)
    numeric[-1] = False
    scaled = Standardize().apply(Standardize().fit(embedded, numeric), embedded)
    np.testing.assert_allclose(fitted.x(X), decomposition.PCA(6).fit(scaled).transform(scaled), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("step", [Center(), Standardize(per="all"), MinMax()])
def test_moments_of_one_pass_take_the_place_of_the_part(step):
    whole = np.random.default_rng(1).normal(3, 4, (1000, 5))
    known = {"x": Moments.of(whole), "y": Moments.of(whole[:, :1])}
    fitted = Preprocessor.fit([step, Standardize(), StandardizeTarget()], DATA, known)
    first = step.fit(whole, DATA.numeric)
    for name, array in first.items():
        np.testing.assert_array_equal(fitted.fitted[0][name], array)
    second = Standardize().fit(step.apply(first, X), DATA.numeric)  # from the part at hand
    np.testing.assert_allclose(fitted.fitted[1]["mean"], second["mean"])
    assert fitted.fitted[2]["mean"] == pytest.approx(whole[:, 0].mean())


def test_moments_are_not_used_by_a_step_that_needs_the_values():
    known = {"x": Moments.of(np.zeros((9, 5)))}
    one, other = (Preprocessor.fit([Robust(), Standardize()], DATA, k).arrays() for k in (known, None))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


IMAGES = load((np.random.default_rng(0).normal(size=(40, 6, 6, 1)), np.arange(40) % 2))


@pytest.mark.parametrize(
    ("steps", "data", "message"),
    [
        (
            [Standardize(), Quantile()],
            IMAGES,
            "preprocessing[1]: expected rows of a table for quantile, got examples of shape (6, 6, 1)\n"
            "hint: standardize per=channel, min_max per=all and pca are for images",
        ),
        (
            [PCA(9)],
            DATA,
            "preprocessing[0].components: expected a whole number of at most 5, got 9 for 127 training rows "
            "of 5 features",
        ),
        (
            [MinMax(per="channel")],
            DATA,
            "preprocessing[0].per: expected feature or all where there are no colours, got 'channel' for examples "
            "of shape (5,)\nhint: a channel is the last axis of images (height, width, colours)",
        ),
    ],
)
def test_steps_that_do_not_suit_the_data(steps, data, message):
    with pytest.raises(SetupError) as caught:
        Preprocessor.fit(steps, data)
    assert str(caught.value) == message


def test_too_many_features_for_components():
    from seedbed.data import projection

    with pytest.MonkeyPatch.context() as patch, pytest.raises(SetupError) as caught:
        patch.setattr(projection, "MOST", 4)
        of(Whiten())
    assert str(caught.value) == (
        "preprocessing[0]: expected at most 4 features, got 5 features of 127 rows\n"
        "hint: make images smaller (--image-size 32x32), or do without this step"
    )


def test_options_that_do_not_go_together():
    with pytest.raises(SetupError, match=r"^PCA: share: expected components or share, not both, got components=3"):
        PCA(3, share=0.5)
    with pytest.raises(SetupError, match=r"^MinMax: high: expected a number above low, which is 1, got 0$"):
        MinMax(1, 0)


@pytest.mark.parametrize("step", EACH, ids=NAMES)
def test_steps_have_text_forms(step):
    assert from_plain(to_plain(step), Preprocessing) == step
    assert from_plain(to_line(step), Preprocessing) == step


SPACE = Setup(
    Network.parse("linear out"),
    MeanSquaredError(),
    SGD(0.1),
    preprocessing=[
        choice(Standardize(), Quantile(), None),
        choice(PCA(choice(2, 3)), Whiten(eps=log_uniform(1e-4, 1e-1))),
    ],
)


def test_steps_are_drawn_each_member_its_own():
    assert toml.loads(toml.dumps(SPACE), Setup) == SPACE
    drawn = [draw(SPACE, seed=0, number=number).preprocessing for number in range(60)]
    assert {to_line(steps[0]) for steps in drawn if len(steps) == 2} == {"standardize", "quantile"}
    assert {len(steps) for steps in drawn} == {1, 2}
    assert {steps[-1].components for steps in drawn if isinstance(steps[-1], PCA)} == {2, 3}
    eps = [steps[-1].eps for steps in drawn if isinstance(steps[-1], Whiten)]
    assert len(set(eps)) == len(eps) > 10 and 1e-4 <= min(eps) <= max(eps) <= 1e-1


def test_the_arithmetic_needs_numpy_alone():
    tree = ast.parse(inspect.getsource(scaling))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert modules == {"__future__", "collections.abc", "typing", "numpy", "numpy.typing"}
    assert set(scaling.APPLY) == {cls.kind for cls in Preprocessing.kinds.values()}
