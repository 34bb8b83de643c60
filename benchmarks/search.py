"""`python -m benchmarks.search`: a random search from process start to result, by Seedbed and by PyTorch one by one."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.quiet import waits_for_quiet

SEED = 0
COLD, WARM = "Seedbed, empty cache", "Seedbed, warm cache"
NOTES = """\
Each contestant trains the same setups (learning rate, momentum, gain of the initialiser, activation) of a 64-64-10
network on the same part of the digits, with batches of 32 and validation after each epoch. The best of several rounds.
wall s: of the whole process, with its imports. PyTorch trains one by one; where it trained fewer setups than there are,
its training time (not its start) is scaled to all. ratio: wall clock against Seedbed with an empty cache.
compile: when Seedbed traced, lowered, compiled or read a compiled program, and its share. best: validation accuracy."""


def space(epochs: int) -> Any:
    """The search space: a setup in which distributions stand."""
    from seedbed.core.distributions import choice, log_uniform, uniform
    from seedbed.network import ELU, CrossEntropy, HeNormal, Linear, Network, ReLU, Sigmoid, Tanh
    from seedbed.training import SGD, Setup

    gain = uniform(0.3, 2.0, name="gain")
    layers = (
        Linear(64, weight=HeNormal(gain=gain)),
        choice(ReLU(), Tanh(), Sigmoid(), ELU(), name="activation"),
        Linear("out", weight=HeNormal(gain=gain)),
    )
    optimizer = SGD(log_uniform(1e-3, 1.0), momentum=uniform(0.0, 0.99))
    return Setup(Network(layers), CrossEntropy(), optimizer, batch_size=32, epochs=epochs)


def draws(n_setups: int, epochs: int) -> list[Any]:
    """The setups of all members."""
    from seedbed.core.draw import draw

    return [draw(space(epochs), seed=SEED, number=number) for number in range(n_setups)]


def search_with_seedbed(n_setups: int, epochs: int) -> dict[str, Any]:
    """The best validation accuracy, and what the time went into."""
    import numpy as np

    from benchmarks.compilation import Listener

    with Listener() as heard:
        from seedbed import data
        from seedbed.training.trainer import Training

        setups = draws(n_setups, epochs)
        loaded = data.load("digits")
        started = time.perf_counter()
        results = Training(setups, range(n_setups), loaded, seed=SEED).run()
        seconds = time.perf_counter() - started
    best = max(float(np.nanmax(one.history[:, :, 3])) for one in results)
    return {"best": best, "training_seconds": seconds, "compile_seconds": heard.seconds, "n_setups": n_setups}


def search_with_pytorch(folder: Path, members: list[int], epochs: int) -> dict[str, Any]:
    """The best validation accuracy of some of the setups, trained one by one on one thread or more."""
    import numpy as np
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    setups = json.loads((folder / "setups.json").read_text())
    with np.load(folder / "digits.npz") as arrays:
        parts = [torch.from_numpy(arrays[name]) for name in ("train_x", "train_y", "valid_x", "valid_y")]
    started = time.perf_counter()
    best = max(_train_with_pytorch(setups[member], parts, epochs, member) for member in members)
    return {"best": best, "training_seconds": time.perf_counter() - started, "n_setups": len(members)}


def _train_with_pytorch(setup: dict[str, Any], parts: list[Any], epochs: int, seed: int) -> float:
    """The best validation accuracy of one setup."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    x, y, valid_x, valid_y = parts
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "elu": nn.ELU}[setup["activation"]]
    network = nn.Sequential(nn.Linear(64, 64), activation(), nn.Linear(64, 10))
    for layer in (network[0], network[2]):
        nn.init.normal_(layer.weight, std=setup["gain"] * (2 / layer.in_features) ** 0.5)
        nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(network.parameters(), lr=setup["lr"], momentum=setup["momentum"])
    cross_entropy, best = nn.functional.cross_entropy, 0.0
    for _ in range(epochs):
        order = torch.randperm(len(y))
        for batch, labels in zip(x[order].split(32), y[order].split(32), strict=True):
            optimizer.zero_grad()
            cross_entropy(network(batch), labels).backward()
            optimizer.step()
        with torch.no_grad():
            outputs = network(valid_x)
            cross_entropy(outputs, valid_y).item()
            best = max(best, (outputs.argmax(1) == valid_y).float().mean().item())
    return best


def prepare(folder: Path, n_setups: int, epochs: int) -> None:
    """Writes the drawn setups and the preprocessed digits for PyTorch, whose process does not import Seedbed."""
    import numpy as np

    from seedbed import data
    from seedbed.data.preprocessor import Preprocessor

    setups = draws(n_setups, epochs)
    plain = [
        {
            "lr": one.optimizer.lr,
            "momentum": one.optimizer.momentum,
            "gain": one.network.layers[0].weight.gain,
            "activation": one.network.layers[1].kind,
        }
        for one in setups
    ]
    (folder / "setups.json").write_text(json.dumps(plain))
    loaded = data.load("digits")
    fitted = Preprocessor.fit(setups[0].preprocessing, loaded)
    arrays = {}
    for name in ("train", "valid"):
        part = getattr(loaded, name)
        arrays[f"{name}_x"] = np.asarray(fitted.x(part.x), np.float32).reshape(len(part), -1)
        arrays[f"{name}_y"] = part.y.astype(np.int64)
    np.savez(folder / "digits.npz", **arrays)


