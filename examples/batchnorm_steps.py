"""Batch normalisation: fewer steps, larger learning rates, and less overfitting (after Ioffe and Szegedy 2015).

Published, section 4.1: three hidden layers of 100 sigmoids on MNIST, mini-batches of 60, small normal first weights.
With batch norm the network reaches a higher test accuracy sooner; it is a figure, without a table. For ImageNet the
paper counts the steps to 72.2 % right: 31.0 million without, and 2.1 million with batch norm and five times the
learning rate, 14.8 times fewer. It also finds that batch norm regularises.

Here the network of section 4.1 trains with and without, at several learning rates, four seeds each as one population.
The steps until a given validation accuracy are counted in whole epochs (19 steps for the digits, 834 for MNIST). Then
it trains on few examples for 300 epochs, and the losses at the end say how much it overfits.

    python examples/batchnorm_steps.py --out figures                         # the digits that are built in
    python examples/batchnorm_steps.py --data ../shared/data/mnist --out figures
    python examples/batchnorm_steps.py --quick                               # one rate, fewer steps
"""

from __future__ import annotations

import argparse
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import seedbed as sb

PLAIN, NORMED = "without batch norm", "with batch norm"
BATCH, SEEDS = 60, 4
RATES = (0.03, 0.1, 0.3, 1.0, 3.0)


def setup(kind: str, lr: float, epochs: int, largest: float) -> sb.Setup:
    """The network of section 4.1; a norm stands between linear layer and sigmoid, and makes the bias superfluous."""
    weight = sb.Normal(0.1)
    normed = [sb.Linear(100, weight, bias=None), sb.BatchNorm(), sb.Sigmoid()]
    block = normed if kind == NORMED else [sb.Linear(100, weight), sb.Sigmoid()]
    network = sb.Network([*block * 3, sb.Linear("out", weight)])
    scaled = (sb.Divide(largest),)  # standardised, pixels that are rarely on would be outliers of 200
    rest = {"batch_size": BATCH, "epochs": epochs, "preprocessing": scaled}
    return sb.Setup(network=network, loss=sb.CrossEntropy(), optimizer=sb.SGD(lr=lr), **rest)


