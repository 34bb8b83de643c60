"""Optimizers, schedules, clipping, penalties and weights through the whole engine, against PyTorch in float64.

Every population has two members with numbers of their own, each beside its own PyTorch run of 20 steps, and one whose
rate is zero. The tolerance of 1e-10 is what 20 steps with other orders of summation leave of 1e-16, with the division
by a small root mean square in the adaptive rules; those of the defaults of Optax would miss it by 0.1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from seedbed.core.errors import SetupError
from seedbed.data import load
from seedbed.network import L1, L2, BinaryCrossEntropy, CrossEntropy, Huber, QuadraticCost
from seedbed.training import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Cosine,
    Optimizer,
    RMSProp,
    Setup,
    StepDecay,
    WarmUp,
)
from seedbed.training.layout import LAYOUTS
from seedbed.training.plan import Plan
from tests.training import by_hand
from tests.training.populations import CLASSES, CLASSIFY, LABELS, QUANTITIES, TARGETS, One, X, assert_near, trained

SETUP = CLASSIFY.replace(batch_size=11, epochs=5)  # four steps an epoch, twenty in all
N_STEPS = 20


class Case(NamedTuple):
    """Two optimizers of one structure, and their PyTorch twin: (lr, weights, biases, our optimizer) → the optimizer."""

    optimizers: tuple[Optimizer, Optimizer]
    twin: Callable[[Any, list[Any], list[Any], Any], Any]


def plain(name: str, **renamed: str) -> Callable[..., Any]:
    """A PyTorch optimizer that takes our numbers under its own names."""

    def build(torch: Any, weights: list[Any], biases: list[Any], ours: Any) -> Any:
        betas = {"betas": (ours.b1, ours.b2)} if "b1" in ours.specs else {}
        taken = {theirs: getattr(ours, mine) for mine, theirs in renamed.items() if getattr(ours, mine) is not None}
        return getattr(torch.optim, name)([*weights, *biases], lr=ours.lr, **betas, **taken)

    return build


def adamw(torch: Any, weights: list[Any], biases: list[Any], ours: Any) -> Any:
    """Decay on the weights alone, by groups."""
    groups = [{"params": weights, "weight_decay": ours.weight_decay}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=ours.lr, betas=(ours.b1, ours.b2), eps=ours.eps)


CASES: dict[str, Case] = {
    "sgd": Case((SGD(0.5), SGD(0.03)), plain("SGD")),
    "momentum": Case((SGD(0.3, momentum=0.5), SGD(0.05, momentum=0.95)), plain("SGD", momentum="momentum")),
    "nesterov": Case(
        (SGD(0.3, momentum=0.5, nesterov=True), SGD(0.05, momentum=0.95, nesterov=True)),
        plain("SGD", momentum="momentum", nesterov="nesterov"),
    ),
    "rmsprop": Case(
        (RMSProp(0.02), RMSProp(0.004, decay=0.8, eps=1e-3)), plain("RMSprop", decay="alpha", eps="eps")
    ),
    "rmsprop with momentum": Case(
        (RMSProp(0.01, momentum=0.3), RMSProp(0.003, decay=0.9, momentum=0.9)),
        plain("RMSprop", decay="alpha", eps="eps", momentum="momentum"),
    ),
    "adagrad": Case((Adagrad(0.1), Adagrad(0.02, eps=1e-2)), plain("Adagrad", eps="eps")),
    "adam": Case((Adam(0.03), Adam(0.01, b1=0.5, b2=0.9, eps=1e-3)), plain("Adam", eps="eps")),
    "adamw": Case((AdamW(0.03), AdamW(0.01, b1=0.8, weight_decay=0.5)), adamw),
}  # fmt: skip
# Two schedules of one structure, and the factor of each at a share p of the training, in closed form.
SCHEDULES: dict[str, tuple[tuple[Any, Any], tuple[Callable[[float], float], Callable[[float], float]]]] = {
    "step decay": (
        (StepDecay(0.5, 0.32), StepDecay(0.1, 0.47)),
        (lambda p: 0.5 ** (p // 0.32), lambda p: 0.1 ** (p // 0.47)),
    ),
    "cosine": ((Cosine(), Cosine(0.2)), (lambda p: cosine(p), lambda p: 0.2 + 0.8 * cosine(p))),
    "warm-up": (
        (WarmUp(0.25, Cosine(0.1)), WarmUp(0.6, Cosine(0.0))),
        (
            lambda p: p / 0.25 if p < 0.25 else 0.1 + 0.9 * cosine((p - 0.25) / 0.75),
            lambda p: p / 0.6 if p < 0.6 else cosine((p - 0.6) / 0.4),
        ),
    ),
}


def cosine(p: float) -> float:
    return (1 + math.cos(math.pi * p)) / 2


def zeroed(optimizer: Optimizer) -> Optimizer:
    return optimizer.replace(lr=0.0)


@functools.cache
def population(setups: tuple[Setup, ...], data: Any = CLASSES) -> list[One]:
    """The members, and behind them the first one with rate zero; the layouts take turns."""
    layout = LAYOUTS[sum(map(ord, repr(setups[0]))) % len(LAYOUTS)]
    return trained([*setups, setups[0].replace(optimizer=zeroed(setups[0].optimizer))], data=data,
                   plan=Plan(2, 2, layout))  # fmt: skip


def of_optimizers(optimizers: tuple[Optimizer, ...], **changes: Any) -> tuple[Setup, ...]:
    return tuple(SETUP.replace(optimizer=optimizer, **changes) for optimizer in optimizers)


class Twin:
    """The network of the setups above in PyTorch, with the first weights of a member and its order of the data."""

    def __init__(self, setup: Setup, number: int, data: Any = CLASSES) -> None:
        self.torch = pytest.importorskip("torch")
        self.setup, self.number = setup, number
        (x, y), (valid_x, valid_y) = by_hand.standardised(data)
        kind = np.int64 if data.task == "classification" else np.float64
        self.x, self.valid_x = self.torch.tensor(x), self.torch.tensor(valid_x)
        self.y, self.valid_y = self.torch.tensor(y.astype(kind)), self.torch.tensor(valid_y.astype(kind))
        leaves = [self.torch.tensor(a, requires_grad=True) for a in
                  jax.tree.leaves(by_hand.first_params(setup, data, number))]  # fmt: skip
        self.biases, self.weights = leaves[::2], leaves[1::2]

    def outputs(self, x: Any) -> Any:
        return self.torch.tanh(x @ self.weights[0] + self.biases[0]) @ self.weights[1] + self.biases[1]

    def run(
        self,
        optimizer: Any,
        loss: Callable[[Any, Any, Any], Any] | None = None,
        *,
        extra: Callable[[list[Any]], Any] | None = None,
        before_step: Callable[[int], None] = lambda step: None,
        after_step: Callable[[int, list[Any]], None] = lambda step, before: None,
    ) -> tuple[np.ndarray, list[list[np.ndarray]]]:
        """Validation loss and weights after each epoch.

        Arguments:
            loss: of (outputs, targets, rows); rows are None for the validation part.
            extra: added to the loss of a step, from the weights.
            before_step: called with the number of the step, when the gradients are there.
            after_step: called with the number of the step and the weights before it.
        """
        loss = loss or (lambda z, y, rows: self.torch.nn.functional.cross_entropy(z, y))
        losses, after, step = [], [], 0
        for epoch in range(self.setup.epochs):
            order = by_hand.order_of(self.setup, len(self.x), epoch, self.number)
            for rows in np.split(order, len(self.x) // self.setup.batch_size):
                optimizer.zero_grad()
                value = loss(self.outputs(self.x[rows]), self.y[rows], rows)
                (value if extra is None else value + extra(self.weights)).backward()
                before_step(step)
                before = [w.detach().clone() for w in self.weights]
                optimizer.step()
                after_step(step, before)
                step += 1
            losses.append(float(loss(self.outputs(self.valid_x), self.valid_y, None).detach()))
            leaves = [a for pair in zip(self.biases, self.weights, strict=True) for a in pair]
            after.append([a.detach().numpy().copy() for a in leaves])
        return np.asarray(losses), after


def assert_agrees(one: One, twin: tuple[np.ndarray, list[list[np.ndarray]]], rtol: float = 1e-10) -> None:
    losses, after = twin
    assert one.best_epoch == np.argmin(losses)
    assert_near([one.history[:, 2], *one.params], [losses, *after[one.best_epoch]], rtol)


@pytest.mark.parity
@pytest.mark.parametrize("name", CASES)
def test_optimizer(name: str) -> None:
    case = CASES[name]
    for number, setup in enumerate(of_optimizers(case.optimizers)):
        twin = Twin(setup, number)
        theirs = twin.run(case.twin(twin.torch, twin.weights, twin.biases, setup.optimizer))
        assert_agrees(population(of_optimizers(case.optimizers))[number], theirs)


@pytest.mark.parametrize("name", CASES)
def test_rate_zero_leaves_every_weight_alone(name: str) -> None:
    """Also where weights decay: that is a part of the step."""
    optimizers = CASES[name].optimizers
    first = jax.tree.leaves(by_hand.first_params(of_optimizers(optimizers)[0], CLASSES, 2))
    still = population(of_optimizers(optimizers))[2]
    assert len(set(still.history[:, 2])) == 1
    for mine, other in zip(still.params, first, strict=True):
        # The first weights to single precision, in which they are drawn; that nothing moved shows the loss, to the bit.
        np.testing.assert_allclose(mine, other, rtol=3e-7)


@pytest.mark.parity
def test_decoupled_decay_of_sgd() -> None:
    """By hand: after the step of PyTorch, lr · decay of the weights before it goes away; biases do not decay."""
    setups = of_optimizers((SGD(0.3, momentum=0.5, weight_decay=0.1), SGD(0.05, momentum=0.9, weight_decay=1.0)))
    for number, setup in enumerate(setups):
        twin, ours = Twin(setup, number), setup.optimizer

        def decay(step: int, before: list[Any], twin: Twin = twin, ours: Any = ours) -> None:
            for w, old in zip(twin.weights, before, strict=True):
                w.data -= ours.lr * ours.weight_decay * old

        optimizer = twin.torch.optim.SGD([*twin.weights, *twin.biases], lr=ours.lr, momentum=ours.momentum)
        assert_agrees(population(setups)[number], twin.run(optimizer, after_step=decay))
    assert len(set(population(setups)[2].history[:, 2])) == 1  # rate zero, and no decay either


@pytest.mark.parity
def test_clipping() -> None:
    """g · min(1, c / |g|) over all arrays of a member together, with |g| by hand: PyTorch divides by |g| + 1e-6."""
    setups = of_optimizers((Adam(0.03, clip_norm=0.05), Adam(0.01, clip_norm=0.4)))
    clipped: list[bool] = []
    for number, setup in enumerate(setups):
        twin, ours = Twin(setup, number), setup.optimizer
        arrays = [*twin.weights, *twin.biases]

        def clip(step: int, arrays: list[Any] = arrays, most: float = ours.clip_norm) -> None:
            norm = math.sqrt(sum(float((a.grad**2).sum()) for a in arrays))
            clipped.append(norm > most)
            for a in arrays:
                a.grad *= min(1.0, most / norm)

        theirs = twin.run(twin.torch.optim.Adam(arrays, lr=ours.lr), before_step=clip)
        assert_agrees(population(setups)[number], theirs)
    assert 0 < sum(clipped) < len(clipped)  # both branches were taken


PENALTIES = {"l2": (L2(0.1), L2(0.5)), "l1": (L1(0.02), L1(0.1))}


@pytest.mark.parity
@pytest.mark.parametrize("kind", PENALTIES)
def test_penalty(kind: str) -> None:
    """L2 is PyTorch's coupled weight decay on the weights alone; L1 is written out. The history is without them."""
    setups = tuple(SETUP.replace(optimizer=Adam(lr), penalty=penalty)
                   for lr, penalty in zip((0.03, 0.01), PENALTIES[kind], strict=True))  # fmt: skip
    for number, setup in enumerate(setups):
        twin, strength = Twin(setup, number), setup.penalty.strength
        groups = [{"params": twin.weights, "weight_decay": strength if kind == "l2" else 0.0}, {"params": twin.biases}]
        extra = (lambda ws, s=strength: s * sum(w.abs().sum() for w in ws)) if kind == "l1" else None
        theirs = twin.run(twin.torch.optim.Adam(groups, lr=setup.optimizer.lr), extra=extra)
        assert_agrees(population(setups)[number], theirs)


