"""`python -m benchmarks.tables`: `seedbed train` on eight tables, beside what people use on tables today."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.quiet import waits_for_quiet
from benchmarks.table_sets import SETS, TARGET, prepare

SEEDBED, TUNED, BOOSTING = "seedbed", "tuned-mlp", "hgb"
CONTESTANTS = (SEEDBED, "mlp", TUNED, BOOSTING, "lightgbm")
SHARE_OF_TIME = 1 / 5  # of the tuned MLP's that Seedbed may take
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "tables"
NOTES = """\
loss: the log loss of classes, or RMSE in the target's unit, on the same test rows for all. score: accuracy, or R².
÷ Seedbed: the loss, the wall clock and the CPU seconds, divided by Seedbed's: above 1 Seedbed is better, or faster.
wall s, CPU s: of the whole process and its children, with imports and reading; Seedbed's also with compilation and its
report, but without what it does once on a machine. On a busy machine trust the CPU seconds.
The others learn from training and validation rows together. tuned-mlp: the best of 30 draws on the validation rows."""

Results = dict[str, dict[str, dict[str, Any]]]  # by set, then by contestant


def compete(
    sets: Iterable[str], contestants: Iterable[str], *, source: Path, out: Path, seed: int, patience: float
) -> None:
    """Lets each contestant that has no result in `out` yet run once on each table, and writes what came of it."""
    with tempfile.TemporaryDirectory() as passing:
        cache = Path(passing) / "cache"
        for name in sets:
            waiting = [one for one in contestants if not _file(out, name, one, seed).exists()]
            if not waiting:
                continue
            if SEEDBED in waiting and not cache.exists():
                _settle_in(cache)
            with tempfile.TemporaryDirectory() as folder:
                facts = prepare(name, source, Path(folder))
                for contestant in waiting:
                    began_quietly = waits_for_quiet(patience)
                    found = run(contestant, Path(folder), facts["task"], seed, cache)
                    found |= {"set": name, "contestant": contestant, "seed": seed, "began_quietly": began_quietly}
                    _write(_file(out, name, contestant, seed), facts | found | {"machine": machine.describe()})


def _settle_in(cache: Path) -> None:
    """Does what Seedbed does once on a machine, by a run on other data: the self-test, the script of its reports."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["moons", "--members=2", "--epochs=1", f"--out={Path(folder) / 'run'}", "--json"]
        command = [sys.executable, "-m", "seedbed", "train", *options]
        subprocess.run(command, stdout=subprocess.DEVNULL, env=_environment(cache), check=True)


def _environment(cache: Path) -> dict[str, str]:
    from seedbed.core.cache import CACHE_VARIABLE

    return os.environ | {CACHE_VARIABLE: str(cache)}


def run(contestant: str, folder: Path, task: str, seed: int, cache: Path) -> dict[str, Any]:
    """The metrics of one contestant on a prepared table, with the seconds of its process and of that one's children.

    Seedbed finds what it keeps once for a machine, from `cache`, and no program that an earlier table has left.

    Raises:
        RuntimeError: it failed; what it said is on the error stream.
    """
    command = _command(contestant, folder, task, seed)
    if contestant == SEEDBED:
        shutil.copytree(cache, folder / "cache")
    before, started = _cpu_seconds(), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=_environment(folder / "cache"))
    wall = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[2:])}: ended with status {done.returncode}")
    said = json.loads(done.stdout)
    found = said["test"]["ensemble"] if contestant == SEEDBED else said
    kept = ("rmse", "r2") if task == "regression" else ("log_loss", "accuracy")
    return {"wall_seconds": wall, "cpu_seconds": _cpu_seconds() - before, **{name: found[name] for name in kept}}


def _command(contestant: str, folder: Path, task: str, seed: int) -> list[str]:
    if contestant == SEEDBED:
        options = [f"--target={TARGET}", f"--task={task}", f"--seed={seed}", f"--out={folder / 'run'}", "--json"]
        return [sys.executable, "-m", "seedbed", "train", str(folder / "table.csv"), *options]
    return [sys.executable, "-m", "benchmarks.contestants.table_models", contestant, str(folder), task, str(seed)]


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _file(out: Path, name: str, contestant: str, seed: int) -> Path:
    return out / f"{name}.{contestant}.{seed}.json"


def _write(file: Path, content: Mapping[str, Any]) -> None:
    """The content as a file that is there whole or not at all."""
    half = file.with_suffix(".part")
    half.write_text(json.dumps(content, indent=1, ensure_ascii=False))
    half.replace(file)


