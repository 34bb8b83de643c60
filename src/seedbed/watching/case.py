"""The case: all that is known of one network and its training, which findings are made from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.core.plain import to_line
from seedbed.functions import Facts, facts
from seedbed.network.activations import Activation, Identity
from seedbed.network.convolution import Convolution
from seedbed.network.layer import Layer
from seedbed.network.linear import Linear
from seedbed.network.losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from seedbed.network.norms import Norm
from seedbed.training.setup import Setup
from seedbed.training.trained import DIVERGED, INTERRUPTED
from seedbed.watching.finding import Evidence
from seedbed.watching.series import Series

STRUGGLES = 0.6  # of the chance loss; who takes away less may be sick
MASTERS = 0.85  # of the errors that chance makes; who takes away more is well, however sure of the rest
EARLY = 0.25  # the share of the epochs that counts as the beginning
TURNS = -0.3  # the cosine of successive steps below which they go forth and back
TURNING = "cosine between a step and the one before it"
SAMPLE = 2000  # targets that the loss of chance is computed from


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the network reads and what it is to say, of the training part, behind the preprocessing.

    Attributes:
        mean, deviation: of each feature, (feature,).
        classes: how many examples each class has; empty unless a classification.
        targets: lowest, highest, mean and deviation over all targets of a regression; None otherwise.
        n: examples.
        are_images: whether an example stands for an image, whose rim is dark in all.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    classes: NDArray[np.int64]
    targets: tuple[float, float, float, float] | None
    n: int
    are_images: bool

    @classmethod
    def of(cls, x: NDArray[Any], y: NDArray[Any], task: str, n_classes: int, *, n: int, are_images: bool) -> Inputs:
        """The inputs of examples (n, *shape) and their targets."""
        flat = np.asarray(x, np.float64).reshape(len(x), -1)
        counts = np.bincount(y, minlength=n_classes) if task == "classification" else np.zeros(0, np.int64)
        values = np.asarray(y, np.float64)
        ends = (values.min(), values.max(), values.mean(), values.std()) if task == "regression" else None
        targets = None if ends is None else tuple(map(float, ends))
        return cls(flat.mean(0), flat.std(0), counts, targets, n, are_images)  # type: ignore[arg-type]

    @property
    def varying(self) -> NDArray[np.bool_]:
        """Which features are not constant."""
        return self.deviation > 1e-12 * np.maximum(np.abs(self.mean), 1e-300)

    @property
    def scale(self) -> float:
        """The root mean square over the features that vary."""
        kept = self.varying
        return float(np.sqrt(np.mean(self.mean[kept] ** 2 + self.deviation[kept] ** 2))) if kept.any() else 0.0


@dataclass(frozen=True, eq=False)
class Case:
    """One network and its training; or one that is still to be trained, without history.

    Attributes:
        setup: its own, bound to the data.
        in_shape: of an example as the network reads it.
        task: what the targets are.
        inputs: what it reads.
        chance: the loss of the best constant answer.
        number: of the member.
        history: columns of its history by name, (epoch,), of the epochs that it trained.
        outcome: how its training ended.
        best_epoch: of the weights that it keeps; -1 for none.
        series: its signals.
        shapes: of its weights, layer by layer and by name; None: to be found.
        ended: the step of its training, from 0, whose loss was no number, or behind which that of the validation part
            was none; -1 where there was no such step, or nobody knows.
        broken: the place of the first layer whose outputs were no numbers there, the number of layers where the loss
            alone was none; -1 where that is not known.
        epoch_steps: steps of an epoch, where somebody counted; 0: as many as the batches take.
    """

    setup: Setup
    in_shape: tuple[int, ...]
    task: str
    inputs: Inputs
    chance: float
    number: int | None = None
    history: dict[str, NDArray[np.float64]] | None = None
    outcome: str | None = None
    best_epoch: int = -1
    series: Series | None = None
    shapes: Sequence[dict[str, tuple[int, ...]]] | None = None
    ended: int = -1
    broken: int = -1
    epoch_steps: int = 0

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Of the network."""
        return tuple(self.setup.network.layers)

    @cached_property
    def weighted(self) -> tuple[int, ...]:
        """The places of linear layers and convolutions."""
        return tuple(i for i, layer in enumerate(self.layers) if isinstance(layer, Linear | Convolution))

    @cached_property
    def weight_shapes(self) -> dict[int, tuple[int, ...]]:
        """The shapes of the weights of those."""
        if self.shapes is not None:
            return {i: self.shapes[i]["weight"] for i in self.weighted}
        found = self.setup.network.params_shapes(self.in_shape)
        return {i: tuple(found[i]["weight"].shape) for i in self.weighted}

    @property
    def hidden(self) -> tuple[int, ...]:
        """Those without the last."""
        return self.weighted[:-1]

    def mean_square(self, place: int) -> float:
        """Of the weights of a layer as they begin, as its initialiser has it."""
        shape, layer = self.weight_shapes[place], self.layers[place]
        fan = (math.prod(shape[:-1]), math.prod(shape[:-2]) * shape[-1] if len(shape) > 2 else shape[-1])
        return float(layer.weight.mean_square(shape, fan))  # type: ignore[attr-defined]

    def activation_behind(self, place: int) -> tuple[int, Activation] | None:
        """The first activation behind a layer, in front of the next with weights."""
        for i in range(place + 1, len(self.layers)):
            if isinstance(self.layers[i], Linear | Convolution):
                return None
            if isinstance(one := self.layers[i], Activation) and not isinstance(one, Identity):
                return i, one
        return None

    def is_normed(self, place: int) -> bool:
        """Whether a norm stands between a layer and the next with weights: its scale does not matter then."""
        for layer in self.layers[place + 1 :]:
            if isinstance(layer, Norm):
                return True
            if isinstance(layer, Linear | Convolution):
                return False
        return False

    def activations(self) -> Iterator[tuple[int, Activation, Facts]]:
        """The activations of single numbers, with the facts of their functions."""
        for i, layer in enumerate(self.layers):
            if isinstance(layer, Activation) and not isinstance(layer, Identity) and layer.function.is_elementwise:
                yield i, layer, facts(layer.function)

    @property
    def batch_size(self) -> int:
        """Examples in a step."""
        return min(self.setup.batch_size, self.inputs.n)

    @property
    def n_steps(self) -> int:
        """Steps of its training."""
        epochs = self.setup.epochs if self.history is None else len(self.history["train_loss"])
        return epochs * self.n_steps_per_epoch

    @property
    def n_steps_per_epoch(self) -> int:
        """Steps of an epoch."""
        return self.epoch_steps or -(-self.inputs.n // self.batch_size)

    @property
    def is_ruined(self) -> bool:
        """Whether every step had a sound loss, but the last of an epoch left weights with none over validation."""
        if self.ended < 0 or self.history is None:
            return False
        epoch = self.ended // self.n_steps_per_epoch
        return bool(np.isfinite(self.history["train_loss"][epoch : epoch + 1]).any())

    @property
    def is_trained(self) -> bool:
        """Whether there is a history to look at."""
        return self.history is not None

    @property
    def diverged(self) -> bool:
        """Whether its loss became no number."""
        return self.outcome == DIVERGED

    @property
    def is_over(self) -> bool:
        """Whether its training came to an end by itself: what it has not learned, it will not."""
        return self.outcome != INTERRUPTED

    def learned(self, part: str = "valid") -> float:
        """The share of the chance loss that training took away at its best, over a part; 0 where nothing is known."""
        if self.history is None:
            return 0.0
        losses = self.history[f"{part}_loss"]
        finite = losses[np.isfinite(losses)]
        return 1.0 - float(finite.min()) / self.chance if len(finite) and self.chance > 0 else 0.0

    @property
    def chance_score(self) -> float:
        """The score of the best constant answer: the share of the largest class, or R² of the mean."""
        counts = self.inputs.classes
        return float(counts.max() / counts.sum()) if len(counts) else 0.0

    @property
    def best_score(self) -> float:
        """The best score on the validation part."""
        scores = self.history["valid_score"] if self.history is not None else np.zeros(0)
        return float(np.nanmax(scores)) if np.isfinite(scores).any() else -np.inf

    @property
    def struggles(self) -> bool:
        """Whether training took away less than it might have; only then a symptom is a finding."""
        return self.is_trained and (self.diverged or (self.learned() < STRUGGLES and self.mastered < MASTERS))

    @property
    def mastered(self) -> float:
        """The share of the errors of the best constant class that training took away; 0 where targets are no classes.

        A few answers that are wrong and very sure can make a loss as large as that of chance.
        """
        if not len(self.inputs.classes) or self.chance_score >= 1:
            return 0.0
        return (self.best_score - self.chance_score) / (1 - self.chance_score)

    @property
    def noise_scale(self) -> float:
        """In a batch of how many examples the gradient is as much noise as slope, over the whole training.

        Infinite where the slope drowns in it; NaN where nothing is known.
        """
        if not self.has("gradient_variance"):
            return np.nan
        assert self.series is not None
        variance, squared = (np.nansum(self.series[f"gradient_{what}"]) for what in ("variance", "squared"))
        if not variance > 0:
            return np.nan
        return float(variance / squared) if squared > 0 else np.inf

    def early(self, name: str) -> NDArray[np.float64]:
        """A signal at the beginning of training: its mean over the first epochs with a look, (layer,) or ()."""
        seen = self._seen(name)
        return _mean(seen[: max(1, math.ceil(EARLY * len(seen)))])

    def late(self, name: str) -> NDArray[np.float64]:
        """A signal at the end of training."""
        seen = self._seen(name)
        return _mean(seen[-max(1, math.ceil(EARLY * len(seen))) :])

    def throughout(self, name: str) -> NDArray[np.float64]:
        """A signal over the whole training."""
        return _mean(self._seen(name))

    def turning(self, *, early: bool = False) -> tuple[Evidence, ...]:
        """Where successive steps turn round, the evidence of it: their cosine, in the middle over the layers."""
        if not self.has("cosine") or not self.weighted:
            return ()
        over = self.early("cosine") if early else self.throughout("cosine")
        cosines = over[list(self.weighted)]
        middle = float(np.nanmedian(cosines)) if np.isfinite(cosines).any() else 0.0
        return (Evidence(TURNING, middle, f"above {TURNS:g}"),) if middle < TURNS else ()

    def _seen(self, name: str) -> NDArray[np.float64]:
        """The epochs of a signal with a look."""
        assert self.series is not None
        values = self.series[name]
        return values[~np.isnan(values.reshape(len(values), -1)).all(axis=1)]

    def has(self, name: str) -> bool:
        """Whether there is a signal of that name."""
        return self.series is not None and name in self.series

    def named(self, place: int) -> str:
        """A layer with its place, for evidence."""
        return f"layer {place}, {to_line(self.layers[place])}"


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over epochs of what is a number; NaN where there is none."""
    there = np.isfinite(values)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.asarray(total / np.where(there.any(axis=0), there.sum(axis=0), np.nan))


def chance_of(loss: Loss, y: NDArray[Any], n_outputs: int, weight: NDArray[np.float64] | None = None) -> float:
    """The mean loss of the best constant outputs: an entropy or a variance where the loss has such a minimum.

    Arguments:
        y: targets as the loss takes them.
        weight: of each example in the mean, as training has it; None: all the same.
    """
    if isinstance(loss, MeanSquaredError | CrossEntropy | BinaryCrossEntropy):
        is_one = n_outputs == 1 and y.ndim == 1
        t = (y[:, None] if is_one or y.ndim == 2 else np.eye(n_outputs)[y]).astype(np.float64)
        middle = np.average(t, axis=0, weights=weight)
        if isinstance(loss, MeanSquaredError):
            return float(np.mean(np.average(np.square(t - middle), axis=0, weights=weight)))
        smoothing = loss.label_smoothing or 0.0
        mean = (1 - smoothing) * middle
        if isinstance(loss, CrossEntropy):
            return float(_entropies(mean + smoothing / n_outputs).sum())
        mean = mean + smoothing / 2
        return float(np.mean(_entropies(mean) + _entropies(1 - mean)))
    return chance_by_descent(loss, y, n_outputs, weight)


def _entropies(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return -p * np.log(np.where(p > 0, p, 1.0))


def chance_by_descent(loss: Loss, y: NDArray[Any], n_outputs: int, weight: NDArray[np.float64] | None = None) -> float:
    """The same for any loss, by Newton's method."""
    stride = -(-len(y) // SAMPLE)
    y, share = y[::stride], np.ones(len(y))[::stride] if weight is None else weight[::stride]
    share = share / share.sum()
    with jax.enable_x64(True):
        targets = jnp.asarray(y)
        mean = lambda z: share @ loss.per_example(jnp.broadcast_to(z, (len(y), n_outputs)), targets)  # noqa: E731
        both, curve = jax.jit(jax.value_and_grad(mean)), jax.jit(jax.hessian(mean))
        z = jnp.mean(targets, axis=0) if targets.ndim == 2 else jnp.zeros(n_outputs)
        value, slope = both(z)
        for _ in range(50):
            step = jnp.linalg.solve(curve(z) + 1e-9 * jnp.eye(n_outputs), slope)
            while True:  # halved until it goes down
                after, next_slope = both(z - step)
                if not after > value or float(jnp.abs(step).max()) < 1e-9:
                    break
                step = step / 2
            if not value - after > 1e-12:
                break
            z, value, slope = z - step, after, next_slope
        return float(value)
