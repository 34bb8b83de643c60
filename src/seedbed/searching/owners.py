"""Owners: the names of the processes that work on a study, and whether such a process is no more.

A name says on which machine a process is, its number, and when it began, because numbers are given again.
"""

from __future__ import annotations

import functools
import os
import socket
import uuid
from pathlib import Path


def new_owner() -> str:
    """A name for this process that nobody else has, and that tells others on this machine whether it is still there."""
    pid = os.getpid()
    return f"{_machine()}:{pid}:{_began(pid) or 0}:{uuid.uuid4().hex[:12]}"


def is_gone(owner: str) -> bool:
    """Whether it is known that an owner is no more: it was a process of this machine. Of others only the beat tells."""
    machine, pid, began, _ = owner.rsplit(":", 3)
    if machine != _machine():
        return False
    if (now := _began(int(pid))) is not None:
        return str(now) != began
    return not _is_there(int(pid))


@functools.cache
def _machine() -> str:
    """The host, when it was started, and the container: what has process numbers of its own."""
    parts = [socket.gethostname()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8])
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    except OSError:  # not Linux
        parts.append(f"{uuid.getnode():x}")
    return "/".join(parts)


def _began(pid: int) -> int | None:
    """When a process began, in the system's own ticks; 0 where it is over; None where the system does not tell."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return 0 if Path("/proc/self/stat").exists() else None
    except OSError:
        return None
    fields = content.rpartition(")")[2].split()  # the program's name, in brackets, may hold anything
    return 0 if fields[0] in "ZX" else int(fields[19])  # a zombie has only not been asked yet how it ended


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
