"""What holds while a population trains: the precision of JAX, and what Ctrl-C means."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """Inside, JAX computes with the numbers that a setup asks for."""
    if name == "float64":
        with jax.enable_x64(True):
            yield
    else:
        yield


@contextlib.contextmanager
def ctrl_c() -> Iterator[Callable[[], bool]]:
    """Inside, the first Ctrl-C is only noted: the state of a wave may not be lost between a call and its result."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    noted = False

    def note(*_: Any) -> None:
        nonlocal noted
        if noted:
            raise KeyboardInterrupt  # a second one is meant
        noted = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: noted
    finally:
        signal.signal(signal.SIGINT, before)
