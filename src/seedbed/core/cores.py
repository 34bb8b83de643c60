"""The CPU devices that JAX is asked for: one for each core, before it starts its back ends."""

from __future__ import annotations

import contextlib
import functools
import os

import jax

DEVICES_VARIABLE = "SEEDBED_DEVICES"


def prepare() -> None:
    """Ask JAX for one CPU device per core, which trains populations 1.2 to 2.4 times faster than one threaded device.

    It has an effect only before JAX starts its back ends, so it is called when the first module of seedbed that needs
    JAX is imported. A number of devices that the caller's program has chosen is left alone.
    """
    if is_chosen() and DEVICES_VARIABLE not in os.environ:
        return
    # Where JAX has started already, `training.devices` says what is lost when a population trains.
    with contextlib.suppress(RuntimeError):
        jax.config.update("jax_num_cpu_devices", wanted())


@functools.cache
def is_chosen() -> bool:
    """Whether the caller's program has chosen a number of CPU devices; asked before this one chooses."""
    flags = os.environ.get("XLA_FLAGS", "")
    return getattr(jax.config, "jax_num_cpu_devices", -1) != -1 or "host_platform_device_count" in flags


def wanted() -> int:
    """How many CPU devices to ask for: the cores that this process may use, or what SEEDBED_DEVICES says."""
    said = os.environ.get(DEVICES_VARIABLE, "")
    return int(said) if said.isdigit() and int(said) > 0 else n_cores()


def n_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
