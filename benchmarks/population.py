"""`python -m benchmarks.population`: what a step of one network costs, for Seedbed and for others, in one run."""

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
from benchmarks.networks import FEWEST_VALID, GPU_POPULATIONS, GPU_TASKS, N_TRAIN, N_VALID, TASKS
from benchmarks.race import Entrant, Team, enter, race, started

SEEDBED, SCAN, STEP, SCIKIT = "Seedbed", "JAX scan", "JAX step", "scikit-learn"
NOTES = f"""\
µs: microseconds for one step of one network; the best of several blocks, in which the contestants took turns.
Seedbed trains `members` networks at a time and does its usual work beside: training loss and score, validation of
{N_VALID} examples after each {N_TRAIN}, best weights, the gate for diverged members. The others only train, one network
at a time in each process. Of the populations that were tried the fastest is shown, unless all are.
lean: Seedbed with {FEWEST_VALID} examples to validate on, and all the rest as before: closer to what the others do.
÷: how many times faster Seedbed is than the faster of the two; behind the slash, lean.
GFLOP/s: of Seedbed; 2 · batch · Σ inputs · units for each of forward pass, gradient of the weights and gradient of the
inputs (the last not for the first layer); nothing else is counted.
of peak: of what XLA reached in this run in one large float32 product on all cores; on a GPU, at its default precision.
compile: what Seedbed traced and compiled before, with an empty cache; in no other column."""


def measure(networks: Sequence[int], *, rounds: int, seconds: float, patience: float, is_gpu: bool) -> dict[str, Any]:
    """The figures of every entrant in every network, and where they were taken."""
    with tempfile.TemporaryDirectory() as cache:
        seedbed, others, peak = _teams(cache, is_gpu)
        rows, peaks, device, n_disturbed, n_blocks = [], [], {}, 0, 0
        with started([seedbed, *others, peak]):
            for i in networks:
                populations = GPU_POPULATIONS if is_gpu else TASKS[i].populations
                yardstick = enter(peak, TASKS[i])
                ours = [enter(seedbed, TASKS[i], members=members) for members in populations]
                lean = [enter(seedbed, TASKS[i], members=members, n_valid=FEWEST_VALID) for members in populations]
                theirs = [enter(other, TASKS[i]) for other in others]
                all_ = [*ours, *lean, *theirs, yardstick]
                n_disturbed += race(all_, rounds=rounds, seconds=seconds, patience=patience)
                n_blocks += rounds * len(all_)
                print(f"{TASKS[i].name}: {min(1e6 / one.best for one in ours):.2f} µs", file=sys.stderr, flush=True)
                peaks.append(yardstick.best)
                device = yardstick.info
                rows.append(
                    {
                        "network": TASKS[i].name,
                        "flops": TASKS[i].flops,
                        # Populations of whole waves share a program: the first of them compiles it.
                        "compile_seconds": max(entrant.info["compile_seconds"] for entrant in ours),
                        "seedbed": [
                            {"members": a.info["members"], **_figures(a), "lean_us": 1e6 / b.best}
                            for a, b in zip(ours, lean, strict=True)
                        ],
                        "others": {entrant.team.name: _figures(entrant) for entrant in theirs},
                    }
                )
    return {
        "machine": machine.describe() | device,
        "peak_flops": max(peaks),
        "blocks": n_blocks,
        "disturbed": n_disturbed,
        "rows": rows,
    }


def _teams(cache: str, is_gpu: bool) -> tuple[Team, list[Team], Team]:
    """Seedbed with an empty cache, the others that are installed, and the yardstick."""
    shared = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"} if is_gpu else {"JAX_PLATFORMS": "cpu"}
    seedbed = Team(SEEDBED, "population:Seedbed", environment=shared | {"SEEDBED_CACHE": cache})
    others = [Team(SCAN, "jax_loop:JaxScan", environment=shared), Team(STEP, "jax_loop:JaxStep", environment=shared)]
    if machine.has("torch"):
        others += _pytorch(is_gpu)
    if not is_gpu:
        others.append(Team(SCIKIT, "scikit_learn:ScikitLearn"))
    return seedbed, others, Team("peak", "peak:Peak", environment=shared)


