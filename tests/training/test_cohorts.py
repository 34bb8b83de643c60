"""Cohorts: who trains together, and what is refused before anything is compiled."""

from __future__ import annotations

import re
from typing import Any

import jax
import numpy as np
import pytest

from seedbed.core.distributions import choice, log_uniform
from seedbed.core.draw import draw
from seedbed.core.errors import SetupError
from seedbed.data import Standardize, load
from seedbed.network import L2, BinaryCrossEntropy, CrossEntropy, Linear, Network, ReLU, Tanh
from seedbed.training import SGD, Adam
from seedbed.training.cohorts import bind, group
from seedbed.training.layout import STACKED
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training
from seedbed.training.weighting import class_weights, example_weights
from tests.training.populations import (
    CLASSES,
    CLASSIFY,
    LABELS,
    QUANTITIES,
    REGRESS,
    X,
    assert_close,
    trained,
    training,
)


def cohorts(*setups: Any) -> list[list[int]]:
    return [
        list(members.places) for members in group([bind(setup, CLASSES) for setup in setups], [CLASSES] * len(setups))
    ]


def test_numbers_do_not_part_members_and_structure_does() -> None:
    a, b = CLASSIFY.replace(optimizer=SGD(0.1)), CLASSIFY.replace(optimizer=Adam(0.1))
    assert cohorts(a, b, a.replace(optimizer=SGD(3)), b, a.replace(batch_size=4)) == [[0, 2], [1, 3], [4]]


@pytest.mark.parametrize(
    ("absent", "present"),
    [
        ({"penalty": None}, {"penalty": L2(0.0)}),
        ({"optimizer": SGD(0.1)}, {"optimizer": SGD(0.1, momentum=0.0)}),
        ({"optimizer": SGD(0.1)}, {"optimizer": SGD(0.1, weight_decay=0.0)}),
        ({"loss": CrossEntropy()}, {"loss": CrossEntropy(label_smoothing=0.0)}),
        ({"patience": None}, {"patience": 1}),
    ],
    ids=str,
)
def test_none_is_absent_and_zero_is_present(absent: dict[str, Any], present: dict[str, Any]) -> None:
    assert cohorts(CLASSIFY.replace(**absent), CLASSIFY.replace(**present)) == [[0], [1]]


def test_absent_and_zero_compute_the_same() -> None:
    """Two programs, so to 1e-9, not to the bit."""
    setups = [CLASSIFY.replace(optimizer=SGD(0.1)), CLASSIFY.replace(optimizer=SGD(0.1, momentum=0.0))]
    whole = training(setups, numbers=[4, 4], plan=Plan(1, 1, STACKED))
    assert [len(members.places) for members in whole.groups] == [1, 1]
    absent, present = trained(setups, numbers=[4, 4], plan=Plan(1, 1, STACKED))
    assert_close(absent, present, 1e-9)


def test_out_and_the_number_it_stands_for_are_one() -> None:
    assert cohorts(CLASSIFY, CLASSIFY.replace(network=Network.parse("linear 6, tanh, linear 3"))) == [[0, 1]]


def test_drawn_structure_makes_cohorts_and_numbers_line_up() -> None:
    space = CLASSIFY.replace(
        network=Network([Linear(choice(3, 5)), choice(ReLU(), Tanh()), Linear("out")]),
        optimizer=SGD(log_uniform(0.01, 1.0)),
    )
    setups = [bind(draw(space, seed=0, number=number), CLASSES) for number in range(40)]
    groups = group(setups, [CLASSES] * len(setups))
    assert len(groups) == 4
    assert sorted(np.concatenate([members.places for members in groups])) == list(range(40))
    for members in groups:
        assert len({jax.tree.structure(setups[place]) for place in members.places}) == 1
        assert members.structure == jax.tree.structure(setups[members.places[0]])
        rates = members.numbers.optimizer.lr
        assert rates.dtype == np.float64  # on the host 0.1 stays 0.1
        np.testing.assert_array_equal(rates, [setups[place].optimizer.lr for place in members.places])
    assert [members.places[0] for members in groups] == sorted(members.places[0] for members in groups)


