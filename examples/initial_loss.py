"""The loss before anything is learned: CS231n's first sanity check (lecture 6 of 20 April 2017, slides 64 and 65).

Published: a network 3072-50-10 with ReLU and weights 0.0001 · N(0, 1) knows nothing, so its cross-entropy over ten
classes is ln 10 = 2.302585; the deck printed 2.302612. With an L2 penalty ½ · reg · Σ w² of reg = 1000 the loss goes
up: to be expected is

    ln 10 + ½ · reg · σ² · (3072 · 50 + 50 · 10) = 3.0731,   deviation ½ · reg · σ² · √(2 · 154,100) = 0.0028,

and the deck printed 3.068597. The deck's inputs are CIFAR-10; here they are N(0, 1), which weights this small do not
tell apart. Xavier's and He's weights are not small: such a network begins with opinions, and above ln 10.

    python examples/initial_loss.py --out figures
    python examples/initial_loss.py --quick                 # 3 seeds
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import altair as alt
import jax
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import seedbed as sb

INPUTS, UNITS, CLASSES, EXAMPLES = 3072, 50, 10, 1000
SIGMA, REG = 1e-4, 1e3
N_WEIGHTS = INPUTS * UNITS + UNITS * CLASSES
CHANCE = math.log(CLASSES)
SMALL, PENALISED = "0.0001 · N(0, 1)", "0.0001 · N(0, 1), L2 of 1000"
BEGINNINGS: dict[str, tuple[sb.Initializer, float]] = {  # the weights, and the strength of the penalty
    SMALL: (sb.Normal(SIGMA), 0.0),
    PENALISED: (sb.Normal(SIGMA), REG),
    "Xavier": (sb.XavierNormal(), 0.0),
    "1 / fan_in": (sb.LeCunNormal(), 0.0),
    "2 / fan_in (He)": (sb.HeNormal(), 0.0),
}
EXPECTED = {SMALL: CHANCE, PENALISED: CHANCE + 0.5 * REG * SIGMA**2 * N_WEIGHTS}
DECK = {SMALL: 2.30261216167, PENALISED: 3.06859716482}


def initial_loss(weight: sb.Initializer, strength: float, seed: int) -> float:
    """The mean cross-entropy of an untrained network on random inputs and labels, and its penalty."""
    network = sb.Network([sb.Linear(UNITS, weight), sb.ReLU(), sb.Linear(CLASSES, weight)])
    weights, inputs, labels = jax.random.split(jax.random.key(seed), 3)
    params = network.init((INPUTS,), key=weights)
    x = jax.random.normal(inputs, (EXAMPLES, INPUTS))
    y = jax.random.randint(labels, (EXAMPLES,), 0, CLASSES)
    losses = sb.CrossEntropy().per_example(network.apply(params, x), y)
    return float(np.mean(losses) + sb.L2(strength).of(params))


def measure(seeds: int) -> pd.DataFrame:
    """One row for each beginning and seed."""
    rows = [
        (name, seed, initial_loss(weight, strength, seed))
        for name, (weight, strength) in BEGINNINGS.items()
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=["weights", "seed", "loss"])


def table_of(measured: pd.DataFrame) -> Table:
    """For each beginning what follows from the formula, what the deck printed, and ours over the seeds."""
    table = Table(title=f"Loss of {INPUTS}-{UNITS}-{CLASSES} before it learns, {measured.seed.nunique()} seeds")
    for name in ("weights", "closed form", "deck", "ours, mean", "deviation over seeds", "lowest to highest"):
        table.add_column(name, justify="left" if name == "weights" else "right")
    for name in BEGINNINGS:
        loss = measured[measured.weights == name].loss
        known = [f"{values[name]:.6f}" if name in values else "–" for values in (EXPECTED, DECK)]
        spread = f"{loss.min():.6f} to {loss.max():.6f}"
        table.add_row(name, *known, f"{loss.mean():.6f}", f"{loss.std():.6f}", spread)
    return table


def figure(measured: pd.DataFrame) -> alt.LayerChart:
    """The loss of every seed by beginning, with ln 10 as a line and the deck's figures as open diamonds."""
    y = alt.Y("weights:N", title="first weights", sort=list(BEGINNINGS), axis=alt.Axis(labelLimit=240))
    x = alt.X("loss:Q", title="loss (nats)", scale=alt.Scale(zero=False, padding=15))
    ours = alt.Chart(measured).mark_circle(size=50, color="#1662c8", opacity=0.6).encode(x=x, y=y)
    deck = pd.DataFrame({"weights": list(DECK), "loss": list(DECK.values())})
    theirs = alt.Chart(deck).mark_point(shape="diamond", size=140, color="#c44d16").encode(x=x, y=y)
    chance = alt.Chart(pd.DataFrame({"loss": [CHANCE]})).mark_rule(strokeDash=[4, 3], color="#5a636e").encode(x=x)
    told = "dots: our seeds; diamonds: what CS231n's lecture 6 printed; dashed: ln 10"
    title = alt.Title(f"The loss of {INPUTS}-{UNITS}-{CLASSES} before it learns", subtitle=told, anchor="start")
    return alt.layer(chance, ours, theirs).properties(width=480, height=200, title=title)


def main() -> None:
    """Measures, prints the table and writes the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="3 seeds")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder for initial_loss.svg")
    asked = parser.parse_args()
    measured = measure(3 if asked.quick else asked.seeds)
    console = Console()
    console.print(table_of(measured))
    asked.out.mkdir(parents=True, exist_ok=True)
    figure(measured).save(asked.out / "initial_loss.svg")
    console.print(f"figure: {asked.out / 'initial_loss.svg'}")


if __name__ == "__main__":
    main()
