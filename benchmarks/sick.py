"""Sick networks with the finding that should be named first, remedies that cure them and some that must not.

The first twelve are those of AutoTrainer, DeepDiagnosis, TheDeepChecker, Nielsen and CS231n that diagnosers are held
against, with the digits in place of MNIST; the others are of other kinds, on other data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine, make_blobs, make_circles, make_moons

import seedbed as sb
from seedbed.data.dataset import Dataset

Arrays = tuple[Any, Any]


@dataclass(frozen=True)
class Sick:
    """A setup that does not learn as it could.

    Attributes:
        name: of the case.
        data: makes its data set.
        setup: the sick one.
        expected: codes of which one must be named first.
        remedies: names of remedies of which one at least must be proved.
        wrong: names of those that must not be.
    """

    name: str
    data: Callable[[], Dataset]
    setup: sb.Setup
    expected: tuple[str, ...]
    remedies: tuple[str, ...]
    wrong: tuple[str, ...] = ()


def _set(name: str, x: Any, y: Any, **options: Any) -> Dataset:
    return sb.data.load((np.asarray(x, np.float32), np.asarray(y)), name=name, **options)


@cache
def circle() -> Dataset:
    """Two rings that a plane cannot part."""
    return _set("circle", *make_circles(1000, noise=0.1, random_state=1))


@cache
def blob() -> Dataset:
    """Three clouds that touch."""
    return _set("blob", *make_blobs(1000, centers=3, n_features=2, cluster_std=2, random_state=2))


@cache
def line() -> Dataset:
    """y = 3 x + 50, x from 0 to 1000, as it is."""
    x = np.random.default_rng(0).uniform(0, 1000, (600, 1))
    return _set("line", x, 3.0 * x[:, 0] + 50.0, task="regression")


@cache
def far() -> Dataset:
    """Two clouds in ten dimensions, each feature about 10."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 800)
    return _set("far", rng.normal(size=(800, 10)) + 10.0 + 0.6 * np.where(y, 1, -1)[:, None] * _signs(10), y)


def _signs(n: int) -> Any:
    return np.where(np.arange(n) % 2, 1.0, -1.0)


@cache
def ones() -> Dataset:
    """Vectors of ones, vectors of zeros."""
    y = np.arange(400) % 2
    return _set("ones", np.repeat(y[:, None], 128, 1).astype(np.float32), y)


@cache
def few() -> Dataset:
    """Sixty noisy points of two rings, some with the wrong name, and as many as one likes to validate on."""
    x, y = make_circles(2000, factor=0.5, noise=0.25, random_state=5)
    flipped = np.random.default_rng(5).random(2000) < 0.15
    return _set("few", x, np.where(flipped, 1 - y, y), valid_share=0.485, test_share=0.485)


@cache
def digits() -> Dataset:
    """The digits of scikit-learn."""
    return sb.data.load("digits")


@cache
def moons() -> Dataset:
    """Two half moons."""
    return _set("moons", *make_moons(1000, noise=0.2, random_state=3))


@cache
def wine() -> Dataset:
    """Thirteen measurements of wine, from 0.1 to 1,700."""
    return _set("wine", *load_wine(return_X_y=True))


@cache
def cancer() -> Dataset:
    """Thirty measurements of cells, from 0.001 to 4,000."""
    return _set("cancer", *load_breast_cancer(return_X_y=True))


@cache
def diabetes() -> Dataset:
    """Ten measurements, each of length 1 over all patients, and a target from 25 to 346."""
    return _set("diabetes", *load_diabetes(return_X_y=True), task="regression")


@cache
def rare() -> Dataset:
    """Two clouds that touch, 3 of 100 in the one."""
    rng = np.random.default_rng(7)
    y = (rng.random(3000) < 0.03).astype(int)
    return _set("rare", rng.normal(size=(3000, 6)) + 0.7 * y[:, None], y)


@cache
def shuffled() -> Dataset:
    """The digits with their names shuffled."""
    base = digits()
    x = np.concatenate([part.x for part in (base.train, base.valid, base.test)]).reshape(-1, 64)
    y = np.concatenate([part.y for part in (base.train, base.valid, base.test)])
    return _set("shuffled", x, np.random.default_rng(3).permutation(y))


