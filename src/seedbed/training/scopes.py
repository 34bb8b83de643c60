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
    """Inside, the first Ctrl-C is only noted: the state of a wave may not be lost between a call and its result.

    Within another such scope, what was noted there before counts here, and is dealt with here.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
    elif isinstance(before, _Note):
        try:
            yield before.is_noted
        finally:
            before.forget()
    else:
        note = _Note()
        signal.signal(signal.SIGINT, note)
        try:
            yield note.is_noted
        finally:
            signal.signal(signal.SIGINT, before)


class _Note:
    """Handles Ctrl-C: the first is noted, a second one is meant."""

    def __init__(self) -> None:
        self._noted = False

    def is_noted(self) -> bool:
        """Whether there was one."""
        return self._noted

    def forget(self) -> None:
        """Waits for a first one again."""
        self._noted = False

    def __call__(self, *_: Any) -> None:
        if self._noted:
            raise KeyboardInterrupt
        self._noted = True
