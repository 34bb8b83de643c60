"""The plan: how a cohort is laid out on this machine. Stored with a run, so that it can be done again to the bit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import jax

from seedbed.core.cores import DEVICES_VARIABLE
from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.network.layer import role
from seedbed.training import devices
from seedbed.training.layout import LANES, LAYOUTS, STACKED, WIDE

# What a chunk's weights may take of a core's second-level cache. Measured on six networks from 2-16-16-2 to
# 784-512-512-10: past it the step slows by a fifth to a third, far below it the products are too small.
CACHE_BYTES, MOST_ON_A_CORE = 1_200_000, 256
# A member with more weights than this fills a core by itself and trains alone there. Measured per network step, alone
# against four at a time: 784-128-10 85 to 96 µs, 64-256-256-10 97 to 100, 784-512-512-10 (two) 1200 to 1273.
ALONE_BYTES = 250_000
# A first layer with fewer units than this multiplies too thin a matrix for one member alone.
THIN_UNITS = 64
BLOCK = 512  # rows that validation reads at a time, so that their activations stay in the cache
# Members go in lanes where every product is small. Measured per network step, lanes against stacked: 4-16-3 0.29 to
# 0.72 µs, 2-16-16-2 0.68 to 1.68, 13-32-3 0.90 to 1.10; but 2-32-32-2 3.3 to 2.8.
LANES_WEIGHTS, LANES_BATCH, LANES_CHUNK, FEWEST_IN_LANES = 512, 64, 32, 8


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

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain data."""
        return asdict(self)


def guess(
    n_members: int,
    params: Any,
    batch_size: int,
    *,
    shares_order: bool,
    has_windows: bool = False,
    row_bytes: int = 0,
) -> Plan:
    """A plan from the sizes alone: chunks whose weights fit in the cache of a core, in even waves.

    Arguments:
        n_members: the size of the cohort.
        params: the shapes of the weights of one member, as the network initialises them.
        batch_size: examples in a step.
        shares_order: whether all members see the same batches.
        has_windows: whether there are convolutions, of which a core does best one member at a time.
        row_bytes: the activations of one member for one example.
    """
    n_devices = min(len(devices.devices()), n_members)
    size = max(1, weight_bytes(params))
    if not devices.is_cpu():
        # Weights, best weights, gradients and what an optimizer remembers, each once more while a step is done; and the
        # activations of a batch, or of a block of the validation part, forth and back.
        member = 12 * size + 3 * row_bytes * max(batch_size, BLOCK)
        return even(n_members, n_devices, max(1, devices.memory_bytes() // (n_devices * member)), STACKED)
    if has_windows:
        return even(n_members, n_devices, 1, STACKED)
    # Of a block that is repeated the copies stand in front.
    weights = [a.shape[-2:] for layer in params for name, a in layer.items() if role(name) == "weight"]
    in_lanes = even(n_members, n_devices, LANES_CHUNK, LANES)
    if _is_tiny(weights, batch_size) and in_lanes.chunk >= FEWEST_IN_LANES:
        return in_lanes
    most = 1 if size > ALONE_BYTES else min(MOST_ON_A_CORE, CACHE_BYTES // size)
    stacked = even(n_members, n_devices, most, STACKED)
    first: tuple[int, ...] = next((layer["weight"].shape if "weight" in layer else () for layer in params if layer), ())
    is_thin = len(first) == 2 and first[1] < min(THIN_UNITS, first[0] // 2)
    return replace(stacked, layout=WIDE) if shares_order and is_thin and stacked.chunk > 1 else stacked


def even(n_members: int, n_devices: int, most: int, layout: str) -> Plan:
    """Waves of nearly the same size, with at most `most` members on a device."""
    n_waves = -(-n_members // (n_devices * max(1, most)))
    return Plan(n_devices, -(-n_members // (n_waves * n_devices)), layout)


def _is_tiny(weights: list[tuple[int, ...]], batch_size: int) -> bool:
    return batch_size <= LANES_BATCH and all(len(w) == 2 and w[0] * w[1] <= LANES_WEIGHTS for w in weights)


def weight_bytes(params: Any) -> int:
    """The bytes of one member's weights, from their shapes."""
    return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(params))


def fitting(plan: Plan) -> Plan:
    """The plan, or one whose waves are as large on the devices that there are: a run may go on with fewer of them."""
    there = len(devices.devices())
    if plan.n_devices <= there:
        return plan
    n_devices = max(n for n in range(1, there + 1) if plan.wave % n == 0)
    return replace(plan, n_devices=n_devices, chunk=plan.wave // n_devices)


def checked(plan: Plan) -> Plan:
    """The plan, if it can be done on the devices that there are.

    Raises:
        UsageError: it asks for more devices than there are, or is not sound by itself.
    """
    there = len(devices.devices())
    if plan.n_devices > there:
        hint = f"set {DEVICES_VARIABLE}={plan.n_devices}, or leave the plan away"
        raise UsageError(f"plan: expected at most {there} devices, got {plan.n_devices}", hint)
    if plan.n_devices < 1 or plan.chunk < 1:
        raise UsageError(f"plan: expected at least one device and one member on it, got {plan}")
    if plan.layout not in LAYOUTS:
        raise UsageError(
            f"plan: expected a layout, {one_of(LAYOUTS)}, got {plan.layout!r}", nearest(plan.layout, LAYOUTS)
        )
    return plan
