"""Pages on disk: each command writes over a page of its own, and over nothing else."""

from __future__ import annotations

from pathlib import Path

from seedbed.core.errors import UsageError
from seedbed.core.files import write_text

HEAD = 4096  # bytes, in which a page names its maker


def is_page_of(path: Path, generator: str) -> bool:
    """Whether a page that this command made stands at a path already.

    Raises:
        UsageError: something else stands there.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UsageError(f"{path}: expected a file that can be written, but {error.strerror or error}") from None
    if f'<meta name="generator" content="{generator} '.encode() not in head:
        raise UsageError(
            f"{path}: expected no file, or a page that {generator} wrote, got another file",
            "choose another name: --out FILE",
        )
    return True


def write_page(path: Path, page: str, generator: str) -> Path:
    """Writes a page where there is none but one of the same command, and gives back where.

    Raises:
        UsageError: something else stands there, or it cannot be written there.
    """
    is_page_of(path, generator)
    try:
        write_text(path, page)
    except OSError as error:
        raise UsageError(f"{path}: expected a file that can be written, but {error.strerror or error}") from None
    return path