@pytest.mark.parity
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_in_training(name: str) -> None:
    """The rate of every step is lr · factor(step / steps)."""
    schedules, forms = SCHEDULES[name]
    setups = tuple(SETUP.replace(optimizer=SGD(lr, momentum=0.5, schedule=schedule))
                   for lr, schedule in zip((0.3, 0.1), schedules, strict=True))  # fmt: skip
    for number, setup in enumerate(setups):
        twin, ours = Twin(setup, number), setup.optimizer
        optimizer = twin.torch.optim.SGD([*twin.weights, *twin.biases], lr=ours.lr, momentum=0.5)
        factors = [forms[number](step / N_STEPS) for step in range(N_STEPS)]

        def set_rate(step: int, group: Any = optimizer.param_groups[0], lr: float = ours.lr, of: Any = factors) -> None:
            group["lr"] = lr * of[step]

        one = population(setups)[number]
        assert_agrees(one, twin.run(optimizer, before_step=set_rate))
        np.testing.assert_allclose(one.history[:, 4], ours.lr * np.asarray(factors)[3::4], rtol=1e-14)
    assert len(set(population(setups)[2].history[:, 2])) == 1


WEIGHT = np.random.default_rng(3).uniform(0.0, 3.0, len(X)) * (np.arange(len(X)) % 7 > 0)  # some examples weigh nothing
WEIGHTED = load((X, LABELS), sample_weight=WEIGHT)
ANSWERS = load((X, (TARGETS.mean(0) < TARGETS).astype(int)), task="multilabel")


