"""The table of all functions by name."""

from __future__ import annotations

from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.functions.function import Function
from seedbed.functions.piecewise import PIECEWISE
from seedbed.functions.sigmoidal import SIGMOIDAL
from seedbed.functions.smooth import SMOOTH

FUNCTIONS: dict[str, Function] = {function.name: function for function in (*PIECEWISE, *SIGMOIDAL, *SMOOTH)}


def function(name: str) -> Function:
    """The function of that name.

    Raises:
        UsageError: there is none; the message lists them all.
    """
    if name not in FUNCTIONS:
        raise UsageError(f"function: expected {one_of(FUNCTIONS)}, got {name!r}", nearest(name, FUNCTIONS))
    return FUNCTIONS[name]
