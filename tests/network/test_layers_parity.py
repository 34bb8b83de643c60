"""Convolution, pooling, norms and embeddings against PyTorch in float64: values, slopes and running statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.network import Layer

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity
nn = torch.nn

CASES: list[tuple[Layer, tuple[int, ...], Callable[[], Any]]] = [
    (sb.Conv2d(6, 3), (7, 6, 4), lambda: nn.Conv2d(4, 6, 3, padding="same")),
    (sb.Conv2d(6, (3, 2), stride=(2, 1), padding=(2, 1), dilation=2, groups=2), (9, 8, 4),
     lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), (2, 1), 2, 2)),
    (sb.Conv2d(8, 3, stride=3, padding="valid", groups=4, bias=None), (8, 8, 4),
     lambda: nn.Conv2d(4, 8, 3, 3, 0, 1, 4, bias=False)),
    (sb.Conv1d(6, 5), (11, 4), lambda: nn.Conv1d(4, 6, 5, padding="same")),
    (sb.Conv1d(6, 4, stride=3, padding=3, dilation=2, groups=2), (11, 4), lambda: nn.Conv1d(4, 6, 4, 3, 3, 2, 2)),
    (sb.MaxPool(2), (7, 6, 4), lambda: nn.MaxPool2d(2)),
    (sb.MaxPool((3, 2), stride=(2, 1), padding=1), (7, 6, 4), lambda: nn.MaxPool2d((3, 2), (2, 1), 1)),
    (sb.MaxPool(3, stride=2), (11, 4), lambda: nn.MaxPool1d(3, 2)),
    (sb.AvgPool(2), (7, 6, 4), lambda: nn.AvgPool2d(2)),
    (sb.AvgPool(3, stride=2, padding=1), (7, 6, 4), lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False)),
    (sb.AvgPool(3), (11, 4), lambda: nn.AvgPool1d(3)),
    (sb.GlobalAvgPool(), (7, 6, 4), lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())),
    (sb.BatchNorm(), (5,), lambda: nn.BatchNorm1d(5)),
    (sb.BatchNorm(momentum=0.3, eps=0.01), (11, 4), lambda: nn.BatchNorm1d(4, 0.01, 0.3)),
    (sb.BatchNorm(), (7, 6, 4), lambda: nn.BatchNorm2d(4)),
    (sb.BatchNorm(scale=None, shift=None), (7, 6, 4), lambda: nn.BatchNorm2d(4, affine=False)),
    (sb.LayerNorm(), (6,), lambda: nn.LayerNorm(6)),
    (sb.GroupNorm(2), (7, 6, 4), lambda: nn.GroupNorm(2, 4)),
    (sb.PReLU(), (6,), lambda: nn.PReLU()),
]  # fmt: skip
NAMES = {"scale": "weight", "shift": "bias", "running_variance": "running_var", "slope": "weight"}


def first(a: np.ndarray) -> np.ndarray:
    """Channels behind the examples, as PyTorch has them."""
    return np.moveaxis(a, -1, 1) if a.ndim > 2 else a


def last(a: Any) -> np.ndarray:
    return np.moveaxis(a.detach().numpy(), 1, -1) if a.ndim > 2 else a.detach().numpy()


def theirs(a: np.ndarray) -> np.ndarray:
    """Weights as PyTorch has them: units, inputs, window."""
    return np.moveaxis(a, (-1, -2), (0, 1)) if a.ndim > 1 else a


@pytest.mark.parametrize(
    "training", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["training", "prediction"]
)
@pytest.mark.parametrize(("layer", "shape", "build"), CASES, ids=lambda c: repr(c) if isinstance(c, Layer) else "")
def test_values_and_slopes(layer: Layer, shape: tuple[int, ...], build: Callable[[], Any], training: bool) -> None:
    rng = np.random.default_rng(0)
    twin = build().double().train(training)
    with jax.enable_x64(True):
        params = layer.init(shape, key=jax.random.key(0), dtype=jnp.float64)
        params = {name: jnp.asarray(a + rng.uniform(0.1, 0.5, a.shape)) for name, a in params.items()}
        twin.load_state_dict({NAMES.get(n, n): torch.tensor(theirs(np.asarray(a))).reshape(
            twin.state_dict()[NAMES.get(n, n)].shape) for n, a in params.items()}, strict=False)  # fmt: skip
        x, slope = rng.normal(size=(6, *shape)), rng.normal(size=(6, *layer.out_shape(shape)))
        their_x = torch.tensor(first(x), requires_grad=True)
        expected = twin(their_x)
        (expected * torch.tensor(first(slope))).sum().backward()
        for f in (layer.forward, lambda *a, **k: (layer.apply(*a, **k), None)):
            ours = jax.jit(lambda p, x, f=f: jnp.sum(slope * f(p, x, training=training)[0]))
            np.testing.assert_allclose(
                f(params, jnp.asarray(x), training=training)[0], last(expected), rtol=1e-10, atol=1e-12
            )
            d_params, d_x = jax.grad(ours, argnums=(0, 1))(params, jnp.asarray(x))
            np.testing.assert_allclose(d_x, last(their_x.grad), rtol=1e-10, atol=1e-12)
            learned = dict(twin.named_parameters())
            for name, grad in d_params.items():
                if NAMES.get(name, name) in learned:
                    due = learned[NAMES.get(name, name)].grad.numpy()
                    np.testing.assert_allclose(theirs(np.asarray(grad)).reshape(due.shape), due, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("shape", [(5,), (7, 6, 5), (11, 5)], ids=str)
def test_running_statistics_over_batches(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    layer = sb.BatchNorm(momentum=0.2)
    twin = (nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d)(5, momentum=0.2).double()
    with jax.enable_x64(True):
        params = layer.init(shape, key=jax.random.key(0), dtype=jnp.float64)
        for _ in range(3):
            x = rng.normal(2.0, 3.0, size=(4, *shape))
            twin(torch.tensor(first(x)))
            params |= layer.forward(params, jnp.asarray(x), training=True)[1]
        np.testing.assert_allclose(params["running_mean"], twin.running_mean.numpy(), rtol=1e-12)
        np.testing.assert_allclose(params["running_variance"], twin.running_var.numpy(), rtol=1e-12)
        twin.eval()
        x = rng.normal(size=(3, *shape))
        np.testing.assert_allclose(layer.apply(params, jnp.asarray(x)), last(twin(torch.tensor(first(x)))), rtol=1e-12)


def test_embedding() -> None:
    layer, twin, rng = sb.Embedding(9, 3), nn.Embedding(9, 3).double(), np.random.default_rng(2)
    index, slope = rng.integers(0, 9, (5, 4)), rng.normal(size=(5, 4, 3))
    expected = twin(torch.tensor(index))
    (expected * torch.tensor(slope)).sum().backward()
    with jax.enable_x64(True):
        params = {"weight": jnp.asarray(twin.weight.detach().numpy())}
        x = jnp.asarray(index, jnp.float64)
        np.testing.assert_array_equal(layer.apply(params, x), expected.detach().numpy())
        grad = jax.grad(lambda p: jnp.sum(slope * layer.apply(p, x)))(params)["weight"]
        np.testing.assert_allclose(grad, twin.weight.grad.numpy(), rtol=1e-12)