def read(out: Path, seed: int) -> Results:
    """What stands in a folder of results."""
    found: Results = {}
    for name in SETS:
        files = {one: _file(out, name, one, seed) for one in CONTESTANTS}
        results = {one: json.loads(file.read_text()) for one, file in files.items() if file.exists()}
        if results:
            found[name] = results
    return found


def loss_of(result: Mapping[str, Any]) -> float:
    """What the comparison goes by: log loss or RMSE."""
    return float(result["log_loss"] if "log_loss" in result else result["rmse"])


def verdicts(results: Mapping[str, Mapping[str, Any]]) -> dict[str, bool]:
    """For one table which aims Seedbed meets, of those that can be told."""
    if SEEDBED not in results:
        return {}
    ours, aims = results[SEEDBED], {}
    if TUNED in results:
        aims["better than tuned-mlp"] = loss_of(ours) < loss_of(results[TUNED])
        for kind, name in (("wall_seconds", "time"), ("cpu_seconds", "CPU seconds")):
            aims[f"in a fifth of its {name}"] = ours[kind] / results[TUNED][kind] <= SHARE_OF_TIME
    if BOOSTING in results:
        aims["as good as hgb"] = loss_of(ours) <= loss_of(results[BOOSTING])
    return aims


def table(found: Results) -> Table:
    """The figures as a table, a row for each contestant on each set."""
    shown = Table(box=box.MARKDOWN)
    for name in ("table", "rows", "contestant"):
        shown.add_column(name, no_wrap=True)
    for name in ("loss", "score", "wall s", "CPU s", "loss ÷ Seedbed", "wall ÷ Seedbed", "CPU ÷ Seedbed"):
        shown.add_column(name, justify="right")
    for name, results in found.items():
        ours = results.get(SEEDBED)
        for contestant, result in results.items():
            ratios = ("-", "-", "-")
            if ours is not None:
                loss = loss_of(result) / loss_of(ours)
                wall, cpu = (result[kind] / ours[kind] for kind in ("wall_seconds", "cpu_seconds"))
                ratios = (f"{loss:.3f}", f"{wall:.2f}", f"{cpu:.2f}")
            score = f"{result['accuracy']:.2%}" if "accuracy" in result else f"{result['r2']:.4f}"
            times = (f"{result['wall_seconds']:.1f}", f"{result['cpu_seconds']:.1f}")
            shown.add_row(
                name, f"{sum(result['rows'].values()):,}", contestant, f"{loss_of(result):.5g}", score, *times, *ratios
            )
    return shown


def aims(found: Results) -> list[str]:
    """For each aim on how many tables it is met, and where it is not."""
    by_aim: dict[str, dict[str, bool]] = {}
    for name, results in found.items():
        for aim, is_met in verdicts(results).items():
            by_aim.setdefault(aim, {})[name] = is_met
    lines = []
    for aim, met in by_aim.items():
        missed = [name for name, is_met in met.items() if not is_met]
        lines.append(f"{aim}: {sum(met.values())} of {len(met)}" + (f"; not on {', '.join(missed)}" if missed else ""))
    return lines


def _names(known: Iterable[str]) -> Any:
    def names(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := [name for name in chosen if name not in known]:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}, got {unknown[0]!r}")
        return chosen

    return names


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--sets", type=_names(SETS), default=list(SETS), help="tables with commas between (all)")
    parser.add_argument("--contestants", type=_names(CONTESTANTS), help="with commas between (all that are installed)")
    parser.add_argument("--out", type=Path, help="where results stay; one that is there is not measured again")
    parser.add_argument("--data", type=Path, default=DATA, help="the folder with the tables (../shared/data/tables)")
    parser.add_argument("--seed", type=int, default=0, help="of training; the split is always the same (default 0)")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds that each waits for quiet (default 20)")
    said = parser.parse_args()
    wanted = said.contestants or [name for name in CONTESTANTS if name != "lightgbm" or machine.has("lightgbm")]
    with tempfile.TemporaryDirectory() as passing:
        out = said.out or Path(passing)
        out.mkdir(parents=True, exist_ok=True)
        compete(said.sets, wanted, source=said.data, out=out, seed=said.seed, patience=said.patience)
        found = read(out, said.seed)
    console = Console()
    console.width = max(console.width, 140)
    console.print(table(found))
    all_results = [one for results in found.values() for one in results.values()]
    for line in (*aims(found), *(f"{name}: {value}" for name, value in machine.describe().items())):
        console.print(line, highlight=False)
    n_disturbed = sum(not one["began_quietly"] for one in all_results)
    quiet = f"runs: {len(all_results)}, of which {n_disturbed} began while somebody else used the machine"
    console.print(quiet, highlight=False)
    console.print(NOTES, highlight=False)


if __name__ == "__main__":
    main()