def _pytorch(is_gpu: bool) -> list[Team]:
    """One process with a thread for each core, and as many processes with one thread; on a GPU, one process."""
    if is_gpu:
        return [Team("PyTorch", "pytorch:PyTorch", options={"threads": machine.n_cores(), "device": "cuda"})]
    n = machine.n_cores()
    return [
        Team(
            f"PyTorch {processes}×{threads}",
            "pytorch:PyTorch",
            processes,
            {"OMP_NUM_THREADS": str(threads)},
            {"threads": threads},
        )
        for processes, threads in dict.fromkeys([(1, n), (n, 1)])
    ]


def _figures(entrant: Entrant) -> dict[str, Any]:
    return {"us": 1e6 / entrant.best, "all_us": [1e6 / rate for rate in entrant.rates]}


def table(result: dict[str, Any], *, shows_all: bool) -> Table:
    """The figures of a run as a table."""
    names = list(result["rows"][0]["others"])
    shown = Table(box=box.MARKDOWN, title_justify="left")
    shown.add_column("network / batch", no_wrap=True)
    times = [f"{name} µs" for name in (SEEDBED, "lean", *names)]
    for name in ("members", *times, "PyTorch ÷", "JAX loop ÷", "GFLOP/s", "of peak", "compile s"):
        shown.add_column(name, justify="right")
    for row in result["rows"]:
        best = min(row["seedbed"], key=lambda one: one["us"])
        for one in row["seedbed"] if shows_all else [best]:
            shown.add_row(*_cells(row, one, names, result["peak_flops"]))
    return shown


def _cells(row: dict[str, Any], ours: dict[str, Any], names: list[str], peak: float) -> list[str]:
    us = {name: row["others"][name]["us"] for name in names}
    pytorch = [value for name, value in us.items() if name.startswith("PyTorch")]
    loop = [us[name] for name in (SCAN, STEP)]
    speed = row["flops"] / ours["us"] * 1e6
    ratios = [
        f"{min(times) / ours['us']:.2f} / {min(times) / ours['lean_us']:.2f}" if times else "-"
        for times in (pytorch, loop)
    ]
    return [
        row["network"],
        str(ours["members"]),
        _number(ours["us"]),
        _number(ours["lean_us"]),
        *(_number(us[name]) for name in names),
        *ratios,
        f"{speed / 1e9:.0f}",
        f"{speed / peak:.0%}",
        f"{row['compile_seconds']:.2f}",
    ]


def _number(us: float) -> str:
    return f"{us:.{max(0, 2 - len(str(int(us))) + 1)}f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.population", description=__doc__)
    parser.add_argument("--networks", default=None, help="numbers of the networks, such as 0,1,2; all by default")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of one block (default 0.5)")
    parser.add_argument("--rounds", type=int, default=7, help="blocks of each contestant (default 7)")
    parser.add_argument("--patience", type=float, default=5.0, help="seconds that a block waits for quiet (default 5)")
    parser.add_argument("--gpu-sizes", action="store_true", help=f"on a GPU: populations of {GPU_POPULATIONS}")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    said = parser.parse_args()
    default = range(len(GPU_TASKS) if said.gpu_sizes else len(TASKS))
    networks = [int(i) for i in said.networks.split(",")] if said.networks else default
    result = measure(networks, rounds=said.rounds, seconds=said.seconds, patience=said.patience, is_gpu=said.gpu_sizes)
    if said.json:
        said.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    console = Console()
    console.width = max(console.width, 200)  # a table in a log is not to be folded
    console.print(table(result, shows_all=said.gpu_sizes))
    for name, value in result["machine"].items():
        console.print(f"{name}: {value}", highlight=False)
    quiet = f"blocks: {result['blocks']}, of which {result['disturbed']} began while somebody else used the machine"
    console.print(f"peak: {result['peak_flops'] / 1e9:.0f} GFLOP/s\n{quiet}\n{NOTES}", highlight=False)


if __name__ == "__main__":
    main()
