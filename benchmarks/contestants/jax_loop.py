"""A bare JAX loop for one network on one device: what a careful user writes without Seedbed.

No validation, no score, no gate. XLA may use all cores for one operation.
"""

from __future__ import annotations

from typing import Any

from benchmarks.contestants import Block, repeated
from benchmarks.networks import LEARNING_RATE, N_TRAIN, Task, examples, first_weights


class _Loop:
    def __init__(self, task: Task) -> None:
        import jax
        import jax.numpy as jnp
        import numpy as np

        self.jax, self.task, self.rng = jax, task, np.random.default_rng(0)
        x, y = examples(task, N_TRAIN)
        self.x, self.y = jnp.asarray(x), jnp.asarray(y, jnp.int32)
        self.params = jax.tree.map(jnp.asarray, first_weights(task))
        self.info: dict[str, Any] = {}
        self.prepare()
        self.epoch()

    def prepare(self) -> None:
        """Builds the compiled function."""
        raise NotImplementedError

    def epoch(self) -> float:
        """One epoch; returns its number of steps."""
        raise NotImplementedError

    def block(self, seconds: float) -> Block:
        return repeated(self.epoch, seconds)

    def order(self) -> Any:
        """A new order of the examples, (step, row)."""
        rows = self.rng.permutation(N_TRAIN).astype("int32")
        return self.jax.numpy.asarray(rows.reshape(self.task.n_steps, self.task.batch_size))

    def step(self, params: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """The weights after one step, and the loss before it."""
        loss, slope = self.jax.value_and_grad(self.loss)(params, x, y)
        return self.jax.tree.map(lambda p, g: p - LEARNING_RATE * g, params, slope), loss

    def loss(self, params: Any, x: Any, y: Any) -> Any:
        """The mean cross-entropy; the true class is picked by comparison, whose gradient is cheaper than an index's."""
        jnp = self.jax.numpy
        for i, (w, b) in enumerate(params):
            x = (jnp.maximum(x, 0) if i else x) @ w + b
        true = jnp.sum(jnp.where(y[:, None] == jnp.arange(x.shape[-1]), x, 0), axis=-1)
        return jnp.mean(self.jax.nn.logsumexp(x, axis=-1) - true)


class JaxScan(_Loop):
    """One device call for an epoch: `lax.scan` over its batches."""

    def prepare(self) -> None:
        def epoch(params: Any, x: Any, y: Any, order: Any) -> Any:
            return self.jax.lax.scan(lambda p, rows: self.step(p, x[rows], y[rows]), params, order)

        self.call = self.jax.jit(epoch, donate_argnums=0)

    def epoch(self) -> float:
        self.params, losses = self.call(self.params, self.x, self.y, self.order())
        losses.block_until_ready()
        return self.task.n_steps


class JaxStep(_Loop):
    """One device call for each step, from a Python loop; the batches are gathered once for an epoch."""

    def prepare(self) -> None:
        self.call = self.jax.jit(self.step, donate_argnums=0)

    def epoch(self) -> float:
        order = self.order()
        for x, y in zip(self.x[order], self.y[order], strict=True):
            self.params, loss = self.call(self.params, x, y)
        loss.block_until_ready()
        return self.task.n_steps
