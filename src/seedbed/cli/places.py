"""`seedbed doctor`: what there is to work with."""

from __future__ import annotations

import sys

import seedbed as sb
from seedbed.cli.console import Printer, table


def doctor() -> None:
    """Print versions, devices, the self-test and the caches: what to send with a bug report."""
    from seedbed.training.layout import LAYOUTS
    from seedbed.training.selftest import disagreement, mark_path, tolerance

    printer = Printer()
    rows = table("what", "found")
    for name, found in sb.environment().items():
        rows.add_row(name, found)
    rows.add_row("compiled programs", _kept("compiled"))
    rows.add_row("remembered plans", _kept("plans"))
    marked = [layout for layout in LAYOUTS if mark_path(layout).exists()]
    rows.add_row("self-test marks", ", ".join(marked) or "none: the next training tests first")
    error = disagreement()
    sound = error < tolerance()
    rows.add_row("self-test", f"{'passed' if sound else 'FAILED'}: population against members alone, {error:.1e} apart")
    printer.say(rows)
    if not sound:
        sys.exit(1)


def _kept(kind: str) -> str:
    """How much of one kind is kept between processes."""
    from seedbed.core.cache import cache_folder

    files = [path for path in (cache_folder() / kind).rglob("*") if path.is_file()]
    return f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB"
