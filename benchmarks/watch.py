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
from benchmarks.watch_torch import torch_costs
from seedbed.recipe.diagnose import diagnose
from seedbed.training.trainer import Training
from seedbed.watching.findings import findings_of
from seedbed.watching.levels import ECONOMY, FULL
from seedbed.watching.remedies import REMEDIES
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
TORCH_ROUNDS = 60  # epochs of PyTorch
PROVED, N_ARMS = "W03", 10
ARMS = (
    "tanh", "relu", "selu", "lr_up", "lr_down", "clip", "warm_up", "adam", "larger_batch", "l2", "sgd_momentum", "he",
)  # fmt: skip
NOTES = """\
named: what is named first for five seeds of a case together, and for how many of the five by themselves.
false alarms: random setups of textbook sizes of which something is said of most seeds, and for which `treat` then
proves no remedy; those for which it does are no healthy ones.
cost: microseconds of a training step of one network of 16 in a population, and how many times the plain step; the best
of several trainings that took turns. PyTorch: processor time of a step of one network, eager, on one thread."""


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


def cured(case: Sick, seed: int) -> dict[str, Any]:
    """What is proved for a sick network among its remedies and those that must not help."""
    names = [n for n in (*case.remedies, *case.wrong) if REMEDIES[n](case.setup, case.data().task) is not None]
    if not names:
        return {
            "case": case.name, "proved": [], "cures": [], "wrong": [], "wrong_cures": [], "chosen": None,
            "before": None, "after": None,
        }  # fmt: skip
    sick = sb.diagnose(case.setup, case.data(), seed=seed).findings
    found = sb.treat(case.setup, case.data(), findings=sick, arms=names, seed=seed)
    arms = found.arms.set_index("arm")
    proved = [name for name in names if arms.loc[name, "proved"]]
    cures = [name for name in proved if arms.loc[name, "cleared"] is not False]  # what was found is gone, too
    return {
        "case": case.name,
        "proved": [name for name in proved if name not in case.wrong],
        "cures": [name for name in cures if name not in case.wrong],
        "wrong": [name for name in proved if name in case.wrong],
        "wrong_cures": [name for name in cures if name in case.wrong],
        "chosen": found.chosen,
        "before": float(arms["mean"].iloc[0]),
        "after": float(arms["mean"].max()),
        "seconds": found.wall_seconds,
    }


def alarms(n: int, seed: int, *, first: int = 0) -> dict[str, Any]:
    """How often something is said of most seeds of a random setup for which then no remedy can be proved."""
    false, true = [], []
    for number in range(first, first + n):
        name, data, setup = healthy(number)
        found = diagnose(setup, data(), members=3, seed=seed).findings
        most = [one for one in found if len(one.members) >= 2]
        if most:
            treated = sb.treat(setup, data(), findings=most, seed=seed)
            best = None if treated.chosen is None else treated.arms.set_index("arm").loc[treated.chosen]
            (true if best is not None else false).append(
                {
                    "number": number, "setup": name, "findings": [one.code for one in most], "chosen": treated.chosen,
                    "is_cure": best is not None and best["cleared"] is not False,
                }
            )  # fmt: skip
    n_healthy = n - len(true)
    low, high = _wilson(len(false), n_healthy)
    return {
        "setups": n,
        "healthy": n_healthy,
        "alarms": len(false),
        "interval": [low, high],
        "false": false,
        "true": true,
    }


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


