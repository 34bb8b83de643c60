"""Digits in networks of perceptrons and of sigmoid neurons: what one changed weight does to the names of the others.

A population of networks of 64 pixels, sigmoid neurons, and one sigmoid output for each digit is trained. Each member
has a twin of perceptrons: the same first layer, with steps; its ten output perceptrons learn by the perceptron's own
rule what the hidden ones show them, until they make no mistake on the training part.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data import MinMax, load
from seedbed.network import BinaryCrossEntropy, Network
from seedbed.network.perceptron import learn_rows, unlearned
from seedbed.network.repair import Units, nudged, repairs
from seedbed.recipe.member import Member
from seedbed.recipe.train import train
from seedbed.training.optimizers import Adam
from seedbed.training.setup import Setup

if TYPE_CHECKING:
    from pandas import DataFrame

SIGMOID, PERCEPTRON = "sigmoid", "perceptron"
HIDDEN, EPOCHS, RATE = 30, 60, 0.01
MOST_EPOCHS = 200  # of the perceptron's rule
SIZES = (0.01, 0.03, 0.1, 0.3)  # the weights begin with a deviation of 1/8


@dataclass(frozen=True, eq=False)
class DigitRepairs:
    """What was measured.

    Attributes:
        networks: member, neurons (sigmoid or perceptron), train_accuracy, test_accuracy; wrong digits among all, and
            how many of them one weight of the first layer can repair.
        ways: member, neurons, row, unit, feature (-1 for the bias), change; flipped: how many other digits are named
            otherwise after that repair; broken: how many of those were named right; is_gentlest: whether no smaller
            change of one weight repairs that digit.
        nudges: member, neurons, size; flipped: how many digits are named otherwise after one weight was raised by
            that, the mean over all weights of the first layer; silent: the share of those weights that flip none;
            moved: the largest change of an output of any digit, by any of them.
    """

    networks: DataFrame
    ways: DataFrame
    nudges: DataFrame

    @property
    def summary(self) -> DataFrame:
        """One line for each kind of neuron, over all members.

        wrong, repairable, ways: how many; flipped: other digits per repair, over all ways; gentlest: the same over the
        gentlest way of each digit; silent: the share of ways that flip none.
        """
        ways = self.ways.groupby("neurons")
        gentlest = self.ways[self.ways["is_gentlest"]].groupby("neurons")
        table = self.networks.groupby("neurons")[["wrong", "repairable"]].sum()
        return table.assign(
            ways=ways.size(),
            flipped=ways["flipped"].mean(),
            gentlest=gentlest["flipped"].mean(),
            silent=ways["flipped"].agg(lambda flipped: float((flipped == 0).mean())),
        ).loc[[SIGMOID, PERCEPTRON]]


@functools.lru_cache(maxsize=4)
def repair_digits(members: int = 2, seed: int = 0) -> DigitRepairs:
    """Trains the networks on the digits that are built in, and measures repairs and nudges on all 1,797.

    The same arguments give the same numbers, and are computed once in a program. Two members take about ten seconds.
    """
    from pandas import DataFrame

    data = load("digits")
    network = Network.parse(f"linear {HIDDEN} weight=lecun_normal, sigmoid, linear out weight=lecun_normal")
    setup = Setup(
        network=network, loss=BinaryCrossEntropy(), optimizer=Adam(RATE), preprocessing=(MinMax(per="all"),),
        epochs=EPOCHS,
    )  # fmt: skip
    run = train(setup, data, members=members, seed=seed, out=None)
    parts = (data.train, data.valid, data.test)
    raw = np.concatenate([np.asarray(part.x, np.float64) for part in parts])
    y = np.concatenate([np.asarray(part.y, np.int64) for part in parts])
    tables: tuple[list[Any], ...] = ([], [], [])
    for member in run.members:
        x = np.asarray(member.trained.preprocessor.x(raw), np.float64).reshape(len(raw), -1)
        for neurons, units in _twins(member, x[: len(data.train)], y[: len(data.train)], seed):
            found = _measured(units, x, y, len(data.train), len(data.test))
            for table, rows in zip(tables, found, strict=True):
                table += [{"member": member.number, "neurons": neurons, **row} for row in rows]
    return DigitRepairs(*map(DataFrame, tables))


def _twins(member: Member, x: NDArray[np.float64], y: NDArray[np.int64], seed: int) -> Iterator[tuple[str, Units]]:
    """The trained sigmoid neurons, and perceptrons with the same first layer."""
    first, _, last = ({name: np.asarray(a, np.float64) for name, a in own.items()} for own in member.params)
    sigmoids = Units(first["weight"], first["bias"], last["weight"], last["bias"], has_steps=False)
    yield SIGMOID, sigmoids
    hidden = (x @ sigmoids.weight + sigmoids.bias > 0).astype(np.float64)
    signs = np.where(y[:, None] == np.arange(len(sigmoids.out_bias)), 1.0, -1.0)
    units, rng = unlearned(hidden.shape[1], signs.shape[1]), np.random.default_rng([seed, member.number])
    for _ in range(MOST_EPOCHS):
        order = rng.permutation(len(hidden))
        units, mistakes = learn_rows(units, hidden[order], signs[order])
        if not mistakes.sum():
            break
    yield PERCEPTRON, Units(sigmoids.weight, sigmoids.bias, units.weight, units.bias, has_steps=True)


def _measured(
    units: Units, x: NDArray[np.float64], y: NDArray[np.int64], n_train: int, n_test: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of the three tables for one network."""
    is_right = units.named(units.sums(x)[1]) == y
    found = repairs(units, x, y)
    network = {
        "train_accuracy": is_right[:n_train].mean(), "test_accuracy": is_right[-n_test:].mean(),
        "wrong": found.n_wrong, "repairable": found.n_repaired,
    }  # fmt: skip
    names = ("row", "unit", "feature", "change", "flipped", "broken")
    columns = [getattr(found, name).tolist() for name in names]
    ways = [
        {**dict(zip(names, way, strict=True)), "is_gentlest": gentlest}
        for *way, gentlest in zip(*columns, found.gentlest.tolist(), strict=True)
    ]
    nudges = []
    for size in SIZES:
        flipped, moved = nudged(units, x, size)
        nudges.append({"size": size, "flipped": flipped.mean(), "silent": (flipped == 0).mean(), "moved": moved.max()})
    return [network], ways, nudges
