"""Losses, and the gradients of a network with every kind of layer, against PyTorch in float64."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.network import (
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Loss,
    MeanSquaredError,
    Network,
    QuadraticCost,
)  # fmt: skip
from seedbed.network.losses import mean
from seedbed.network.trace import trace

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity
F, nn = torch.nn.functional, torch.nn

RNG = np.random.default_rng(1)
Z = RNG.normal(size=(6, 4)) * 3
LABELS = np.array([0, 3, 1, 2, 2, 0], np.int32)
TARGETS = RNG.normal(size=(6, 4)) * 2
ANSWERS = (RNG.random((6, 4)) < 0.5).astype(np.float64)
CLASS_WEIGHT = np.array([0.5, 1.0, 2.0, 0.0])
ONE_HOT = np.eye(4)[LABELS]

CASES: list[tuple[Loss, np.ndarray, Callable]] = [
    (CrossEntropy(), LABELS, lambda z: F.cross_entropy(z, torch.tensor(LABELS).long())),
    (CrossEntropy(label_smoothing=0.2), LABELS,
     lambda z: F.cross_entropy(z, torch.tensor(LABELS).long(), label_smoothing=0.2)),
    (CrossEntropy(), ONE_HOT, lambda z: F.cross_entropy(z, torch.tensor(ONE_HOT))),
    (BinaryCrossEntropy(), ANSWERS, lambda z: F.binary_cross_entropy_with_logits(z, torch.tensor(ANSWERS))),
    (BinaryCrossEntropy(label_smoothing=0.2), ANSWERS,
     lambda z: F.binary_cross_entropy_with_logits(z, torch.tensor(ANSWERS * 0.8 + 0.1))),
    (MeanSquaredError(), TARGETS, lambda z: F.mse_loss(z, torch.tensor(TARGETS))),
    (MeanSquaredError(), LABELS, lambda z: F.mse_loss(z, torch.tensor(ONE_HOT))),
    (QuadraticCost(), LABELS, lambda z: 0.5 * F.mse_loss(z, torch.tensor(ONE_HOT), reduction="sum") / 6),
    (Huber(), TARGETS, lambda z: F.huber_loss(z, torch.tensor(TARGETS))),
    (Huber(delta=0.3), TARGETS, lambda z: F.huber_loss(z, torch.tensor(TARGETS), delta=0.3)),
]  # fmt: skip


@pytest.mark.parametrize(("loss", "targets", "twin"), CASES, ids=lambda c: repr(c) if isinstance(c, Loss) else "")
def test_loss_and_gradient(loss: Loss, targets: np.ndarray, twin: Callable) -> None:
    z = torch.tensor(Z, requires_grad=True)
    expected = twin(z)
    expected.backward()
    with jax.enable_x64(True):
        ours = jax.jit(jax.value_and_grad(lambda z: mean(loss.per_example(z, jnp.asarray(targets)))))
        value, slope = ours(jnp.asarray(Z))
        np.testing.assert_allclose(value, expected.item(), rtol=1e-13)
        np.testing.assert_allclose(slope, z.grad.numpy(), rtol=1e-11, atol=1e-15)


def test_one_output_with_labels() -> None:
    labels = (LABELS > 1).astype(np.int32)
    z, t = torch.tensor(Z[:, 0]), torch.tensor(labels).double()
    expected = F.binary_cross_entropy_with_logits(z, t, reduction="none")
    with jax.enable_x64(True):
        losses = BinaryCrossEntropy().per_example(jnp.asarray(Z[:, :1]), jnp.asarray(labels))
        np.testing.assert_allclose(losses, expected.numpy(), rtol=1e-13)


def test_weighted_mean() -> None:
    expected = F.cross_entropy(torch.tensor(Z), torch.tensor(LABELS).long(), weight=torch.tensor(CLASS_WEIGHT))
    with jax.enable_x64(True):
        losses = CrossEntropy().per_example(jnp.asarray(Z), jnp.asarray(LABELS))
        np.testing.assert_allclose(mean(losses, jnp.asarray(CLASS_WEIGHT)[LABELS]), expected.item(), rtol=1e-13)


LINE = ("flatten, linear 7 bias=normal(0.3), relu, linear 6, leaky_relu 0.1, linear 6, prelu 0.3, linear 5, elu 1.5, "
        "linear 6 weight=orthogonal, selu, linear 6, gelu, linear 6 bias=none, silu, linear 5, softplus, linear 5, "
        "tanh, linear 5, sigmoid, linear 5, identity, dropout 0.5, linear 4, softmax")  # fmt: skip
TWINS = {
    "flatten": nn.Flatten, "relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(0.1), "elu": lambda: nn.ELU(1.5),
    "prelu": nn.PReLU, "selu": nn.SELU, "gelu": nn.GELU, "silu": nn.SiLU, "softplus": nn.Softplus,
    "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "identity": nn.Identity, "dropout": lambda: nn.Dropout(0.5),
    "softmax": lambda: nn.Softmax(-1),
}  # fmt: skip
X = RNG.normal(size=(5, 3, 2, 1))
WANTED = RNG.normal(size=(5, 4))


def twin_of(network: Network, params: tuple) -> torch.nn.Module:
    """The same network in PyTorch, with the same weights."""
    modules = []
    for layer, own in zip(network.layers, params, strict=True):
        if layer.kind != "linear":
            modules.append(TWINS[layer.kind]().double())
            for slope in modules[-1].parameters():
                slope.data = torch.tensor(np.asarray(own["slope"])).reshape(1)  # PyTorch's began in float32
            continue
        module = nn.Linear(*own["weight"].shape, bias="bias" in own, dtype=torch.float64)
        module.weight.data = torch.tensor(np.asarray(own["weight"]).T)
        if "bias" in own:
            module.bias.data = torch.tensor(np.asarray(own["bias"]))
        modules.append(module)
    return nn.Sequential(*modules).eval()


def test_gradients_of_every_weight_of_every_kind_of_layer() -> None:
    network = Network.parse(LINE)
    with jax.enable_x64(True):
        params = jax.jit(lambda: network.init((3, 2, 1), key=jax.random.key(0), dtype=jnp.float64))()
        twin = twin_of(network, params)
        expected = F.mse_loss(twin(torch.tensor(X)), torch.tensor(WANTED))
        expected.backward()

        def loss(params: tuple) -> jax.Array:
            return mean(MeanSquaredError().per_example(network.apply(params, jnp.asarray(X)), jnp.asarray(WANTED)))

        value, slopes = jax.jit(jax.value_and_grad(loss))(params)
        np.testing.assert_allclose(value, expected.item(), rtol=1e-12)
        for module, own in zip(twin, slopes, strict=True):
            for name, slope in own.items():
                theirs = {"weight": module.weight, "slope": module.weight}.get(name, getattr(module, "bias", None)).grad
                theirs = theirs.numpy().T if name == "weight" else theirs.numpy()
                # 24 layers deep, gradients differ in the last digits by the order of the sums; softplus beyond 20
                np.testing.assert_allclose(slope, theirs.reshape(slope.shape), rtol=1e-8, atol=1e-14)


def test_the_trace_of_every_kind_of_layer() -> None:
    """z, a and δ behind every layer, against what PyTorch keeps there."""
    network = Network.parse(LINE)
    with jax.enable_x64(True):
        params = jax.jit(lambda: network.init((3, 2, 1), key=jax.random.key(0), dtype=jnp.float64))()
        twin, x = twin_of(network, params), torch.tensor(X, requires_grad=True)
        places = [x]
        for module in twin:
            places.append(module(places[-1]))
            places[-1].retain_grad()
        cost = F.mse_loss(places[-1], torch.tensor(WANTED))
        cost.backward()
        told = trace(network, params, MeanSquaredError(), X, WANTED)

    def same(ours: np.ndarray, theirs: torch.Tensor) -> None:
        # 24 layers deep; where ours is compared with nothing but zeros, the order of sums leaves 1e-18
        np.testing.assert_allclose(ours, theirs.detach().numpy().reshape(ours.shape), rtol=1e-8, atol=1e-14)

    assert told.loss == pytest.approx(cost.item(), rel=1e-12)
    assert [place for layer in told.layers for place in layer.places] == list(range(len(network.layers)))
    same(told.d_input, x.grad)
    for layer in told.layers:
        first, last = layer.places[0], layer.places[-1]
        at_z = first if len(layer.places) == 1 and layer.name in ("identity", "softmax") else first + 1
        same(layer.x, places[first])
        same(layer.z, places[at_z])
        same(layer.a, places[last + 1])
        same(layer.delta, places[at_z].grad)
        if layer.d_weight is not None:
            same(layer.d_weight, twin[first].weight.grad.T)
        if layer.d_bias is not None:
            same(layer.d_bias, twin[first].bias.grad)
        if "slope" in layer.gradients:
            same(layer.gradients["slope"], twin[last].weight.grad)
