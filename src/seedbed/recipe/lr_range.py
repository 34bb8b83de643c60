"""`lr_range`: the learning-rate range test, as one population: every rate from the same start, all side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.draw import draw
from seedbed.core.errors import TrainingError, UsageError, one_of
from seedbed.data.dataset import Dataset, Part
from seedbed.data.loading import load
from seedbed.recipe.again import to_the_end
from seedbed.recipe.defaults import HIGH_RATE, LOW_RATE, N_RATES
from seedbed.recipe.given import a_setup, whole
from seedbed.training.setup import Setup
from seedbed.training.state import COLUMNS
from seedbed.training.trained import DIVERGED
from seedbed.training.trainer import Training
from seedbed.watching.rates import rules

if TYPE_CHECKING:
    from pandas import DataFrame

    from seedbed.reporting.rates import LayerChart

STEPS = 150  # that each rate has, at least, unless told otherwise
MOST_BATCHES = 200  # of the training part, which is as many as that takes
MOST_VALID = 5000  # examples that the loss is told on
FORMATS = (".png", ".svg")


@dataclass(frozen=True, eq=False)
class Range:
    """What each learning rate makes of the same start.

    Attributes:
        setup: the one that was tried, with its own rate.
        name: of the data.
        n_steps: that every rate had.
        rates: the learning rates, (rate,), each the same factor above the last.
        before: the loss on the validation part without a step.
        after: the loss on it that each rate leaves, (rate,); NaN where it diverged.
    """

    setup: Setup
    name: str
    n_steps: int
    rates: NDArray[np.float64]
    before: float
    after: NDArray[np.float64]

    @cached_property
    def rules(self) -> dict[str, float]:
        """The rate that each rule speaks for, see `seedbed.watching.rates`; empty where none takes the loss down."""
        return rules(self.rates, self.before, self.after)

    @property
    def suggested(self) -> float | None:
        """The middle of the rates that bring nine tenths of the largest fall; None where none takes the loss down."""
        return self.rules.get("middle")

    @property
    def best(self) -> float | None:
        """The rate that leaves the smallest loss; None where none takes the loss down."""
        return self.rules.get("best")

    @property
    def table(self) -> DataFrame:
        """One line for each rate: lr, loss_before, loss_after, diverged."""
        import pandas as pd

        columns = {"lr": self.rates, "loss_before": self.before, "loss_after": self.after}
        return pd.DataFrame(columns).assign(diverged=np.isnan(self.after))

    def figure(self, language: str | None = None) -> LayerChart:
        """The loss that each rate leaves against the rate."""
        from seedbed.reporting.rates import draw_rates

        return draw_rates(self.table, self.suggested, language)

    def report(self, path: str | Path, language: str | None = None) -> Path:
        """Writes the figure as PNG or SVG, and gives back where.

        Raises:
            UsageError: the file has another ending, or cannot be written.
        """
        from seedbed.reporting.saving import save_png, save_svg

        path = Path(path)
        check_picture(path)
        save = save_png if path.suffix.lower() == ".png" else save_svg
        try:
            return save(self.figure(language), path)
        except OSError as error:
            raise UsageError(f"{path}: expected a file that can be written, but {error.strerror or error}") from None

    def __str__(self) -> str:
        n_lost = int(np.isnan(self.after).sum())
        lost = f", {n_lost} of them diverged" if n_lost else ""
        tried = (
            f"{len(self.rates)} rates from {self.rates[0]:.3g} to {self.rates[-1]:.3g}, {self.n_steps} steps each{lost}"
        )
        if self.suggested is None:
            return f"{tried}\nnone takes the loss below the {self.before:.4g} of no step: look at sb.check(setup, data)"
        least = float(np.nanmin(self.after))
        said = f"suggested {self.suggested:.3g}; best {self.best:.3g}, from a loss of {self.before:.4g} to {least:.4g}"
        return f"{tried}\n{said}"


def check_picture(path: Path) -> None:
    """Raises UsageError where a figure cannot be written under that name."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: expected a name that ends in {one_of(FORMATS)}", "such as range.png")


