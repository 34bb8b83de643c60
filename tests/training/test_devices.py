"""Devices: one for each core, what is lost where JAX was started first, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np
import pytest

from seedbed.core import cores
from seedbed.core.errors import SetupError
from seedbed.training import devices
from seedbed.training.predict import predictions
from tests.training.populations import CLASSES, MEMBERS, assert_near, trained, training

STARTED_FIRST = """
import json, warnings
import jax
jax.config.update("jax_num_cpu_devices", -1)
n_before = len(jax.devices())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import seedbed
    from tests.training.populations import MEMBERS, trained
    population = trained(MEMBERS, plan=None)
    trained(MEMBERS, plan=None)
told = [str(w.message) for w in caught if "seedbed" in str(w.message)]
print(json.dumps([n_before, len(jax.devices()), told, [one.history.tolist() for one in population]]))
"""


def test_where_jax_was_started_first() -> None:
    """It says once what is lost, and trains the same members on the one device that there is, to 1e-9."""
    root = Path(__file__).resolve().parents[2]
    paths = os.pathsep.join([str(root), str(root / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths, "SEEDBED_DEVICES": "2", "XLA_FLAGS": ""}
    done = subprocess.run([sys.executable, "-c", STARTED_FIRST], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    n_before, n_after, told, histories = json.loads(done.stdout)
    assert (n_before, n_after) == (1, 1)
    (message,) = told
    assert message.startswith("JAX was started before seedbed was in use, with 1 CPU device for 2 cores: training goes")
    assert message.endswith("Build the setup first, or set jax_num_cpu_devices yourself.")
    for history, one in zip(histories, trained(MEMBERS), strict=True):
        assert_near([np.asarray(history)], [one.history], 1e-9)


def test_how_many_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEEDBED_DEVICES", raising=False)
    assert cores.wanted() == cores.n_cores() >= 1
    for said, wanted in (("3", 3), ("0", cores.n_cores()), ("many", cores.n_cores()), ("", cores.n_cores())):
        monkeypatch.setenv("SEEDBED_DEVICES", said)
        assert cores.wanted() == wanted


def test_a_number_of_devices_that_was_chosen_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests chose two; asking for another number would raise, for JAX has started."""
    monkeypatch.delenv("SEEDBED_DEVICES", raising=False)
    cores.prepare()
    assert jax.config.jax_num_cpu_devices == len(jax.devices()) == 2


def unsupported() -> float:
    raise jax.errors.JaxRuntimeError("UNIMPLEMENTED: BF16 dot")


@pytest.fixture
def no_memory_of_bfloat16() -> Iterator[None]:
    devices.has_bfloat16.cache_clear()
    yield
    devices.has_bfloat16.cache_clear()


@pytest.mark.parametrize("trial", [unsupported, lambda: 0.0], ids=["refused", "wrong"])
def test_a_device_without_bfloat16_is_named(
    trial: Callable[[], float], no_memory_of_bfloat16: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = training([MEMBERS[0].replace(precision="bfloat16", epochs=1)]).results  # while nothing is in the way
    devices.has_bfloat16.cache_clear()
    monkeypatch.setattr(devices, "bfloat16_product", trial)
    for use in (
        lambda: training([MEMBERS[0].replace(precision="bfloat16")]),
        lambda: predictions(one, np.array([0]), CLASSES.valid.x, "classification"),
    ):
        with pytest.raises(SetupError) as caught:
            use()
        kind = jax.devices()[0].device_kind
        assert caught.value.message == f"precision: expected numbers that {kind} computes with, got bfloat16"
        assert caught.value.hint == 'let the setup say precision = "float32"'
    training([MEMBERS[0].replace(precision="float32", epochs=1)])


def test_bfloat16_is_tried_once(no_memory_of_bfloat16: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []
    product = devices.bfloat16_product
    monkeypatch.setattr(devices, "bfloat16_product", lambda: tried.append(product()) or tried[0])
    for name in ("bfloat16", "float64", "bfloat16"):
        devices.check_precision(name)
    assert tried == [8.0]


def test_memory() -> None:
    """Half of what is free, between a megabyte and what this machine has."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 1 << 20 < devices.memory_bytes() < whole
    assert devices._free_host_bytes() < whole


def test_the_machine_in_a_line() -> None:
    line = devices.machine()
    assert f"jax{jax.__version__}" in line
    assert devices.processor() in line
    assert "x2-" in line  # devices
