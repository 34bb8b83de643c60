"""How much memory a process takes at most above what it had at a certain time, and limits for it."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS, CLEAR, PAGES = Path("/proc/self/status"), Path("/proc/self/clear_refs"), Path("/proc/self/statm")


class Peak:
    """The bytes above those that were resident when it was made.

    On Linux the kernel is told to forget the peak until then (5 into /proc/self/clear_refs) and asked for the new one
    (VmHWM). Elsewhere it is what the highest peak of the process grew by: too little where that had been high before.
    """

    def __init__(self) -> None:
        self.is_exact = _forgets_peak()
        self.start = _status("VmRSS") if self.is_exact else _highest()

    @property
    def n_bytes(self) -> int:
        """The most that was resident since then, less what was at the start."""
        return (_status("VmHWM") if self.is_exact else _highest()) - self.start


def limit(n_bytes: int) -> None:
    """Lets the process have so many bytes of addresses more than now; what wants more fails. Only on Linux."""
    if PAGES.exists():
        own = int(PAGES.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (own + n_bytes, own + n_bytes))


def _forgets_peak() -> bool:
    try:
        CLEAR.write_text("5")
    except OSError:
        return False
    return True


def _status(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def _highest() -> int:
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024
