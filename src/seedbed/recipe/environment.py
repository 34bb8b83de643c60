"""The environment: versions, devices and caches, as a run keeps them and as a bug report needs them."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from seedbed.core.cache import cache_folder
from seedbed.core.cores import n_cores
from seedbed.training import devices

PACKAGES = ("seedbed", "jax", "jaxlib", "optax", "numpy", "pandas", "scikit-learn", "pyarrow", "altair", "safetensors")


def environment() -> dict[str, str]:
    """What a result may depend on, by name."""
    found = devices.devices()
    return {
        "python": platform.python_version(),
        **{package: installed(package) for package in PACKAGES},
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": devices.processor(),
        "cores": str(n_cores()),
        "devices": f"{len(found)} x {found[0].device_kind} ({found[0].platform})",
        "cache": str(cache_folder()),
    }


def installed(package: str) -> str:
    """The version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
