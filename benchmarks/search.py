"""`python -m benchmarks.search`: a search from process start to result, by Seedbed and by what people use for it."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.quiet import waits_for_quiet
from benchmarks.searching import scaling
from benchmarks.searching.contests import CONTESTS, DATA, prepare
from benchmarks.searching.figure import draw
from benchmarks.searching.processes import METHODS, PEERS, Row, Sizes, contestants

PACKAGES = (*machine.PACKAGES, "optuna")
NOTES = """\
wall s: of the whole process from its start, with imports, compilation and reading; where a peer trained fewer trials
than there are (trained), its training time (not its start) is scaled to all. The best of several rounds.
÷ best peer: trials per second, divided by those of the peer with most of them.
best: the best validation score (accuracy, or R²) of a trial, at its epoch with the smallest validation loss;
scikit-learn's after its last epoch. The draws of points and of weights differ, so it is not the same for all.
ensemble: the validation score of the greedy ensemble of eight places. epochs: trained by all trials together.
compile: the share of the wall clock in which JAX traced, lowered, compiled or read a program, most of it beside
training; waits: in which training waited for it. storing: the share in which the study was written.
Optuna + PyTorch: RandomSampler, the usual loop with validation and a report at each epoch, MedianPruner (or where all
halve, SuccessiveHalvingPruner); processes × threads. scikit-learn: its own parameters, without dropout, and of the
activations those that it has; two processes; where all halve, HalvingRandomSearchCV."""


def compare(
    contest: str, names: Sequence[str], sizes: Sizes, folder: Path, *, rounds: int, patience: float
) -> dict[str, Any]:
    """All contestants in turns, each time in fresh processes; of each the round that took the shortest.

    Arguments:
        patience: how many seconds each waits until nobody else computes.
    """
    rows: dict[str, Row] = {}
    n_disturbed, n_runs = 0, 0
    for _ in range(rounds):
        for name, run in contestants(names, contest, folder, sizes).items():
            n_disturbed += not waits_for_quiet(patience)
            n_runs += 1
            row = run()
            rows[name] = min(row, rows.get(name, row), key=lambda one: one["wall_seconds"])
    title = f"{CONTESTS[contest].title}, {sizes.trials} trials, {sizes.epochs} epochs"
    return {"title": title, "rows": rows, "runs": n_runs, "disturbed": n_disturbed}


def table(result: dict[str, Any]) -> Table:
    """The figures of a contest as a table."""
    rows = result["rows"]
    shown = Table(box=box.MARKDOWN)
    shown.add_column(result["title"], no_wrap=True)
    columns = (
        "trained",
        "epochs",
        "wall s",
        "trials/s",
        "÷ best peer",
        "best",
        "ensemble",
        "compile",
        "waits",
        "storing",
    )
    for name in columns:
        shown.add_column(name, justify="right", no_wrap=True)
    best = max((row["trials_per_second"] for name, row in rows.items() if not _is_ours(name)), default=None)
    for name, row in rows.items():
        rate = row["trials_per_second"]
        shown.add_row(
            name,
            str(row["n_trained"]),
            "-" if row["n_epochs"] is None else f"{row['n_epochs']:,}",
            f"{row['wall_seconds']:.1f}",
            f"{rate:.1f}",
            f"{rate / best:.2f}" if best and _is_ours(name) else "-",
            f"{row['best']:.4f}",
            "-" if row["ensemble"] is None else f"{row['ensemble']:.4f}",
            *("-" if row[share] is None else f"{row[share]:.0%}" for share in ("compile_share", "waited_share")),
            "-" if row["storing_share"] is None else f"{row['storing_share']:.1%}",
        )
    return shown


def _is_ours(name: str) -> bool:
    return name.startswith("Seedbed")


def main() -> None:
    said = parsed()
    names, result = said.contestants.split(","), {"machine": machine.describe(PACKAGES), "contests": {}, "scaling": {}}
    console = Console()
    console.width = max(console.width, 190)
    for contest in said.contests.split(","):
        one = CONTESTS[contest]
        trials = said.trials or one.trials
        sizes = Sizes(trials, said.epochs or one.epochs, min(said.sample or trials, trials), said.gpu)
        options = {"rounds": said.rounds, "patience": said.patience}
        with tempfile.TemporaryDirectory() as folder:
            prepare(one, Path(folder), said.source)
            if said.scaling:
                title = f"{one.title}, {trials} trials, {sizes.epochs} epochs"
                rows = result["scaling"][contest] = scaling.scale(contest, Path(folder), sizes, **options)
                console.print(scaling.table(rows, title))
            else:
                found = result["contests"][contest] = compare(contest, names, sizes, Path(folder), **options)
                console.print(table(found))
                console.print(f"runs: {found['runs']}, of which {found['disturbed']} began on a busy machine")
    if said.json:
        said.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    if said.figure and result["contests"]:
        draw(result["contests"], said.figure)
    for name, value in result["machine"].items():
        console.print(f"{name}: {value}", highlight=False)
    console.print(NOTES, highlight=False)


def parsed() -> argparse.Namespace:
    """What the command line says."""
    everyone = (*METHODS, *PEERS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--contests", default="a,b", help=f"of {', '.join(CONTESTS)} (default a,b)")
    parser.add_argument("--contestants", default=",".join(everyone), help=f"of {', '.join(everyone)} (default all)")
    parser.add_argument("--trials", type=int, help="how many (default 512)")
    parser.add_argument("--epochs", type=int, help="of each (default 20)")
    parser.add_argument("--sample", type=int, help="how many of the trials a peer trains (default all)")
    parser.add_argument("--scaling", action="store_true", help="measure one core and two, one process and two instead")
    parser.add_argument("--gpu", action="store_true", help="Seedbed and PyTorch train on a GPU")
    parser.add_argument("--rounds", type=int, default=1, help="how often each contestant runs (default 1)")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds that each waits for quiet (default 20)")
    parser.add_argument("--source", type=Path, default=DATA, help="the folder with tables and images")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    parser.add_argument("--figure", type=Path, help="also draw the best score against wall clock, as a PNG")
    said = parser.parse_args()
    for option, known in (("contests", CONTESTS), ("contestants", everyone)):
        if unknown := set(getattr(said, option).split(",")) - set(known):
            parser.error(f"--{option}: expected some of {', '.join(known)}, got {', '.join(sorted(unknown))}")
    return said


if __name__ == "__main__":
    main()
