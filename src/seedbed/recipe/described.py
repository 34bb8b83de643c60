"""From a data set to the page that shows what it looks like."""

from __future__ import annotations

from pathlib import Path

from seedbed.data.description import Description


def write_description(description: Description, path: str | Path | None = None, language: str | None = None) -> Path:
    """Writes the page, and gives back where: to `describe-<name>.html` unless a path is given.

    A page like it that stands there is replaced, nothing else is.

    Raises:
        UsageError: another file stands there, or it cannot be written there.
    """
    from seedbed.reporting.described.page import GENERATOR, page
    from seedbed.reporting.pages import is_page_of, write_page

    target = place_of(description) if path is None else Path(path)
    is_page_of(target, GENERATOR)  # before much is drawn in vain
    return write_page(target, page(description, language), GENERATOR)


def place_of(description: Description) -> Path:
    """Where a page is written where no path is given; each data set has one of its own."""
    return Path(f"describe-{description.name}.html")


def is_page(path: Path) -> bool:
    """Whether such a page stands at a path already.

    Raises:
        UsageError: something else stands there.
    """
    from seedbed.reporting.described.page import GENERATOR
    from seedbed.reporting.pages import is_page_of

    return is_page_of(path, GENERATOR)
