"""Losses: their edges, their laws, how many outputs they ask for, and what they predict. Parity is tested apart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seedbed.network import BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanSquaredError, QuadraticCost
from seedbed.network.losses import mean

LOSSES = [CrossEntropy(), CrossEntropy(label_smoothing=0.1), BinaryCrossEntropy(), MeanSquaredError(), QuadraticCost(),
          Huber()]  # fmt: skip
LABELS = jnp.array([0, 2, 1, 2], jnp.int32)
OUTPUTS = jax.random.normal(jax.random.key(0), (4, 3))


@pytest.mark.parametrize("n", [2, 10, 1000])
def test_cross_entropy_of_a_network_that_knows_nothing_is_ln_c(n: int) -> None:
    losses = CrossEntropy().per_example(jnp.zeros((3, n)), jnp.array([0, 1, n - 1], jnp.int32))
    np.testing.assert_allclose(losses, np.log(n), rtol=1e-6)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_labels_are_one_hot_targets(loss: Loss) -> None:
    by_label = loss.per_example(OUTPUTS, LABELS)
    np.testing.assert_allclose(by_label, loss.per_example(OUTPUTS, jax.nn.one_hot(LABELS, 3)), rtol=1e-5)
    assert by_label.shape == (4,)


@pytest.mark.parametrize("loss", LOSSES[:3], ids=repr)
def test_logits_far_out_give_finite_losses_and_slopes(loss: Loss) -> None:
    z = jnp.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], jnp.float32)
    labels = jnp.array([1, 0], jnp.int32)
    value, slope = jax.value_and_grad(lambda z: mean(loss.per_example(z, labels)))(z)
    assert np.isfinite(value) and np.isfinite(slope).all()


@settings(max_examples=20, deadline=None)
@given(z=arrays(np.float32, (4, 3), elements=st.floats(-20, 20, width=32)), shift=st.floats(-100, 100, width=32))
def test_a_constant_on_all_logits_changes_no_cross_entropy(z: np.ndarray, shift: float) -> None:
    shifted = CrossEntropy().per_example(jnp.asarray(z + np.float32(shift)), LABELS)
    # a logit near 120 carries an error of 8e-6
    np.testing.assert_allclose(shifted, CrossEntropy().per_example(jnp.asarray(z), LABELS), atol=5e-5)


def test_gradient_of_cross_entropy_is_p_minus_one_hot() -> None:
    slope = jax.grad(lambda z: CrossEntropy().per_example(z, LABELS).sum())(OUTPUTS)
    np.testing.assert_allclose(slope, jax.nn.softmax(OUTPUTS) - jax.nn.one_hot(LABELS, 3), atol=1e-6)


@pytest.mark.parametrize("cls", [CrossEntropy, BinaryCrossEntropy])
def test_smoothing_zero_is_present_and_changes_nothing(cls: type[Loss]) -> None:
    zero = cls(label_smoothing=0.0)
    np.testing.assert_allclose(zero.per_example(OUTPUTS, LABELS), cls().per_example(OUTPUTS, LABELS), rtol=1e-6)
    assert jax.tree.structure(zero) != jax.tree.structure(cls())


def test_numbers_may_differ_between_members() -> None:
    smoothing = jnp.array([0.0, 0.1, 0.5])
    many = jax.vmap(lambda loss: loss.per_example(OUTPUTS, LABELS))(CrossEntropy(label_smoothing=smoothing))
    one = CrossEntropy(label_smoothing=0.1).per_example(OUTPUTS, LABELS)
    np.testing.assert_allclose(many[1], one, rtol=1e-6)


def test_huber_is_the_square_inside_and_the_line_outside() -> None:
    errors = jnp.array([[-3.0], [-0.5], [0.0], [0.5], [3.0]])
    by_hand = [2 * (3 - 1), 0.125, 0, 0.125, 2 * (3 - 1)]
    np.testing.assert_allclose(Huber(delta=2.0).per_example(errors, jnp.zeros((5, 1))), by_hand)
    slope = jax.grad(lambda z: Huber(delta=2.0).per_example(z, jnp.zeros((5, 1))).sum())(errors)
    np.testing.assert_allclose(slope[:, 0], [-2, -0.5, 0, 0.5, 2])


def test_mean_with_weights() -> None:
    losses, weights = jnp.array([1.0, 2.0, 4.0]), jnp.array([1.0, 0.0, 3.0])
    assert float(mean(losses)) == pytest.approx(7 / 3)
    assert float(mean(losses, weights)) == pytest.approx(13 / 4)


@pytest.mark.parametrize(("loss", "task", "expected"), [
    (CrossEntropy(), "classification", 2), (BinaryCrossEntropy(), "multilabel", 5), (Huber(), "regression", 5),
    (BinaryCrossEntropy(), "classification", 1), (QuadraticCost(), "classification", 2),
])  # fmt: skip
def test_n_outputs(loss: Loss, task: str, expected: int) -> None:
    assert loss.n_outputs(task, n_classes=2, n_targets=5) == expected


def test_binary_cross_entropy_takes_one_output_for_each_of_several_classes() -> None:
    assert BinaryCrossEntropy().n_outputs("classification", n_classes=3) == 3


def test_loss_that_does_not_fit_the_task() -> None:
    message = "loss: expected a loss for regression, got cross_entropy\nhint: use one of mean_squared_error, quadratic"
    with pytest.raises(ValueError, match=message):
        CrossEntropy().n_outputs("regression", n_targets=1)
    with pytest.raises(ValueError, match="expected a loss for multilabel, got cross_entropy"):
        CrossEntropy().n_outputs("multilabel", n_targets=1)
    with pytest.raises(ValueError, match="expected a loss for regression, got binary_cross_entropy"):
        BinaryCrossEntropy().n_outputs("regression", n_targets=1)
    with pytest.raises(ValueError, match=r"task: expected one of .*, got 'regresion'\nhint: did you mean 'regression'"):
        CrossEntropy().n_outputs("regresion")


def test_targets_that_do_not_fit_the_outputs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"huber: expected targets of shape \(4, 3\), got \(4, 1\) beside outputs of"):
        Huber().per_example(OUTPUTS, jnp.ones((4, 1)))
    with pytest.raises(ValueError, match=r"cross_entropy: expected targets of shape \(4,\), got \(5,\) beside"):
        CrossEntropy().per_example(OUTPUTS, jnp.zeros(5, jnp.int32))


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_class_probabilities_sum_to_one(loss: Loss) -> None:
    p = loss.predict(OUTPUTS, "classification")
    np.testing.assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-6)
    assert (np.asarray(p) >= 0).all()


def test_predictions_by_hand() -> None:
    p = BinaryCrossEntropy().predict(jnp.array([[np.log(3.0)], [-50.0]]), "classification")
    np.testing.assert_allclose(p, [[0.25, 0.75], [1.0, np.exp(-50)]], rtol=1e-5)
    p = QuadraticCost().predict(jnp.array([[0.5, -1.0, 1.5], [-1.0, -2.0, -3.0]]), "classification")
    np.testing.assert_allclose(p, [[0.25, 0, 0.75], [1 / 3] * 3], rtol=1e-6)
    np.testing.assert_array_equal(Huber().predict(OUTPUTS, "regression"), OUTPUTS)
    p = MeanSquaredError().predict(jnp.array([[-1.0, 0.5, 2.0]]), "multilabel")
    np.testing.assert_array_equal(p, [[0, 0.5, 1]])
    np.testing.assert_allclose(BinaryCrossEntropy().predict(jnp.zeros((2, 3)), "multilabel"), 0.5)


def test_predictions_take_a_member_axis() -> None:
    many = jnp.stack([OUTPUTS, 2 * OUTPUTS])
    for loss in LOSSES:
        np.testing.assert_allclose(
            loss.predict(many, "classification")[1], loss.predict(2 * OUTPUTS, "classification"), rtol=1e-6
        )


@pytest.mark.parametrize("loss", [*LOSSES, BinaryCrossEntropy(label_smoothing=0.2), Huber(delta=0.3)], ids=repr)
@pytest.mark.parametrize("targets", [LABELS, jax.nn.softmax(OUTPUTS[::-1])], ids=["labels", "shares"])
def test_the_closed_slope_is_the_one_of_autodiff(loss: Loss, targets: jax.Array) -> None:
    with jax.enable_x64(True):
        z = jnp.asarray(np.asarray(OUTPUTS), jnp.float64) * 3
        wanted = jax.grad(lambda z: loss.per_example(z, targets).sum())(z)
        np.testing.assert_allclose(loss.gradient(z, targets), wanted, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            Loss.slope(loss, z, targets.astype(z.dtype) if targets.ndim > 1 else targets), wanted
        )


def test_the_slope_of_a_single_output_with_labels() -> None:
    z, labels = OUTPUTS[:, :1], jnp.array([0, 1, 1, 0], jnp.int32)
    slope = BinaryCrossEntropy().gradient(z, labels)
    np.testing.assert_allclose(slope[:, 0], 1 / (1 + np.exp(-np.asarray(z[:, 0]))) - np.asarray(labels), rtol=1e-5)
    with pytest.raises(ValueError, match=r"binary_cross_entropy: expected targets of shape \(4, 1\), got \(4, 3\)"):
        BinaryCrossEntropy().gradient(z, OUTPUTS)
