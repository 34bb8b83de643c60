"""Random setups that ought to learn: what a diagnoser must be silent about, unless a remedy can be proved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import seedbed as sb
from benchmarks import sick
from seedbed.data.dataset import Dataset

DATA: tuple[Callable[[], Dataset], ...] = (
    sick.circle, sick.blob, sick.digits, sick.moons, sick.wine, sick.cancer, sick.diabetes,
)  # fmt: skip
ACTIVATIONS = {
    "relu": "he_normal",
    "tanh": "xavier_normal",
    "elu": "he_normal",
    "gelu": "he_normal",
    "selu": "lecun_normal",
}


def healthy(number: int) -> tuple[str, Callable[[], Dataset], sb.Setup]:
    """Setup `number`: its name, its data, and itself. Sizes, rates and initialisers are those of textbooks."""
    rng = np.random.default_rng([2026, number])
    data = DATA[rng.integers(len(DATA))]
    activation = str(rng.choice(list(ACTIVATIONS)))
    depth, width = int(rng.integers(1, 4)), int(rng.choice([16, 32, 64, 128]))
    hidden = [f"linear {width} weight={ACTIVATIONS[activation]}"]
    if rng.random() < 0.25:
        hidden.append("batchnorm")
    hidden.append(activation)
    if rng.random() < 0.25:
        hidden.append(f"dropout {rng.uniform(0.1, 0.4):.2f}")
    line = ", ".join([", ".join(hidden)] * depth) + ", linear out"
    optimizers = (
        sb.Adam(float(10 ** rng.uniform(-3, -2))),
        sb.AdamW(float(10 ** rng.uniform(-3, -2))),
        sb.SGD(float(10 ** rng.uniform(-1.5, -0.7)), momentum=0.9),
        sb.SGD(float(10 ** rng.uniform(-1, -0.3))),
    )
    optimizer = optimizers[rng.integers(len(optimizers))]
    task = data().task
    losses = {"regression": (sb.MeanSquaredError(), sb.Huber()), "classification": (sb.CrossEntropy(),)}[task]
    setup = sb.Setup(
        network=sb.Network.parse(line),
        loss=losses[rng.integers(len(losses))],
        optimizer=optimizer,
        batch_size=int(rng.choice([16, 32, 64])),
        epochs=int(rng.choice([40, 60, 100])),
        preprocessing=(sb.Standardize(), sb.StandardizeTarget()),
    )
    return f"{data.__name__}: {line}; {setup.loss}; {optimizer}; batch {setup.batch_size}", data, setup
