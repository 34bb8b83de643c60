"""`seedbed predict`: new rows, from file to file."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import seedbed as sb
from seedbed.cli.console import Printer
from seedbed.cli.training import Imports, import_modules
from seedbed.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from seedbed.recipe.predictor import Predictor

SECONDS = 1.0  # before a bar appears
ENSEMBLE = "ensemble"


def predict(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or its ensemble.safetensors.", metavar="RUN")],
    rows: Annotated[Path, typer.Argument(help="New rows: a file, or a folder of images.", metavar="FILE")],
    out: Annotated[
        Path | None, typer.Option(help="Where to write: .csv, .csv.gz or .parquet; stdout otherwise.", metavar="FILE")
    ] = None,
    model: Annotated[str, typer.Option(help="ensemble, best, or the number of a member.", metavar="MODEL")] = ENSEMBLE,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.", metavar="")] = False,
    missing: Annotated[
        list[str] | None,
        typer.Option(help="A text that means a hole; those of the training data otherwise.", metavar="TEXT"),
    ] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line names the columns; as in the training data otherwise.",
            show_default=False,
        ),
    ] = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out images that cannot be read.", metavar="")
    ] = False,
    imports: Imports = None,
) -> None:
    """Predict new rows with the ensemble of a run, its best member, or any one. Neither file has to fit in memory.

    Of images the first column is the file of each.
    """
    from seedbed.recipe.streaming import check_out, predict_file

    printer = Printer()
    import_modules(imports)
    if out is not None:
        check_out(out, rows)
    chosen = sb.load_predictor(run) if model == ENSEMBLE else _member(run, model)
    if proba and chosen.task == "regression":
        raise UsageError(f"--proba: expected a run that tells classes apart, got {run}, which predicts values")
    with printer.warnings(), _counting() as tell:
        reading = {"missing": missing, "header": header, "skip_broken": skip_broken}
        n_rows = predict_file(chosen, rows, out, proba=proba, on_rows=tell, **reading)
    if out is not None:
        printer.say(f"{n_rows:,} predictions in {out}")


def _member(run: Path, said: str) -> Predictor:
    """The member that is asked for."""
    from seedbed.data.raw import shown

    loaded = sb.load_run(run)
    if said == "best":
        return loaded.best.predictor
    by_number = {str(member.number): member for member in loaded.members}
    if said not in by_number:
        expected = f"ensemble, best, or the number of a member, {shown(by_number, 8)}"
        raise UsageError(f"--model: expected {expected}, got {said!r}", nearest(said, (ENSEMBLE, "best")))
    if not by_number[said].is_sound:
        raise UsageError(f"--model: expected a member that can predict, but {said} {by_number[said].outcome}")
    return by_number[said].predictor


@contextlib.contextmanager
def _counting() -> Iterator[Callable[[int], None]]:
    """Shows how many rows are done on a terminal, where it takes long; the file does not say how many there are."""
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        bars: list[Callable[[int], None]] = []

        def tell(n_rows: int) -> None:
            if not bars and sys.stderr.isatty() and time.monotonic() - start > SECONDS:
                bars.append(_bar(stack))
            for show in bars:
                show(n_rows)

        yield tell


def _bar(stack: contextlib.ExitStack) -> Callable[[int], None]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} rows predicted"), TimeElapsedColumn())
    progress = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = progress.add_task("", total=None)
    return lambda n_rows: progress.update(task, completed=n_rows)
