"""Strides: which place of one axis stands for which of another, as slicing, padding, reversing and dilating make it.

The pairs are (start_a + step_a · t, start_b + step_b · t) for t = 0 … count − 1, so a slice, a pad, and what
they become when one follows another or is transposed, are all of this one form, and none holds an index per element.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


@dataclass(frozen=True)
class Strides:
    """The pairs of an axis a (nearer to the output) and an axis b (nearer to the input). `step_a` is positive."""

    start_a: int
    step_a: int
    start_b: int
    step_b: int
    count: int

    @property
    def offset(self) -> int | None:
        """How much further b stands than a, where both go forward one by one; else None."""
        return self.start_b - self.start_a if self.step_a == self.step_b == 1 else None

    def is_identity(self, size_a: int, size_b: int) -> bool:
        """Whether each place stands for itself."""
        return self.count == size_a == size_b and (self.offset == 0 or self.count == 1)

    def covers_a(self, size_a: int) -> bool:
        """Whether every place of a stands for one of b."""
        return self.count == size_a

    def flipped(self) -> Strides:
        """The pairs the other way round."""
        if self.step_b > 0:
            return Strides(self.start_b, self.step_b, self.start_a, self.step_a, self.count)
        last_a, last_b = (self.start_a + self.step_a * (self.count - 1), self.start_b + self.step_b * (self.count - 1))
        return Strides(last_b, -self.step_b, last_a, -self.step_a, self.count)

    def maximal(self, size_a: int, size_b: int) -> Strides:
        """The same pairs and all others on the line through them that lie on both axes."""
        before = min(self.start_a // self.step_a, _room(self.start_b, -self.step_b, size_b))
        start_a, start_b = self.start_a - before * self.step_a, self.start_b - before * self.step_b
        count = 1 + min((size_a - 1 - start_a) // self.step_a, _room(start_b, self.step_b, size_b))
        return Strides(start_a, self.step_a, start_b, self.step_b, count)

    def after(self, first: Strides) -> Strides | None:
        """The pairs (a, c) that meet in the axis between: `self` pairs a with b, `first` b with c; None for none."""
        g = math.gcd(self.step_b, first.step_a)
        apart = first.start_a - self.start_b
        if apart % g:
            return None
        step_t, step_u = first.step_a // g, self.step_b // g
        t = apart // g * pow(step_u, -1, step_t) % step_t
        u = (self.start_b + self.step_b * t - first.start_a) // first.step_a
        low, high = _within(t, step_t, self.count, -math.inf, math.inf)
        low, high = _within(u, step_u, first.count, low, high)
        if low > high:
            return None
        t, u, count = t + int(low) * step_t, u + int(low) * step_u, int(high - low) + 1
        return Strides(
            self.start_a + self.step_a * t,
            self.step_a * step_t,
            first.start_b + first.step_b * u,
            first.step_b * step_u,
            count,
        )

    def forward(self, array: Array, axis: int, size_a: int) -> Array:
        """The array with its axis b read out into an axis a of `size_a` places, zero where none stands for it."""
        last_b = self.start_b + self.step_b * (self.count - 1)
        low, high = sorted((self.start_b, last_b))
        taken = jax.lax.slice_in_dim(array, low, high + 1, abs(self.step_b), axis)
        if self.step_b < 0:
            taken = jnp.flip(taken, axis)
        last_a = self.start_a + self.step_a * (self.count - 1)
        config = [(0, 0, 0)] * array.ndim
        config[axis] = (self.start_a, size_a - 1 - last_a, self.step_a - 1)
        return taken if config[axis] == (0, 0, 0) else jax.lax.pad(taken, jnp.zeros((), array.dtype), config)

    def fixed(self, size: int, dtype: Any) -> Array:
        """1 at the places of an axis that stand for themselves, else 0."""
        if self.step_a == self.step_b:
            places = np.arange(self.count) if self.start_a == self.start_b else np.arange(0)
        else:
            t, rest = divmod(self.start_b - self.start_a, self.step_a - self.step_b)
            places = np.arange(t, t + 1) if rest == 0 and 0 <= t < self.count else np.arange(0)
        mask = np.zeros(size)
        mask[self.start_a + self.step_a * places] = 1
        return jnp.asarray(mask, dtype)


def _room(start: int, step: int, size: int) -> int:
    """How many steps of `step` from `start` stay on an axis of `size` places."""
    return (size - 1 - start) // step if step > 0 else start // -step


def _within(start: int, step: int, count: int, low: float, high: float) -> tuple[float, float]:
    """The k in [low, high] for which start + step · k lies in [0, count)."""
    ends = (-start / step, (count - 1 - start) / step)
    return max(low, math.ceil(min(ends))), min(high, math.floor(max(ends)))
