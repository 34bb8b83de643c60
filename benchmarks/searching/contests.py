"""Contests: a data set and a space. Every contestant learns from the same rows and is scored on the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
DEEP = 0.5  # the share of points with a second hidden layer
LR, MOMENTUM, DECAY, DROPOUT = (1e-3, 1.0), (0.0, 0.99), (1e-6, 1e-2), (0.0, 0.5)  # the first and third are log-uniform
ROWS, IMAGES = 10_000, 12_000


@dataclass(frozen=True)
class Contest:
    """What is searched.

    Attributes:
        title: as the tables show it.
        source: "digits", "mnist", or a table of `table_sets`.
        widths: of a hidden layer, both included; there are one or two.
        halves: whether all contestants give up what falls behind, by successive halving.
    """

    title: str
    source: str
    widths: tuple[int, int]
    activations: tuple[str, ...]
    trials: int = 512
    epochs: int = 20
    batch_size: int = 32
    halves: bool = False


FOUR = ("relu", "tanh", "elu", "silu")
CONTESTS = {
    "a": Contest("(a) digits, widths 16 to 64, 3 activations", "digits", (16, 64), FOUR[:3]),
    "b": Contest("(b) digits, widths 32 to 256, 4 activations", "digits", (32, 256), FOUR),
    "adult": Contest("10,000 rows of Adult", "adult", (32, 256), FOUR, batch_size=128, halves=True),
    "california": Contest("10,000 rows of California", "california", (32, 256), FOUR, batch_size=128, halves=True),
    "mnist": Contest("12,000 images of MNIST", "mnist", (32, 256), FOUR, batch_size=128, halves=True),
}


def space(contest: Contest, task: str, epochs: int) -> Any:
    """The space as Seedbed takes it: a setup in which distributions stand."""
    from seedbed.core.distributions import choice, integers, log_uniform, uniform
    from seedbed.network import (
        ELU,
        Chain,
        CrossEntropy,
        Dropout,
        Identity,
        Linear,
        MeanSquaredError,
        Network,
        ReLU,
        SiLU,
        Tanh,
    )
    from seedbed.training import SGD, Setup

    kinds = {"relu": ReLU, "tanh": Tanh, "elu": ELU, "silu": SiLU}
    activation = choice(*(kinds[name]() for name in contest.activations), name="activation")
    dropout = uniform(*DROPOUT, name="dropout")
    first, second = (integers(*contest.widths, name=name) for name in ("units", "more_units"))
    again = Chain([Linear(second), activation, Dropout(dropout)])
    layers = [Linear(first), activation, Dropout(dropout), choice(Identity(), again, name="second"), Linear("out")]
    return Setup(
        Network(layers),
        MeanSquaredError() if task == "regression" else CrossEntropy(),
        SGD(log_uniform(*LR), momentum=uniform(*MOMENTUM), weight_decay=log_uniform(*DECAY)),
        batch_size=contest.batch_size,
        epochs=epochs,
    )


def prepare(contest: Contest, folder: Path, source: Path = DATA) -> None:
    """Writes what Seedbed reads, and `arrays.npz` for the others: the same rows, already made into numbers."""
    import numpy as np

    from seedbed.data.preprocessor import Preprocessor

    if contest.source == "mnist":
        _write_images(folder, source)
    elif contest.source != "digits":
        _write_table(contest.source, folder, source)
    loaded = load(contest, folder)
    fitted = Preprocessor.fit(space(contest, loaded.task, 1).preprocessing, loaded)
    arrays: dict[str, Any] = {"task": np.asarray(loaded.task)}
    for name in ("train", "valid"):
        part = getattr(loaded, name)
        arrays[f"{name}_x"] = np.asarray(fitted.x(part.x), np.float32).reshape(len(part), -1)
        arrays[f"{name}_y"] = part.y.astype(np.int64)
        if loaded.task == "regression":
            arrays[f"{name}_y"] = np.asarray(fitted.y(part.y), np.float32)
    np.savez(folder / "arrays.npz", **arrays)


def load(contest: Contest, folder: Path) -> Any:
    """The data set as Seedbed takes it, from what `prepare` wrote."""
    from seedbed import data

    if contest.source == "digits":
        return data.load("digits")
    if contest.source == "mnist":
        import numpy as np

        with np.load(folder / "images.npz") as images:
            return data.load((images["x"], images["y"]), name="mnist")
    from benchmarks.table_sets import SETS, TARGET

    return data.load(folder / "table.csv", target=TARGET, task=SETS[contest.source].task)


def _write_table(name: str, folder: Path, source: Path) -> None:
    from benchmarks.table_sets import SETS

    rows = SETS[name].read(source / "tables").sample(ROWS, random_state=0)
    rows.to_csv(folder / "table.csv", index=False)


def _write_images(folder: Path, source: Path) -> None:
    import numpy as np

    from seedbed import data

    train = data.load(source / "mnist").train
    chosen = np.random.default_rng(0).permutation(len(train))[:IMAGES]
    np.savez(folder / "images.npz", x=np.asarray(train.x)[chosen], y=train.y[chosen])
