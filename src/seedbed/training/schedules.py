"""Schedules: how the learning rate changes over a run, as a factor of its progress.

A schedule is a pure function from the progress of training, in [0, 1], to a factor of the learning rate. So its numbers
may differ between members of one program, which the schedules of Optax do not allow (they branch on Python numbers).
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from seedbed.core.fields import number, part
from seedbed.core.value import Value

Progress = Float[Array, "..."]  # of all members, or one for each where a warm-up has its own length


class Schedule(Value, family=True):
    """The learning rate at a moment is `lr * factor(progress)`."""

    def factor(self, progress: Progress) -> Float[Array, "..."]:
        """The factor at `progress`, the share of all steps that is done; one for each member with its own numbers."""
        raise NotImplementedError


class ConstantRate(Schedule, kind="constant"):
    """The rate stays as it is: factor 1."""

    def factor(self, progress: Progress) -> Float[Array, "..."]:
        return jnp.ones_like(progress)


class StepDecay(Schedule, kind="step_decay"):
    """The rate is multiplied by `decay` each time another share `every` of the training is done.

    factor(p) = decay ^ floor(p / every)
    """

    decay: float = number(0.1, low=0.0, low_open=True, doc="what the rate is multiplied by at each step down")
    every: float = number(0.34, low=0.0, low_open=True, high=1.0, doc="share of the training between two steps down")

    def factor(self, progress: Progress) -> Float[Array, "..."]:
        return self.decay ** jnp.floor(progress / self.every)


class Cosine(Schedule, kind="cosine"):
    """Half a wave of a cosine, from 1 down to `final`: slow, fast, slow.

    factor(p) = final + (1 - final) (1 + cos πp) / 2                     (Loshchilov & Hutter 2017, eq. 5, no restart)
    """

    final: float = number(0.0, low=0.0, high=1.0, doc="the factor at the end")

    def factor(self, progress: Progress) -> Float[Array, "..."]:
        return self.final + (1.0 - self.final) * 0.5 * (1.0 + jnp.cos(jnp.pi * progress))


class WarmUp(Schedule, kind="warm_up"):
    """The rate grows in a straight line over the first `share` of the training, then follows `after`.

    factor(p) = p / share for p < share, else after.factor((p - share) / (1 - share))          (Goyal et al. 2017, 2.2)
    """

    share: float = number(0.1, low=0.0, low_open=True, high=1.0, high_open=True, doc="share of the training to warm up")
    after: Schedule = part(Schedule, ConstantRate(), doc="the schedule behind the warm-up")

    def factor(self, progress: Progress) -> Float[Array, "..."]:
        rest = jnp.clip((progress - self.share) / (1.0 - self.share), 0.0, 1.0)
        return jnp.where(progress < self.share, progress / self.share, self.after.factor(rest))
