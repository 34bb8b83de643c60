"""`seedbed explain`: what something is, measured now, in the terminal and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import seedbed as sb
from seedbed.cli.console import Printer
from seedbed.core.errors import UsageError


def explain(
    name: Annotated[
        str | None, typer.Argument(help="What to explain, such as sigmoid; without it: all names.", metavar="NAME")
    ] = None,
    language: Annotated[str | None, typer.Option("--lang", "--language", help="en or ko.", metavar="LANGUAGE")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it as an HTML page too.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Explain a function, an initialiser or an idea: formula, picture, measured facts, what goes wrong, what helps."""
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
    from seedbed.reporting.explained.page import GENERATOR
    from seedbed.reporting.pages import is_page_of

    if name is None:
        raise UsageError("--out: expected what to explain before it", "`seedbed explain` lists the names")
    is_page_of(out, GENERATOR)
