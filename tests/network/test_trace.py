"""The recurrences forward and backward: by hand, and against autodiff in float64. PyTorch stands in test_parity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

import seedbed as sb
from seedbed.network import Activation, Loss, Network
from seedbed.network.losses import mean
from seedbed.network.recurrences import recurrences
from seedbed.network.trace import trace

RNG = np.random.default_rng(3)
X = RNG.normal(size=(5, 3))
LABELS = np.array([0, 3, 1, 2, 2], np.int32)
TARGETS = RNG.normal(size=(5, 4))
ANSWERS = (RNG.random((5, 4)) < 0.5).astype(np.float64)


@pytest.fixture
def own() -> Iterator[Loss]:
    """A loss without a slope in closed form; and a layer w x², `doubled`, that exists as long."""

    class Cubic(sb.Loss, kind="cubic"):
        def compare(self, outputs: Any, targets: Any) -> Any:
            return jnp.sum(jnp.abs(outputs - targets) ** 3, axis=-1)

    class Doubled(sb.Layer, kind="doubled"):
        def init(self, in_shape: Any, *, key: Any, dtype: Any) -> Any:
            return {"w": jnp.full(in_shape, 2.0, dtype)}

        def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
            return params["w"] * x * x

    yield Cubic()
    del sb.Loss.kinds["cubic"], sb.Layer.kinds["doubled"]


def kept(network: Network, in_shape: tuple[int, ...] = (3,)) -> Any:
    """Random weights in float64, biases too."""
    shapes = network.params_shapes(in_shape)
    return jax.tree.map(lambda a: jnp.asarray(np.random.default_rng(a.size).normal(size=a.shape) * 0.6), shapes)


def test_two_layers_by_hand() -> None:
    """Nielsen's four equations, example by example, as chapter 2 writes them: columns, with W from the left."""
    network = Network.parse("linear 4, sigmoid, linear 2, sigmoid")
    y = RNG.normal(size=(5, 2))
    with jax.enable_x64(True):
        params = kept(network)
        told = trace(network, params, sb.QuadraticCost(), X, y)
    (w1, b1), (w2, b2) = ((np.asarray(own["weight"]).T, np.asarray(own["bias"])) for own in params[::2])
    cost, d_w1, d_b1, d_w2, d_b2 = 0.0, 0 * w1, 0 * b1, 0 * w2, 0 * b2
    for i in range(5):
        z1 = w1 @ X[i] + b1
        a1 = 1 / (1 + np.exp(-z1))
        z2 = w2 @ a1 + b2
        a2 = 1 / (1 + np.exp(-z2))
        delta2 = (a2 - y[i]) * a2 * (1 - a2)
        delta1 = (w2.T @ delta2) * a1 * (1 - a1)
        cost += ((a2 - y[i]) ** 2).sum() / 2 / 5
        d_w2, d_b2 = d_w2 + np.outer(delta2, a1) / 5, d_b2 + delta2 / 5
        d_w1, d_b1 = d_w1 + np.outer(delta1, X[i]) / 5, d_b1 + delta1 / 5
        first, second = told.layers
        for ours, theirs in ((first.z, z1), (first.a, a1), (first.delta, delta1 / 5), (second.z, z2), (second.a, a2),
                             (second.delta, delta2 / 5), (first.x, X[i]), (second.x, a1)):  # fmt: skip
            np.testing.assert_allclose(ours[i], theirs, rtol=1e-12)
    for ours, theirs in ((told.layers[0].d_weight, d_w1.T), (told.layers[0].d_bias, d_b1),
                         (told.layers[1].d_weight, d_w2.T), (told.layers[1].d_bias, d_b2)):  # fmt: skip
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert told.loss == pytest.approx(cost, rel=1e-13)
    np.testing.assert_array_equal(told.outputs, told.layers[-1].a)


LINES = [
    "linear 4",
    "linear 5, tanh, linear 4",
    "relu, linear 5 bias=none, gelu, silu, dropout 0.5, linear 4, softmax",
    "linear 6, prelu, flatten, linear 6, doubled, linear 6, elu 0.7, step, linear 4, selu",
    "linear 5, leaky_relu 0.2, identity, linear 4, softplus, linear 4, sigmoid",
]
CASES: list[tuple[Loss | None, np.ndarray]] = [
    (sb.CrossEntropy(0.1), LABELS), (sb.BinaryCrossEntropy(), ANSWERS), (sb.MeanSquaredError(), TARGETS),
    (sb.QuadraticCost(), LABELS), (sb.Huber(0.3), TARGETS), (None, TARGETS),
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(("loss", "y"), CASES, ids=lambda case: "" if isinstance(case, np.ndarray) else repr(case))
def test_slopes_are_those_of_autodiff(line: str, loss: Loss | None, y: np.ndarray, own: Loss) -> None:
    loss = loss or own
    network = Network.parse(line)
    with jax.enable_x64(True):
        params = kept(network)
        nothing = tuple(jnp.zeros((5, *shape)) for shape in [(3,), *network.shapes((3,))])

        def cost(params: Any, nudges: Any) -> jax.Array:
            """C, with something added at every place of the network."""
            x = jnp.asarray(X) + nudges[0]
            for layer, own, nudge in zip(network.layers, params, nudges[1:], strict=True):
                x = layer.apply(own, x) + nudge
            return mean(loss.per_example(x, jnp.asarray(y)))

        value, (gradients, slopes) = jax.jit(jax.value_and_grad(cost, (0, 1)))(params, nothing)
        flow = recurrences(network, params, loss, jnp.asarray(X), jnp.asarray(y))
        told = trace(network, params, loss, X, y)
    assert told.loss == pytest.approx(float(value), rel=1e-12)
    for ours, theirs in ((flow.slopes, slopes), (flow.gradients, gradients), (told.gradients, gradients)):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-14), ours, theirs)
    for layer in told.layers:
        first = layer.places[0]
        at_z = first if isinstance(network.layers[first], Activation) else first + 1
        np.testing.assert_allclose(layer.delta, slopes[at_z], rtol=1e-9, atol=1e-14)


