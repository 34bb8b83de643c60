"""The forward pass in NumPy against JAX: every layer, every loss, both precisions."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import seedbed as sb
from seedbed.recipe.forward import LAYERS, LOSSES
from seedbed.training.scopes import precision

# What is not here, a layer of one's own or a convolution for example, is predicted by JAX.
BY_JAX = {"containers", "convolution", "embedding", "pooling", "reshape"}
OWN = {
    kind: cls for kind, cls in sb.Layer.kinds.items()
    if cls.__module__.startswith("seedbed.") and cls.__module__.rpartition(".")[2] not in BY_JAX and kind != "groupnorm"
}  # fmt: skip
TASKS = ("classification", "multilabel", "regression")
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}  # a few units in the last place of numbers near 1


def inputs(kind: str, dtype: str) -> np.ndarray:
    """Numbers of all sizes, with 0 and both tails; images for a layer that takes them."""
    x = np.concatenate([[0.0, -0.0, 1e-8, -1e-8, 30.0, -30.0, 200.0, -200.0], np.linspace(-6, 6, 120)])
    return np.random.default_rng(0).permutation(x).reshape((-1, 2, 4) if kind == "flatten" else (-1, 8)).astype(dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("kind", sorted(cls.kind for cls in OWN.values()))
def test_a_layer(kind: str, dtype: str) -> None:
    """A layer that is new fails here until it has a counterpart."""
    layer = sb.Network.parse({"linear": "linear 5", "dropout": "dropout 0.5", "leaky_relu": "leaky_relu 0.3",
                              "elu": "elu 1.7", "prelu": "prelu 0.4"}.get(kind, kind)).layers[0]  # fmt: skip
    x = inputs(kind, dtype)
    with precision(dtype):
        params = layer.init(x.shape[1:], key=jax.random.key(1), dtype=dtype)
        expected = np.asarray(layer.apply(params, jax.numpy.asarray(x)))
    numbers = {name: getattr(layer, name) for name in layer.specs if isinstance(getattr(layer, name), float)}
    with np.errstate(under="ignore"):
        found = LAYERS[kind](numbers, {name: np.asarray(a) for name, a in params.items()}, x)
    assert found.dtype == expected.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def test_a_linear_layer_without_biases() -> None:
    weight = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(LAYERS["linear"]({}, {"weight": weight}, np.ones((1, 2))), [[3.0, 5.0, 7.0]])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("kind", sorted(cls.kind for cls in sb.Loss.kinds.values()))
def test_what_a_loss_says(kind: str, n_outputs: int, task: str, dtype: str) -> None:
    cls = sb.Loss.kinds[kind.replace("_", "")]
    if task not in cls.tasks:
        pytest.skip(f"{kind} is not for {task}")
    loss = cls()
    outputs = np.random.default_rng(0).normal(scale=8, size=(40, n_outputs)).astype(dtype)
    outputs[0], outputs[1], outputs[2] = 0, -1, 300  # the second: nothing to share out
    with precision(dtype):
        expected = np.asarray(loss.predict(jax.numpy.asarray(outputs), task))
    with np.errstate(under="ignore"):
        found = LOSSES[kind](outputs, task)
    assert found.dtype == expected.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=20 * TOLERANCE[dtype], atol=1e-30)
