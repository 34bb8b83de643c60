"""What the program of a cohort reads and changes: the examples, the state of a wave, and which steps to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from seedbed.training.member import Sums, Weights
from seedbed.training.observe import Observe
from seedbed.training.plan import BLOCK, Plan
from seedbed.training.setup import Setup
from seedbed.training.update import Memory

COLUMNS = ("train_loss", "train_score", "valid_loss", "valid_score", "learning_rate")  # of a history


class Examples(NamedTuple):
    """One part of the data as the program reads it, the same on every device."""

    x: Shaped[Array, "n *shape"]
    y: Shaped[Array, "n *k"]
    weight: Float[Array, "n"] | None  # in the loss; None: all the same
    counted: Float[Array, "n"] | None  # 0 for rows that only fill up the last block; None: there are none
    total: Float[Array, ""]  # Σ weight over the part
    n: Int[Array, ""]  # examples in the part
    variance: Float[Array, "k"] | None  # of the targets of a regression, for R²


class State(NamedTuple):
    """Everything that changes while a wave trains. Every array has a member axis."""

    setup: Setup
    number: Int[Array, "member"]
    params: Weights
    memory: Memory
    best: Weights
    best_loss: Float[Array, "member"]
    best_epoch: Int[Array, "member"]
    active: Bool[Array, "member"]
    stopped: Bool[Array, "member"]  # early; a member that is neither active nor stopped has diverged
    waited: Int[Array, "member"]  # epochs without a better validation loss
    sums: Sums  # of the epoch so far
    history: Float[Array, "member epoch column"]
    seen: Any  # what `observe` gave, (member, epoch, ...)
    # The step of the whole training, from 0, whose loss was no number, or that left such a validation loss; -1: none.
    ended: Int[Array, "member"]
    earlier: Any = ()  # the weights in front of the step before the next look, for an observer that follows


class Span(NamedTuple):
    """Which steps one call does: whole epochs, or some steps of one epoch."""

    seed: Int[Array, ""]
    epoch: Int[Array, ""]
    n_epochs: Int[Array, ""]
    first: Int[Array, ""]
    last: Int[Array, ""]
    held: Int[Array, ""]  # the step of the epoch that the examples on the devices begin with


@dataclass(frozen=True)
class Blueprint:
    """What decides a compiled program. Equal blueprints share one.

    Attributes:
        structure: the tree of the setup, without its numbers; every "out" is bound.
        in_shape: the shape of one example as the network reads it.
        task: what the targets are.
        n_train: examples in the training part.
        n_devices: devices that a wave is split over.
        chunk: members on each device.
        layout: where the member axis of the weights stands.
        observe: looks inside the program, or None.
        image_shape: the shape of an example as an image, (height, width, colour); None where it is none.
        n_held: training examples that the devices hold at a time; all of them unless the data is streamed.
    """

    structure: Any
    in_shape: tuple[int, ...]
    task: str
    n_train: int
    n_devices: int
    chunk: int
    layout: str
    observe: Observe | None = None
    image_shape: tuple[int, ...] | None = None
    n_held: int | None = None

    @property
    def setup(self) -> Setup:
        """The setup with its static fields; its numbers are placeholders."""
        return jax.tree.unflatten(self.structure, [0.0] * self.structure.num_leaves)

    @property
    def plan(self) -> Plan:
        """The part of the blueprint that depends on the machine."""
        return Plan(self.n_devices, self.chunk, self.layout)

    @property
    def batch_size(self) -> int:
        """Examples in one step; never more than there are."""
        return min(self.setup.batch_size, self.n_train)

    @property
    def n_steps(self) -> int:
        """Steps in one epoch; the last may hold fewer examples."""
        return -(-self.n_train // self.batch_size)

    @property
    def fills_up(self) -> bool:
        """Whether the last batch of an epoch is filled up with rows that do not count."""
        return self.n_train % self.batch_size != 0

    @property
    def reads_as_shown(self) -> bool:
        """Whether the network reads in a step what an observer is shown of it, to the last digit."""
        setup = self.setup
        return not setup.augmentation and setup.precision != "bfloat16" and not self.fills_up

    @property
    def n_held_steps(self) -> int:
        """Steps that the examples on the devices are enough for."""
        return self.n_steps if self.n_held is None else self.n_held // self.batch_size

    @property
    def wave(self) -> int:
        """Members that train at a time."""
        return self.plan.wave

    @property
    def dtype(self) -> Any:
        """The type of the numbers that training computes with."""
        return jnp.dtype(self.setup.storage)


def examples(x: Any, y: Any, weight: Any, *, task: str, dtype: Any, fill: bool) -> Examples:
    """One part of the data for the program; with `fill`, filled up to whole blocks for validation."""
    n = len(x)
    variance = None
    if task == "regression":
        variance = np.maximum(np.var(np.asarray(y, np.float64), axis=0), 1e-12).astype(dtype)
    x, y = np.asarray(x, dtype), np.asarray(y, np.int32 if task == "classification" else dtype)
    weight = None if weight is None else np.asarray(weight, dtype)
    total = np.asarray(n if weight is None else weight.sum(), dtype)
    size = block_size(n)
    missing = -n % size if fill else 0
    if not missing:
        return Examples(x, y, weight, None, total, np.int32(n), variance)  # type: ignore[arg-type]
    counted = np.concatenate([np.ones(n, dtype), np.zeros(missing, dtype)])
    weight = counted if weight is None else np.concatenate([weight, np.zeros(missing, dtype)])
    x, y = (np.concatenate([a, np.repeat(a[:1], missing, axis=0)]) for a in (x, y))
    return Examples(x, y, weight, counted, total, np.int32(n), variance)  # type: ignore[arg-type]


def block_size(n: int) -> int:
    """The size of the even blocks that `n` rows, filled up, are read in."""
    return -(-n // -(-n // BLOCK))
