"""`seedbed treat`: remedies for what was found in a run, each proved."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

import seedbed as sb
from seedbed.cli.console import Printer
from seedbed.cli.loading import Source
from seedbed.cli.options import with_shared_options
from seedbed.cli.setups import Changes
from seedbed.cli.subjects import check_alone, is_run
from seedbed.cli.training import Imports, import_modules
from seedbed.core.errors import UsageError


@with_shared_options
def treat(
    source: Source,
    changes: Changes,
    given: Annotated[
        str | None,
        typer.Option(
            "--data", help="The data of a run, where it came from memory or has another path now.", metavar="DATA"
        ),
    ] = None,
    finding: Annotated[
        list[str] | None, typer.Option(help="Treat this finding alone; may be repeated.", metavar="NAME")
    ] = None,
    remedy: Annotated[
        list[str] | None,
        typer.Option(help='Try this remedy and no other, such as tanh or "he + lr_down"; repeatable.', metavar="NAME"),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Networks for each remedy; twice as many if they differ.", metavar="N")
    ] = 8,
    seed: Annotated[int, typer.Option(help="Decides first weights, noise and data order.", metavar="N")] = 0,
    judged: Annotated[
        str, typer.Option(help="Which weights count: best, as a run keeps them, or last.", metavar="WHICH")
    ] = "best",
    give_up: Annotated[
        bool, typer.Option("--give-up/--to-the-end", help="Stop remedies that are behind half-way.")
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where to write the healed setup; RUN/healed.toml or NAME-healed.toml otherwise.", metavar="FILE"
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Where to write the page; RUN/treatment.html or NAME-treatment.html otherwise.", metavar="FILE"
        ),
    ] = None,
    imports: Imports = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Try the remedies for what `diagnose` finds, side by side over several seeds; write the healed setup.

    A remedy is proved when it beats the setup as it is on the validation part: p below 0.05 in a permutation test,
    corrected for their number, and an effect of half a deviation at least. Train with the result by --setup.

    In place of DATA the folder of a run. Of DATA the setup is treated that `seedbed train` would use; NAME is that of
    its file, or of the data.
    """
    from seedbed.recipe.treating.treatment import is_page, is_toml

    import_modules(imports)
    printer, of_run = Printer(is_json=as_json), is_run(source.data)
    before = f"{source.data}/" if of_run else f"{(changes.setup_file or Path(source.data)).stem}-"
    healed, page = out or Path(f"{before}healed.toml"), report or Path(f"{before}treatment.html")
    is_toml(healed), is_page(page)  # before much is trained in vain
    with printer.warnings():
        treated = sb.treat(
            *(_run(source, changes, given) if of_run else _setup(source, changes)), findings=finding, arms=remedy,
            seeds=seeds, seed=seed, judged=judged, give_up=give_up, progress=True, on_note=printer.note,
        )  # fmt: skip
    printer.say(str(treated))
    files: dict[str, str] = {}
    if not treated.is_healthy:
        files["report"] = str(treated.report(page))
    if treated.healed is not None:
        files["setup"] = str(treated.save(healed))
    said = "\n".join(f"{name:7} {path}" for name, path in files.items())
    if said:
        printer.say(f"\n{said}   ({treated.wall_seconds:.1f} s in all)")
    if as_json:
        printer.result({**as_plain(treated), **files})


def _run(source: Source, changes: Changes, given: str | None) -> tuple[sb.Run, Any]:
    """A run, and its data where they are given."""
    if source.target is not None and given is None:
        raise UsageError("--target: expected --data beside it, got none", "the run knows its own data and target")
    check_alone(source, changes, target=source.target)
    data = given if source.target is None else sb.data.load(given, target=source.target)  # else read as the run did
    return sb.load_run(source.data), data


def _setup(source: Source, changes: Changes) -> tuple[sb.Setup, Any]:
    """The setup that `train` would use, and its data."""
    dataset = source.load()
    return changes.made(dataset), dataset


def as_plain(treated: Any) -> dict[str, Any]:
    """The object that `--json` prints."""
    return {
        "name": treated.name,
        "task": treated.task,
        "findings": [asdict(one) for one in treated.findings],
        "chosen": treated.chosen,
        "arms": [
            {name: None if value != value else value for name, value in row.items()}
            for row in treated.arms.to_dict("records")
        ],
        "scores": {
            arm: [float(score) for score in rows["score"]] for arm, rows in treated.scores.groupby("arm", sort=False)
        },
        "differences": [{"place": place, "before": a, "after": b} for place, a, b in treated.differences],
        "valid_share": treated.valid_share,
        "wall_seconds": treated.wall_seconds,
        "compile_seconds": treated.compile_seconds,
    }
