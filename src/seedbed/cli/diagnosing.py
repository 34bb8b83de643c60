"""`seedbed diagnose`: what keeps networks from learning, those of a run or those of a setup."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import seedbed as sb
from seedbed.cli.console import Printer
from seedbed.cli.loading import Source
from seedbed.cli.options import with_shared_options
from seedbed.cli.setups import Changes
from seedbed.cli.subjects import check_alone, is_run
from seedbed.cli.training import Imports, import_modules

if TYPE_CHECKING:
    from rich.text import Text

    from seedbed.watching.finding import Finding


@with_shared_options
def diagnose(
    source: Source,
    changes: Changes,
    given: Annotated[
        str | None, typer.Option("--data", help="The data of a run, where it is not where it was.", metavar="DATA")
    ] = None,
    members: Annotated[int, typer.Option(help="How many networks a setup is tried with.", metavar="N", min=1)] = 5,
    seed: Annotated[int, typer.Option(help="Decides first weights, noise and data order.", metavar="N", min=0)] = 0,
    imports: Imports = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Name what keeps networks from learning: the cause first, with its evidence and remedies.

    In place of DATA the folder of a run: one that was not watched in full is trained once more, with the same result,
    and watched; of one that was stopped early its checkpoint is looked at, or some members are trained once more as far
    as it had come. Of DATA the setup is tried out that `seedbed train` would use; nothing is written.
    """
    import_modules(imports)
    printer, run = Printer(is_json=as_json), Path(source.data)
    asked: dict[str, Any] = {"members": members, "progress": True, "on_note": printer.note}
    of_run, has_result = is_run(source.data), (run / "run.json").is_file()
    with printer.warnings():
        if not of_run:
            dataset = source.load()
            found = sb.diagnose(changes.made(dataset), dataset, seed=seed, **asked)
        else:
            check_alone(source, changes)
            found = sb.diagnose(run, given, **asked)
    if as_json:
        plain: dict[str, Any] = {"of": source.data, "members": found.n_members, "unknown": list(found.unknown)}
        printer.result(plain | {"findings": [as_plain(one) for one in found.findings]})
        return
    for one in found.findings:
        printer.say(shown(one, found.n_members))
    if not found.findings:
        printer.say(f"{found.nothing.capitalize()}.")
    for sentence in found.unknown:
        printer.note(f"not known: {sentence}")
    if found.hint:
        printer.note(f"hint: {found.hint}")
    if of_run and not has_result:
        sys.stdout.write(f"\n`seedbed train --resume {run}` goes on with it\n")
    elif found.findings and of_run:
        sys.stdout.write(f"\n`seedbed treat {run}` trains the remedies side by side\n")


def shown(finding: Finding, n_members: int) -> Text:
    """A finding for the terminal: its name, its cause, its evidence."""
    from rich.text import Text

    from seedbed.recipe.diagnose import to_try

    color = {"fatal": "bold red", "serious": "bold yellow"}.get(finding.severity, "bold")
    who = f"  in {len(finding.members)} of {n_members} members" if finding.members else ""
    text = Text.assemble((finding.title, color), (who, "dim"), f"\n  {finding.because}\n")
    for evidence in finding.evidence:
        text.append(f"  {evidence}\n", style="cyan")
    for symptom in finding.symptoms:
        text.append(f"  and so: {symptom.title.lower()}\n", style="dim")
        for evidence in symptom.beginning:
            text.append(f"    {evidence}\n", style="cyan")
    if finding.remedies:
        text.append(f"  try: {to_try(finding)}\n")
    if finding.explanation is not None:
        text.append(f"  more: seedbed explain {finding.explanation}\n", style="dim")
    return text


def as_plain(finding: Finding) -> dict[str, Any]:
    """A finding as `--json` prints it."""
    told = {"title": finding.title, "because": finding.because, "explanation": finding.explanation}
    return finding.to_dict() | told | {"symptoms": [as_plain(one) for one in finding.symptoms]}