def compare(n_setups: int, epochs: int, *, sample: int, rounds: int, patience: float) -> dict[str, Any]:
    """All contestants in turns, each time in fresh processes; of each the round that took the shortest.

    Arguments:
        sample: how many of the setups PyTorch trains.
        patience: how many seconds each waits until nobody else computes.
    """
    rows: dict[str, dict[str, Any]] = {}
    n_disturbed = 0
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            for title, contestant in _contestants(Path(name), n_setups, epochs, sample).items():
                n_disturbed += not waits_for_quiet(patience)
                found = _joined(contestant(), n_setups)
                rows[title] = min(found, rows.get(title, found), key=lambda row: row["wall_seconds"])
    return {
        "machine": machine.describe(),
        "n_setups": n_setups,
        "epochs": epochs,
        "blocks": rounds * len(rows),
        "disturbed": n_disturbed,
        "rows": rows,
    }


def _contestants(
    folder: Path, n_setups: int, epochs: int, sample: int
) -> dict[str, Callable[[], list[dict[str, Any]]]]:
    """What each contestant runs, in this order: the first fills the cache of the second."""
    sizes = [f"--setups={n_setups}", f"--epochs={epochs}"]
    environment = {"SEEDBED_CACHE": str(folder / "cache"), "JAX_PLATFORMS": "cpu"}
    seedbed = lambda: [_finish(*_start(["--only=seedbed", *sizes], environment))]  # noqa: E731
    contestants = {COLD: seedbed, WARM: seedbed}
    if machine.has("torch"):
        prepare(folder, n_setups, epochs)
        n = machine.n_cores()
        for processes, threads in dict.fromkeys([(n, 1), (1, n)]):
            shares = [range(sample)[i::processes] for i in range(processes)]
            contestants[f"PyTorch {processes}×{threads}"] = partial(_pytorch, folder, sizes, shares, threads)
    return contestants


def _pytorch(folder: Path, sizes: list[str], shares: list[range], threads: int) -> list[dict[str, Any]]:
    """Several processes side by side, each with its share of the setups."""
    running = [
        _start(
            ["--only=pytorch", f"--folder={folder}", f"--members={','.join(map(str, share))}", *sizes],
            {"OMP_NUM_THREADS": str(threads)},
        )
        for share in shares
        if share
    ]
    return [_finish(*one) for one in running]


def _start(arguments: list[str], environment: dict[str, str]) -> tuple[float, subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.search", *arguments]
    started = time.perf_counter()
    return started, subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment)


def _finish(started: float, process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a process found, with its wall clock.

    Raises:
        RuntimeError: it failed; what it said is on the error stream.
    """
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(process.args[2:])}: ended with status {process.returncode}")
    return json.loads(output) | {"wall_seconds": time.perf_counter() - started}


def _joined(results: list[dict[str, Any]], n_setups: int) -> dict[str, Any]:
    """The figures of processes that ran side by side; the training time scaled where they trained a sample."""
    n_trained = sum(one["n_setups"] for one in results)
    longest = max(results, key=lambda one: one["wall_seconds"])
    training = longest["training_seconds"] * n_setups / n_trained
    return {
        "wall_seconds": longest["wall_seconds"] - longest["training_seconds"] + training,
        "training_seconds": training,
        "compile_seconds": longest.get("compile_seconds"),
        "n_trained": n_trained,
        "best": max(one["best"] for one in results),
    }


def table(result: dict[str, Any]) -> Table:
    """The figures as a table."""
    shown = Table(box=box.MARKDOWN)
    shown.add_column(f"{result['n_setups']} setups, {result['epochs']} epochs", no_wrap=True)
    for name in ("trained", "wall s", "ratio", "compile s", "compile", "best"):
        shown.add_column(name, justify="right")
    base = result["rows"][COLD]["wall_seconds"]
    for name, row in result["rows"].items():
        wall, compiling = row["wall_seconds"], row["compile_seconds"]
        shares = ("-", "-") if compiling is None else (f"{compiling:.2f}", f"{compiling / wall:.0%}")
        shown.add_row(name, str(row["n_trained"]), f"{wall:.2f}", f"{wall / base:.2f}", *shares, f"{row['best']:.2%}")
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--setups", type=int, default=256, help="how many setups (default 256)")
    parser.add_argument("--epochs", type=int, default=20, help="epochs of each (default 20)")
    parser.add_argument("--sample", type=int, default=64, help="how many of them PyTorch trains (default 64)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contestant runs (default 3)")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds that each waits for quiet (default 20)")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    parser.add_argument("--only", choices=("seedbed", "pytorch"), help="be one of the contestants; prints JSON")
    parser.add_argument("--folder", type=Path, help="with --only pytorch: where setups and data are")
    parser.add_argument("--members", help="with --only pytorch: the numbers of the setups to train")
    said = parser.parse_args()
    if said.only:
        with contextlib.redirect_stdout(sys.stderr):
            found = (
                search_with_seedbed(said.setups, said.epochs)
                if said.only == "seedbed"
                else search_with_pytorch(said.folder, [int(i) for i in said.members.split(",")], said.epochs)
            )
        print(json.dumps(found))
        return
    sample = min(said.sample, said.setups)
    result = compare(said.setups, said.epochs, sample=sample, rounds=said.rounds, patience=said.patience)
    if said.json:
        said.json.write_text(json.dumps(result, indent=1, ensure_ascii=False))
    console = Console()
    console.width = max(console.width, 140)
    console.print(table(result))
    for name, value in result["machine"].items():
        console.print(f"{name}: {value}", highlight=False)
    quiet = f"runs: {result['blocks']}, of which {result['disturbed']} began while somebody else used the machine"
    console.print(quiet, highlight=False)
    console.print(NOTES, highlight=False)


if __name__ == "__main__":
    main()
