"""Scaling: one study on one core and on two, and by one process and by two that share it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from benchmarks import machine
from benchmarks.quiet import waits_for_quiet
from benchmarks.searching.processes import Sizes, finish, seedbed_command, start

METHOD = "random"  # all trials are trained to the end: the work is the same whoever does it
Row = dict[str, Any]


def scale(contest: str, folder: Path, sizes: Sizes, *, rounds: int, patience: float) -> dict[str, Row]:
    """Wall clocks from the first start to the last end, with a warm cache; the best of the rounds.

    One core is one device for the members, and no thread outside it. Of several processes each has a core of its own.
    """
    n = machine.n_cores()
    cores = [{i} for i in range(n)]
    ways = {
        "1 process, 1 core": [{0}],
        f"1 process, {n} cores": [set(range(n))],
        f"{n} processes, a core each": cores,
    }
    found: dict[str, Row] = {}
    for pinned in ways.values():  # fills the cache: programs differ with the number of devices
        _run(contest, folder, sizes, pinned)
    for _ in range(rounds):
        for name, pinned in ways.items():
            waits_for_quiet(patience)
            row = _run(contest, folder, sizes, pinned)
            found[name] = min(row, found.get(name, row), key=lambda one: one["wall_seconds"])
    return found


def _run(contest: str, folder: Path, sizes: Sizes, pinned: Sequence[set[int]]) -> Row:
    """The same command once for each set of cores, on one study."""
    study = folder / "scaling" / "study.db"
    shutil.rmtree(study.parent, ignore_errors=True)
    study.parent.mkdir()
    command = seedbed_command(contest, folder, sizes, METHOD, study)
    environment = {"SEEDBED_CACHE": str(folder / "cache-scaling"), "JAX_PLATFORMS": "cpu"}
    running = [start(command, environment, cores) for cores in pinned]
    results = [finish(one) for one in running]
    return {
        "wall_seconds": max(one["wall_seconds"] for one in results),
        "shares": [one["n_trained"] / sizes.trials for one in results],
        "best": max(one["best"] for one in results),
    }


def table(rows: dict[str, Row], title: str) -> Table:
    """The wall clocks as a table."""
    shown = Table(box=box.MARKDOWN)
    shown.add_column(title, no_wrap=True)
    for name in ("wall s", "times faster", "trials by process", "best"):
        shown.add_column(name, justify="right")
    base = next(iter(rows.values()))["wall_seconds"]
    for name, row in rows.items():
        shares = ", ".join(f"{share:.0%}" for share in row["shares"])
        wall = row["wall_seconds"]
        shown.add_row(name, f"{wall:.1f}", f"{base / wall:.2f}", shares, f"{row['best']:.4f}")
    return shown
