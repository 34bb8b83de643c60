"""What one device does with its chunk of the members: steps, and the end of an epoch. All of it is traced."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from seedbed.training.layout import choose, over_members
from seedbed.training.member import Batch, Step, Sums, Weights, examine, noise_of, objective, running_of
from seedbed.training.observe import PROBE, Shown, cadence, follows, look, look_at
from seedbed.training.state import Blueprint, Examples, Span, State, block_size
from seedbed.training.update import Memory, rate, update

Moving = tuple[Weights, Memory, Array, Array, Sums]  # of a State: params, memory, active, ended, sums


@dataclass(frozen=True)
class Chunk:
    """The members of one device in one call: what their steps read and do not change."""

    blueprint: Blueprint
    axes: State  # the place of the member axis in each array
    train: Examples
    valid: Examples
    order: Array  # of the training examples: (epoch, row), or (member, epoch, row) where each has its own
    span: Span

    def run(self, state: State) -> State:
        """The state after the steps of the span."""
        return lax.fori_loop(self.span.epoch, self.span.epoch + self.span.n_epochs, self.epoch, state)

    def epoch(self, epoch: Array, state: State) -> State:
        """One epoch, or the part of it that the span holds."""
        # Of what was seen only this epoch goes through the loops and branches, which copy what they are given.
        room = state.seen
        state = state._replace(seen=jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, epoch, 1, False), room))
        state = self.steps(epoch, state) if self.blueprint.observe is None else self.watched(epoch, state)
        ends = self.span.last == self.blueprint.n_steps
        state = lax.cond(ends, lambda s: self.close(epoch, s), lambda s: s, state)
        seen = jax.tree.map(lambda a, new: lax.dynamic_update_index_in_dim(a, new, epoch, 1), room, state.seen)
        return state._replace(seen=seen)

    def steps(self, epoch: Array, state: State, first: Array | None = None, last: Array | None = None) -> State:
        """The steps of the span in an epoch, or some of them."""
        first = self.span.first if first is None else first
        last = self.span.last if last is None else last
        step = lambda i, moving: self.step(state, epoch, i, moving)[0]  # noqa: E731
        return _moved(state, lax.fori_loop(first, last, step, _moving(state)))

    def watched(self, epoch: Array, state: State) -> State:
        """As `steps`, with looks. A step that is looked at is written out beside the loop of the others, which is the
        same as without an observer.
        """
        assert self.blueprint.observe is not None
        n_steps = self.blueprint.n_steps
        every, begins = cadence(self.blueprint.observe, n_steps)
        # The look in front of step i is number ⌊(steps before the epoch + i - begins) / every⌋.
        before = epoch * n_steps - begins
        if follows(self.blueprint.observe) and every > 1:
            return self.followed(epoch, state, before)

        def between(number: Array, state: State) -> State:
            at = number * every - before  # the step that is looked at; in front of the span it has been
            first = jnp.maximum(at, self.span.first)
            looks = at == first
            state = lax.cond(looks, lambda s: self.looked_at(epoch, first, s), lambda s: s, state)
            return self.steps(epoch, state, first + looks, jnp.minimum(at + every, self.span.last))

        first, behind = (before + self.span.first) // every, (before + self.span.last - 1) // every + 1
        return lax.fori_loop(first, behind, between, state)

    def followed(self, epoch: Array, state: State, before: Array) -> State:
        """As `watched`, for an observer that is shown what the step before did.

        Of the steps from a look to the next the last, which is in front of that, is a part by itself: the weights are
        kept at its beginning. Its step runs in the loop of the others, so that the program grows by a copy alone.
        """
        assert self.blueprint.observe is not None
        every, _ = cadence(self.blueprint.observe, self.blueprint.n_steps)

        def part(number: Array, state: State) -> State:
            at, is_last = number // 2 * every - before, number % 2
            begins = at + is_last * (every - 1)
            first = jnp.maximum(begins, self.span.first)
            does = [lambda s: s, lambda s: self.looked_at(epoch, first, s), lambda s: s._replace(earlier=s.params)]
            begins_here = begins == first
            state = lax.switch(begins_here * (1 + is_last), does, state)
            looks = begins_here & (is_last == 0)
            behind = at + every - 1 + is_last
            return self.steps(epoch, state, first + looks, jnp.minimum(behind, self.span.last))

        def number(step: Array) -> Array:
            return 2 * (step // every) + (step % every == every - 1)

        first, last = number(before + self.span.first), number(before + self.span.last - 1)
        return lax.fori_loop(first, last + 1, part, state)

    def step(self, state: State, epoch: Array, i: Array, moving: Moving) -> tuple[Moving, Any]:
        """One step of the optimizer for every member. Beside it what an observer may want to see of it."""
        params, memory, active, ended, sums = moving
        blueprint, axes = self.blueprint, self.axes
        count = epoch * blueprint.n_steps + i
        batch, batch_axes = self.batch(epoch, i)
        noise = jax.vmap(lambda number: noise_of(blueprint.setup, self.span.seed, number, count))(state.number)
        slope = over_members(
            jax.value_and_grad(self.objective, argnums=1, has_aux=True),
            blueprint.layout,
            in_axes=(0, axes.params, batch_axes, 0),
            out_axes=((0, Step(0, 0, running_of(axes.params))), axes.params),  # type: ignore[arg-type]
        )
        (value, beside), grads = slope(state.setup, params, batch, noise)
        after, remembered = update(
            state.setup.optimizer, grads, memory, params, axes.params, count=count, progress=self.progress(count)
        )
        after = tuple(own | moved for own, moved in zip(after, beside.running, strict=True))
        # A member whose loss is no number any more keeps the weights that it has, and touches no other.
        is_sound = jnp.isfinite(beside.mean)
        ended = jnp.where(active & ~is_sound, count, ended)
        active = active & is_sound
        after = choose(active, after, params, axes.params)
        remembered = choose(active, remembered, memory, axes.memory)
        moved = (after, remembered, active, ended, jax.tree.map(jnp.add, sums, beside.sums))
        told = value if blueprint.reads_as_shown else None
        shown = Shown(batch, noise.network, self.probe, params, grads, after, objective=told)
        return moved, (shown, batch_axes)

    @property
    def objective(self) -> Any:
        """The objective of one member on one batch."""
        b = self.blueprint
        return functools.partial(objective, task=b.task, variance=self.train.variance, image_shape=b.image_shape)

    def progress(self, count: Array) -> Array:
        """The share of the whole training that is done before step `count`."""
        return count.astype(self.blueprint.dtype) / (self.blueprint.n_steps * self.blueprint.setup.epochs)

    def batch(self, epoch: Array, i: Array) -> tuple[Batch, Batch]:
        """The examples of step `i`, and which of their arrays have a member axis."""
        size, train = self.blueprint.batch_size, self.train
        members = self.order.shape[:-2]  # none, or one axis where each member has its own order
        start = (*[jnp.int32(0) for _ in members], epoch - self.span.epoch, (i - self.span.held) * size)
        rows = lax.dynamic_slice(self.order, start, (*members, 1, size)).reshape(*members, size)
        own = 0 if rows.ndim == 2 else None
        weight = None if train.weight is None else train.weight[rows]
        counted = None
        if self.blueprint.fills_up:  # the rows that fill up the last batch do not count
            counted = (i * size + jnp.arange(size) < self.blueprint.n_train).astype(self.blueprint.dtype)
            weight = counted if weight is None else counted * weight
        weight_axis = own if train.weight is not None else None
        return Batch(train.x[rows], train.y[rows], weight, counted), Batch(own, own, weight_axis, None)  # type: ignore[arg-type]

    @property
    def probe(self) -> Batch:
        """Some examples of the validation part; where it has fewer, with the first of them again."""
        n = max(self.blueprint.batch_size, PROBE)
        rows = jnp.arange(n) % self.valid.n
        return Batch(self.valid.x[rows], self.valid.y[rows], None, None)

    def close(self, epoch: Array, state: State) -> State:
        """The end of an epoch: validation, history, the best weights so far, early stopping."""
        sums = self.validate(state)
        valid_loss, valid_score = sums.loss / self.valid.total, sums.score / self.valid.n
        better = state.active & (valid_loss < state.best_loss)
        waited = jnp.where(better, 0, state.waited + 1)
        patience = state.setup.patience
        stops = state.active & (waited >= patience) if patience is not None else jnp.zeros_like(state.active)
        is_ruined = state.active & ~stops & ~jnp.isfinite(valid_loss)  # by the last step of the epoch
        return state._replace(
            best=choose(better, state.params, state.best, self.axes.params),
            best_loss=jnp.where(better, valid_loss, state.best_loss),
            best_epoch=jnp.where(better, epoch, state.best_epoch),
            waited=waited,
            active=state.active & ~stops & ~is_ruined,
            ended=jnp.where(is_ruined, (epoch + 1) * self.blueprint.n_steps - 1, state.ended),
            stopped=state.stopped | stops,
            sums=jax.tree.map(jnp.zeros_like, state.sums),
            history=self.written(epoch, state, valid_loss, valid_score),
        )

    def written(self, epoch: Array, state: State, valid_loss: Array, valid_score: Array) -> Array:
        """The history with the row of this epoch; members that do not train any more leave it empty."""
        last = self.progress((epoch + 1) * self.blueprint.n_steps - 1)
        lr = jnp.broadcast_to(rate(state.setup.optimizer, last), valid_loss.shape)
        mean_loss, mean_score = state.sums.loss / self.train.total, state.sums.score / self.blueprint.n_train
        row = jnp.stack([mean_loss, mean_score, valid_loss, valid_score, lr], axis=-1)
        row = jnp.where(state.active[:, None], row, jnp.nan)
        return lax.dynamic_update_index_in_dim(state.history, row, epoch, axis=1)

    def validate(self, state: State) -> Sums:
        """The sums of loss and score over the validation part, block by block."""
        size = block_size(self.valid.x.shape[0])
        one = functools.partial(examine, task=self.blueprint.task, variance=self.valid.variance)

        def block(b: Array, sums: Sums) -> Sums:
            rows = [None if a is None else lax.dynamic_slice_in_dim(a, b * size, size) for a in self.valid[:4]]
            each = over_members(one, self.blueprint.layout, (0, self.axes.params, None), 0)
            return jax.tree.map(jnp.add, sums, each(state.setup, state.params, Batch(*rows)))  # type: ignore[arg-type]

        return lax.fori_loop(0, self.valid.x.shape[0] // size, block, jax.tree.map(jnp.zeros_like, state.sums))

    def looked_at(self, epoch: Array, i: Array, state: State) -> State:
        """Step `i`, and beside it what the observer returns for it, added to what it returned before in the epoch."""
        assert self.blueprint.observe is not None
        moving, (shown, batch_axes) = self.step(state, epoch, i, _moving(state))
        asks = follows(self.blueprint.observe)
        number = look_at(self.blueprint.observe, self.blueprint.n_steps, epoch * self.blueprint.n_steps + i)
        shown = shown._replace(earlier=state.earlier if asks else None, look=number)
        found = look(self.blueprint.observe, state.setup, shown, self.axes.params, batch_axes)
        every, _ = cadence(self.blueprint.observe, self.blueprint.n_steps)
        is_first = i < every
        earlier = state.params if asks and every == 1 else state.earlier  # then the next step is looked at too

        seen = jax.tree.map(lambda so_far, new: jnp.where(is_first, new, so_far + new), state.seen, found)
        return _moved(state, moving)._replace(seen=seen, earlier=earlier)


def _moving(state: State) -> Moving:
    return state.params, state.memory, state.active, state.ended, state.sums


def _moved(state: State, moving: Moving) -> State:
    params, memory, active, ended, sums = moving
    return state._replace(params=params, memory=memory, active=active, ended=ended, sums=sums)