@pytest.mark.parity
@pytest.mark.parametrize("said", [(0.5, 3.0, 1.5), "balanced"], ids=str)
def test_class_weights(said: Any) -> None:
    """As PyTorch's weighted mean; balanced as scikit-learn's, by the counts of the training part."""
    setup = SETUP.replace(optimizer=SGD(0.2), class_weight=said)
    twin = Twin(setup, 0)
    if isinstance(said, str):
        said = compute_class_weight(said, classes=np.arange(3), y=CLASSES.train.y)
    weight = twin.torch.tensor(said).double()
    optimizer = twin.torch.optim.SGD([*twin.weights, *twin.biases], lr=0.2)
    loss = lambda z, y, rows: twin.torch.nn.functional.cross_entropy(z, y, weight=weight)  # noqa: E731
    assert_agrees(population((setup,))[0], twin.run(optimizer, loss))


@pytest.mark.parity
def test_sample_weights() -> None:
    """Σ w · l / Σ w in every batch, with PyTorch's losses of each example."""
    setup = SETUP.replace(optimizer=SGD(0.2))
    twin = Twin(setup, 0, WEIGHTED)
    cross_entropy = twin.torch.nn.functional.cross_entropy
    own, valid = twin.torch.tensor(WEIGHTED.train.weight.copy()), twin.torch.tensor(WEIGHTED.valid.weight.copy())

    def loss(z: Any, y: Any, rows: Any) -> Any:
        weight = valid if rows is None else own[rows]
        return (weight * cross_entropy(z, y, reduction="none")).sum() / weight.sum()

    optimizer = twin.torch.optim.SGD([*twin.weights, *twin.biases], lr=0.2)
    assert_agrees(population((setup,), WEIGHTED)[0], twin.run(optimizer, loss))