def test_preprocessing_parts_members_for_it_is_fitted_before() -> None:
    assert cohorts(CLASSIFY, CLASSIFY.replace(preprocessing=(Standardize(per="all"),)), CLASSIFY) == [[0, 2], [1]]


def test_a_mixed_population_trains_each_member_as_alone() -> None:
    setups = [
        CLASSIFY.replace(optimizer=SGD(rate), network=Network.parse(f"linear 4, {kind}, linear out"), epochs=2)
        for rate, kind in ((0.1, "relu"), (0.2, "tanh"), (0.3, "relu"), (0.4, "tanh"))
    ]
    together = trained(setups, plan=Plan(1, 2, STACKED))
    for number, one in enumerate(together):
        (alone,) = trained([setups[number]], [number], plan=Plan(1, 2, STACKED))
        assert_close(one, alone, 1e-9)


def test_a_distribution_is_refused_with_its_place() -> None:
    space = CLASSIFY.replace(optimizer=SGD(log_uniform(0.01, 1.0)))
    with pytest.raises(
        SetupError, match=r"optimizer.lr: expected a value, drawn, got log_uniform\(0.01, 1.0\)\nhint: dr"
    ):
        bind(space, CLASSES)


@pytest.mark.parametrize(
    ("setup", "data", "message"),
    [
        (CLASSIFY.replace(network=Network.parse("linear 6, tanh, linear 7")), CLASSES,
         r"network.layers\[2\]: expected 3 outputs for classes, got outputs of shape \(7,\)\nhint: .* linear out"),
        (REGRESS.replace(network=Network.parse("linear 1")), QUANTITIES,
         r"network.layers\[0\]: expected 2 outputs for quantities, got outputs of shape \(1,\)"),
        (CLASSIFY, QUANTITIES, "loss: expected a loss for regression, got cross_entropy"),
        (CLASSIFY.replace(loss=BinaryCrossEntropy()), QUANTITIES, "loss: expected a loss for regression"),
    ],
    ids=["classes", "targets", "cross-entropy", "binary cross-entropy"],
)  # fmt: skip
def test_what_does_not_fit_the_data_is_refused(setup: Any, data: Any, message: str) -> None:
    with pytest.raises(SetupError, match=message):
        bind(setup, data)


def test_two_classes_and_binary_cross_entropy_are_one_output() -> None:
    two = load((X, (LABELS > 0).astype(int)))
    bound = bind(CLASSIFY.replace(loss=BinaryCrossEntropy()), two)
    assert bound.network.layers[-1].units == 1
    (one,) = trained([CLASSIFY.replace(loss=BinaryCrossEntropy())], data=two, plan=Plan(1, 1, STACKED))
    assert one.history[-1, 1] > 0.6


def test_class_weights() -> None:
    counts = np.bincount(CLASSES.train.y)
    np.testing.assert_allclose(class_weights("balanced", CLASSES) * counts, len(CLASSES.train) / 3)
    np.testing.assert_array_equal(class_weights((1.0, 2.0, 0.0), CLASSES), [1, 2, 0])
    weighted = load((X, LABELS), sample_weight=np.arange(70.0))
    own = example_weights(
        CLASSIFY.replace(class_weight=(1.0, 2.0, 0.0)), weighted, weighted.train.y, weighted.train.weight
    )
    np.testing.assert_array_equal(own, np.array([1.0, 2.0, 0.0])[weighted.train.y] * weighted.train.index)
    assert example_weights(CLASSIFY, CLASSES, CLASSES.train.y, CLASSES.train.weight) is None
    with pytest.raises(SetupError, match=r"class_weight: expected one weight for each of 3 classes, got \(1.0, 2.0\)"):
        class_weights((1.0, 2.0), CLASSES)
    with pytest.raises(SetupError, match="class_weight: expected None where the task is not classification, got 'bal"):
        class_weights("balanced", QUANTITIES)


def test_wrong_class_weights_are_refused_before_anything_trains() -> None:
    wrong = CLASSIFY.replace(class_weight=(1.0,) * (CLASSES.n_classes + 1), epochs=7)
    with pytest.raises(SetupError, match=re.escape("class_weight: expected one weight for each of ") + r"\d classes"):
        Training([CLASSIFY, wrong], [0, 1], CLASSES)
