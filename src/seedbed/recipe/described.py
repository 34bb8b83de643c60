"""From a data set to the page that shows what it looks like."""

from __future__ import annotations

from pathlib import Path

from seedbed.core.errors import UsageError
from seedbed.core.files import write_text
from seedbed.data.description import Description

HEAD = 4096  # bytes, in which a page names its maker


def write_description(description: Description, path: str | Path | None = None, language: str | None = None) -> Path:
    """Writes the page, and gives back where: to `describe-<name>.html` unless a path is given.

    A page like it that stands there is replaced, nothing else is.

    Raises:
        UsageError: another file stands there, or it cannot be written there.
    """
    from seedbed.reporting.described.page import page

    target = place_of(description) if path is None else Path(path)
    is_page(target)
    try:
        write_text(target, page(description, language))
    except OSError as error:
        raise UsageError(f"{target}: expected a file that can be written, but {error.strerror or error}") from None
    return target


def place_of(description: Description) -> Path:
    """Where a page is written where no path is given; each data set has one of its own."""
    return Path(f"describe-{description.name}.html")


def is_page(path: Path) -> bool:
    """Whether such a page stands at a path already.

    Raises:
        UsageError: something else stands there.
    """
    from seedbed.reporting.described.page import GENERATOR

    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UsageError(f"{path}: expected a file that can be written, but {error.strerror or error}") from None
    if f'<meta name="generator" content="{GENERATOR} '.encode() not in head:
        raise UsageError(
            f"{path}: expected no file, or a page that seedbed data describe wrote, got another file",
            "choose another name: --out FILE",
        )
    return True
