"""The devices that a population is split over: one for each core of a CPU, or the GPUs that there are."""

from __future__ import annotations

import functools
import os
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.core.cores import is_chosen, wanted
from seedbed.core.errors import Fault, SetupError


def devices() -> list[jax.Device]:
    """The devices to train on. Says once when JAX was started with fewer CPU devices than there are cores."""
    found = jax.devices()
    if found[0].platform == "cpu" and len(found) < wanted() and not is_chosen():
        _say_what_is_lost(len(found))
    return found


@functools.cache
def _say_what_is_lost(n: int) -> None:
    warnings.warn(
        f"JAX was started before seedbed was in use, with {n} CPU device{'s' * (n > 1)} for {wanted()} cores: "
        "training goes on, 1.2 to 2.4 times slower. Build the setup first, or set jax_num_cpu_devices yourself.",
        stacklevel=2,
    )


@functools.cache
def mesh(n: int) -> jax.sharding.Mesh:
    """The first `n` devices in a row, along the one axis "members"."""
    return jax.sharding.Mesh(np.asarray(devices()[:n]), ("members",))


def is_cpu() -> bool:
    """Whether training runs on CPU cores."""
    return jax.default_backend() == "cpu"


def check_precision(precision: str) -> None:
    """Refuses the precision of a setup that the devices do not compute with.

    Raises:
        SetupError: it names the device, and what to change.
    """
    if precision != "bfloat16" or has_bfloat16():
        return
    hint = 'let the setup say precision = "float32"'
    raise SetupError([Fault(("precision",), f"numbers that {devices()[0].device_kind} computes with", precision, hint)])


@functools.cache
def has_bfloat16() -> bool:
    """Whether the devices compute with bfloat16: tried once, because no device tells."""
    try:
        product = bfloat16_product()
    except (jax.errors.JaxRuntimeError, NotImplementedError):  # as XLA says that it has no such program
        return False
    return product == 8.0


def bfloat16_product() -> float:
    """An entry of a small compiled product, 8 of 1 · 1."""
    ones = jnp.ones((8, 8), jnp.bfloat16)
    return float(jax.jit(lambda a, b: jnp.matmul(a, b, preferred_element_type=jnp.float32))(ones, ones)[0, 0])


def memory_bytes() -> int:
    """Memory that a population may fill: half of what the devices, or this machine, have free."""
    stats = None if is_cpu() else devices()[0].memory_stats()
    if stats and "bytes_limit" in stats:
        return (stats["bytes_limit"] - stats.get("bytes_in_use", 0)) * len(devices()) // 2
    return _free_host_bytes() // 2


def _free_host_bytes() -> int:
    try:
        rows = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(row.split()[1]) for row in rows if row.startswith("MemAvailable")) * 1024
    except (OSError, StopIteration):
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2  # macOS does not tell what is free
    try:  # a container may have less than its machine
        return min(free, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):
        return free


def machine() -> str:
    """This machine and its software in a line: what measurements and compiled programs depend on."""
    kind = devices()[0].device_kind
    versions = f"jax{jax.__version__}-jaxlib{version('jaxlib')}"
    return f"{platform.system()}-{platform.machine()}-{processor()}-{kind}x{len(devices())}-{versions}"


@functools.cache
def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        rows = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (row.split(":", 1)[1].strip() for row in rows if row.startswith("model name"))
    return next(named, platform.machine())
