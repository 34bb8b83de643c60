"""From a data set to the page that shows what it looks like."""

from __future__ import annotations

from pathlib import Path

from seedbed.core.errors import UsageError
from seedbed.core.files import write_text
from seedbed.data.description import Description


def write_description(description: Description, path: str | Path, language: str | None = None) -> Path:
    """Writes the page, and gives back where.

    Raises:
        UsageError: it cannot be written there.
    """
    from seedbed.reporting.described.page import page

    target = Path(path)
    try:
        write_text(target, page(description, language))
    except OSError as error:
        raise UsageError(f"{target}: expected a file that can be written, but {error.strerror or error}") from None
    return target
