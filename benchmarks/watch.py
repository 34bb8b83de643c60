"""`python -m benchmarks.watch`: are sick networks named and healthy ones left in peace, and what does watching cost?"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

import seedbed as sb
from benchmarks import machine
from benchmarks.healthy import healthy
from benchmarks.sick import CASES, Sick
from seedbed.recipe.diagnose import diagnose
from seedbed.training.trainer import Training
from seedbed.watching.findings import findings_of
from seedbed.watching.levels import ECONOMY, FULL
from seedbed.watching.signals import Watch

SEEDS = 5
WATCHES = {
    "plain": None,
    "economy, 16": Watch(ECONOMY, 16),
    "economy, 1": Watch(ECONOMY, 1),
    "full, 16": Watch(FULL, 16),
}
SIZES = {"64-64-64-10 / 32": ((64, 64, 64, 10), 32), "784-128-10 / 64": ((784, 128, 10), 64)}
N_TRAIN, N_VALID, MEMBERS = 3200, 800, 16
NOTES = """\
named: what is named first for five seeds of a case together, and for how many of the five by themselves.
false alarms: random setups of textbook sizes of which something is said of most seeds; whether a remedy can be proved
for them is a question to `seedbed treat`, so this counts too many.
cost: microseconds of a training step of one network of 16 in a population, and how many times the plain step; the best
of several trainings that took turns."""


def named(case: Sick, seed: int) -> dict[str, Any]:
    """What is named of a sick network."""
    before = time.perf_counter()
    found = diagnose(case.setup, case.data(), members=SEEDS, seed=seed)
    alone = [findings_of(one) for one in found.cases]
    first = found.findings[0] if found.findings else None
    return {
        "case": case.name,
        "expected": list(case.expected),
        "first": first.code if first else None,
        "is_right": first is not None and first.code in case.expected,
        "of_seeds": sum(bool(one) and one[0].code in case.expected for one in alone) if alone else SEEDS,
        "evidence": [str(one) for one in first.evidence] if first else [],
        "symptoms": [one.code for one in first.symptoms] if first else [],
        "seconds": time.perf_counter() - before,
    }


def alarms(n: int, seed: int) -> dict[str, Any]:
    """How often something is said of most seeds of a random setup."""
    said = []
    for number in range(n):
        name, data, setup = healthy(number)
        found = diagnose(setup, data(), members=3, seed=seed).findings
        most = [one.code for one in found if len(one.members) >= 2]
        if most:
            said.append({"number": number, "setup": name, "findings": most})
    low, high = _wilson(len(said), n)
    return {"setups": n, "alarms": len(said), "interval": [low, high], "said": said}


def costs(rounds: int, epochs: int) -> dict[str, dict[str, float]]:
    """Microseconds of a step of a network, for each way to watch."""
    found = {}
    for name, (sizes, batch) in SIZES.items():
        setup, data = _task(sizes, batch, epochs)
        best = dict.fromkeys(WATCHES, math.inf)
        for _ in range(rounds):
            for way, watch in WATCHES.items():
                training = Training([setup] * MEMBERS, list(range(MEMBERS)), data, observe=watch)
                training.run()
                seconds = training.wall_seconds - training.compile_seconds
                best[way] = min(best[way], 1e6 * seconds / training.n_steps)
        found[name] = best
    return found


def _task(sizes: tuple[int, ...], batch: int, epochs: int) -> tuple[sb.Setup, Any]:
    rng = np.random.default_rng(0)
    n = N_TRAIN + 2 * N_VALID
    x, y = rng.normal(size=(n, sizes[0])).astype(np.float32), rng.integers(0, sizes[-1], n)
    data = sb.data.load((x, y), valid_share=N_VALID / n, test_share=N_VALID / n)
    line = ", relu, ".join(f"linear {units}" for units in sizes[1:])
    setup = sb.Setup(
        network=sb.Network.parse(line), loss=sb.CrossEntropy(), optimizer=sb.SGD(0.01), batch_size=batch,
        epochs=epochs, preprocessing=(),
    )  # fmt: skip
    return setup, data


def _wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share.  (Wilson 1927)"""
    z = 1.959964
    middle, half = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return max(0.0, middle - half), min(1.0, middle + half)


def cases_table(rows: Sequence[dict[str, Any]]) -> Table:
    """The sick networks as a table."""
    shown = Table(box=box.MARKDOWN, title_justify="left")
    for name in ("case", "named first", "right", "of 5 alone", "evidence", "and so"):
        shown.add_column(name, overflow="fold")
    for row in rows:
        right = "yes" if row["is_right"] else f"no: {' or '.join(row['expected'])}"
        evidence, symptoms = "; ".join(row["evidence"]), ", ".join(row["symptoms"])
        shown.add_row(row["case"], str(row["first"]), right, str(row["of_seeds"]), evidence, symptoms)
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watch", description=__doc__)
    parser.add_argument("--cases", default="", help="beginnings of names, such as W01,S; all by default; none: skip")
    parser.add_argument("--healthy", type=int, default=300, help="random setups; 0: skip")
    parser.add_argument("--rounds", type=int, default=5, help="trainings of each way to watch; 0: skip")
    parser.add_argument("--epochs", type=int, default=60, help="epochs of each of these trainings")
    parser.add_argument("--seed", type=int, default=0, help="of all trainings")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    said = parser.parse_args()
    console = Console()
    console.width = max(console.width, 200)
    wanted = tuple(said.cases.split(",")) if said.cases else ("",)
    rows = [named(case, said.seed) for case in CASES if case.name.startswith(wanted)]
    if rows:
        console.print(cases_table(rows))
        console.print(f"named rightly: {sum(row['is_right'] for row in rows)} of {len(rows)}", highlight=False)
    quiet = alarms(said.healthy, said.seed) if said.healthy else {}
    if quiet:
        low, high = quiet["interval"]
        share = f"{quiet['alarms']} of {quiet['setups']} (95 %: {100 * low:.1f} to {100 * high:.1f} %)"
        console.print(f"something said of random setups: {share}", highlight=False)
        for one in quiet["said"]:
            console.print(f"  {one['number']}: {', '.join(one['findings'])}: {one['setup']}", highlight=False)
    cost = costs(said.rounds, said.epochs) if said.rounds else {}
    for name, best in cost.items():
        ways = ", ".join(f"{way} {us:.2f} ({us / best['plain']:.2f}×)" for way, us in best.items())
        console.print(f"{name}: {ways}", highlight=False)
    console.print(NOTES, highlight=False)
    if said.json:
        result = {"machine": machine.describe(), "cases": rows, "healthy": quiet, "cost": cost}
        said.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
