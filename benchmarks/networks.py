"""The networks of the benchmarks of training, their arithmetic, and the examples that they learn from."""

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
    def shape(self) -> tuple[int, ...]:
        """The shape of an example."""
        return self.sizes[:1]

    @property
    def n_train(self) -> int:
        """Examples in an epoch."""
        return N_TRAIN

    @property
    def n_steps(self) -> int:
        """Steps in one epoch."""
        return N_TRAIN // self.batch_size

    @property
    def n_valid(self) -> int:
        """Examples to validate on, as many as the data would get by itself."""
        return N_VALID

    @property
    def n_classes(self) -> int:
        """Outputs."""
        return self.sizes[-1]

    @property
    def flops(self) -> int:
        """Operations of one step: 2 · batch · Σ inputs · units, for the forward pass, for the gradient of the weights,
        and for the gradient of the inputs, which the first layer does not need. Activations, biases, the loss and the
        update are not counted.
        """
        products = [a * b for a, b in pairwise(self.sizes)]
        return 2 * self.batch_size * (3 * sum(products) - products[0])


@dataclass(frozen=True)
class LayerTask:
    """A network of many kinds of layers, with cross-entropy of ten classes behind it, trained with plain SGD.

    Attributes:
        line: Seedbed's line of text, without blocks that are repeated.
        shape: of an example, channels last.
        repeated: how the same network is said to Seedbed where it repeats a block; none: as `line` says it.
    """

    name: str
    line: str
    shape: tuple[int, ...]
    repeated: str | None = None
    batch_size: int = 64
    n_train: int = 640
    n_valid: int = 160
    n_classes: int = 10


TASKS = (
    Task((2, 16, 16, 2), 32, (64, 256, 1024)),
    Task((64, 64, 64, 10), 32, (16, 64, 256)),
    Task((784, 30, 10), 10, (24, 64, 256)),
    Task((784, 128, 10), 64, (4, 16, 64)),
    Task((64, 256, 256, 10), 64, (4, 12, 48)),
    Task((784, 512, 512, 10), 128, (2, 4, 8)),
)
GPU_TASKS, GPU_POPULATIONS = TASKS[:3], (1, 64, 1024, 16384)


SMALL, STAGE = "conv {} 3x3, relu, maxpool 2", "conv {} 3x3, batchnorm, relu, maxpool 2"
DENSE = "linear 128, batchnorm, relu"
LAYER_TASKS = (
    LayerTask("a: conv 16, conv 32", f"{SMALL.format(16)}, {SMALL.format(32)}, flatten, linear 10", (28, 28, 1)),
    LayerTask("b: with batch norm", f"{STAGE.format(16)}, {STAGE.format(32)}, flatten, linear 10", (28, 28, 1)),
    LayerTask(
        "c: conv 32, 64, 128",
        f"{STAGE.format(32)}, {STAGE.format(64)}, {STAGE.format(128)}, flatten, linear 10",
        (32, 32, 3),
    ),
    LayerTask(
        "d: signals",
        "conv1d 32 5, relu, maxpool 2, conv1d 64 5, relu, maxpool 2, flatten, linear 10",
        (256, 4),
    ),
    LayerTask(
        "e: 20 × 128 units",
        ", ".join([DENSE] * 20) + ", linear 10",
        (128,),
        repeated=f"{DENSE}, repeat(chain({DENSE}), 19), linear 10",
    ),
)
EVERY: dict[str, Task | LayerTask] = {task.name: task for task in (*TASKS, *LAYER_TASKS)}


def examples(task: Task | LayerTask, n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """`n` examples: normal numbers, and classes of equal size that have nothing to do with them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, *task.shape), np.float32)
    return x, np.arange(n) % task.n_classes


def first_weights(task: Task) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weights (inputs, units) by He's rule and biases of zero, for the contestants that draw none themselves."""
    rng = np.random.default_rng(1)
    return [
        ((rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32), np.zeros(b, np.float32))
        for a, b in pairwise(task.sizes)
    ]