def lr_range(
    setup: Setup,
    data: Any,
    *,
    low: float = LOW_RATE,
    high: float = HIGH_RATE,
    n: int = N_RATES,
    epochs: int | None = None,
    seed: int = 0,
) -> Range:
    """A range test of learning rates as one population: `n` members that differ in the rate alone.

    All begin with the same weights, see the same batches, drop the same units and have as many steps, about 150. A ramp
    (Smith 2017), which raises the rate step by step in one network, cannot tell a rate from the steps that came before
    it. One member more has the rate 0: the loss without a step. Schedule and early stopping are left out.

    Arguments:
        setup: a setup, whose own rate does not matter; of a space what member 0 draws is tried.
        data: a data set, or what `seedbed.data.load` takes. Of a large one only as many rows are taken as that takes.
        low, high: the ends of the rates, on a logarithmic grid.
        n: how many rates.
        epochs: how often each goes through all of the training part, in place of about 150 steps.
        seed: of draws, weights and the order of the data.

    Raises:
        SetupError, ShapeError, DataError, UsageError: setup, data or an argument is not sound.
        TrainingError: every rate diverged.
        KeyboardInterrupt: the user ended it.
    """
    rates = _rates(low, high, n)
    seed, dataset = whole("seed", seed, least=0), load(data)
    drawn: Setup = draw(a_setup(setup, "lr_range"), seed=seed, number=0)
    if epochs is None:
        dataset = _fewer(dataset, drawn.batch_size, seed)
    n_steps = -(-len(dataset.train) // min(drawn.batch_size, len(dataset.train)))
    epochs = -(-STEPS // n_steps) if epochs is None else whole("epochs", epochs, least=1)
    optimizer = drawn.optimizer.replace(schedule=None)
    plain = drawn.replace(epochs=epochs, patience=None)
    setups = [plain.replace(optimizer=optimizer.replace(lr=float(lr))) for lr in (0.0, *rates)]
    after = _losses(setups, dataset, seed)
    if np.isnan(after[1:]).all():
        hint = "try lower rates, or look at what `sb.check(setup, data)` says"
        raise TrainingError(
            f"expected a learning rate with a finite loss, but all from {low:g} to {high:g} diverged", hint
        )
    return Range(drawn, dataset.name, n_steps * epochs, rates, float(after[0]), after[1:])


def _rates(low: float, high: float, n: int) -> NDArray[np.float64]:
    """The grid of rates.

    Raises:
        UsageError: there is none.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 3:
        raise UsageError(f"n: expected at least 3 rates, got {n!r}", f"{N_RATES} is what is tried by itself")
    if not (0 < low < high < np.inf):
        raise UsageError(
            f"low, high: expected 0 < low < high, got {low:g} and {high:g}", f"such as {LOW_RATE:g} and {HIGH_RATE:g}"
        )
    return np.geomspace(low, high, n)


def _losses(setups: Sequence[Setup], data: Dataset, seed: int) -> NDArray[np.float64]:
    """The loss on the validation part that each setup ends with, NaN where it diverged; all of them are member 0."""
    training = Training(setups, [0] * len(setups), data, seed)
    after = np.full(len(setups), np.nan)
    for one in to_the_end(training):
        is_lost = np.asarray([outcome == DIVERGED for outcome in one.outcomes])
        last = one.history[:, -1, COLUMNS.index("valid_loss")]
        after[one.places] = np.where(is_lost | ~np.isfinite(last), np.nan, last)
    return after


def _fewer(data: Dataset, batch_size: int, seed: int) -> Dataset:
    """The data with as many rows as a test takes, drawn at random where there are more."""
    rng = np.random.default_rng([seed, len(data.train.x)])
    parts: dict[str, Any] = {}
    for name, most in (("train", MOST_BATCHES * batch_size), ("valid", MOST_VALID)):
        part: Part = getattr(data, name)
        if part.is_streamed or len(part) > most:
            n = len(part.x)
            kept = np.sort(rng.choice(n, min(n, most), replace=False))
            weight = None if part.weight is None else part.weight[kept]
            parts[name] = Part(part.x[kept], np.asarray(part.y)[kept], None, kept, weight)
    return replace(data, **parts)
