"""The cache: what one process works out and the next need not; it may be deleted at any time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from seedbed.core.files import write_text

CACHE_VARIABLE = "SEEDBED_CACHE"


def cache_folder() -> Path:
    """Where compiled programs and measurements are kept: SEEDBED_CACHE, or the user's cache folder."""
    if said := os.environ.get(CACHE_VARIABLE):
        return Path(said)
    if user := os.environ.get("XDG_CACHE_HOME"):
        return Path(user) / "seedbed"
    try:
        return Path.home() / ".cache" / "seedbed"
    except RuntimeError:  # a user without a home
        return Path(tempfile.gettempdir()) / "seedbed-cache"


def kept_text(path: Path, make: Callable[[], str]) -> str:
    """The text of a file in the cache; made, and kept there, where it is absent or not what was written.

    The first line of the file is the digest of the rest. On a full disk or in a read-only folder nothing is kept.
    """
    with contextlib.suppress(OSError, UnicodeDecodeError):
        digest, _, text = path.read_bytes().decode("utf-8").partition("\n")
        if digest == _digest(text):
            return text
    text = make()
    with contextlib.suppress(OSError):
        write_text(path, f"{_digest(text)}\n{text}")
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
