"""`seedbed lr-range`: which learning rate suits a setup, tried side by side from the same start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import seedbed as sb
from seedbed.cli.console import Printer, table
from seedbed.cli.loading import Source
from seedbed.cli.options import with_shared_options
from seedbed.cli.setups import Changes
from seedbed.cli.training import Imports, import_modules
from seedbed.recipe.defaults import HIGH_RATE, LOW_RATE, N_RATES

SHOWN = 15  # rates, at most, in the terminal


@with_shared_options
def lr_range(
    source: Source,
    changes: Changes,
    low: Annotated[float, typer.Option(help="The smallest rate.", metavar="RATE")] = LOW_RATE,
    high: Annotated[float, typer.Option(help="The largest rate.", metavar="RATE")] = HIGH_RATE,
    rates: Annotated[
        int, typer.Option("--rates", "-n", help="How many rates, on a logarithmic grid.", metavar="N")
    ] = N_RATES,
    seed: Annotated[int, typer.Option(help="Decides draws, first weights and data order.", metavar="N")] = 0,
    out: Annotated[Path | None, typer.Option(help="Where to write the picture, PNG or SVG.", metavar="FILE")] = None,
    imports: Imports = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Try many learning rates as one population: all from the same weights, about 150 steps, and suggest one.

    With --epochs each goes through the whole training part so often.
    """
    from seedbed.recipe.lr_range import check_picture

    import_modules(imports)
    printer = Printer(is_json=as_json)
    if out is not None:
        check_picture(out)  # before rates are tried in vain
    with printer.warnings():
        dataset = source.load()
        setup = changes.made(dataset)
        found = sb.lr_range(setup, dataset, low=low, high=high, n=rates, epochs=changes.epochs, seed=seed)
    picture = None if out is None else found.report(out)
    if as_json:
        lines = [{**line, "loss_after": None if line["diverged"] else line["loss_after"]} for line in _lines(found)]
        rules = {"suggested": found.suggested, "best": found.best, "rules": found.rules}
        printer.result({"data": found.name, "steps": found.n_steps, **rules, "rates": lines})
        return
    shown = table("learning rate", "loss after", right=("learning rate", "loss after"))
    for i in np.unique(np.linspace(0, len(found.rates) - 1, min(SHOWN, len(found.rates))).round().astype(int)):
        shown.add_row(f"{found.rates[i]:.2e}", "diverged" if np.isnan(found.after[i]) else f"{found.after[i]:.4g}")
    printer.say(shown)
    printer.say(f"\n{found}" + (f"\npicture  {picture}" if picture else ""))


def _lines(found: sb.Range) -> list[dict[str, float]]:
    """The table as plain data."""
    return [{str(name): value for name, value in line.items()} for line in found.table.to_dict("records")]
