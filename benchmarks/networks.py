"""The six networks of the population benchmark, their arithmetic, and the examples that they learn from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Every batch size divides the training part, so that no contestant meets a batch that is not full. Seedbed validates on
# a quarter as many examples after each epoch, about what its own split gives; or on a handful, some of each class.
N_TRAIN, N_VALID, FEWEST_VALID = 3200, 800, 20
LEARNING_RATE = 0.01


@dataclass(frozen=True)
class Task:
    """A network with ReLU between its layers and cross-entropy behind the last, trained with plain SGD.

    Attributes:
        sizes: inputs, hidden units of each layer, classes.
        batch_size: examples in one step.
        populations: the numbers of members that Seedbed is measured with on a CPU.
    """

    sizes: tuple[int, ...]
    batch_size: int
    populations: tuple[int, ...]

    @property
    def name(self) -> str:
        """The sizes in a row, and the batch size: 784-30-10 / 10."""
        return f"{'-'.join(map(str, self.sizes))} / {self.batch_size}"

    @property
    def line(self) -> str:
        """The network as Seedbed's line of text."""
        return ", relu, ".join(f"linear {units}" for units in self.sizes[1:])

    @property
    def n_steps(self) -> int:
        """Steps in one epoch."""
        return N_TRAIN // self.batch_size

    @property
    def flops(self) -> int:
        """Operations of one step: 2 · batch · Σ inputs · units, for the forward pass, for the gradient of the weights,
        and for the gradient of the inputs, which the first layer does not need. Activations, biases, the loss and the
        update are not counted.
        """
        products = [a * b for a, b in pairwise(self.sizes)]
        return 2 * self.batch_size * (3 * sum(products) - products[0])


TASKS = (
    Task((2, 16, 16, 2), 32, (64, 256, 1024)),
    Task((64, 64, 64, 10), 32, (16, 64, 256)),
    Task((784, 30, 10), 10, (24, 64, 256)),
    Task((784, 128, 10), 64, (4, 16, 64)),
    Task((64, 256, 256, 10), 64, (4, 12, 48)),
    Task((784, 512, 512, 10), 128, (2, 4, 8)),
)
GPU_TASKS, GPU_POPULATIONS = TASKS[:3], (1, 64, 1024, 16384)


def examples(task: Task, n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """`n` examples: normal numbers, and classes of equal size that have nothing to do with them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, task.sizes[0]), np.float32)
    return x, np.arange(n) % task.sizes[-1]


def first_weights(task: Task) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weights (inputs, units) by He's rule and biases of zero, for the contestants that draw none themselves."""
    rng = np.random.default_rng(1)
    return [
        ((rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32), np.zeros(b, np.float32))
        for a, b in pairwise(task.sizes)
    ]
