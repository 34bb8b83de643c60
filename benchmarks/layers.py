"""`python -m benchmarks.layers`: what a training step of a deeper network costs, Seedbed and PyTorch in one run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.networks import LAYER_TASKS, LayerTask
from benchmarks.race import Entrant, Team, enter, race, started

POPULATIONS, GPU_POPULATIONS = (1, 8), (1, 16, 256)
NOTES = """\
ms: milliseconds for one training step of one network, batch 64; the best of several blocks, in which the contestants
took turns. Seedbed does its usual work beside: training loss and score, validation of 160 examples after each 640, best
weights, the gate for diverged members. PyTorch only trains, one network at a time in each process.
p×t: p processes side by side with t threads each, two steps done at a time counting as two; cl: channels_last.
÷: how many times faster Seedbed is than the best of PyTorch.
compile: what Seedbed traced and compiled before, with an empty cache; in no other column."""


def measure(
    tasks: Sequence[LayerTask], *, rounds: int, seconds: float, patience: float, is_gpu: bool
) -> dict[str, Any]:
    """The figures of every entrant in every network, and where they were taken."""
    with tempfile.TemporaryDirectory() as cache:
        seedbed, others = _teams(cache, is_gpu)
        rows, n_disturbed, n_blocks = [], 0, 0
        with started([seedbed, *others]):
            for task in tasks:
                ours = [enter(seedbed, task, members=m) for m in (GPU_POPULATIONS if is_gpu else POPULATIONS)]
                theirs = [enter(team, task) for team in others if len(task.shape) == 3 or "cl" not in team.name]
                n_disturbed += race([*ours, *theirs], rounds=rounds, seconds=seconds, patience=patience)
                n_blocks += rounds * (len(ours) + len(theirs))
                row = {
                    "network": task.name,
                    "compile_seconds": max(entrant.info["compile_seconds"] for entrant in ours),
                    "seedbed": {str(entrant.info["members"]): _figures(entrant) for entrant in ours},
                    "others": {entrant.team.name: _figures(entrant) for entrant in theirs},
                }
                print(json.dumps(row), file=sys.stderr, flush=True)
                rows.append(row)
    return {"machine": machine.describe(), "blocks": n_blocks, "disturbed": n_disturbed, "rows": rows}


def _teams(cache: str, is_gpu: bool) -> tuple[Team, list[Team]]:
    """Seedbed with an empty cache, and PyTorch in its four ways; on a GPU in two."""
    shared = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"} if is_gpu else {"JAX_PLATFORMS": "cpu"}
    seedbed = Team("Seedbed", "population:Seedbed", environment=shared | {"SEEDBED_CACHE": cache})
    if not machine.has("torch"):
        return seedbed, []
    n = machine.n_cores()
    ways = [(1, n)] if is_gpu else list(dict.fromkeys([(1, n), (n, 1)]))
    return seedbed, [
        Team(
            f"{processes}×{threads}{suffix}",
            "pytorch:PyTorch",
            processes,
            {"OMP_NUM_THREADS": str(threads)},
            {"threads": threads, "memory": memory, "device": "cuda" if is_gpu else "cpu"},
        )
        for processes, threads in ways
        for memory, suffix in (("contiguous", ""), ("channels_last", " cl"))
    ]


def _figures(entrant: Entrant) -> dict[str, Any]:
    return {"ms": 1e3 / entrant.best, "all_ms": [1e3 / rate for rate in entrant.rates]}


def table(result: dict[str, Any]) -> Table:
    """The figures of a run as a table."""
    rows = result["rows"]
    members, names = list(rows[0]["seedbed"]), list(dict.fromkeys(name for row in rows for name in row["others"]))
    shown = Table(box=box.MARKDOWN, title_justify="left")
    shown.add_column("network", no_wrap=True)
    for name in (
        *(f"Seedbed {m} ms" for m in members),
        *(f"PyTorch {n} ms" for n in names),
        *(f"÷, {m}" for m in members),
    ):
        shown.add_column(name, justify="right")
    shown.add_column("compile s", justify="right")
    for row in rows:
        ours = [row["seedbed"][m]["ms"] for m in members]
        theirs = [row["others"][name]["ms"] if name in row["others"] else None for name in names]
        best = min((ms for ms in theirs if ms is not None), default=None)
        shown.add_row(
            row["network"],
            *(f"{ms:.2f}" for ms in ours),
            *("-" if ms is None else f"{ms:.2f}" for ms in theirs),
            *("-" if best is None else f"{best / ms:.2f}" for ms in ours),
            f"{row['compile_seconds']:.1f}",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__)
    parser.add_argument("--networks", default="", help="letters of the networks, such as a,c; all by default")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one block (default 1)")
    parser.add_argument("--rounds", type=int, default=5, help="blocks of each contestant (default 5)")
    parser.add_argument("--patience", type=float, default=5.0, help="seconds that a block waits for quiet (default 5)")
    parser.add_argument("--gpu", action="store_true", help=f"on a GPU: populations of {GPU_POPULATIONS}")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    said = parser.parse_args()
    letters = said.networks.split(",") if said.networks else [task.name[0] for task in LAYER_TASKS]
    tasks = [task for task in LAYER_TASKS if task.name[0] in letters]
    result = measure(tasks, rounds=said.rounds, seconds=said.seconds, patience=said.patience, is_gpu=said.gpu)
    if said.json:
        said.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    console = Console()
    console.width = max(console.width, 180)  # a table in a log is not to be folded
    console.print(table(result))
    for name, value in result["machine"].items():
        console.print(f"{name}: {value}", highlight=False)
    quiet = f"blocks: {result['blocks']}, of which {result['disturbed']} began while somebody else used the machine"
    console.print(f"{quiet}\n{NOTES}", highlight=False)


if __name__ == "__main__":
    main()
