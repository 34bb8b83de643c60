"""`seedbed explain`: what something is, measured now, in the terminal and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import seedbed as sb
from seedbed.cli.console import Printer
from seedbed.core.errors import UsageError


def explain(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="What to explain, such as sigmoid; without it: all names.", metavar="NAME"),
    ] = None,
    language: Annotated[str | None, typer.Option("--lang", "--language", help="en or ko.", metavar="LANGUAGE")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it as an HTML page (.html) too.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Explain a function, an initialiser or an idea: formula, picture, measured facts, what goes wrong, what helps."""
    if names is not None and len(names) > 1:
        came = f"{len(names)}: {', '.join(names)}"
        raise UsageError(f"explain: expected one name, got {came}", f"one goes at a time: seedbed explain {names[0]}")
    name = names[0] if names else None
    printer = Printer(is_json=as_json)
    if out is not None:
        _check(name, out)
    told: Any = sb.explain(None, language) if name is None else sb.explain(name, language)
    page = None if out is None else told.save(out)
    if as_json:
        printer.result(told.to_dict() | ({} if page is None else {"page": str(page)}))
        return
    printer.picture(told)
    if page is not None:
        printer.say(f"\npage  {page}")


def _check(name: str | None, out: Path) -> None:
    """Refuses a page of nothing, and one in the place of another file, before anything is measured."""
    from seedbed.reporting.explained.page import check_target

    if name is None:
        raise UsageError("--out: expected what to explain before it", "`seedbed explain` lists the names")
    check_target(out)
