"""Losses: what a network is to make small, one number for each example.

    cross_entropy         -Σⱼ t'ⱼ ln pⱼ,  p = softmax(z)
    binary_cross_entropy  mean over outputs of  -t' ln p - (1 - t') ln(1 - p),  p = σ(z)
    mean_squared_error    mean over outputs of  (z - t)²
    quadratic             ½ Σ over outputs of   (z - t)²
    huber                 mean over outputs of  ½ e² where |e| ≤ δ, else δ(|e| - ½ δ),  e = z - t

and what it changes by when an output does, for k outputs:

    cross_entropy         pⱼ - t'ⱼ                binary_cross_entropy  (pⱼ - t'ⱼ) / k
    mean_squared_error    2 (zⱼ - tⱼ) / k         quadratic             zⱼ - tⱼ
    huber                 eⱼ / k, cut at ±δ

z are the outputs of the network (logits, for the first two), t the targets, t' the targets after label smoothing.
Whole numbers as targets are classes: of shape (batch,), and one-hot where the loss compares outputs.
"""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from seedbed.core.errors import Fault, SetupError, ShapeError, UsageError, nearest, one_of
from seedbed.core.fields import number
from seedbed.core.tasks import TASKS
from seedbed.core.value import Value
from seedbed.functions.smooth import softplus

Outputs = Float[Array, "*batch outputs"]
Predictions = Float[Array, "*batch predictions"]
Losses = Float[Array, " batch"]
Targets = Int[Array, " batch"] | Float[Array, "batch outputs"]


