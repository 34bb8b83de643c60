"""Activations ten layers deep, by initialiser: the experiment of CS231n's lecture 6 (20 April 2017, slides 44 to 50).

Published: 1,000 inputs of 500 numbers N(0, 1) go through ten hidden layers of 500 units, and the standard deviation of
the activations behind each layer is printed. Tanh with weights 0.01 · N(0, 1) vanishes, with 1.0 · N(0, 1) saturates,
with the deck's Xavier (variance 1 / fan_in, here `LeCunNormal`) decays slowly; ReLU with that initialiser vanishes, and
with He's (variance 2 / fan_in) stays. He's spread over seeds grows with depth, so several seeds are drawn.

Then each once more with a batch norm between linear layer and activation: it makes the five nearly one.

    python examples/activation_statistics.py --out figures
    python examples/activation_statistics.py --quick        # 100 units and 2 seeds
"""

from __future__ import annotations

import argparse
from pathlib import Path

import altair as alt
import jax
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import seedbed as sb

DEPTH = 10
WIDTH = 500
CASES = {
    "tanh, 0.01": (sb.Tanh(), 0.01),
    "tanh, 1.0": (sb.Tanh(), 1.0),
    "tanh, 1 / fan_in": (sb.Tanh(), sb.LeCunNormal()),
    "ReLU, 1 / fan_in": (sb.ReLU(), sb.LeCunNormal()),
    "ReLU, 2 / fan_in (He)": (sb.ReLU(), sb.HeNormal()),
}
PUBLISHED = {  # the deck's printed "std", layers 1 to 10
    "tanh, 0.01": (0.213081, 0.047551, 0.010630, 0.002378, 0.000532, 0.000119, 0.000026, 0.000006, 0.000001, 0.0),
    "tanh, 1.0": (
        *(0.981879, 0.981649, 0.981601, 0.981755, 0.981614),
        *(0.981560, 0.981520, 0.981913, 0.981728, 0.981736),
    ),
    "tanh, 1 / fan_in": (
        *(0.627953, 0.486051, 0.407723, 0.357108, 0.320917),
        *(0.292116, 0.273387, 0.254935, 0.239266, 0.228008),
    ),
    "ReLU, 1 / fan_in": (
        *(0.582273, 0.403795, 0.276912, 0.198685, 0.140299),
        *(0.103280, 0.072748, 0.051572, 0.038583, 0.026076),
    ),
    "ReLU, 2 / fan_in (He)": (
        *(0.825232, 0.827835, 0.813855, 0.826902, 0.834092),
        *(0.860035, 0.870610, 0.889348, 0.845357, 0.844523),
    ),
}
PLAIN, NORMED = "without batch norm", "with batch norm"


def deviations(case: str, units: int, *, is_normed: bool, seed: int) -> list[float]:
    """The standard deviation of the activations behind each of the ten layers, for one draw of inputs and weights."""
    activation, weight = CASES[case]
    if isinstance(weight, float):  # a narrower layer sums fewer products, so that its weights are larger by as much
        weight = sb.Normal(weight * (WIDTH / units) ** 0.5)
    block = [sb.Linear(units, weight, bias=None), *([sb.BatchNorm()] if is_normed else []), activation]
    network = sb.Network(block * DEPTH)
    inputs, weights = jax.random.split(jax.random.key(seed))
    x = jax.random.normal(inputs, (2 * units, units))
    params = network.init((units,), key=weights)
    outputs = network.activations(params, x, training=True)  # the batch's own statistics
    return [float(np.std(a)) for a in outputs[len(block) - 1 :: len(block)]]


def measure(units: int, seeds: int) -> pd.DataFrame:
    """One row for each case, with and without batch norm, seed and layer."""
    rows = [
        (case, NORMED if is_normed else PLAIN, seed, layer, deviation)
        for case in CASES
        for is_normed in (False, True)
        for seed in range(seeds)
        for layer, deviation in enumerate(deviations(case, units, is_normed=is_normed, seed=seed), start=1)
    ]
    return pd.DataFrame(rows, columns=["case", "norm", "seed", "layer", "deviation"])


def tables(measured: pd.DataFrame) -> list[Table]:
    """For each case the published deviations, ours with their range over seeds, and those with batch norm."""
    drawn = []
    for case in CASES:
        table = Table(title=f"{case}: standard deviation of activations")
        for name in ("layer", "published", "ours, median", "lowest to highest seed", NORMED):
            table.add_column(name, justify="right")
        own = measured[measured.case == case]
        for layer, published in enumerate(PUBLISHED[case], start=1):
            here = own[own.layer == layer].groupby("norm").deviation
            low, middle, high = (here.agg(how) for how in ("min", "median", "max"))
            spread = f"{low[PLAIN]:.6f} to {high[PLAIN]:.6f}"
            table.add_row(str(layer), f"{published:.6f}", f"{middle[PLAIN]:.6f}", spread, f"{middle[NORMED]:.6f}")
        drawn.append(table)
    return drawn


def figure(measured: pd.DataFrame) -> alt.FacetChart:
    """The deviation by layer, on a logarithmic axis, one panel without and one with batch norm; published as dots."""
    median = measured.groupby(["case", "norm", "layer"], as_index=False).deviation.median()
    told = [(case, PLAIN, i + 1, value) for case, values in PUBLISHED.items() for i, value in enumerate(values)]
    published = pd.DataFrame(told, columns=["case", "norm", "layer", "published"])
    joined = median.merge(published, how="left", on=["case", "norm", "layer"]).replace(0.0, np.nan)
    x = alt.X("layer:O", title="hidden layer", axis=alt.Axis(labelAngle=0))
    scale = alt.Scale(type="log", domain=[1e-7, 2])
    axis = alt.Axis(format="~e", values=[10.0**power for power in range(-7, 1)])
    y = alt.Y("deviation:Q", title="standard deviation of activations", scale=scale, axis=axis)
    colours = alt.Scale(domain=list(CASES), range=["#1662c8", "#c44d16", "#e69f00", "#15191e", "#009e73"])
    colour = alt.Color("case:N", title="activation, weights", scale=colours)
    base = alt.Chart(joined).encode(x=x, color=colour)
    lines = base.mark_line(clip=True).encode(y=y)
    dots = base.mark_point(clip=True, filled=True, size=40).encode(y=alt.Y("published:Q", scale=scale))
    panels = alt.layer(lines, dots).properties(width=280, height=280)
    column = alt.Column("norm:N", title=None, sort=[PLAIN, NORMED])
    text = "lines: median of our seeds; dots: what CS231n's lecture 6 printed"
    return panels.facet(column=column).properties(title=alt.Title("Activations ten layers deep", subtitle=text))


def main() -> None:
    """Measures, prints the tables and writes the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=WIDTH, help="of each layer, and numbers of an input")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--quick", action="store_true", help="100 units and 2 seeds: more spread")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder for activation_statistics.svg")
    asked = parser.parse_args()
    measured = measure(100, 2) if asked.quick else measure(asked.units, asked.seeds)
    console = Console()
    for table in tables(measured):
        console.print(table)
    asked.out.mkdir(parents=True, exist_ok=True)
    figure(measured).save(asked.out / "activation_statistics.svg")
    console.print(f"figure: {asked.out / 'activation_statistics.svg'}")


if __name__ == "__main__":
    main()