def of_torch(name: str, **options: Any) -> Callable[[Any], Callable[..., Any]]:
    return lambda torch: lambda z, y, rows: getattr(torch.nn.functional, name)(z, y, **options)


LOSSES: list[tuple[Any, Any, Callable[[Any], Callable[..., Any]]]] = [
    (CrossEntropy(label_smoothing=0.2), CLASSES, of_torch("cross_entropy", label_smoothing=0.2)),
    (BinaryCrossEntropy(), ANSWERS, of_torch("binary_cross_entropy_with_logits")),
    (Huber(0.3), QUANTITIES, of_torch("huber_loss", delta=0.3)),
    (QuadraticCost(), QUANTITIES, lambda torch: lambda z, y, rows: ((z - y) ** 2).sum(1).mean() / 2),
]


@pytest.mark.parity
@pytest.mark.parametrize(("loss", "data", "twin_loss"), LOSSES, ids=lambda c: getattr(c, "kind", ""))
def test_loss(loss: Any, data: Any, twin_loss: Callable[[Any], Callable[..., Any]]) -> None:
    setups = tuple(SETUP.replace(optimizer=SGD(lr, momentum=0.5), loss=loss) for lr in (0.1, 0.02))
    for number, setup in enumerate(setups):
        twin = Twin(setup, number, data)
        optimizer = twin.torch.optim.SGD([*twin.weights, *twin.biases], lr=setup.optimizer.lr, momentum=0.5)
        assert_agrees(population(setups, data)[number], twin.run(optimizer, twin_loss(twin.torch)))


def test_nesterov_without_momentum_is_refused() -> None:
    with pytest.raises(SetupError, match="nesterov: expected false without momentum, got true"):
        SGD(0.1, nesterov=True)
