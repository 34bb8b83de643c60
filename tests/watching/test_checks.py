"""Dynamic checks: each number beside one that was worked out otherwise, each check failing on a setup made for it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.data.dataset import Dataset
from seedbed.watching.checks.few import EXAMPLES, a_few, overfits_few
from seedbed.watching.checks.slopes import gradient_check
from seedbed.watching.checks.start import (
    activations,
    gradient_reaches,
    initial_loss,
    penalty_raises_loss,
    reach_due,
    units_differ,
)
from tests.watching.conftest import setup_of, subject_of

pytestmark = pytest.mark.slow  # each of these compiles networks

DEEP = "linear 64, tanh, " * 8 + "linear out"


def value(check: Any, i: int = 0) -> float:
    return float(check.evidence[i].value)


def test_the_initial_loss_is_that_of_the_first_weights(blobs: Dataset) -> None:
    subject = subject_of(setup_of("linear 16, relu, linear out"), blobs)
    x, y = (np.asarray(one, np.float64) for one in subject.sample)
    first, _, last = ({name: np.asarray(a, np.float64) for name, a in own.items()} for own in subject.params)
    z = np.maximum(x @ first["weight"] + first["bias"], 0) @ last["weight"] + last["bias"]
    by_hand = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y.astype(int)])
    check = initial_loss(subject)
    assert check.passed and value(check) == pytest.approx(by_hand, rel=1e-5)
    assert subject.case.chance == pytest.approx(np.log(3), rel=1e-3)


@pytest.mark.parametrize("weight", ["normal(30)", "he_normal(gain=60)"])
def test_a_loss_far_above_chance_is_found(blobs: Dataset, weight: str) -> None:
    assert initial_loss(subject_of(setup_of(f"linear 16, relu, linear out weight={weight}"), blobs)).passed is False


def test_targets_on_another_scale_than_the_outputs_are_found(waves: Dataset) -> None:
    far = sb.data.load((waves.train.x, 50.0 + np.sin(np.arange(len(waves.train)))))
    setup = setup_of("linear 8, tanh, linear out", sb.MeanSquaredError(), preprocessing=())
    assert initial_loss(subject_of(setup, far)).passed is False
    assert initial_loss(subject_of(setup.replace(preprocessing=(sb.StandardizeTarget(),)), far)).passed


def test_the_penalty_adds_what_it_says(blobs: Dataset) -> None:
    subject = subject_of(setup_of("linear 16, relu, linear out", penalty=sb.L2(0.01)), blobs)
    weights = [np.asarray(own["weight"], np.float64) for own in subject.params if own]
    check = penalty_raises_loss(subject)
    assert check.passed and value(check) == pytest.approx(0.005 * sum((w**2).sum() for w in weights), rel=1e-5)
    slopes = np.concatenate([np.asarray(own["weight"]).ravel() for own in subject.start.gradients if own])
    size = 0.01 * np.linalg.norm(np.concatenate([w.ravel() for w in weights])) / np.linalg.norm(slopes)
    assert value(check, 1) == pytest.approx(size, rel=1e-4)


def test_a_penalty_that_pulls_harder_than_the_loss_is_found(blobs: Dataset) -> None:
    check = penalty_raises_loss(subject_of(setup_of("linear 16, relu, linear out", penalty=sb.L2(10.0)), blobs))
    assert check.passed is False and check.finding is not None and check.finding.code == "over_regularised"


def test_a_penalty_that_adds_nothing_is_found(blobs: Dataset) -> None:
    class Nothing(sb.Penalty, kind="nothing"):
        def of_array(self, weight: Any) -> Any:
            return 0.0 * jnp.sum(weight)

    try:
        check = penalty_raises_loss(subject_of(setup_of("linear out", penalty=Nothing()), blobs))
        assert check.passed is False and "does not" in check.because
    finally:
        del sb.Penalty.kinds["nothing"]


def test_a_penalty_on_weights_that_are_zero_says_nothing(blobs: Dataset) -> None:
    check = penalty_raises_loss(subject_of(setup_of("linear out weight=zeros"), blobs))
    assert check.passed is None and check.because == "All weights begin at zero."


def test_units_that_begin_alike_are_found(blobs: Dataset) -> None:
    check = units_differ(subject_of(setup_of("linear 16 weight=constant(0.1), relu, linear out"), blobs))
    assert check.passed is False and check.finding is not None and check.finding.code == "symmetric_units"
    assert value(check) == 1 and check.finding.layers == (0,)
    assert units_differ(subject_of(setup_of("linear 16, relu, linear out weight=zeros"), blobs)).passed
    assert units_differ(subject_of(setup_of("linear out"), blobs)).passed is None


def test_the_deviation_of_activations_is_that_over_examples(blobs: Dataset) -> None:
    subject = subject_of(setup_of("linear 16, tanh, linear out"), blobs)
    x = np.asarray(subject.sample[0], np.float64)
    layers = subject.setup.network.activations(subject.params, subject.sample[0])
    spread = [np.sqrt(np.mean(np.asarray(a, np.float64).var(axis=0))) for a in (x, *layers)]
    check = activations(subject)
    assert check.passed
    assert value(check, 0) == pytest.approx(min(spread[1:]) / spread[0], rel=1e-4)
    assert value(check, 1) == pytest.approx(max(spread[1:]) / spread[0], rel=1e-4)


@pytest.mark.parametrize(
    "layer", ["linear 32 weight=normal(0.01), tanh, ", "linear 32 weight=normal(2), relu, ", "linear 32, sigmoid, "]
)
def test_activations_that_fade_or_grow_with_the_depth_are_found(blobs: Dataset, layer: str) -> None:
    assert activations(subject_of(setup_of(layer * 12 + "linear out"), blobs)).passed is False


def test_norms_keep_activations_at_their_size(blobs: Dataset) -> None:
    network = "linear 32 weight=normal(0.01), batchnorm, relu, " * 12 + "linear out"
    assert activations(subject_of(setup_of(network), blobs)).passed


def test_the_ratio_of_gradients_is_that_of_autodiff(blobs: Dataset) -> None:
    subject = subject_of(setup_of("linear 16, tanh, linear out"), blobs)
    x, y = subject.sample

    def loss(params: Any) -> Any:
        return jnp.mean(subject.setup.loss.per_example(subject.setup.network.apply(params, x), y))

    slopes = [np.sqrt(np.mean(np.square(own["weight"]))) for own in jax.grad(loss)(subject.params) if own]
    assert value(gradient_reaches(subject)) == pytest.approx(slopes[0] / slopes[-1], rel=1e-4)


@pytest.mark.parametrize("weight", ["lecun_normal", "lecun_normal(gain=0.5)", "orthogonal"])
def test_the_gradient_in_a_wide_network_is_what_theory_says(blobs: Dataset, weight: str) -> None:
    network = f"linear 400 weight={weight}, tanh, " * 4 + "linear out"
    due = reach_due(subject_of(setup_of(network), blobs))
    assert due is not None and due[0] == pytest.approx(due[1], rel=0.15)  # 400 units vary by about 5 % a layer


@pytest.mark.parametrize(("layer", "code"), [
    ("linear 32, sigmoid, ", "vanishing_gradient"), ("linear 32 weight=normal(1), relu, ", None),
])  # fmt: skip
def test_gradients_that_do_not_arrive_are_found(blobs: Dataset, layer: str, code: str | None) -> None:
    check = gradient_reaches(subject_of(setup_of(layer * 9 + "linear out"), blobs))
    assert (None if check.finding is None else check.finding.code) == code
    assert check.passed is (code is None)


def test_gradients_that_grow_on_their_way_back_are_found(blobs: Dataset) -> None:
    # The mean of w · ∂C/∂w is the same in every layer of a ReLU network, so small first weights get large gradients.
    layers = "".join(f"linear 64 weight=he_normal(gain={gain}), relu, " for gain in (1e-3, 1e3))
    check = gradient_reaches(subject_of(setup_of(layers + "linear out"), blobs))
    assert check.passed is False and check.finding is not None and check.finding.code == "exploding_gradient"


def test_a_gradient_that_is_no_number_has_not_vanished(blobs: Dataset) -> None:
    huge = "linear 16 weight=normal(1e25), relu, "
    check = gradient_reaches(subject_of(setup_of(huge + huge + "linear out"), blobs))
    assert check.passed is False and check.finding is not None
    assert (check.finding.code, check.finding.layers) == ("non_finite", (2,))  # 1e25 can still be said, 1e50 cannot


def test_a_last_layer_of_zeros_hides_no_gradient(blobs: Dataset) -> None:
    subject = subject_of(setup_of("linear 16, relu, linear 16, relu, linear out weight=zeros"), blobs)
    assert not np.any(subject.start.gradients[0]["weight"])
    assert gradient_reaches(subject).passed


def test_a_layer_alone_has_nothing_to_reach(blobs: Dataset) -> None:
    check = gradient_reaches(subject_of(setup_of("linear out"), blobs))
    assert check.passed is None and check.because == "There is only one layer with weights."


@pytest.mark.parametrize("network", [
    "linear 16, relu, linear out", DEEP, "linear 16, batchnorm, gelu, dropout 0.5, linear out",
    "linear 16 weight=zeros, relu, linear out",
])  # fmt: skip
def test_gradients_of_sound_networks_are_slopes(blobs: Dataset, network: str) -> None:
    check = gradient_check(subject_of(setup_of(network), blobs))
    assert (check.passed and value(check) < 1e-6) or "relu" in network


def test_a_layer_with_a_wrong_derivative_is_found(blobs: Dataset) -> None:
    @jax.custom_vjp
    def wrong(x: Any) -> Any:
        return jnp.tanh(x)

    wrong.defvjp(lambda x: (jnp.tanh(x), jnp.tanh(x)), lambda y, g: (g * (1 + y**2),))

    class Wrong(sb.Layer, kind="wrong"):
        def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
            return wrong(x)

    try:
        setup = setup_of("linear 16, tanh, linear out")
        sound = subject_of(setup, blobs)
        network = sb.Network([sb.Linear(16), Wrong(), sb.Linear("out")])
        check = gradient_check(subject_of(setup.replace(network=network), blobs))
        assert gradient_check(sound).passed and check.passed is False and value(check) > 0.1
    finally:
        del sb.Layer.kinds["wrong"]


def test_a_few_examples_are_of_all_classes(blobs: Dataset) -> None:
    subject = subject_of(setup_of("linear 16, relu, linear out"), blobs)
    few = a_few(subject)
    assert len(few.train) == EXAMPLES and set(few.train.y) == {0, 1, 2}
    assert np.ptp(np.bincount(few.train.y)) <= 1
    assert np.array_equal(few.train.x, subject.data.train.x[few.train.index])


@pytest.mark.parametrize("optimizer", [sb.Adam(3e-3), sb.SGD(0.1, momentum=0.9)], ids=["adam", "sgd"])
def test_a_few_examples_are_learned_by_heart(blobs: Dataset, optimizer: sb.Optimizer) -> None:
    setup = setup_of("linear 32, relu, dropout 0.5, linear out", optimizer=optimizer, penalty=sb.L2(10.0))
    check = overfits_few(subject_of(setup, blobs))
    assert check.passed and value(check) < 0.1 and value(check, 1) == 1


def test_a_few_examples_of_a_quantity_are_learned_by_heart(waves: Dataset) -> None:
    check = overfits_few(subject_of(setup_of("linear 32, tanh, linear out", sb.MeanSquaredError()), waves))
    assert check.passed and value(check) < 0.1


@pytest.mark.parametrize(
    ("optimizer", "code"), [(sb.Adam(1e-6), "lr_too_low"), (sb.SGD(1e-6), "lr_too_low"), (sb.SGD(3.0), "lr_too_high")]
)
def test_another_rate_that_gets_there_is_named(blobs: Dataset, optimizer: sb.Optimizer, code: str) -> None:
    network = "linear 32, relu, linear 32, relu, linear 32, relu, linear out"
    check = overfits_few(subject_of(setup_of(network, optimizer=optimizer), blobs))
    assert check.passed is False and check.finding is not None and check.finding.code == code
    assert check.finding.evidence[0].value == pytest.approx(optimizer.lr)


def test_a_rate_that_is_slow_on_a_few_steps_is_no_fault(blobs: Dataset) -> None:
    check = overfits_few(subject_of(setup_of("linear 32, relu, linear out", optimizer=sb.Adam(1e-4)), blobs))
    assert check.passed and check.finding is None and value(check) > 0.1


def test_a_network_that_can_learn_nothing_is_found(blobs: Dataset) -> None:
    check = overfits_few(subject_of(setup_of("linear 16, step, linear 1, step, linear out"), blobs))
    assert check.passed is False and check.finding is None and "Not even a few" in check.because
