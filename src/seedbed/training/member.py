"""One member: how it begins, and its loss on a batch. The engine maps these functions over a population."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Shaped

from seedbed.core import keys
from seedbed.network.layer import Params, is_running
from seedbed.training.augmentation import augment
from seedbed.training.score import per_example_score
from seedbed.training.setup import Setup

Weights = tuple[Params, ...]  # one dictionary of arrays for each layer


class Batch(NamedTuple):
    """Some examples. Rows that only fill up the last batch of an epoch have `weight` and `counted` 0."""

    x: Float[Array, "batch *shape"]
    y: Shaped[Array, "batch *k"]
    weight: Float[Array, "batch"] | None  # in the loss; None: all the same
    counted: Float[Array, "batch"] | None  # 1 for an example, 0 for filling; None: all are examples


class Streams(NamedTuple):
    """The keys of what is random in one step; None where nothing is."""

    network: Key[Array, "*member"] | None
    augmentation: Key[Array, "*member"] | None


class Sums(NamedTuple):
    """Sums over examples, which add up over batches."""

    loss: Float[Array, "*member"]  # Σ weight · loss, without penalty
    score: Float[Array, "*member"]  # Σ score


class Step(NamedTuple):
    """What a step says beside its objective."""

    mean: Float[Array, "*member"]  # the weighted mean loss of the batch, without penalty
    sums: Sums
    running: Weights  # the running numbers behind the step, by name for each layer


def begin(setup: Setup, in_shape: tuple[int, ...], dtype: Any, seed: Array, number: Array) -> Weights:
    """The first weights of member `number`."""
    key = keys.member_key(seed, number, keys.INITIALISATION)
    return setup.network.init(in_shape, key=key, dtype=dtype)


def objective(
    setup: Setup,
    params: Weights,
    batch: Batch,
    noise: Streams,
    *,
    task: str,
    variance: Float[Array, "k"] | None,
    image_shape: tuple[int, ...] | None,
) -> tuple[Float[Array, ""], Step]:
    """What training makes small, the weighted mean loss and the penalty; and what the step says beside it."""
    x = batch.x
    if noise.augmentation is not None:
        x = augment(setup.augmentation, x, image_shape, key=noise.augmentation)
    network, own, x = setup.compute(params, x)
    outputs, running = network.forward(own, x, training=True, key=noise.network, counted=batch.counted)
    outputs, running = jax.tree.map(lambda a: a.astype(batch.x.dtype), (outputs, running))
    each = setup.loss.per_example(outputs, batch.y)
    weighted = each if batch.weight is None else each * batch.weight
    total = jnp.sum(weighted)
    mean = total / (each.shape[0] if batch.weight is None else jnp.maximum(jnp.sum(batch.weight), 1e-12))
    sums = Sums(total, _score(setup, outputs, batch, task, variance))
    return (mean if setup.penalty is None else mean + setup.penalty.of(params)), Step(mean, sums, running)


def running_of(params: Any) -> Any:
    """What of a network's arrays, or of what is said of each, is not learned but follows the activations."""
    return tuple({name: own[name] for name in own if is_running(name)} for own in params)


def examine(setup: Setup, params: Weights, batch: Batch, *, task: str, variance: Float[Array, "k"] | None) -> Sums:
    """The sums of loss and score in prediction, over a batch that is not trained on."""
    network, own, x = setup.compute(params, batch.x)
    outputs = network.forward(own, x)[0].astype(batch.x.dtype)
    each = setup.loss.per_example(outputs, batch.y)
    total = jnp.sum(each if batch.weight is None else each * batch.weight)
    return Sums(total, _score(setup, outputs, batch, task, variance))


def noise_of(setup: Setup, seed: Array, number: Array, step: Array) -> Streams:
    """The keys of a member for one step of the training."""
    key = lambda stream: jax.random.fold_in(keys.member_key(seed, number, stream), step)  # noqa: E731
    return Streams(
        key(keys.NOISE) if setup.network.is_noisy else None, key(keys.AUGMENTATION) if setup.augmentation else None
    )


def _score(
    setup: Setup, outputs: Array, batch: Batch, task: str, variance: Float[Array, "k"] | None
) -> Float[Array, ""]:
    each = per_example_score(setup.loss, task, jax.lax.stop_gradient(outputs), batch.y, variance)
    return jnp.sum(each if batch.counted is None else each * batch.counted)
