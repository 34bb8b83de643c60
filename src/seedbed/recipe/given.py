"""What a user gives, looked at: setups, and whole numbers such as seeds, counts and members' numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from seedbed.core.errors import UsageError
from seedbed.training.setup import Setup

MOST = 2**31 - 1  # of a seed or a number that JAX folds into a key


def whole(name: str, given: Any, *, least: int) -> int:
    """The number itself.

    Raises:
        UsageError: it is no whole number of that size.
    """
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not least <= given <= MOST:
        bounds = f"from {least} to {MOST:,}" if isinstance(given, int) and given > MOST else f"of at least {least}"
        raise UsageError(f"{name}: expected a whole number {bounds}, got {given!r}")
    return int(given)


def a_setup(given: Any, where: str) -> Setup:
    """The setup itself.

    Raises:
        UsageError: it is none; the message begins with `where`.
    """
    if not isinstance(given, Setup):
        hint = "build one with sb.Setup(...), or let sb.propose(data) do it"
        raise UsageError(f"{where}: expected a Setup, got {given!r}", hint)
    return given
