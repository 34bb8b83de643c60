"""One weight nudged: outputs and slope against NumPy, and how fast the linear prediction becomes right."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from seedbed import ShapeError, UsageError
from seedbed.network import Network
from seedbed.network.nudge import STEPS, nudge
from seedbed.network.steepness import as_perceptrons

NETWORK = Network.parse("linear 6, sigmoid, linear 3, sigmoid")
PARAMS = NETWORK.init((4,), key=jax.random.key(0))
X = np.random.default_rng(0).normal(size=(20, 4))
PLACE = (0, "weight", 1, 2)


def by_hand(step, activation, place=PLACE):
    """The outputs in NumPy, with the weight raised by `step`."""
    weights = [{name: np.asarray(a, np.float64) for name, a in own.items()} for own in PARAMS]
    layer, name, *index = place
    weights[layer][name][tuple(index)] += step
    hidden = activation(X @ weights[0]["weight"] + weights[0]["bias"])
    return activation(hidden @ weights[2]["weight"] + weights[2]["bias"])


@pytest.mark.parametrize("place", [PLACE, (0, "bias", 4), (2, "weight", 5, 0), (2, "bias", 1)])
def test_outputs_and_slope_are_those_of_numpy(place):
    found = nudge(NETWORK, PARAMS, X, place, steps=[-0.5, 0.0, 0.25])
    for step, outputs in zip(found.steps, found.outputs, strict=True):
        np.testing.assert_allclose(outputs, by_hand(step, expit, place), rtol=1e-13)
    np.testing.assert_allclose(found.before, by_hand(0.0, expit, place), rtol=1e-13)
    h = 1e-5  # central differences in float64: an error of h² |f'''| / 6 and of rounding / h, both near 1e-11
    slope = (by_hand(h, expit, place) - by_hand(-h, expit, place)) / (2 * h)
    np.testing.assert_allclose(found.slope, slope, atol=1e-9)
    assert found.error[1] == found.change[1] < 1e-15


def test_sigmoid_neurons_answer_as_their_linearisation_says():
    found = nudge(NETWORK, PARAMS, X, PLACE)
    assert found.steps.size == 50 and (np.abs(STEPS).min(), np.abs(STEPS).max()) == (1e-4, 0.1)
    # The next term is h² f'' / 2, with f'' from second differences; at a nudge of 1e-4 the third is 1e-4 of it.
    second = (by_hand(1e-3, expit) - 2 * by_hand(0.0, expit) + by_hand(-1e-3, expit)) / 1e-6
    least = np.argmin(np.abs(found.steps))
    assert found.error[least] == pytest.approx(0.5e-8 * np.abs(second).max(), rel=1e-3)
    assert found.order() == pytest.approx(2.0, abs=0.01)
    assert found.order(1e-3, 1e-2) == pytest.approx(2.0, abs=0.01)
    assert found.error.max() < 0.1 * found.change.max()


@pytest.mark.slow
@settings(max_examples=12)  # each compiles a program
@given(st.integers(0, 1000), st.sampled_from(["sigmoid", "tanh", "softplus"]))
def test_the_error_falls_as_the_square_of_the_nudge_in_any_smooth_network(seed, activation):
    rng = np.random.default_rng(seed)
    network = Network.parse(f"linear 5, {activation}, linear 4, {activation}")
    params = network.init((3,), key=jax.random.key(seed))
    x = rng.normal(size=(20, 3))
    found = nudge(network, params, x, (0, "weight", int(rng.integers(3)), int(rng.integers(5))), steps=SIZES)
    # Over many examples the second derivative is not near 0 for all; below 1e-4 rounding would show.
    assert found.order(1e-4, 1e-2) == pytest.approx(2.0, abs=0.05)


SIZES = np.logspace(-4, -2, 9)


def test_perceptrons_answer_with_nothing_and_then_with_a_jump():
    steps = np.linspace(-1, 1, 401)
    found = nudge(as_perceptrons(NETWORK), PARAMS, X, PLACE, steps=steps)
    assert set(np.unique(found.outputs)) <= {0.0, 1.0}
    assert (found.slope == 0).all() and found.jump == 1.0 and np.isnan(found.order(0.1, 1.0))
    np.testing.assert_array_equal(found.error, found.change)  # nothing of it was foreseen
    for step, outputs in zip(steps[::40], found.outputs[::40], strict=True):
        np.testing.assert_array_equal(outputs, by_hand(step, lambda z: (z > 0) * 1.0))
    smooth = nudge(NETWORK, PARAMS, X, PLACE, steps=steps)
    # The slope of σ is ¼ at most, in both layers: an output moves at most |x| |w| / 16 for a nudge of 1.
    bound = np.abs(X[:, 1]).max() * np.abs(np.asarray(PARAMS[2]["weight"])[2]).max() / 16
    assert smooth.jump <= bound * (steps[1] - steps[0])


def test_where_outputs_are_linear_in_the_weight_there_is_no_error():
    network = Network.parse("linear 3, linear 2")
    found = nudge(network, network.init((4,), key=jax.random.key(1)), X, (1, "weight", 0, 1), steps=[0.5, 1.0])
    assert found.error.max() < 1e-15 * np.abs(found.outputs).max() * 10


def test_it_says_what_it_found():
    text = repr(nudge(NETWORK, PARAMS, X, PLACE))
    assert text.startswith(
        "Nudge(layers[0].weight[1, 2] = -0.02515, 50 steps of 0.0001 to 0.1: outputs change by up to "
    )


PLACE_EXPECTED = "at: expected the place of a weight such as (0, 'weight', 3, 5), got "


@pytest.mark.parametrize(
    ("at", "error", "message"),
    [
        ((0,), UsageError, PLACE_EXPECTED + "(0,)"),
        ((1, "weight", 0, 0), UsageError, PLACE_EXPECTED + "layer 1\nhint: layers with weights: 0, 2"),
        ((0, "wieght", 1, 2), UsageError, PLACE_EXPECTED + "'wieght' of layer 0\nhint: did you mean 'weight'?"),
        ((0, "weight", 9, 0), ShapeError,
         PLACE_EXPECTED + "index (9, 0) into layers[0].weight of shape (4, 6)"),
        ((0, "bias", 1, 1), ShapeError, PLACE_EXPECTED + "index (1, 1) into layers[0].bias of shape (6,)"),
        ((0, "weight", 1.0, 1), ShapeError,
         PLACE_EXPECTED + "index (1.0, 1) into layers[0].weight of shape (4, 6)"),
    ],
)  # fmt: skip
def test_a_weight_that_is_not_there(at, error, message):
    with pytest.raises(error) as caught:
        nudge(NETWORK, PARAMS, X, at)
    assert str(caught.value) == message


def test_other_bad_arguments():
    with pytest.raises(UsageError, match=r"^steps: expected a list of finite numbers, got \[0\.1, nan\]$"):
        nudge(NETWORK, PARAMS, X, PLACE, steps=[0.1, np.nan])
    with pytest.raises(UsageError, match=r"^order: expected two nudges or more from 0\.5 to 1, got 0$"):
        nudge(NETWORK, PARAMS, X, PLACE).order(0.5, 1.0)
    with pytest.raises(ShapeError, match=r"params\[0\]: expected bias of \(6,\), weight of \(5, 6\), got bias"):
        nudge(NETWORK, PARAMS, X[:, [0, 1, 2, 3, 3]], PLACE)
