"""`seedbed data`: the sets that are built in, and what a data set looks like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

import seedbed as sb
from seedbed.cli.console import Printer, table
from seedbed.cli.loading import Source
from seedbed.cli.options import with_shared_options

if TYPE_CHECKING:
    from seedbed.data.description import Description

MOST_SHOWN = 100


class ListsByDefault(TyperGroup):
    """The group of commands, of which `list` runs where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments of the group."""
        return super().parse_args(ctx, args or ["list"])


app = typer.Typer(cls=ListsByDefault, help="List the data sets that are built in, or describe any data set.")


@app.command("list")
def sets() -> None:
    """List the data sets that are built in, with their sizes and licences: what `seedbed data` alone does."""
    rows = table("name", "rows", "features", "task", "licence", "what it is", right=("rows", "features"))
    rows.columns[-1].min_width = 24
    for entry in sb.data.catalogue():
        task = f"{entry.classes} classes" if entry.classes else entry.task
        rows.add_row(entry.name, f"{entry.rows:,}", str(entry.features), task, entry.licence, entry.description)
    Printer().say(rows)


@app.command()
@with_shared_options
def describe(
    source: Source,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write the page with pictures; describe-<name>.html otherwise.", metavar="FILE"),
    ] = None,
    language: Annotated[str | None, typer.Option(help="The page's language: en or ko.", metavar="LANGUAGE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Show what is in a data set: kinds of columns, holes, balance, outliers, suspicions; with a page of pictures."""
    from seedbed.data.description import describe as described
    from seedbed.recipe.described import is_page, place_of, write_description

    printer = Printer(is_json=as_json)
    if out is not None:
        is_page(out)  # before much is read in vain
    told = described(source.load())
    place = out or place_of(told)
    is_replaced = is_page(place)
    page = write_description(told, place, language)
    _say(told, printer)
    printer.say(f"\npage  {page}{', in the place of the one before' * is_replaced}")
    if as_json:
        printer.result({**told.to_dict(), "page": str(page), "is_replaced": is_replaced})


def _say(told: Description, printer: Printer) -> None:
    from seedbed.reporting.described.lines import column_line, target_line

    rows = told.rows
    parts = f"{rows['train']:,} to train, {rows['valid']:,} to validate, {rows['test']:,} to test"
    printer.say(f"{told.name}  {sum(rows.values()):,} rows: {parts}; what follows is told of the first")
    for name, bars in list(told.target.items())[:MOST_SHOWN]:
        printer.say(f"target {name}  {target_line(bars)}")
    names = {
        "kind": "kind",
        "holes": "holes",
        "distinct": "different",
        "holds": "holds",
        "association": "with target",
        "becomes": "becomes",
    }
    shown = table("column", *names.values(), right=("holes", "different", "with target"))
    for fact in told.columns[:MOST_SHOWN]:
        line = column_line(fact, rows["train"])
        shown.add_row(fact.name, *(line[name] for name in names))
    if told.columns:
        printer.say(shown)
    if len(told.columns) > MOST_SHOWN:
        printer.say(f"and {len(told.columns) - MOST_SHOWN:,} more columns")
    for sentence in told.notices:
        printer.say(f"notice  {sentence}")
    for sentence in told.hints:
        printer.say(f"hint    {sentence}")
