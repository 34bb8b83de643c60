"""What every test stands on: two host devices, checked types and shapes, a cache of its own."""

from __future__ import annotations

import os
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.monitoring
import pytest
from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintException
from hypothesis import settings
from jaxtyping import install_import_hook

with_types = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int may stand where a float is declared


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with its types checked at every call; as it is where it has a hint that beartype cannot read."""
    try:
        return with_types(function)
    except BeartypeDecorHintException:  # such as Self, or a NumPy array of any type
        return function


# Before any import of seedbed: the back end starts with the devices it finds here, and the hook sees only what is
# imported after it.
if (
    "PYTEST_XDIST_WORKER" not in os.environ
):  # a new one for this run, in which its processes find one another's programs
    os.environ["SEEDBED_CACHE"] = tempfile.mkdtemp(prefix="seedbed-cache-")
os.environ.setdefault("SEEDBED_LANG", "en")
jax.config.update("jax_num_cpu_devices", 2)
sys.modules["seedbed_checks"] = types.ModuleType("seedbed_checks")
sys.modules["seedbed_checks"].checked = checked  # type: ignore[attr-defined]  # the hook takes a dotted name only
install_import_hook("seedbed", "seedbed_checks.checked")

# The same examples every time, so that a change and not luck turns a test red; no deadline, for machines differ.
settings.register_profile("seedbed", max_examples=50, derandomize=True, deadline=None)
settings.load_profile("seedbed")

STRICT_ROOMS = ("core", "functions", "calculus", "network", "data")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def kept_programs() -> None:
    """All that JAX compiles is kept from the first test on, and not only from the first training on."""
    from seedbed.training.compiling import keep_programs

    keep_programs()


@pytest.fixture(autouse=True)
def strict_promotion(request: pytest.FixtureRequest) -> Iterator[None]:
    """Operands of two types raise in the rooms above training, so that no integer and no float64 slips in unseen.

    From training on the rule is JAX's own: Optax's Adam raises its float decay to its integer step count.
    """
    room = request.path.relative_to(Path(__file__).parent).parts[0]
    with jax.numpy_dtype_promotion("strict" if room in STRICT_ROOMS else "standard"):
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of the larger data sets, which is not part of the project."""
    if not DATA.is_dir():
        pytest.skip(f"no folder {DATA.parent.name}/{DATA.name} beside the checkout")
    return DATA


class Compilations:
    """How many programs the back end has compiled since the test began, or since `reset()`."""

    def __init__(self) -> None:
        self.n = 0

    def reset(self) -> None:
        self.n = 0

    def hear(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        self.n += event == "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def compilations() -> Iterator[Compilations]:
    from seedbed.training.layout import LAYOUTS
    from seedbed.training.selftest import check_back_end

    with jax.numpy_dtype_promotion("standard"):
        for layout in LAYOUTS:  # its programs do not count
            check_back_end(layout)
    counter = Compilations()
    jax.monitoring.register_event_duration_secs_listener(counter.hear)
    yield counter
    jax.monitoring.unregister_event_duration_listener(counter.hear)
