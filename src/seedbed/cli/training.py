"""`seedbed train` and `seedbed setup`."""

from __future__ import annotations

import importlib
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import seedbed as sb
from seedbed.cli.console import Printer
from seedbed.cli.loading import Source
from seedbed.cli.options import as_typed, with_shared_options
from seedbed.cli.setups import Changes
from seedbed.core.errors import TrainingError, UsageError
from seedbed.recipe.defaults import AUTO, CHECKPOINT_SECONDS
from seedbed.watching.levels import ECONOMY

Imports = Annotated[
    list[str] | None, typer.Option("--import", help="A module with layers of your own.", metavar="MODULE")
]


@with_shared_options
def train(
    source: Source,
    changes: Changes,
    members: Annotated[
        int | None,
        typer.Option(help="How many networks train side by side; 32, or 8 to 16 on a large table.", metavar="N"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides draws, first weights, noise and data order.", metavar="N")] = 0,
    folds: Annotated[
        int | None,
        typer.Option(help="Train each setup on N folds; their mean predicts, by time the last one.", metavar="N"),
    ] = None,
    out: Annotated[
        str,
        typer.Option(
            help="The folder of the run, new or empty; runs/DATA-DATE-TIME otherwise.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = AUTO,
    start: Annotated[
        Path | None, typer.Option("--from", help="Begin with the best weights of another run.", metavar="RUN")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Run as another run did on this machine, to the bit.", metavar="RUN")
    ] = None,
    resumed: Annotated[
        Path | None, typer.Option("--resume", help="Go on with a run that was stopped, as it was begun.", metavar="RUN")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(help="With --resume: a number from now on, such as optimizer.lr=0.01.", metavar="PLACE=NUMBER"),
    ] = None,
    watch: Annotated[
        str,
        typer.Option(help="How much is told of every member while it learns: off, economy or full.", metavar="LEVEL"),
    ] = ECONOMY,
    checkpoint_every: Annotated[
        float, typer.Option(help="Seconds between two checkpoints, at least.", metavar="SECONDS", min=0.0)
    ] = CHECKPOINT_SECONDS,
    imports: Imports = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run's folder alone.", metavar="")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Train a population of networks, from data to report. Without arguments: on the embedded handwritten digits."""
    printer = Printer(is_quiet=quiet, is_json=as_json)
    import_modules(imports)
    told: dict[str, Any] = {"checkpoint_every": checkpoint_every, "progress": not quiet, "on_step": printer.step}
    with printer.warnings():
        if resumed is not None:
            others = any(one is not None for one in (members, folds, start, plan)) or seed or out != AUTO
            others = others or watch != ECONOMY
            if source != Source() or changes != Changes() or others:
                raise UsageError("--resume: expected nothing beside that changes the run", "it goes on as it was begun")
            run = sb.resume(resumed, change=_changes(change), **told)
            if not printer.n_steps:
                printer.note(f"{resumed}: the run is finished, and nothing was left to do")
        else:
            if change:
                raise UsageError("--change: expected --resume beside it", "give the number to the setup instead")
            dataset = source.load()
            made = changes.made(dataset)
            first = None if start is None else sb.load_run(start).best.members[0]
            plans = None if plan is None else sb.load_run(plan)
            told |= {"members": members, "seed": seed, "folds": folds, "out": out, "start": first, "plan": plans}
            told |= {"watch": watch}
            try:
                run = sb.train(made, dataset, **told)
            except TrainingError as error:
                if error.__cause__ is not None:  # it could not be written
                    raise
                same = [*as_typed(source), *as_typed(changes), *(["--seed", str(seed)] if seed else [])]
                same += [word for module in imports or () for word in ("--import", module)]
                raise TrainingError(error.message, f"{error.hint}. {_next(made, shlex.join(same))}") from None
    _show(run, printer, as_json=as_json)


def _next(made: sb.Setup, same: str) -> str:
    """What to do with a setup that leaves no run, as commands with the words that it was trained by."""
    from seedbed.core.draw import distributions

    looks = f"`seedbed diagnose {same}` looks closer"
    return looks if distributions(made) else f"{looks}, `seedbed treat {same}` tries remedies"


def _changes(said: list[str] | None) -> dict[str, float]:
    """Places and numbers, from PLACE=NUMBER."""
    found = {}
    for text in said or ():
        place, _, number = text.partition("=")
        try:
            found[place.strip()] = float(number)
        except ValueError:
            raise UsageError(f"--change: expected PLACE=NUMBER, got {text!r}", "such as optimizer.lr=0.01") from None
    return found


def _show(run: sb.Run, printer: Printer, *, as_json: bool) -> None:
    """Says where the run is, or prints it as one object."""
    if run.is_interrupted:
        printer.note(f"interrupted: this is the best so far; `seedbed train --resume {run.folder}` goes on")
    if as_json:
        printer.result(as_plain(run))
    elif printer.is_quiet:
        sys.stdout.write(f"{run.folder}\n")
    else:
        seconds = f"({run.wall_seconds:.1f} s in all)"
        page = Path(str(run.folder), "report.html")
        lines = [f"run     {run.folder}", f"report  {page}"] if page.is_file() else [f"run     {run.folder}"]
        printer.say("\n" + "\n".join(lines) + f"   {seconds}")


@with_shared_options
def setup(
    source: Source,
    changes: Changes,
    space: Annotated[
        bool, typer.Option("--space", help="Print the space that `search` would search instead.", metavar="")
    ] = False,
    imports: Imports = None,
) -> None:
    """Print the setup that `train` would use, as TOML to read, edit and give back with --setup."""
    from seedbed.core import toml

    import_modules(imports)
    sys.stdout.write(toml.dumps(changes.made(source.load(), sb.propose_space if space else sb.propose)))


def import_modules(names: list[str] | None) -> None:
    """Imports modules that define layers of the user's own; the current folder counts.

    Raises:
        UsageError: one cannot be imported.
    """
    for name in names or ():
        if "" not in sys.path:
            sys.path.insert(0, "")
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise UsageError(f"--import {name}: expected a module, but {error}", "give its name without .py") from None


def as_plain(run: sb.Run) -> dict[str, Any]:
    """The object that `--json` prints."""
    return {
        "run": str(run.folder),
        "data": run.data["name"],
        "task": run.task,
        "members": len(run.members),
        "wall_seconds": run.wall_seconds,
        "interrupted": run.is_interrupted,
        **run.results,
        "intervals": run.intervals,
    }
