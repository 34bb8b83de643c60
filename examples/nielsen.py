"""Nielsen's networks for MNIST, 784-30-10 and 784-100-10, from chapter 1 of *Neural Networks and Deep Learning*.

Published: quadratic cost, sigmoids, weights and biases N(0, 1), pixels / 256, η = 3, mini-batches of 10, 30 epochs, on
the first 50,000 images. He counts right answers on the 10,000 test images after every epoch and quotes the peak, the
best of three runs for the wider network: 95.42 % and 96.59 %, with "quite some variation" between runs.

Here eight seeds of each train as one population, on his ordered split: 50,000 / 10,000 / 10,000. The weights are those
of the epoch with the smallest validation loss, and the test part is looked at once, so that our figure has no peak
over test scores in it and should be a little lower.

    python examples/nielsen.py --data ../shared/data/mnist --out figures
    python examples/nielsen.py --quick                      # the digits that are built in, in seconds
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

PEAK = {30: 0.9542, 100: 0.9659}  # chapter 1, of his test scores
COUNTS = {0: 9129, 1: 9295, 2: 9348, 27: 9528, 28: 9542, 29: 9534}  # of 10,000, by epoch: his output for 784-30-10
THEIRS = "30 hidden, Nielsen's (test)"


def ordered(folder: Path) -> sb.data.Dataset:
    """MNIST in the order of its files: the first 50,000 train, the next 10,000 validate."""
    data = sb.data.load(folder)
    parts = data.train, data.valid
    order = np.argsort(np.concatenate([part.index for part in parts]))
    rows, y = (np.concatenate([getattr(part, what) for part in parts])[order] for what in ("rows", "y"))
    time = np.arange(len(y) + len(data.test))  # as if they had been written one after the other
    return sb.data.load((rows, y), test=(data.test.rows, data.test.y), time=time, name="mnist")


def setup(units: int, largest: float, epochs: int) -> sb.Setup:
    """His settings, for pixels from 0 to just below `largest`."""
    wide = sb.Normal(1.0)
    layers = [sb.Linear(units, wide, wide), sb.Sigmoid(), sb.Linear("out", wide, wide), sb.Sigmoid()]
    return sb.Setup(
        network=sb.Network(layers),
        loss=sb.QuadraticCost(),
        optimizer=sb.SGD(lr=3.0),
        batch_size=10,
        epochs=epochs,
        preprocessing=(sb.Divide(largest),),
    )


def scores(run: sb.Run, data: sb.data.Dataset) -> list[float]:
    """The test accuracy of every member with its own best weights."""
    truth = np.asarray(data.class_names)[data.test.y]
    return [float(np.mean(member.predict(data.test.rows) == truth)) for member in run.members]


def figure(histories: dict[int, pd.DataFrame], is_mnist: bool) -> alt.LayerChart:
    """The validation accuracy of every seed by epoch; beside it what he counted on the test part."""
    told = pd.concat(table.assign(network=f"{units} hidden, ours") for units, table in histories.items())
    told = told.assign(
        epoch=told.epoch + 1, accuracy=100 * told.valid_score, line=told.network + told.member.astype(str)
    )
    names = [f"{units} hidden, ours" for units in histories]
    colours = alt.Scale(domain=[*names, THEIRS] if is_mnist else names, range=["#15191e", "#71b0ff", "#c44d16"])
    x = alt.X("epoch:Q", title="epoch", scale=alt.Scale(nice=False), axis=alt.Axis(format="d", tickMinStep=1))
    y = alt.Y("accuracy:Q", title="accuracy (%)", scale=alt.Scale(domain=[60, 100] if is_mnist else [0, 100]))
    colour = alt.Color("network:N", title=None, scale=colours)
    layers = [alt.Chart(told).mark_line(clip=True, opacity=0.8).encode(x=x, y=y, color=colour, detail="line:N")]
    if is_mnist:
        his = pd.DataFrame({"epoch": np.array([*COUNTS]) + 1, "accuracy": np.array([*COUNTS.values()]) / 100})
        points = alt.Chart(his.assign(network=THEIRS)).mark_point(filled=True, size=60, opacity=1)
        layers.append(points.encode(x=x, y=y, color=colour))
    text = "validation accuracy after each epoch"
    title = alt.Title("Nielsen's networks, one line for each seed", subtitle=text, anchor="start")
    return alt.layer(*layers).properties(width=520, height=320, title=title)


def main() -> None:
    """Trains both populations, prints the table and writes the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/mnist"), help="the folder of MNIST's files")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--members", type=int, default=8, help="seeds of each network")
    parser.add_argument("--quick", action="store_true", help="the built-in digits instead, in seconds")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder for nielsen.svg")
    asked = parser.parse_args()
    data = sb.data.load("digits") if asked.quick else ordered(asked.data)
    largest = 17 if asked.quick else 256

    table = Table(title=f"Test accuracy on {data.name} after {asked.epochs} epochs, {asked.members} seeds")
    columns = ("network", "published peak", "best by validation", "mean of seeds", "lowest to highest seed", "seconds")
    for name in columns:
        table.add_column(name, justify="right")
    histories = {}
    for units, peak in PEAK.items():
        run = sb.train(setup(units, largest, asked.epochs), data, members=asked.members, out=None)
        histories[units] = run.history
        test = scores(run, data)
        best = run.results["test"]["best"]["accuracy"]
        spread = f"{min(test):.2%} to {max(test):.2%}"
        name = f"{np.prod(data.shape)}-{units}-10"
        figures = (f"{peak:.2%}", f"{best:.2%}", f"{np.mean(test):.2%}", spread, f"{run.wall_seconds:.0f}")
        table.add_row(name, *figures)
    console = Console()
    console.print(table)
    if asked.quick:
        console.print(
            "The published figures are for MNIST; these digits are 8 x 8 pixels, and there are 1,138 to learn from."
        )
    asked.out.mkdir(parents=True, exist_ok=True)
    figure(histories, not asked.quick).save(asked.out / "nielsen.svg")
    console.print(f"figure: {asked.out / 'nielsen.svg'}")


if __name__ == "__main__":
    main()
