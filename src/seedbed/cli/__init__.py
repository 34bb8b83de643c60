"""The command: thin, over the recipe. It parses, calls, prints, and turns errors into exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from seedbed.cli import (
    checking,
    describing,
    diagnosing,
    differentiating,
    explaining,
    places,
    predicting,
    ranging,
    results,
    searching,
    training,
    treating,
)
from seedbed.cli.console import show_error
from seedbed.core.errors import SeedbedError

DEBUG_VARIABLE = "SEEDBED_DEBUG"
CTRL_C = 130  # Typer's exit code for it

app = typer.Typer(
    name="seedbed",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Train neural networks in whole populations, and see why they learn or do not.",
)
for command in (
    training.train,
    training.setup,
    searching.search,
    searching.study,
    checking.check,
    diagnosing.diagnose,
    predicting.predict,
    results.report,
    results.runs,
    results.compare,
    explaining.explain,
    treating.treat,
    differentiating.jacobian,
    places.doctor,
):
    app.command()(command)
app.command(name="lr-range")(ranging.lr_range)
app.add_typer(describing.app, name="data")


def _show_version(wanted: bool) -> bool:
    if wanted:
        from seedbed.core.version import __version__

        sys.stdout.write(f"seedbed {__version__}\n")
        raise typer.Exit
    return wanted


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", metavar="", callback=_show_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace behind an error.", metavar="")] = False,
) -> None:
    """Train neural networks in whole populations, and see why they learn or do not."""
    del version
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line. Exit code 0: done, 1: failed, 2: misused."""
    try:
        app(arguments, prog_name="seedbed")
    except SeedbedError as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        show_error(error)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code != CTRL_C:
            raise
        sys.stderr.write("interrupted before there was a result; nothing was written\n")
        sys.exit(1)


__all__ = ["app", "main"]
