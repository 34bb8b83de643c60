"""`seedbed predict`, `report`, `runs` and `compare`: what is done with runs that are there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import seedbed as sb
from seedbed.cli.console import Printer, table
from seedbed.cli.training import Imports, import_modules
from seedbed.core.errors import UsageError, nearest
from seedbed.core.files import replacing
from seedbed.data.raw import shown
from seedbed.recipe.defaults import RUNS

RunFolder = Annotated[Path, typer.Argument(help="The folder of a run.", metavar="RUN")]


def predict(
    run: RunFolder,
    rows: Annotated[Path, typer.Argument(help="New rows: .csv, .csv.gz, or an IDX file of images.", metavar="FILE")],
    out: Annotated[Path | None, typer.Option(help="Where to write; stdout otherwise.", metavar="FILE.csv")] = None,
    model: Annotated[
        str, typer.Option(help="ensemble, best, or the number of a member.", metavar="MODEL")
    ] = "ensemble",
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.", metavar="")] = False,
    imports: Imports = None,
) -> None:
    """Predict new rows with the ensemble of a run, its best member, or any one."""
    import pandas as pd

    import_modules(imports)
    loaded = sb.load_run(run)
    chosen = _model(loaded, model)
    if proba and loaded.task == "regression":
        raise UsageError(f"--proba: expected a run that tells classes apart, got {run}, which predicts values")
    raw = sb.data.read_rows(rows)
    said = chosen.predict(raw)
    names = [str(name) for name in loaded.encoder.target.names]
    columns = {"prediction": said} if said.ndim == 1 else {n: said[:, i] for i, n in enumerate(names)}
    frame = pd.DataFrame(columns)
    if proba:
        shares = chosen.predict_proba(raw)
        classes = loaded.encoder.target.class_names or names
        frame = frame.join(pd.DataFrame(shares, columns=[f"p_{name}" for name in classes]))
    if out is None:
        frame.to_csv(sys.stdout, index=False)
        return
    try:
        with replacing(out) as partial:
            frame.to_csv(partial, index=False)
    except OSError as error:
        raise UsageError(f"--out {out}: expected a file that can be written, but {error.strerror or error}") from None
    Printer().say(f"{len(frame):,} predictions in {out}")


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
        else:
            test = f"{one['metric']} {number(one['test'])}"
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
    printer.say(differences if found.differences else "setup, data, seed and members are the same")
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


def _model(run: sb.Run, said: str) -> sb.Member | sb.Ensemble:
    if said == "ensemble":
        return run.ensemble()
    if said == "best":
        return run.best
    by_number = {str(member.number): member for member in run.members}
    if said not in by_number:
        expected = f"ensemble, best, or the number of a member, {shown(by_number, 8)}"
        raise UsageError(f"--model: expected {expected}, got {said!r}", nearest(said, ("ensemble", "best")))
    if not by_number[said].is_sound:
        raise UsageError(f"--model: expected a member that can predict, but {said} {by_number[said].outcome}")
    return by_number[said]
