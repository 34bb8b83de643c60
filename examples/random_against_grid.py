"""Random points against a grid where one parameter matters much more than the others (after Bergstra and Bengio 2012).

Published: where few parameters matter, a grid of n points in d dimensions tries only the d-th root of n values of each
parameter, and random points try n. Their figure 1 draws that for nine points in two dimensions; their figures 5 to 8
show the best score against the number of trials for networks with many parameters, on eight data sets.

Here both designs choose the learning rate, the weight decay and the dropout of a small network on the digits that are
built in. A grid of k · k · k points stands at a place of its own in each repeat: it is shifted by chance within its
steps, so that no lucky place decides. All networks of all repeats train side by side, as one population. Printed: how
much of the scores goes with each parameter, how many different values either design tries, and the best validation
score against the number of trials. With two parameters (`--axes 2`) a grid still tries many values of each.

    python examples/random_against_grid.py --out figures
    python examples/random_against_grid.py --axes 2                       # without dropout
    python examples/random_against_grid.py --quick                        # fewer repeats
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import seedbed as sb
from seedbed.reporting.search.random_against_grid import (
    GRID,
    RANDOM,
    best_data,
    differences,
    distinct_data,
    draw_random_against_grid,
)
from seedbed.training.trainer import Training

RATES, DECAYS, DROPOUTS = (1e-5, 10.0), (1e-5, 1e-1), (0.0, 0.3)  # the first two by their logarithm
SIDES = {2: (2, 3, 4, 5, 6), 3: (2, 3, 4)}  # of the grids, by the number of parameters
SHOWN = {2: 9, 3: 27}  # points of the designs that are drawn
NAMES = ("learning rate", "weight decay", "dropout")
UNITS, EPOCHS, BATCH = 16, 6, 64


def designs(repeats: int, n_axes: int, seed: int) -> pd.DataFrame:
    """design, n, repeat, x, y, z: learning rate, weight decay and dropout of each point of every design."""
    rng = np.random.default_rng(seed)
    tables = []
    for repeat in range(repeats):
        for k in SIDES[n_axes]:
            n = k**n_axes
            shifted = (np.arange(k) + rng.random((n_axes, 1))) / k
            grid = np.stack([axis.ravel() for axis in np.meshgrid(*shifted, indexing="ij")])
            for design, units in ((GRID, grid), (RANDOM, rng.random((n_axes, n)))):
                x, y = (low * (high / low) ** u for (low, high), u in zip((RATES, DECAYS), units, strict=False))
                z = DROPOUTS[0] + (DROPOUTS[1] - DROPOUTS[0]) * units[2] if n_axes == 3 else np.zeros(n)
                tables.append(pd.DataFrame({"design": design, "n": n, "repeat": repeat, "x": x, "y": y, "z": z}))
    return pd.concat(tables, ignore_index=True)


def scores(points: pd.DataFrame, data: sb.data.Dataset, seed: int) -> np.ndarray:
    """The best validation accuracy of a network for each point, each with first weights and an order of its own."""
    rest = {"loss": sb.CrossEntropy(), "batch_size": BATCH, "epochs": EPOCHS, "preprocessing": (sb.Standardize(),)}
    setups = [
        sb.Setup(
            network=sb.Network([sb.Linear(UNITS), sb.ReLU(), sb.Dropout(float(p.z)), sb.Linear("out")]),
            optimizer=sb.Adam(lr=float(p.x), weight_decay=float(p.y)),
            **rest,
        )
        for p in points.itertuples()
    ]
    training = Training(setups, range(len(setups)), data, seed)
    training.run()
    found = np.zeros(len(setups))
    for one in training.results:
        accuracy = np.nan_to_num(one.history[..., 3], nan=0.0)  # one that diverged has no score behind that
        found[one.places] = accuracy.max(axis=1)
    return found


def distinct_table(trials: pd.DataFrame) -> Table:
    """How many different values of each axis the designs try."""
    table = Table(title="Different values tried, by number of trials")
    for name in ("trials", *(f"{design}: {name}" for design in (GRID, RANDOM) for name in NAMES[:2])):
        table.add_column(name, justify="right")
    counts = distinct_data(trials).set_index(["design", "n"])
    for n in sorted(trials.n.unique()):
        cells = [counts.at[(design, n), axis] for design in (GRID, RANDOM) for axis in "xy"]
        table.add_row(str(n), *map(str, cells))
    return table


def best_table(trials: pd.DataFrame) -> Table:
    """The best validation accuracy by number of trials, and the difference between the designs."""
    table = Table(title=f"Best validation accuracy, mean over {trials.repeat.nunique()} repeats with its 95 % interval")
    for name in ("trials", GRID, RANDOM, "random less grid"):
        table.add_column(name, justify="right")
    best, apart = best_data(trials).set_index(["design", "n"]), differences(trials).set_index("n")
    for n in sorted(trials.n.unique()):
        cells = [best.loc[(design, n)] for design in (GRID, RANDOM)]
        told = [f"{100 * c['mean']:.2f} ± {100 * (c['high'] - c['mean']):.2f} %" for c in cells]
        one = apart.loc[n]
        table.add_row(str(n), *told, f"{100 * one['mean']:+.2f} ({100 * one.low:+.2f} to {100 * one.high:+.2f})")
    return table


def matter(trials: pd.DataFrame) -> dict[str, float]:
    """For each axis the share of the variance of the random points' scores between ten bins of its values."""
    own = trials[trials.design == RANDOM]
    shares = {}
    for axis, name in zip("xyz", NAMES, strict=True):
        if own[axis].nunique() < 2:
            continue
        bins = pd.qcut(own[axis], 10, labels=False)
        shares[name] = float(own.groupby(bins).score.transform("mean").var(ddof=0) / own.score.var(ddof=0))
    return shares


def main() -> None:
    """Trains both designs as one population, prints the tables and writes the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=24, help="of every design")
    parser.add_argument("--axes", type=int, choices=SIDES, default=3, help="how many parameters there are")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder for random_against_grid.svg")
    asked = parser.parse_args()
    trials = designs(6 if asked.quick else asked.repeats, asked.axes, asked.seed)
    trials = trials.assign(score=scores(trials, sb.data.load("digits"), asked.seed))
    console = Console()
    told = ", ".join(f"{name} {100 * share:.0f} %" for name, share in matter(trials).items())
    console.print(f"{len(trials):,} networks. Share of the variance of the scores that goes with each axis: {told}")
    console.print(distinct_table(trials))
    console.print(best_table(trials))
    asked.out.mkdir(parents=True, exist_ok=True)
    chart = draw_random_against_grid(trials, SHOWN[asked.axes], NAMES[:2], "en")
    chart.save(asked.out / "random_against_grid.svg")
    console.print(f"figure: {asked.out / 'random_against_grid.svg'}")


if __name__ == "__main__":
    main()
