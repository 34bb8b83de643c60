"""The self-test: silent here, once for each machine and version, and loud where a population is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jaxlib
import numpy as np
import pytest

from seedbed.core.errors import BackendError
from seedbed.training import compiling, devices, selftest
from seedbed.training.layout import LANES, STACKED, WIDE


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty cache folder, and a process that has not tested yet."""
    compiling.keep_programs()  # once for a process: programs stay in the folder of all tests
    monkeypatch.setenv("SEEDBED_CACHE", str(tmp_path))
    selftest._checked.cache_clear()
    yield tmp_path
    selftest._checked.cache_clear()


def test_this_back_end_is_sound(cache: Path) -> None:
    """A thirtieth of the tolerance: single precision gives 1e-6 after 20 steps."""
    assert selftest.disagreement() < selftest.tolerance() / 30
    selftest.check_back_end(STACKED)
    (mark,) = (cache / "sound").iterdir()
    assert mark.read_text().strip() == devices.machine()


def test_it_runs_once_for_each_machine_and_version(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    monkeypatch.setattr(selftest, "disagreement", lambda layouts: runs.append(layouts) or 0.0)
    selftest.check_back_end(STACKED)
    selftest.check_back_end(STACKED)  # remembered by this process
    selftest._checked.cache_clear()
    selftest.check_back_end(STACKED)  # and by the folder for the next
    assert runs == [(STACKED,)]
    selftest.check_back_end(LANES)  # another layout is another program
    assert runs[1:] == [(LANES,)]
    monkeypatch.setattr(devices, "machine", lambda: "another")
    selftest._checked.cache_clear()
    selftest.check_back_end(STACKED)
    assert len(runs) == 3


TOGETHER = selftest._together


def second_for_first(layout: str, x: Any, y: Any) -> Any:
    """Members in each other's places."""
    before, after = TOGETHER(layout, x, y)
    return before, [w[[1, 0, 2]] for w in after]


def not_a_number(layout: str, x: Any, y: Any) -> Any:
    """Nothing but NaN, in all layouts but one."""
    before, after = TOGETHER(layout, x, y)
    return before, after if layout == STACKED else [w * np.nan for w in after]


def slightly_off(layout: str, x: Any, y: Any) -> Any:
    """A thousandth off."""
    before, after = TOGETHER(layout, x, y)
    return before, [w * 1.001 for w in after]


@pytest.mark.parametrize("broken", [second_for_first, not_a_number, slightly_off])
def test_a_back_end_that_is_wrong_is_refused(broken: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "_together", broken)
    message = "expected a population to learn as its members do alone \\(to 0.0001\\), got .* apart on "
    layout = WIDE if broken is not_a_number else STACKED
    with pytest.raises(BackendError, match=message) as caught:
        selftest.check_back_end(layout)
    assert f"jax{jax.__version__}-jaxlib{jaxlib.__version__}" in str(caught.value)
    assert caught.value.hint == "install another version of jax and jaxlib"
    assert caught.value.exit_code == 1
    assert not (cache / "sound").exists()
    with pytest.raises(BackendError):  # and again, when asked again
        selftest.check_back_end(layout)
