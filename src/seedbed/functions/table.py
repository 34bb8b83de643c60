"""The tables of functions by name: those that stand between the layers of a network, and all."""

from __future__ import annotations

from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.functions.exponential import EXPONENTIAL
from seedbed.functions.function import Function
from seedbed.functions.piecewise import PIECEWISE
from seedbed.functions.polynomial import POLYNOMIAL
from seedbed.functions.scoring import SCORING
from seedbed.functions.sigmoidal import NAIVE, SIGMOIDAL
from seedbed.functions.smooth import SMOOTH

ACTIVATIONS: dict[str, Function] = {function.name: function for function in (*PIECEWISE, *SIGMOIDAL, *SMOOTH)}
OTHERS = (*POLYNOMIAL, *EXPONENTIAL, *SCORING, NAIVE)
FUNCTIONS: dict[str, Function] = ACTIVATIONS | {function.name: function for function in OTHERS}


def function(name: str) -> Function:
    """The function of that name.

    Raises:
        UsageError: there is none; the message lists them all.
    """
    if name not in FUNCTIONS:
        raise UsageError(f"function: expected {one_of(FUNCTIONS)}, got {name!r}", nearest(name, FUNCTIONS))
    return FUNCTIONS[name]
