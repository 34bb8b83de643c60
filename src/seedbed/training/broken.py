"""Which layer broke: the first whose outputs were no numbers, as a member's loss became none.

A member that diverged keeps the weights in front of that step, so that the step can be repeated, on the same examples
and with the same noise, and looked into. That costs nothing while the others train.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from numpy.typing import NDArray

from seedbed.network.unrolling import in_a_row, pieces
from seedbed.training import orders
from seedbed.training.augmentation import augment
from seedbed.training.epoch import Chunk
from seedbed.training.feed import Feed
from seedbed.training.member import Batch, Streams, examine, noise_of
from seedbed.training.program import Program, build
from seedbed.training.state import Blueprint, Examples, Span, State, block_size
from seedbed.training.waves import Wave

UNKNOWN = -1


def broken(wave: Wave, program: Program, feed: Feed, seed: int) -> NDArray[np.int32]:
    """For each member of a wave the place of the first layer whose outputs were not finite, as its loss was not.

    A place among the layers that stand in a row, those of chains and repeats too.

    The number of layers where they all were, and the loss alone was not; `UNKNOWN` for those that did not diverge, that
    were not observed, or whose examples are streamed and give finite outputs for the validation part.
    """
    n, b = len(wave.numbers), program.blueprint
    found, ended = np.full(n, UNKNOWN, np.int32), np.asarray(wave.state.ended)[:n]
    if b.observe is None or (ended < 0).all():
        return found
    front = lambda a, axis: np.moveaxis(np.asarray(a), axis, 0)  # noqa: E731
    params = jax.tree.map(front, wave.state.params, program.axes.params)
    setups = jax.tree.map(np.asarray, wave.state.setup)
    is_ruined = _is_ruined(wave.state, b)
    for i in np.flatnonzero(ended >= 0):
        setup, own = jax.tree.map(lambda a, i=i: a[i], (setups, params))
        if is_ruined[i] or b.n_held is not None:
            found[i] = _in_validation(b, setup, own, feed.valid, has_loss=bool(is_ruined[i]))
        else:
            found[i] = _in_step(b, setup, own, wave.numbers[i], feed.train(0, 0), seed, int(ended[i]))
    return found


def _is_ruined(state: State, b: Blueprint) -> NDArray[np.bool_]:
    """Whether it was the loss of the validation part, behind an epoch, which then stands in the history."""
    ended = np.asarray(state.ended)
    rates = np.asarray(state.history)[np.arange(len(ended)), np.maximum(ended, 0) // b.n_steps, -1]
    return (ended >= 0) & ~np.isnan(rates)


def _in_step(b: Blueprint, setup: Any, params: Any, number: np.int32, train: Examples, seed: int, step: int) -> int:
    """The place in a step of the training."""
    epoch, i = divmod(step, b.n_steps)
    rows = (epoch, 1, b.n_train, b.n_steps * b.batch_size)
    is_own = b.setup.data_order == "own"
    order = orders.own_orders(seed, np.asarray([number]), *rows)[0] if is_own else orders.shared_orders(seed, *rows)
    span = Span(*(np.int32(one) for one in (seed, epoch, 1, i, i + 1, 0)))  # type: ignore[arg-type]
    return _first(np.asarray(_sound_in_step(b, setup, params, number, train, order, span)))


@functools.partial(jax.jit, static_argnums=0)
def _sound_in_step(
    b: Blueprint, setup: Any, params: Any, number: Array, train: Examples, order: Array, span: Span
) -> Bool[Array, "place"]:
    chunk = Chunk(b, build(b).axes, train, train, order, span)
    batch, _ = chunk.batch(span.epoch, span.first)
    noise = noise_of(b.setup, span.seed, number, span.epoch * b.n_steps + span.first)
    mean = chunk.objective(setup, params, batch, noise)[1].mean
    x = batch.x
    if noise.augmentation is not None:
        x = augment(setup.augmentation, x, b.image_shape, key=noise.augmentation)
    return jnp.stack([*_sound_layers(setup, params, x, batch.counted, noise), jnp.isfinite(mean)])


def _in_validation(b: Blueprint, setup: Any, params: Any, valid: Examples, *, has_loss: bool) -> int:
    """The place over the validation part, block by block; that of the loss only where it is known to be the fault."""
    size = block_size(valid.x.shape[0])
    for at in range(0, valid.x.shape[0], size):
        block = Batch(*(None if a is None else a[at : at + size] for a in valid[:4]))  # type: ignore[arg-type]
        place = _first(np.asarray(_sound_in_block(b, setup, params, block, valid.variance)))
        if place != UNKNOWN and (has_loss or place < len(in_a_row(b.setup.network).layers)):
            return place
    return UNKNOWN


@functools.partial(jax.jit, static_argnums=0)
def _sound_in_block(
    b: Blueprint, setup: Any, params: Any, block: Batch, variance: Float[Array, "k"] | None
) -> Bool[Array, "place"]:
    loss = examine(setup, params, block, task=b.task, variance=variance).loss
    layers = _sound_layers(setup, params, block.x, block.counted, None)
    return jnp.stack([*layers, jnp.isfinite(loss)])


def _sound_layers(
    setup: Any, params: Any, x: Array, counted: Array | None, noise: Streams | None
) -> list[Bool[Array, ""]]:
    """Whether the outputs of each layer are finite, as `Network.forward` makes them; in prediction without streams.

    Those of chains and repeats one by one, as findings see them; what is random in these is drawn anew.
    """
    whole, own, x = setup.compute(params, x)
    network, own = in_a_row(whole), pieces(whole, own)
    x, found = x.reshape(len(x), *whole.input_shape(x.shape[1:])), []
    is_training = noise is not None
    keys = network.noise(is_training, None if noise is None else noise.network)
    for layer, arrays, key in zip(network.layers, own, keys, strict=True):
        x, _ = layer.forward(arrays, x, training=is_training, key=key, counted=counted if is_training else None)
        each = jnp.isfinite(x).reshape(len(x), -1).all(axis=1)
        found.append((each if counted is None else each | (counted == 0)).all())
    return found


def _first(sound: NDArray[np.bool_]) -> int:
    return UNKNOWN if sound.all() else int(np.argmin(sound))
