"""`seedbed diagnose`: what keeps the networks of a run from learning."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import seedbed as sb
from seedbed.cli.console import Printer
from seedbed.cli.training import Imports, import_modules

if TYPE_CHECKING:
    from rich.text import Text

    from seedbed.watching.finding import Finding


def diagnose(
    run: Annotated[Path, typer.Argument(help="The folder of a run.", metavar="RUN")],
    data: Annotated[
        str | None, typer.Option(help="Its data, where it is not any more where it was.", metavar="DATA")
    ] = None,
    imports: Imports = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Name what keeps the networks of a run from learning: the cause first, with its evidence and remedies.

    A run that was not watched in full is trained once more, with the same result, and watched.
    """
    import_modules(imports)
    printer = Printer(is_json=as_json)
    with printer.warnings():
        found = sb.diagnose(sb.load_run(run), data)
    if as_json:
        plain: dict[str, Any] = {"run": str(run), "members": found.n_members, "unknown": list(found.unknown)}
        printer.result(plain | {"findings": [as_plain(one) for one in found.findings]})
        return
    for one in found.findings:
        printer.say(shown(one, found.n_members))
    if not found.findings:
        printer.say("nothing found that keeps these networks from learning")
    for sentence in found.unknown:
        printer.note(f"not known: {sentence}")
    if found.findings:
        sys.stdout.write(f"\n`seedbed treat {run}` trains the remedies side by side\n")


def shown(finding: Finding, n_members: int) -> Text:
    """A finding for the terminal: its name, its cause, its evidence."""
    from rich.text import Text

    color = {"fatal": "bold red", "serious": "bold yellow"}.get(finding.severity, "bold")
    who = f"  in {len(finding.members)} of {n_members} members" if finding.members else ""
    text = Text.assemble((finding.title, color), (who, "dim"), f"\n  {finding.because}\n")
    for evidence in finding.evidence:
        text.append(f"  {evidence}\n", style="cyan")
    for symptom in finding.symptoms:
        text.append(f"  and so: {symptom.title.lower()}\n", style="dim")
    text.append(f"  try: {', '.join(finding.remedies)}\n")
    return text


def as_plain(finding: Finding) -> dict[str, Any]:
    """A finding as `--json` prints it."""
    sentences = {"title": finding.title, "because": finding.because}
    return finding.to_dict() | sentences | {"symptoms": [as_plain(one) for one in finding.symptoms]}