def test_linear_layers_and_activations_need_no_autodiff(monkeypatch: pytest.MonkeyPatch, own: Loss) -> None:
    network = Network.parse(
        "linear 6, relu, linear 5, tanh, sigmoid, linear 4 bias=none, leaky_relu 0.3, gelu, linear 4"
    )
    params = network.init((3,), key=jax.random.key(0))

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("autodiff was asked for")

    for name in ("grad", "vjp", "value_and_grad", "jvp", "linearize"):
        monkeypatch.setattr(jax, name, refuse)
    for loss, y in CASES[:5]:
        told = trace(network, params, loss, X.astype(np.float32), y.astype(np.float32) if y.ndim > 1 else y)
        assert np.isfinite(told.loss) and len(told.layers) == 6
    with pytest.raises(AssertionError, match="autodiff was asked for"):
        trace(network, params, own, X.astype(np.float32), TARGETS.astype(np.float32))


def test_a_batch_is_the_mean_of_its_examples() -> None:
    network, loss = Network.parse("linear 6, prelu, linear 4"), sb.CrossEntropy()
    with jax.enable_x64(True):
        params = kept(network)
        whole = trace(network, params, loss, X, LABELS)
        each = [trace(network, params, loss, X[i : i + 1], LABELS[i : i + 1]) for i in range(5)]
    assert whole.loss == pytest.approx(np.mean([one.loss for one in each]), rel=1e-13)
    np.testing.assert_allclose(whole.losses, [one.loss for one in each], rtol=1e-13)
    for i, layer in enumerate(whole.layers):
        deltas = np.concatenate([one.layers[i].delta for one in each]) / 5
        np.testing.assert_allclose(layer.delta, deltas, rtol=1e-12, atol=1e-16)
        for name, array in layer.gradients.items():
            gradients = [one.layers[i].gradients[name] for one in each]
            np.testing.assert_allclose(array, np.mean(gradients, axis=0), rtol=1e-11, atol=1e-15)


def test_a_population_can_be_traced_as_one_program() -> None:
    network, loss = Network.parse("linear 6, tanh, linear 4"), sb.CrossEntropy()
    params = jax.vmap(lambda key: network.init((3,), key=key))(jax.random.split(jax.random.key(0), 3))
    x, y = jnp.asarray(X, jnp.float32), jnp.asarray(LABELS)
    together = jax.jit(jax.vmap(lambda own: recurrences(network, own, loss, x, y)))(params)
    alone = recurrences(network, jax.tree.map(lambda a: a[1], params), loss, x, y)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a[1], b, rtol=1e-5, atol=1e-6), together, alone)


def test_the_table_shows_every_layer_in_three_forms() -> None:
    network = Network.parse("linear 2 weight=constant(0.5), relu, linear 1 weight=constant(1) bias=none")
    params = network.init((1,), key=jax.random.key(0))
    told = trace(network, params, sb.QuadraticCost(), np.float32([[2], [-2]]), np.float32([[1], [0]]))
    assert str(told).splitlines() == [
        "     layer                                    z       ‖z‖    ‖a‖     ‖δ‖  ‖∂C/∂w‖  ‖∂C/∂b‖",
        "──────────────────────────────────────────────────────────────────────────────────────────",
        "0-1  linear 2 weight=constant(0.5), relu      (2, 2)    2  1.414  0.7071    1.414   0.7071",
        "2    linear 1 weight=constant(1.0) bias=none  (2, 1)    2      2     0.5   0.7071",
        "──────────────────────────────────────────────────────────────────────────────────────────",
        "C = 0.25, quadratic of 2 examples; ‖·‖ over all numbers",
    ]
    assert repr(told) == "Trace(2 layers, 2 examples, loss=0.25)"
    console = Console(width=150)
    with console.capture() as capture:
        console.print(told)
    for layer in told.layers:
        assert all(cell in capture.get() and cell in told._repr_html_() for cell in layer.cells)


def test_targets_that_do_not_fit_are_said() -> None:
    network = Network.parse("linear 4")
    params = network.init((3,), key=jax.random.key(0))
    with pytest.raises(sb.ShapeError, match=r"mean_squared_error: expected targets of shape \(5, 4\), got \(5, 1\)"):
        trace(network, params, sb.MeanSquaredError(), X.astype(np.float32), np.ones((5, 1), np.float32))