class Loss(Value, family=True):
    """What a network is to make small. A new one is a subclass with `compare`, and its own `tasks` and `predict`."""

    tasks: ClassVar[tuple[str, ...]] = TASKS  # what the loss makes sense for

    def per_example(self, outputs: Float[Array, "batch outputs"], targets: Array) -> Losses:
        """The loss of each example.

        Arguments:
            targets: whole numbers of shape (batch,), the classes; or floats of the shape of the outputs.

        Raises:
            ShapeError: the two do not fit.
        """
        return self.compare(outputs, self._fitting(outputs, targets))

    def gradient(self, outputs: Float[Array, "batch outputs"], targets: Array) -> Float[Array, "batch outputs"]:
        """The slope ∂l/∂z of the loss of each example by its own outputs. Arguments and errors as `per_example`."""
        return self.slope(outputs, self._fitting(outputs, targets))

    def _fitting(self, outputs: Float[Array, "batch outputs"], targets: Array) -> Targets:
        """The targets, looked at."""
        is_label = jnp.issubdtype(targets.dtype, jnp.integer)
        expected = outputs.shape[:-1] if is_label else outputs.shape
        if targets.shape != expected:
            # Broadcast, (B, 1) against (B,) would silently compare every output with every target.
            raise ShapeError(
                f"{self.kind}: expected targets of shape {expected}, got {targets.shape} "
                f"beside outputs of shape {outputs.shape}"
            )
        return targets if is_label else targets.astype(outputs.dtype)

    def compare(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Losses:
        """The loss of each example, for targets that were looked at."""
        raise NotImplementedError

    def slope(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Float[Array, "batch outputs"]:
        """The slope of each example's loss, for targets that were looked at; by autodiff unless a subclass knows it."""
        slope: Array = jax.grad(lambda z: jnp.sum(self.compare(z, targets)))(outputs)
        return slope

    def n_outputs(self, task: str, n_classes: int = 0, n_targets: int = 0) -> int:
        """How many outputs "out" means: one for each class in classification, one for each target otherwise.

        Raises:
            SetupError: the loss does not fit the task; the hint names those that do.
        """
        if task not in TASKS:
            raise UsageError(f"task: expected {one_of(TASKS)}, got {task!r}", nearest(task, TASKS))
        if task not in self.tasks:
            fitting = [c.kind for c in Loss.kinds.values() if task in c.tasks]
            raise SetupError([Fault(("loss",), f"a loss for {task}", self.kind, f"use {one_of(fitting)}")])
        return n_classes if task == "classification" else n_targets

    def predict(self, outputs: Outputs, task: str) -> Predictions:
        """What the outputs say: probabilities of the classes, of each label (multilabel), or values (regression).

        For losses that compare outputs with one-hot targets: the outputs clipped at 0 and divided by their sum.
        """
        if task == "regression":
            return outputs
        return _normalised(jnp.maximum(outputs, 0.0)) if task == "classification" else jnp.clip(outputs, 0.0, 1.0)


class CrossEntropy(Loss, kind="cross_entropy"):
    """-ln of the probability of the true class, from logits.

    With label smoothing ε the target is (1 - ε) · one-hot + ε / k, as in Szegedy et al. 2016, section 7, and PyTorch.
    """

    label_smoothing: float | None = number(default=None, optional=True, low=0.0, high=1.0, high_open=True)

    tasks = ("classification",)

    def compare(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Losses:
        if jnp.issubdtype(targets.dtype, jnp.integer):
            # Picking by comparison, not by index: the backward is a select, where that of an index is a scatter.
            true = jnp.sum(jnp.where(_is_class(targets, outputs), outputs, 0.0), axis=-1)
        else:
            true = jnp.sum(targets * outputs, axis=-1)
        if self.label_smoothing is not None:
            e = jnp.asarray(self.label_smoothing, outputs.dtype)
            true = (1.0 - e) * true + e * jnp.mean(outputs, axis=-1)
        return _log_sum_exp(outputs) - true

    def slope(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Float[Array, "batch outputs"]:
        t = _one_hot(targets, outputs)
        if self.label_smoothing is not None:
            t = _smoothed(t, self.label_smoothing, 1.0 / outputs.shape[-1])
        return jax.nn.softmax(outputs, axis=-1) - t

    def predict(self, outputs: Outputs, task: str) -> Predictions:
        return jax.nn.softmax(outputs, axis=-1)


class BinaryCrossEntropy(Loss, kind="binary_cross_entropy"):
    """-ln of the probability of the true answer to a yes-or-no question, from logits; the mean where there are several.

    Two classes take one output. More take one each, against the rest, as in Nielsen, ch. 3, eq. (63), whose sum over
    outputs is a mean here. Label smoothing ε makes a target t (1 - ε) + ε / 2.
    """

    label_smoothing: float | None = number(default=None, optional=True, low=0.0, high=1.0, high_open=True)

    tasks = ("classification", "multilabel")

    def compare(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Losses:
        t = self._answers(outputs, targets)
        return jnp.mean(softplus(outputs) - t * outputs, axis=-1)  # -t ln σ(z) - (1-t) ln σ(-z), and no ln of 0

    def slope(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Float[Array, "batch outputs"]:
        return (jax.nn.sigmoid(outputs) - self._answers(outputs, targets)) / outputs.shape[-1]

    def _answers(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Float[Array, "batch outputs"]:
        """The targets after smoothing: how far the answer to each question is yes."""
        is_one_question = outputs.shape[-1] == 1 and targets.ndim == 1
        t = targets[:, None].astype(outputs.dtype) if is_one_question else _one_hot(targets, outputs)
        return t if self.label_smoothing is None else _smoothed(t, self.label_smoothing, 0.5)

    def n_outputs(self, task: str, n_classes: int = 0, n_targets: int = 0) -> int:
        n = super().n_outputs(task, n_classes, n_targets)
        return 1 if task == "classification" and n_classes == 2 else n

    def predict(self, outputs: Outputs, task: str) -> Predictions:
        p = jax.nn.sigmoid(outputs)
        if task == "multilabel":
            return p
        # 1 - p as σ(-z): a probability of 1e-9 survives.
        return jnp.concatenate([jax.nn.sigmoid(-outputs), p], axis=-1) if p.shape[-1] == 1 else _normalised(p)


class MeanSquaredError(Loss, kind="mean_squared_error"):
    """The mean over outputs of the squared error, so that the mean over a batch is PyTorch's `MSELoss`."""

    def compare(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Losses:
        return jnp.mean(jnp.square(outputs - _one_hot(targets, outputs)), axis=-1)

    def slope(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Float[Array, "batch outputs"]:
        return 2.0 * (outputs - _one_hot(targets, outputs)) / outputs.shape[-1]


class QuadraticCost(Loss, kind="quadratic"):
    """Half the sum over outputs of the squared error. Nielsen, ch. 1, eq. (6), before the mean over examples."""

    def compare(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Losses:
        return 0.5 * jnp.sum(jnp.square(outputs - _one_hot(targets, outputs)), axis=-1)

    def slope(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Float[Array, "batch outputs"]:
        return outputs - _one_hot(targets, outputs)


class Huber(Loss, kind="huber"):
    """The mean over outputs of a square near 0 and a line beyond `delta`, so that an outlier pulls with finite force.

    Huber 1964, Robust estimation of a location parameter; the scale is that of PyTorch's `HuberLoss`.
    """

    delta: float = number(default=1.0, low=0.0, low_open=True)

    def compare(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Losses:
        error, delta = outputs - _one_hot(targets, outputs), jnp.asarray(self.delta, outputs.dtype)
        inside = jnp.clip(error, -delta, delta)  # ½ e² inside; outside inside·(e - ½ inside) is the line, with its sign
        return jnp.mean(inside * (error - 0.5 * inside), axis=-1)

    def slope(self, outputs: Float[Array, "batch outputs"], targets: Targets) -> Float[Array, "batch outputs"]:
        error, delta = outputs - _one_hot(targets, outputs), jnp.asarray(self.delta, outputs.dtype)
        return jnp.clip(error, -delta, delta) / outputs.shape[-1]


def mean(per_example: Losses, weights: Losses | None = None) -> Float[Array, ""]:
    """The mean loss; with weights Σ w·l / Σ w, as in PyTorch's weighted cross-entropy."""
    return jnp.mean(per_example) if weights is None else jnp.sum(weights * per_example) / jnp.sum(weights)


def _log_sum_exp(z: Float[Array, "batch outputs"]) -> Losses:
    # jax.scipy's takes twice as long, for the sake of infinities that no logit should hold.
    largest = jax.lax.stop_gradient(jnp.max(z, axis=-1, keepdims=True))
    return largest[..., 0] + jnp.log(jnp.sum(jnp.exp(z - largest), axis=-1))


def _is_class(labels: Array, outputs: Array) -> Array:
    return labels[..., None] == jnp.arange(outputs.shape[-1], dtype=labels.dtype)


def _one_hot(targets: Targets, outputs: Array) -> Array:
    is_label = jnp.issubdtype(targets.dtype, jnp.integer)
    return _is_class(targets, outputs).astype(outputs.dtype) if is_label else targets


def _smoothed(targets: Array, smoothing: Any, middle: float) -> Array:
    """Targets moved towards `middle` by the share `smoothing` of the way."""
    e = jnp.asarray(smoothing, targets.dtype)
    return targets * (1.0 - e) + middle * e


def _normalised(parts: Any) -> Any:
    """Parts as shares of their sum; equal shares where all are 0."""
    total = jnp.sum(parts, axis=-1, keepdims=True)
    return jnp.where(total > 0, parts / jnp.where(total > 0, total, 1.0), 1.0 / parts.shape[-1])