def proof_costs(rounds: int) -> dict[str, float]:
    """Seconds of ten arms over eight seeds: one after the other as plain populations, and as a treatment.

    Compilation is left out of the first three and stands for itself; the best of several rounds.
    """
    case = next(case for case in CASES if case.name.startswith(PROVED))
    data = case.data()
    sick = sb.diagnose(case.setup, data).findings
    arms = [name for name in ARMS if REMEDIES[name](case.setup, data.task) is not None][: N_ARMS - 1]
    setups = [case.setup, *(REMEDIES[name](case.setup, data.task) for name in arms)]
    best: dict[str, float] = {}
    for _ in range(rounds):
        plain = [Training([setup] * 8, list(range(8)), data) for setup in setups if setup is not None]
        found = {"plain": 0.0}
        for one in plain:
            one.run()
            found["plain"] += one.wall_seconds - one.compile_seconds
        for way, gives_up in (("treat", False), ("treat, giving up", True)):
            treated = sb.treat(case.setup, data, findings=sick, arms=arms, seeds=8, give_up=gives_up, watch="economy")
            n_seeds = int(treated.arms["n_seeds"].max())  # twice as many where the best arm spreads widely
            found[way] = (treated.wall_seconds - treated.compile_seconds) * 8 / n_seeds
            found["compile"] = treated.compile_seconds
        best = {way: min(seconds, best.get(way, seconds)) for way, seconds in found.items()}
    return best


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
    parser.add_argument("--first", type=int, default=0, help="the number of the first of them")
    parser.add_argument("--treat", action="store_true", help="also prove the remedies of the sick ones")
    parser.add_argument("--rounds", type=int, default=5, help="trainings of each way to watch; 0: skip")
    parser.add_argument("--epochs", type=int, default=60, help="epochs of each of these trainings")
    parser.add_argument("--torch", action="store_true", help="also what the watcher of PyTorch costs")
    parser.add_argument("--proof", type=int, default=0, metavar="N", help="rounds of a treatment and its arms alone")
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
    treated = [cured(case, said.seed) for case in CASES if said.treat and case.name.startswith(wanted)]
    for row in treated:
        scores = "nothing trains" if row["before"] is None else f"{row['before']:.4f} → {row['after']:.4f}"
        told = f"proved {row['proved']}, of which cures {row['cures']}, chosen {row['chosen']}"
        wrong = f"wrong ones proved {row['wrong']}, of which cures {row['wrong_cures']}"
        console.print(f"{row['case']}: {scores}, {told}; {wrong}", highlight=False)
    quiet = alarms(said.healthy, said.seed, first=said.first) if said.healthy else {}
    if quiet:
        low, high = quiet["interval"]
        share = f"{quiet['alarms']} of {quiet['healthy']} (95 %: {100 * low:.1f} to {100 * high:.1f} %)"
        found = f"{quiet['setups'] - quiet['healthy']} others were rightly found sick"
        console.print(f"false alarms: {share}; {found}", highlight=False)
        for kind in ("false", "true"):
            for one in quiet[kind]:
                chosen = one["chosen"] if one["is_cure"] or kind == "false" else f"{one['chosen']}, no cure"
                told = f"{one['number']}: {', '.join(one['findings'])}, chosen {chosen}: {one['setup']}"
                console.print(f"  {kind} {told}", highlight=False)
    cost = costs(said.rounds, said.epochs) if said.rounds else {}
    cost |= torch_costs(SIZES, N_TRAIN, TORCH_ROUNDS) if said.torch else {}
    for name, best in cost.items():
        ways = ", ".join(f"{way} {us:.2f} ({us / best['plain']:.2f}×)" for way, us in best.items())
        console.print(f"{name}: {ways}", highlight=False)
    proof = proof_costs(said.proof) if said.proof else {}
    if proof:
        ways = ", ".join(f"{way} {seconds:.2f} s" for way, seconds in proof.items())
        ratios = ", ".join(f"{way} {proof[way] / proof['plain']:.2f}×" for way in proof if way.startswith("treat"))
        console.print(f"{N_ARMS} arms over 8 seeds: {ways}; {ratios}", highlight=False)
    console.print(NOTES, highlight=False)
    if said.json:
        result = {
            "machine": machine.describe(),
            "cases": rows,
            "treated": treated,
            "healthy": quiet,
            "cost": cost,
            "proof": proof,
        }
        said.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
