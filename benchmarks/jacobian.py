"""`python -m benchmarks.jacobian`: what a Jacobian takes that knows its structure, beside those that do not."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console

from benchmarks import machine
from benchmarks.contestants.jacobians import CONTESTANTS, DENSE, PACKAGES
from benchmarks.jacobian_cases import CASES
from benchmarks.jacobian_tables import NOTES, products_table, table, verdicts
from benchmarks.quiet import waits_for_quiet

COPIES = 3  # of a dense Jacobian that have to fit: the result, as many unit vectors, and the other order of its axes
SLOW = 10.0  # seconds of a first call that is not repeated in later rounds
MOST = ("peak_bytes", "stored_bytes", "python_blocks")  # of which the largest of the rounds counts

Found = dict[str, Any]


class Limits(NamedTuple):
    """What one process may take: bytes above its start, and seconds."""

    n_bytes: int
    seconds: float


class Course:
    """Runs each contestant on each case, every time in a new process.

    Arguments:
        patience: how many seconds each waits until nobody else computes.
    """

    def __init__(self, folder: Path, *, limits: Limits, patience: float, is_tiny: bool) -> None:
        self.folder, self.limits, self.patience, self.is_tiny = folder, limits, patience, is_tiny
        self.n_runs, self.n_disturbed = 0, 0

    def row(self, case: str, contestants: Sequence[str], rounds: int) -> Found:
        """The figures of one case: of each contestant, with its errors, and of the products."""
        dense_bytes = CASES[case].task(self.is_tiny).n_bytes
        too_large = COPIES * dense_bytes > self.limits.n_bytes
        found: dict[str, Found] = {one: {"stopped": "refused"} for one in contestants if too_large and one in DENSE}
        for _ in range(rounds):
            for one in contestants:
                if _is_repeated(found.get(one)):
                    found[one] = joined(found.get(one), self._run("jacobians", one, case))
        self._run("products", case, "--reference")
        for one in contestants:
            if "stopped" not in found[one]:
                found[one]["errors"] = self._errors(one, case)
        products = self._run("products", case) if "Seedbed" in contestants else {}
        return {
            "dense_bytes": dense_bytes,
            "contestants": {one: found[one] for one in contestants},
            "products": products,
        }

    def _run(self, module: str, *arguments: str) -> Found:
        """What a program found.

        Raises:
            RuntimeError: it failed; what it said is on the error stream.
        """
        command = [sys.executable, "-m", f"benchmarks.contestants.{module}", *arguments, f"--folder={self.folder}"]
        command += ["--tiny"] if self.is_tiny else []
        command += [f"--most-bytes={self.limits.n_bytes}"] if module == "jacobians" else []
        self.n_runs += 1
        self.n_disturbed += not waits_for_quiet(self.patience)
        environment = os.environ | {"JAX_PLATFORMS": "cpu"}
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, env=environment, timeout=self.limits.seconds
            )
        except subprocess.TimeoutExpired:
            return {"stopped": "time"}
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[2:])}: ended with status {done.returncode}")
        found: Found = json.loads(done.stdout)
        return found

    def _errors(self, contestant: str, case: str) -> list[float]:
        """The largest differences of J v and of Jᵀ u from those in double precision, relative to the largest entry."""
        with (
            np.load(self.folder / f"{contestant}.{case}.npz") as own,
            np.load(self.folder / f"reference.{case}.npz") as exact,
        ):
            return [float(np.abs(own[name] - exact[name]).max() / np.abs(exact[name]).max()) for name in exact.files]


def _is_repeated(found: Found | None) -> bool:
    return found is None or ("stopped" not in found and found["first_seconds"] < SLOW)


def joined(known: Found | None, found: Found) -> Found:
    """The figures of two rounds: the shorter times and the larger memory; why it stopped, where the second one did."""
    if known is None or "stopped" in found:
        return found
    pairs = {name: (known[name], value) for name, value in found.items() if name in MOST or name.endswith("_seconds")}
    return found | {name: max(pair) if name in MOST else min(pair) for name, pair in pairs.items()}


def compare(
    cases: Iterable[str], contestants: Sequence[str], *, rounds: int, patience: float, limits: Limits, is_tiny: bool
) -> Found:
    """The figures of all contestants on all cases, and where they were taken."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder), limits=limits, patience=patience, is_tiny=is_tiny)
        for case in cases:
            rows[case] = course.row(case, contestants, rounds)
            print(f"{CASES[case].title}: measured", file=sys.stderr, flush=True)
    described = machine.describe((*machine.PACKAGES, "asdex"))
    return {
        "machine": described,
        "runs": course.n_runs,
        "disturbed": course.n_disturbed,
        "is_tiny": is_tiny,
        "rows": rows,
    }


def _show(result: Mapping[str, Any]) -> None:
    console = Console()
    console.width = max(console.width, 170)  # a table in a log is not to be folded
    console.print(table(result["rows"]))
    console.print(products_table(result["rows"]))
    quiet = f"runs: {result['runs']}, of which {result['disturbed']} began while somebody else used the machine"
    described = [f"{name}: {value}" for name, value in result["machine"].items()]
    described += ["sizes: tiny ones, not those that are named above"] if result["is_tiny"] else []
    for line in (*verdicts(result["rows"]), *described, quiet, NOTES):
        console.print(line, highlight=False, markup=False)


def _names(known: Iterable[str]) -> Any:
    def names(text: str) -> list[str]:
        chosen = text.split("/")
        if unknown := [name for name in chosen if name not in known]:
            raise argparse.ArgumentTypeError(f"expected some of {' / '.join(known)}, got {unknown[0]!r}")
        return chosen

    return names


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jacobian", description=__doc__)
    there = [name for name in CONTESTANTS if machine.has(PACKAGES.get(name, "jax"))]
    parser.add_argument("--cases", type=_names(CASES), default=list(CASES), help="such as tanh/softmax (all)")
    parser.add_argument("--contestants", type=_names(there), default=there, help="with / between (all installed)")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each (default 3)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of one process, at most (default 60)")
    parser.add_argument("--gigabytes", type=float, default=4.0, help="above its start, at most (default 4)")
    parser.add_argument("--patience", type=float, default=5.0, help="seconds that each waits for quiet (default 5)")
    parser.add_argument("--tiny", action="store_true", help="tiny sizes, to see that all of it runs")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    said = parser.parse_args()
    result = compare(
        said.cases,
        said.contestants,
        rounds=said.rounds,
        patience=said.patience,
        limits=Limits(int(said.gigabytes * 1e9), said.seconds),
        is_tiny=said.tiny,
    )
    if said.json:
        said.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    _show(result)


if __name__ == "__main__":
    main()
