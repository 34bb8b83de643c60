"""Budgets by wall clock, as a user says them."""

from __future__ import annotations

import math
import re

from seedbed.core.errors import UsageError

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
LEAST_SECONDS = 3.0  # one compilation, and the beginning of a training


def seconds_of(budget: str | float) -> float:
    """The seconds of a budget: a number, or 90s, 5m, 1h30m.

    Raises:
        UsageError: it is none, or too short for one program to be compiled.
    """
    if isinstance(budget, str):
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smh])", budget)
        if not parts or re.sub(r"(\d+(?:\.\d+)?)\s*([smh])|\s", "", budget):
            raise UsageError(f"budget: expected a time such as 90s, 5m or 1h30m, got {budget!r}")
        seconds = sum(float(number) * UNITS[unit] for number, unit in parts)
    elif isinstance(budget, bool) or not isinstance(budget, int | float):
        raise UsageError(f"budget: expected seconds or a time such as '5m', got {budget!r}")
    else:
        seconds = float(budget)
    if not seconds >= LEAST_SECONDS:
        hint = "compiling the first program alone takes longer: give it more, such as 1m"
        raise UsageError(f"budget: expected {LEAST_SECONDS:g} seconds at least, got {seconds:g}", hint)
    if math.isinf(seconds):
        raise UsageError("budget: expected a time that ends, got inf", "Ctrl-C ends a search with the best so far")
    return seconds
