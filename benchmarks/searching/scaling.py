"""Scaling: one study on one core and on two, by one process and by two, and by one worker of Ray and by two."""

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
    one, every, cores = [{0}], [set(range(n))], [{i} for i in range(n)]
    ways: dict[str, tuple[list[set[int]], int]] = {
        "1 process, 1 core": (one, 0),
        f"1 process, {n} cores": (every, 0),
        f"{n} processes, a core each": (cores, 0),
    }
    if machine.has("ray"):
        ways |= {"Ray, 1 worker on 1 core": (one, 1), f"Ray, {n} workers, a core each": (every, n)}
    found: dict[str, Row] = {}
    for pinned, workers in ways.values():  # fills the cache: programs differ with the number of devices
        _run(contest, folder, sizes, pinned, workers)
    for _ in range(rounds):
        for name, (pinned, workers) in ways.items():
            waits_for_quiet(patience)
            row = _run(contest, folder, sizes, pinned, workers)
            found[name] = min(row, found.get(name, row), key=lambda one: one["wall_seconds"])
    return found


def _run(contest: str, folder: Path, sizes: Sizes, pinned: Sequence[set[int]], workers: int) -> Row:
    """The same command once for each set of cores, on one study; with workers, they do it on a cluster of Ray."""
    study = folder / "scaling" / "study.db"
    shutil.rmtree(study.parent, ignore_errors=True)
    study.parent.mkdir()
    command = [*seedbed_command(contest, folder, sizes, METHOD, study), f"--workers={workers}"]
    environment = {"SEEDBED_CACHE": str(folder / "cache-scaling"), "JAX_PLATFORMS": "cpu"}
    running = [start(command, environment, cores) for cores in pinned]
    results = [finish(one) for one in running]
    return {
        "wall_seconds": max(one["wall_seconds"] for one in results),
        "shares": [one["n_trained"] / sizes.trials for one in results],
        "best": max(one["best"] for one in results),
    }


def table(rows: dict[str, Row], title: str) -> Table:
    """The wall clocks as a table; Ray's are held against one worker."""
    shown = Table(box=box.MARKDOWN)
    shown.add_column(title, no_wrap=True)
    for name in ("wall s", "times faster", "trials by process", "best"):
        shown.add_column(name, justify="right")
    base = 0.0
    for name, row in rows.items():
        if name.endswith(" 1 core"):
            base = row["wall_seconds"]
        shares = ", ".join(f"{share:.0%}" for share in row["shares"])
        wall = row["wall_seconds"]
        shown.add_row(name, f"{wall:.1f}", f"{base / wall:.2f}", shares, f"{row['best']:.4f}")
    return shown
