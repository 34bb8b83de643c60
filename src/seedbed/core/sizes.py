"""How many bytes, for a reader."""

from __future__ import annotations


def readable(n_bytes: float) -> str:
    """Bytes with a unit, in three digits.

    >>> readable(330_412), readable(3), readable(4e12)
    ('330 kB', '3 bytes', '4 TB')
    """
    size = float(n_bytes)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.3g} {unit}"