def histories(data: sb.data.Dataset, rates: tuple[float, ...], epochs: int) -> pd.DataFrame:
    """The history of every seed, with and without batch norm, at every learning rate; and the steps done so far."""
    tables, largest = [], float(np.max(data.train.x))
    for kind in (PLAIN, NORMED):
        for lr in rates:
            run = sb.train(setup(kind, lr, epochs, largest), data, members=SEEDS, out=None)
            tables.append(run.history.assign(network=kind, lr=lr))
    told = pd.concat(tables, ignore_index=True)
    return told.assign(steps=(told.epoch + 1) * -(-len(data.train) // BATCH), accuracy=100 * told.valid_score)


def steps_until(told: pd.DataFrame, accuracy: float) -> pd.Series:
    """For each network and rate the median over seeds of the steps to that accuracy in %; ∞ where it is not reached."""
    places = ["network", "lr", "member"]
    first = told[told.accuracy >= accuracy].groupby(places).steps.min()
    every = told.groupby(places).accuracy.max()
    return first.reindex(every.index).fillna(np.inf).groupby(["network", "lr"]).median()


def few(data: sb.data.Dataset, n: int) -> sb.data.Dataset:
    """The data with `n` training examples, and the same to validate and to test on."""
    parts = [(data.train.rows[:n], data.train.y[:n]), (data.valid.rows, data.valid.y)]
    rows, y = map(np.concatenate, zip(*parts, strict=True))
    time = np.arange(len(y) + len(data.test))  # the first n are the oldest, and train
    share = len(data.valid) / len(y)
    return sb.data.load((rows, y), test=(data.test.rows, data.test.y), time=time, valid_share=share, name=data.name)


def beside(plain: float, normed: float) -> str:
    """The steps without and with batch norm, and how many times fewer those are."""
    counts = " → ".join("never" if np.isinf(steps) else f"{steps:,.0f}" for steps in (plain, normed))
    return counts + (f" ({plain / normed:.1f} x)" if np.isfinite(plain + normed) else "")


def speed_table(told: pd.DataFrame, accuracies: list[float]) -> Table:
    """By learning rate the steps to each accuracy, and the best accuracy: without → with batch norm."""
    table = Table(title=f"Steps on the way to an accuracy, {PLAIN} → {NORMED}: medians of {SEEDS} seeds")
    for name in ("learning rate", *(f"to {accuracy:g} %" for accuracy in accuracies), "best accuracy"):
        table.add_column(name, justify="right")
    found = [steps_until(told, accuracy) for accuracy in accuracies]
    best = told.groupby(["network", "lr", "member"]).accuracy.max().groupby(["network", "lr"]).median()
    for lr in sorted(told.lr.unique()):
        steps = [beside(one[PLAIN, lr], one[NORMED, lr]) for one in found]
        table.add_row(f"{lr:g}", *steps, f"{best[PLAIN, lr]:.2f} → {best[NORMED, lr]:.2f} %")
    fewest = [beside(one[PLAIN].min(), one[NORMED].min()) for one in found]
    table.add_row("best of them", *fewest, f"{best[PLAIN].max():.2f} → {best[NORMED].max():.2f} %")
    table.caption = f"published for ImageNet, to 72.2 %: {beside(31.0e6, 2.1e6)}"
    return table


def overfitting_table(told: pd.DataFrame, n: int) -> Table:
    """The losses at the end of a training on few examples, means over seeds."""
    table = Table(title=f"{n} training examples, after {told.epoch.max() + 1} epochs: cross-entropy at the end")
    for name in ("network", "learning rate", "training", "validation", "gap", "validation accuracy"):
        table.add_column(name, justify="left" if name == "network" else "right")
    last = told[told.epoch == told.epoch.max()].groupby(["network", "lr"]).mean(numeric_only=True)
    for (kind, lr), row in last.iterrows():
        losses = (row.train_loss, row.valid_loss, row.valid_loss - row.train_loss)
        table.add_row(kind, f"{lr:g}", *(f"{loss:.4f}" for loss in losses), f"{row.accuracy:.2f} %")
    return table


def figure(told: pd.DataFrame, name: str) -> alt.FacetChart:
    """The validation accuracy against steps, a panel for each learning rate."""
    told = told.assign(line=told.network + told.member.astype(str), rate=told.lr.map("learning rate {:g}".format))
    ticks = alt.Axis(format="~s", values=[20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000])
    colours = alt.Scale(domain=[PLAIN, NORMED], range=["#98a1ac", "#1662c8"])
    lines = alt.Chart(told.drop(columns="wall_seconds")).mark_line(opacity=0.8, strokeWidth=1.2).encode(
        x=alt.X("steps:Q", title="steps", scale=alt.Scale(type="log", nice=False), axis=ticks),
        y=alt.Y("accuracy:Q", title="validation accuracy (%)", scale=alt.Scale(domain=[0, 100])),
        color=alt.Color("network:N", title=None, scale=colours),
        detail="line:N",
    )  # fmt: skip
    rates = [f"learning rate {lr:g}" for lr in sorted(told.lr.unique())]
    panels = lines.properties(width=190, height=190).facet(facet=alt.Facet("rate:N", title=None, sort=rates), columns=3)
    text = f"{name}, three hidden layers of 100 sigmoids, one line for each of {SEEDS} seeds"
    return panels.properties(title=alt.Title("Batch normalisation by learning rate", subtitle=text))


def main() -> None:
    """Trains the populations, prints both tables and writes the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="the name of a built-in set, or a folder of images")
    parser.add_argument(
        "--accuracies", type=float, nargs="+", default=[80, 90, 95], help="in %% of the validation part"
    )
    parser.add_argument("--steps", type=int, default=6000, help="of each training")
    parser.add_argument("--quick", action="store_true", help="one learning rate and fewer steps")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder for batchnorm_steps.svg")
    asked = parser.parse_args()
    rates, steps = ((3.0,), 1000) if asked.quick else (RATES, asked.steps)
    data = sb.data.load(asked.data)
    told = histories(data, rates, max(1, steps * BATCH // len(data.train)))
    console = Console()
    console.print(speed_table(told, asked.accuracies))
    n = min(1000, len(data.train) // 4)
    console.print(overfitting_table(histories(few(data, n), rates[-2:], 300), n))
    asked.out.mkdir(parents=True, exist_ok=True)
    figure(told, data.name).save(asked.out / "batchnorm_steps.svg")
    console.print(f"figure: {asked.out / 'batchnorm_steps.svg'}")


if __name__ == "__main__":
    main()
