"""Bootstrap intervals against SciPy's bootstrap of scikit-learn's metrics, and against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from seedbed.reporting.intervals import auc_of, intervals, wilson

# The quantile of 1,000 resamples is itself uncertain by about a tenth of the interval's width.
SHARE_OF_WIDTH = 0.15


def classes(n: int, k: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    z = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y]
    return y, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def reference(metric, *arrays: np.ndarray) -> tuple[float, float]:
    found = stats.bootstrap(
        arrays,
        metric,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=1500,
        rng=np.random.default_rng(1),
    )
    return found.confidence_interval.low, found.confidence_interval.high


def macro_f1(truth: np.ndarray, said: np.ndarray) -> float:
    """scikit-learn's, which takes milliseconds and is asked thousands of times here. Arguments: (n, class) of bool."""
    both = 2 * (truth & said).sum(axis=0)
    return float(np.mean(both / np.maximum((truth.sum(axis=0) + said.sum(axis=0)), 1)))


def log_loss(y: np.ndarray, p: np.ndarray) -> float:
    return float(-np.log(p[np.arange(len(y)), y]).mean())


def near(ours: tuple[float, float], theirs: tuple[float, float]) -> None:
    assert ours == pytest.approx(theirs, abs=SHARE_OF_WIDTH * (theirs[1] - theirs[0]))


def test_of_three_classes() -> None:
    y, p = classes(150, 3)
    found, rows = intervals("classification", y, p), np.arange(len(y))
    assert list(found) == ["accuracy", "log_loss", "macro_f1"]
    near(found["accuracy"], reference(lambda i: np.mean(p[i].argmax(axis=1) == y[i]), rows))
    near(found["log_loss"], reference(lambda i: log_loss(y[i], p[i]), rows))
    truth, said = (a[:, None] == np.arange(3) for a in (y, p.argmax(axis=1)))
    near(found["macro_f1"], reference(lambda i: macro_f1(truth[i], said[i]), rows))
    assert macro_f1(truth, said) == pytest.approx(sk.f1_score(y, p.argmax(axis=1), average="macro"))
    assert log_loss(y, p) == pytest.approx(sk.log_loss(y, p))


def test_of_two_classes() -> None:
    y, p = classes(200, 2)
    near(
        intervals("classification", y, p)["roc_auc"],
        reference(lambda i: auc_of(y[i] == 1, p[i, 1]), np.arange(len(y))),
    )
    tied = p[:, 1].round(1)
    assert auc_of(y == 1, tied) == pytest.approx(sk.roc_auc_score(y, tied))


def test_of_labels() -> None:
    rng = np.random.default_rng(2)
    y = (rng.random((150, 3)) < 0.4) * 1.0
    p = np.clip(0.3 * y + 0.7 * rng.random(y.shape), 0.01, 0.99)
    found, rows = intervals("multilabel", y, p), np.arange(len(y))
    near(found["accuracy"], reference(lambda i: np.mean((p[i] > 0.5) == y[i]), rows))
    near(found["log_loss"], reference(lambda i: -np.log(np.where(y[i] > 0.5, p[i], 1 - p[i])).mean(), rows))
    near(found["macro_f1"], reference(lambda i: macro_f1(y[i] > 0.5, p[i] > 0.5), rows))


def test_of_values_in_several_units() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=(150, 2)) * [1, 1000] + [1e6, 3]
    p = y + rng.normal(size=y.shape) * [0.5, 300]
    found, rows = intervals("regression", y, p), np.arange(len(y))
    theirs = {"rmse": sk.root_mean_squared_error, "mae": sk.mean_absolute_error, "r2": sk.r2_score}
    ours = {
        "rmse": lambda e, o: np.sqrt((e**2).mean(axis=0)).mean(),
        "mae": lambda e, o: np.abs(e).mean(),
        "r2": lambda e, o: (1 - (e**2).mean(axis=0) / o.var(axis=0)).mean(),
    }
    for name, metric in ours.items():
        near(found[name], reference(lambda i, metric=metric: metric(p[i] - y[i], y[i]), rows))
        assert metric(p - y, y) == pytest.approx(theirs[name](y, p))


def test_of_many_rows_groups_are_drawn_and_the_width_is_right() -> None:
    y, p = classes(23_000, 2)
    found, share = intervals("classification", y, p), np.mean(p.argmax(axis=1) == y)
    deviation = np.sqrt(share * (1 - share) / len(y))
    low, high = found["accuracy"]
    # 5,000 groups give the deviation to 1 %, 1,000 resamples its quantiles to about 5 %.
    assert (high - low) / (2 * 1.96 * deviation) == pytest.approx(1, abs=0.12)
    assert low < share < high


def test_the_same_data_give_the_same_interval() -> None:
    y, p = classes(100, 3)
    assert intervals("classification", y, p) == intervals("classification", y, p)


def test_without_a_mistake_the_accuracy_has_the_interval_of_wilson() -> None:
    y = np.arange(30) % 3
    found = intervals("classification", y, np.eye(3)[y] * 0.7 + 0.1)
    assert found["accuracy"] == pytest.approx(stats.binomtest(30, 30).proportion_ci(method="wilson"))
    assert set(found) == {"accuracy"}, "the other metrics do not vary either, and have none"


@pytest.mark.parametrize(("count", "n"), [(0, 10), (3, 10), (97, 100), (100, 100)])
def test_wilson(count: int, n: int) -> None:
    assert wilson(count, n) == pytest.approx(stats.binomtest(count, n).proportion_ci(method="wilson"), abs=1e-12)


def test_what_cannot_be_told_is_not_told() -> None:
    assert intervals("classification", np.array([0]), np.array([[0.5, 0.5]])) == {}
    assert intervals("regression", np.ones((4, 1)), np.full((4, 1), np.nan)) == {}
    assert intervals("regression", np.ones((4, 1)), np.ones((4, 1))) == {}
    assert "r2" not in intervals("regression", np.ones((4, 1)), np.arange(4.0)[:, None])
    assert "roc_auc" not in intervals("classification", np.zeros(9, int), np.full((9, 2), 0.5))


@pytest.mark.slow
@pytest.mark.parametrize("n", [50, 400])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(n: int) -> None:
    """A known share: of 600 intervals, 95 % hold it, within what chance and the percentile method allow."""
    share, held = 0.8, 0
    for seed in range(600):
        is_right = np.random.default_rng(seed).random(n) < share
        low, high = intervals("classification", np.zeros(n, int), np.eye(3)[np.where(is_right, 0, 1)])["accuracy"]
        held += low <= share <= high
    assert 0.92 <= held / 600 <= 0.98


def test_examples_of_a_group_are_drawn_together() -> None:
    """Ten copies of each of 60 examples say what the 60 say, if they count as groups; else too much."""
    rng = np.random.default_rng(5)
    y, p = rng.integers(0, 2, 60), rng.dirichlet([2.0, 2.0], 60)
    copies, group = np.repeat(np.arange(60), 10), np.repeat([f"patient {i}" for i in range(60)], 10)
    one = intervals("classification", y, p)["accuracy"]
    grouped = intervals("classification", y[copies], p[copies], group)["accuracy"]
    apart = intervals("classification", y[copies], p[copies])["accuracy"]
    assert grouped == pytest.approx(one, abs=1.01 / 60)  # the draws are others
    assert apart[1] - apart[0] < 0.5 * (one[1] - one[0])
