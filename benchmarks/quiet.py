"""Quiet: nobody else computes, which would cost a contestant on all cores more than one on a single core."""

from __future__ import annotations

import time
from pathlib import Path

STAT = Path("/proc/stat")
MOST_BUSY = 0.1  # of all cores


def waits_for_quiet(patience: float) -> bool:
    """Waits until the cores are idle, at most `patience` seconds; whether they are."""
    deadline = time.perf_counter() + patience
    while _busy_share() >= MOST_BUSY:
        if time.perf_counter() > deadline:
            return False
    return True


def _busy_share() -> float:
    """The share of the cores' time that is in use, over a tenth of a second; 0 where the system does not tell."""
    if not STAT.exists():
        return 0.0
    before = _ticks()
    time.sleep(0.1)
    idle, total = (b - a for a, b in zip(before, _ticks(), strict=True))
    return 1.0 - idle / max(total, 1)


def _ticks() -> tuple[int, int]:
    """The idle and all ticks of the cores since the system started."""
    counts = [int(word) for word in STAT.read_text().split("\n", 1)[0].split()[1:9]]
    return counts[3] + counts[4], sum(counts)
