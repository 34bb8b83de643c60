"""`seedbed check`: are data, network, loss and first weights sound, before any time is spent on training?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

import seedbed as sb
from seedbed.cli.console import Printer
from seedbed.cli.loading import Source
from seedbed.cli.options import with_shared_options
from seedbed.cli.setups import Changes
from seedbed.cli.training import Imports, import_modules

if TYPE_CHECKING:
    from rich.text import Text

LOOKS = {True: ("passed ", "green"), False: ("failed ", "bold red"), None: ("unknown", "dim")}


@with_shared_options
def check(
    source: Source,
    changes: Changes,
    seed: Annotated[
        int, typer.Option(help="Decides draws, first weights and the examples looked at.", metavar="N")
    ] = 0,
    imports: Imports = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Check data, network, loss and first weights before training, in a few seconds. Exit code 1: something is wrong.

    Of a setup with distributions what the first member draws is looked at.
    """
    import_modules(imports)
    printer = Printer(is_json=as_json)
    with printer.warnings():
        dataset = source.load()
        found = sb.check(changes.made(dataset), dataset, seed=seed, on_check=lambda one: printer.say(shown(one)))
    if as_json:
        plain: dict[str, Any] = {"data": dataset.name, "passed": found.passed, "seconds": found.seconds}
        printer.result(plain | {"checks": [one.to_dict() for one in found]})
    else:
        n_unknown = sum(one.passed is None for one in found)
        left = f", {n_unknown} not known" if n_unknown else ""
        printer.say(f"\n{len(found)} checks, {len(found.failed)} failed{left}   ({found.seconds:.1f} s)")
    if not found.passed:
        raise typer.Exit(1)


def shown(check: sb.Check) -> Text:
    """A check for the terminal: one line where all is well, else with what was measured and what it means."""
    from rich.text import Text

    mark, color = LOOKS[check.passed]
    text = Text.assemble((mark, color), f"  {check.title}")
    if check.because:
        text.append(f"\n         {check.because}", style="dim" if check.passed is None else "")
    for evidence in check.evidence:
        text.append(f"\n         {evidence}", style="cyan")
    return text
