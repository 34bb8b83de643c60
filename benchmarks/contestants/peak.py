"""No contestant but the yardstick: one large product of float32 matrices, by XLA, on all cores or on the GPU."""

from __future__ import annotations

from benchmarks.contestants import Block, repeated
from benchmarks.networks import Task

SIZE_CPU, SIZE_GPU = 2048, 8192


class Peak:
    """The product; on a GPU, in the precision that JAX takes by default. A block counts operations, not steps."""

    def __init__(self, task: Task) -> None:
        import jax
        import jax.numpy as jnp

        device = jax.devices()[0]
        size = SIZE_CPU if device.platform == "cpu" else SIZE_GPU
        self.a = jnp.full((size, size), 1 / size)
        self.product = jax.jit(jnp.matmul)
        self.flops = 2 * size**3
        self.info = {"device": device.device_kind, "platform": device.platform}
        self.once()

    def once(self) -> float:
        """One product; returns its number of operations."""
        self.product(self.a, self.a).block_until_ready()
        return self.flops

    def block(self, seconds: float) -> Block:
        return repeated(self.once, seconds)
