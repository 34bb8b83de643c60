"""The forward pass in NumPy against JAX: every layer, every loss, both precisions."""

from __future__ import annotations

import json
from typing import Any

import jax
import numpy as np
import pytest

import seedbed as sb
from seedbed.core.errors import ShapeError
from seedbed.recipe.forward import LAYERS, LOSSES
from seedbed.recipe.packing import numbers_of
from seedbed.training.scopes import precision

OWN = {kind: cls for kind, cls in sb.Layer.kinds.items() if cls.__module__.startswith("seedbed.")}
IMAGE, SIGNAL, VECTOR, CATEGORIES = (7, 6, 4), (11, 4), (6,), (3,)
# Layers that need a number, or more than vectors of eight: each with the shape of an example.
WITH: dict[str, list[tuple[str, tuple[int, ...]]]] = {
    "linear": [("linear 5", (8,)), ("linear 5 bias=none", (8,))],
    "dropout": [("dropout 0.5", (8,))],
    "leaky_relu": [("leaky_relu 0.3", (8,))],
    "elu": [("elu 1.7", (8,))],
    "prelu": [("prelu 0.4", (8,))],
    "flatten": [("flatten", (2, 4))],
    "reshape": [("reshape 2x3", (12,))],
    "embedding": [("embedding 9 4", CATEGORIES)],
    "groupnorm": [("groupnorm 2", IMAGE), ("groupnorm 3 scale=none eps=0.1", VECTOR)],
    "conv": [
        ("conv 6 3x2", IMAGE),
        ("conv 6 3x2 stride=2x1 dilation=2 padding=2x1 groups=2", IMAGE),
        ("conv 5 3 stride=2 padding=valid bias=none", IMAGE),
        ("conv 4 3 groups=4", IMAGE),
    ],
    "conv1d": [("conv1d 5 4", SIGNAL), ("conv1d 6 4 stride=3 dilation=2 padding=3 groups=2", SIGNAL)],
    "maxpool": [("maxpool 2", IMAGE), ("maxpool 2x3 stride=1 padding=1", IMAGE), ("maxpool 3 stride=2", SIGNAL)],
    "avgpool": [("avgpool 2", IMAGE), ("avgpool 3 stride=2 padding=same", IMAGE), ("avgpool 3 padding=1", SIGNAL)],
    "global_avgpool": [("global_avgpool", IMAGE), ("global_avgpool", SIGNAL)],
    "chain": [("chain(conv 2 3, groupnorm 2, maxpool 2, leaky_relu 0.3, flatten, linear 3)", IMAGE)],
    "residual": [("residual(conv 4 3 bias=none, batchnorm, relu, conv 4 3, batchnorm)", IMAGE)],
    "parallel": [
        ("parallel(conv 2 1, chain(conv 3 3, tanh), avgpool 3 stride=1 padding=1)", IMAGE),
        ("parallel(linear 6, identity, join=add)", VECTOR),
    ],
    "repeat": [
        ("repeat(residual(linear 5, batchnorm, tanh, linear 6), 3)", VECTOR),
        ("repeat(chain(repeat(conv1d 4 3, 2), elu 0.7), 3)", SIGNAL),
    ],
}
KINDS = sorted({cls.kind for cls in OWN.values()})
CASES = [(kind, *case) for kind in KINDS for case in WITH.get(kind, [(kind, (8,))])]
TASKS = ("classification", "multilabel", "regression")
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}  # a few units in the last place of numbers near 1


def inputs(kind: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Numbers of all sizes for vectors, with 0 and both tails; normal ones for what is larger; categories."""
    rng = np.random.default_rng(0)
    if kind == "embedding":
        return rng.integers(0, 9, (5, *shape)).astype(dtype)
    if shape != (8,):
        return rng.normal(size=(5, *shape)).astype(dtype)
    x = np.concatenate([[0.0, -0.0, 1e-8, -1e-8, 30.0, -30.0, 200.0, -200.0], np.linspace(-6, 6, 120)])
    return rng.permutation(x).reshape(-1, 8).astype(dtype)


def moved(params: Any) -> Any:
    """Weights of which none stands at 0 or 1, as biases and running statistics do when they begin."""
    rng = np.random.default_rng(1)
    return {name: np.asarray(a) + rng.uniform(0.1, 0.4, a.shape).astype(a.dtype) for name, a in params.items()}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("kind", "line", "shape"), CASES, ids=[line for _, line, _ in CASES])
def test_a_layer(kind: str, line: str, shape: tuple[int, ...], dtype: str) -> None:
    """A layer that is new fails here until it has a counterpart."""
    layer = sb.Network.parse(line).layers[0]
    x = inputs(kind, shape, dtype)
    with precision(dtype):
        # As one program each: a program for every operation takes four times as long to compile.
        params = moved(jax.jit(lambda: layer.init(shape, key=jax.random.key(1), dtype=dtype))())
        expected = np.asarray(jax.jit(layer.apply)(params, x))
    with np.errstate(under="ignore"):
        found = LAYERS[kind](json.loads(json.dumps(numbers_of(layer, shape))), params, x)
        none = LAYERS[kind](numbers_of(layer, shape), params, x[:0])
    assert found.dtype == expected.dtype == dtype
    assert none.shape == (0, *expected.shape[1:])
    largest = 1.0 if shape == (8,) else max(1.0, float(np.abs(expected).max()))  # of sums the largest counts
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=largest * TOLERANCE[dtype])


def test_a_category_that_is_none_is_refused() -> None:
    said = (
        r"^embedding: expected whole numbers from 0 to 2, got 3 at \(1, 0\), and 2 in all that are none\nhint: give it"
    )
    with pytest.raises(ShapeError, match=said):
        LAYERS["embedding"]({}, {"weight": np.ones((3, 2))}, np.array([[0.0, 2.0], [3.0, 0.5]]))


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
