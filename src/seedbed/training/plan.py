"""The plan: how a cohort is laid out on this machine. Stored with a run, so that it can be done again to the bit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import jax

from seedbed.core.errors import UsageError
from seedbed.training import devices
from seedbed.training.layout import STACKED, WIDE

# What a chunk's weights may take of a core's second-level cache. Measured on six networks from 2-16-16-2 to
# 784-512-512-10: past it the step slows by a fifth to a third, far below it the products are too small.
CACHE_BYTES = 1_200_000
MOST_ON_A_CORE = 256
# A first layer with fewer units than this multiplies too thin a matrix for one member alone.
THIN_UNITS = 64


@dataclass(frozen=True)
class Plan:
    """How one cohort runs.

    Attributes:
        n_devices: devices that a wave is split over.
        chunk: members that a device trains at a time.
        layout: where the member axis of the weights stands.
    """

    n_devices: int
    chunk: int
    layout: str

    @property
    def wave(self) -> int:
        """Members that train at a time."""
        return self.n_devices * self.chunk

    def n_waves(self, n_members: int) -> int:
        """How many waves a cohort of `n_members` takes."""
        return -(-n_members // self.wave)

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain data."""
        return asdict(self)


def guess(n_members: int, weight_bytes: int, first_shape: tuple[int, ...], *, shares_order: bool) -> Plan:
    """A plan from the sizes alone: chunks whose weights fit in the cache of a core, in even waves.

    Arguments:
        n_members: the size of the cohort.
        weight_bytes: the weights of one member.
        first_shape: the shape of the first weights, (inputs, units).
        shares_order: whether all members see the same batches.
    """
    n_devices = min(len(devices.devices()), n_members)
    most = max(1, min(MOST_ON_A_CORE, CACHE_BYTES // max(weight_bytes, 1)))
    if not devices.is_cpu():
        most = max(1, devices.memory_bytes() // (n_devices * 12 * max(weight_bytes, 1)))
    n_waves = -(-n_members // (n_devices * most))
    chunk = -(-n_members // (n_waves * n_devices))
    is_thin = len(first_shape) == 2 and first_shape[0] > 2 * first_shape[1] and first_shape[1] < THIN_UNITS
    return Plan(n_devices, chunk, WIDE if shares_order and is_thin and chunk > 1 else STACKED)


def weight_bytes(params: Any) -> int:
    """The bytes of one member's weights, from their shapes."""
    return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(params))


def checked(plan: Plan) -> Plan:
    """The plan, if it can be done on the devices that there are.

    Raises:
        UsageError: it asks for more devices than there are.
    """
    there = len(devices.devices())
    if plan.n_devices > there:
        hint = f"set {devices.DEVICES_VARIABLE}={plan.n_devices}, or leave the plan away"
        raise UsageError(f"plan: expected at most {there} devices, got {plan.n_devices}", hint)
    return plan