def _setup(
    network: str, loss: Any, optimizer: Any, batch: int, epochs: int, preprocessing: tuple[Any, ...] = (), **more: Any
) -> sb.Setup:
    return sb.Setup(
        network=sb.Network.parse(network), loss=loss, optimizer=optimizer, batch_size=batch, epochs=epochs,
        preprocessing=preprocessing, **more,
    )  # fmt: skip


def _deep(n: int, units: int, activation: str, weight: str = "he_uniform") -> str:
    return ", ".join([f"linear {units} weight={weight}, {activation}"] * n) + ", linear out"


SIXTEENTH, BOTH = (sb.Divide(16.0),), (sb.Standardize(), sb.StandardizeTarget())
BCE, CE, MSE = sb.BinaryCrossEntropy(), sb.CrossEntropy(), sb.MeanSquaredError()

CASES = (
    Sick(
        "W01 8 sigmoid layers, circle", circle, _setup(_deep(8, 5, "sigmoid"), BCE, sb.Adam(1e-3), 128, 300),
        ("vanishing_gradient",), ("tanh", "selu", "batchnorm", "relu"), ("lr_up",),
    ),
    Sick(
        "W03 8 sigmoid layers, digits", digits,
        _setup(_deep(8, 64, "sigmoid", "xavier_uniform"), CE, sb.SGD(0.1), 100, 25, SIXTEENTH),
        ("vanishing_gradient",), ("tanh", "relu"), ("longer",),
    ),
    Sick(
        "W05 raw line", line, _setup("linear 16 weight=he_uniform, relu, linear out", MSE, sb.SGD(0.01), 32, 60),
        ("data_not_scaled",), ("standardize", "clip"), ("lr_up",),
    ),
    Sick(
        "W07 small uniform weights", blob,
        _setup(_deep(8, 5, "relu", "random_uniform(0.05)"), CE, sb.Adam(1e-3), 256, 300),
        ("init_too_small",), ("selu", "he"), (),
    ),
    Sick(
        "W09 batches of one", blob,
        _setup("linear 50 weight=he_uniform, relu, linear out", CE, sb.SGD(0.01, momentum=0.9), 1, 40),
        ("batch_too_small", "oscillating"), ("larger_batch", "lr_down"), ("lr_up",),
    ),
    Sick(
        "W11 learning rate 1 with Adam", digits,
        _setup(_deep(2, 64, "relu"), CE, sb.Adam(1.0), 100, 25, SIXTEENTH),
        ("lr_too_high",), ("lr_down",), ("lr_up",),
    ),
    Sick(
        "W13 tanh with wide weights", digits,
        _setup(_deep(3, 64, "tanh", "normal(3)"), CE, sb.SGD(0.1), 100, 40, SIXTEENTH),
        ("init_too_large", "saturated_units"), ("xavier", "lecun"), ("lr_down",),
    ),
    Sick(
        "W15 inputs about 10", far, _setup("linear 8, sigmoid, linear out", BCE, sb.SGD(0.05), 1, 10),
        ("not_centred",), ("center", "standardize"), ("lr_up",),
    ),
    Sick(
        "W17 softmax on one unit", ones,
        _setup("linear 50, relu, linear 50, relu, dropout 0.2, linear 1, softmax", BCE, sb.RMSProp(1e-3), 32, 20),
        ("softmax_one_unit",), ("no_softmax", "fit_output"), ("selu", "batchnorm"),
    ),
    Sick(
        "W19 two softmaxes", digits,
        _setup("linear 64 weight=he_uniform, relu, linear out, softmax", CE, sb.SGD(0.1), 100, 40, SIXTEENTH),
        ("redundant_softmax",), ("no_softmax",), (),
    ),
    Sick(
        "W21 numbers as labels of one sigmoid", lambda: _numbers(),
        _setup("linear 64, relu, linear out", BCE, sb.Adam(1e-3), 32, 25, SIXTEENTH),
        ("loss_does_not_fit", "negative_loss"), ("fit_output",), (),
    ),
    Sick(
        "W23 sixty points", few,
        _setup(_deep(2, 128, "relu"), BCE, sb.Adam(3e-3), 20, 400),
        ("overfitting",), ("l2", "dropout", "early_stopping"), ("longer",),
    ),
    Sick(
        "S01 all weights zero", moons,
        _setup("linear 16 weight=zeros, tanh, linear out weight=zeros", BCE, sb.SGD(0.5), 32, 40),
        ("symmetric_units",), ("he", "xavier"), ("lr_up", "longer"),
    ),
    Sick(
        "S02 learning rate of a millionth", digits,
        _setup("linear 64, relu, linear out", CE, sb.SGD(1e-6), 32, 20, SIXTEENTH),
        ("lr_too_low",), ("lr_up", "adam"), ("lr_down",),
    ),
    Sick(
        "S03 linear layers alone", circle, _setup("linear 32, linear 32, linear out", BCE, sb.Adam(1e-2), 32, 40),
        ("no_nonlinearity",), ("relu", "tanh"), ("longer", "lr_up"),
    ),
    Sick(
        "S04 raw wine", wine, _setup("linear 16, tanh, linear out", CE, sb.SGD(0.01), 16, 100),
        ("data_not_scaled", "feature_scales"), ("standardize",), ("longer",),
    ),
    Sick(
        "S05 a step in the middle", moons, _setup("linear 16, step, linear out", BCE, sb.SGD(0.1), 32, 60),
        ("step_activation",), ("relu", "tanh"), ("lr_up",),
    ),
    Sick(
        "S06 ReLU in front of the loss", digits,
        _setup("linear 32, relu, linear out bias=constant(-2), relu", CE, sb.SGD(0.1), 32, 30, SIXTEENTH),
        ("wrong_output",), ("fit_output",), ("longer",),
    ),
    Sick(
        "S07 sigmoid in front of large targets", diabetes,
        _setup("linear 32, relu, linear out, sigmoid", MSE, sb.Adam(1e-2), 32, 60, BOTH),
        ("wrong_output",), ("fit_output",), ("longer",),
    ),
    Sick(
        "S08 L2 of 3", digits,
        _setup("linear 64, relu, linear out", CE, sb.SGD(0.1), 32, 25, SIXTEENTH, penalty=sb.L2(3.0)),
        ("over_regularised",), ("less_regularisation",), ("longer",),
    ),
    Sick(
        "S09 dropout of 0.95", cancer,
        _setup(", ".join(["linear 32, relu, dropout 0.95"] * 2) + ", linear out", BCE, sb.Adam(1e-3), 32, 30, BOTH),
        ("dropout_too_strong",), ("less_regularisation",), ("lr_down",),
    ),
    Sick(
        "S10 rate that diverges", diabetes,
        _setup("linear 64, relu, linear out", MSE, sb.SGD(5.0), 32, 40, (sb.Standardize(), sb.StandardizeTarget())),
        ("lr_too_high",), ("lr_far_down", "clip"), ("lr_up",),
    ),
    Sick(
        "S11 shuffled names", shuffled,
        _setup("linear 256, relu, linear 256, relu, linear out", CE, sb.Adam(1e-3), 32, 60, (sb.Standardize(),)),
        ("noisy_labels",), (), ("longer", "lr_up"),
    ),
    Sick(
        "S12 wide weights of ReLU", moons,
        _setup(_deep(6, 32, "relu", "normal(2)"), BCE, sb.SGD(0.01), 32, 40),
        ("init_too_large", "exploding_gradient"), ("he", "batchnorm"), ("lr_up",),
    ),
)  # fmt: skip


@cache
def _numbers() -> Dataset:
    base = digits()
    x = np.concatenate([part.x for part in (base.train, base.valid, base.test)]).reshape(-1, 64)
    y = np.concatenate([part.y for part in (base.train, base.valid, base.test)])
    return _set("numbers", x, y.astype(np.float64), task="regression")
