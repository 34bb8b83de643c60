"""From a data set to the page that shows what it looks like."""

from __future__ import annotations

from pathlib import Path

from seedbed.core.errors import UsageError
from seedbed.core.files import replacing
from seedbed.data.description import Description


def write_description(description: Description, path: str | Path, language: str | None = None) -> Path:
    """Writes the page, and gives back where.

    Raises:
        UsageError: it cannot be written there.
    """
    from seedbed.reporting.described.page import page

    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as partial:
            partial.write_text(page(description, language), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{target}: expected a file that can be written, but {error.strerror or error}") from None
    return target
