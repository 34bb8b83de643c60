"""`seedbed report`, `runs` and `compare`: what is done with runs that are there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import seedbed as sb
from seedbed.cli.console import Printer, table
from seedbed.cli.training import Imports, import_modules
from seedbed.recipe.defaults import RUNS

RunFolder = Annotated[Path, typer.Argument(help="The folder of a run.", metavar="RUN")]


def report(
    run: RunFolder,
    out: Annotated[Path | None, typer.Option(help="Where to write it, instead of the run.", metavar="FILE")] = None,
    language: Annotated[str | None, typer.Option(help="en or ko.", metavar="LANGUAGE")] = None,
    imports: Imports = None,
) -> None:
    """Write the report of a run again, and name the page."""
    import_modules(imports)
    sys.stdout.write(f"{sb.load_run(run).report(out, language=language)}\n")


def runs(
    folder: Annotated[Path, typer.Argument(help="The folder that holds the runs.", metavar="FOLDER")] = RUNS,
) -> None:
    """List the runs that are there, newest first."""
    from seedbed.recipe.compare import list_runs
    from seedbed.reporting.wording import number

    found = list_runs(folder)
    printer = Printer()
    if not found:
        printer.note(f"no runs in {folder}; `seedbed train` makes one")
        return
    rows = table("run", "data", "members", "test (ensemble)", "seconds", right=("members", "seconds"))
    for one in found:
        if "damaged" in one:
            rows.add_row(one["run"], f"damaged: {one['damaged']}")
        elif "unfinished" in one:
            goes_on = f"stopped: seedbed train --resume {one['run']}"
            state = goes_on if one["unfinished"] == "stopped" else "training"
            rows.add_row(one["run"], one["data"], str(one["members"]), state)
        else:
            test = f"{one['metric']} {number(one['test'])}{', interrupted' * one['is_interrupted']}"
            rows.add_row(one["run"], one["data"], str(one["members"]), test, f"{one['seconds']:.1f}")
    printer.say(rows)


def compare(
    first: Annotated[Path, typer.Argument(help="The folder of a run.", metavar="RUN")],
    second: Annotated[Path, typer.Argument(help="The folder of another.", metavar="RUN")],
    imports: Imports = None,
) -> None:
    """Show what differs between two runs: setup, data, scores, curves."""
    from seedbed.core.plain import shown as words
    from seedbed.recipe.steps import signed
    from seedbed.reporting.wording import number

    import_modules(imports)
    found = sb.compare(sb.load_run(first), sb.load_run(second))
    printer, names = Printer(), found.names
    differences = table("differs", *names)
    for place, a, b in found.differences:
        differences.add_row(place, words(a), words(b))
    printer.say(differences if found.differences else "setup, data, seed, folds and members are the same")
    scores = table("score", *names, "change", right=(*names, "change"))
    for name, a, b in found.scores:
        change = "" if a is None or b is None else signed(b - a)
        scores.add_row(name, number(a), number(b), change)
    printer.say("")
    printer.say(scores)
    curves = table("validation loss at epoch", *(f"{n}, best | median" for n in names))
    last = len(found.curves) - 1
    for row in sorted({round(last * share) for share in (0, 0.1, 0.25, 0.5, 0.75, 1)}):
        values = found.curves.iloc[row]
        pairs = [f"{number(values[f'{x}_best'])} | {number(values[f'{x}_median'])}" for x in "ab"]
        curves.add_row(str(int(found.curves.index[row]) + 1), *pairs)
    printer.say("")
    printer.say(curves)
