"""What the report of a search shows, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from seedbed.reporting.headline import SCORE
from seedbed.reporting.wording import SHARES, number
from seedbed.searching.narrowing import ends
from seedbed.searching.space import Dimension
from seedbed.searching.trial import COMPLETE, DIVERGED

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Axis:
    """A dimension of the space as it was given.

    Attributes:
        name: of the dimension.
        options: what a choice chooses among, as texts in their order; empty for a range.
        low, high: the ends of a range; 0 and 1 for a choice.
        is_log: whether distances count by their ratio.
    """

    name: str
    options: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False

    @classmethod
    def of(cls, dimension: Dimension) -> Axis:
        """The axis of a dimension."""
        if dimension.is_choice:
            return cls(dimension.name, tuple(map(option, dimension.labels)))
        low, high = ends(dimension)
        return cls(dimension.name, (), float(low), float(high), dimension.is_log)


@dataclass(frozen=True)
class Round:
    """A round of a search.

    Attributes:
        number: from 0.
        size: how many trials it has.
        rungs: the epochs at which they are compared.
        n_programs: how many were compiled for it.
        ranges: what each dimension was drawn from: the ends of a range, or the texts of options.
        kinds: of the dimensions that changed from the round before: narrowed, widened, dropped.
    """

    number: int
    size: int
    rungs: tuple[int, ...]
    n_programs: int
    ranges: Mapping[str, tuple[Any, ...]]
    kinds: Mapping[str, str]


@dataclass(frozen=True)
class Worth:
    """What the winner is worth.

    Attributes:
        found: its validation score, the best of all trials.
        retrained: validation scores of its setup with fresh seeds.
        retrained_test: metrics of those networks on the test part.
        results: metrics by part (validation, test), by model (winner, ensemble), by name.
    """

    found: float
    retrained: tuple[float, ...]
    retrained_test: tuple[Mapping[str, float], ...]
    results: Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, eq=False)
class Searched:
    """Everything the report of a search shows.

    Attributes:
        name: of the data.
        study: the name of the study, and where it is.
        task: `classification`, `regression` or `multilabel`.
        method, seed, epochs, folds: of the search; epochs of a trial that is trained to the end.
        axes: the dimensions of the space.
        rounds: in their order.
        trials: trial, round, state, rungs, score, loss, epochs, best_epoch, seconds, finished.
        points: a row for each trial, by its number; a column for each dimension, empty where a trial has none.
        present: the dimensions that each trial has: an option may be None itself.
        rung_scores: trial, epochs, score: at each rung that a trial reached.
        curves: trial, epoch, and the columns of a history.
        importance: dimension and its importance, the largest first.
        winner: the number of the winning trial, or None.
        worth: of the winner; None where it was not told.
        space_toml, winner_toml: the space, and the winner's setup.
        command: that trains the winner; empty where its setup is not on disk.
        environment: what it takes to do it again, by name.
        wall_seconds: of the search with all that followed; 0 where it is not known.
        is_interrupted: whether the user ended it.
    """

    name: str
    study: tuple[str, str]
    task: str
    method: str
    seed: int
    epochs: int
    folds: int | None
    axes: tuple[Axis, ...]
    rounds: tuple[Round, ...]
    trials: DataFrame
    points: DataFrame
    present: Mapping[int, frozenset[str]]
    rung_scores: DataFrame
    curves: DataFrame
    importance: DataFrame
    winner: int | None
    worth: Worth | None
    space_toml: str
    winner_toml: str
    command: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    wall_seconds: float = 0.0
    is_interrupted: bool = False

    @property
    def metric(self) -> str:
        """The name of the score."""
        return SCORE[self.task]

    @property
    def form(self) -> str:
        """How an axis writes scores."""
        return "~%" if self.metric in SHARES else ".4~g"

    @cached_property
    def ranked(self) -> DataFrame:
        """The trials that have a score, those that were trained to the end before the others, each the best first."""
        table = self.trials[np.isfinite(self.trials["score"].astype(float)) & (self.trials["state"] != DIVERGED)]
        table = table.assign(late=table["state"] != COMPLETE)
        order = ["late", "score", "loss", "trial"]
        table = table.sort_values(order, ascending=[True, False, True, True], na_position="last")
        return table.drop(columns="late").reset_index(drop=True)

    def has(self, trial: int, name: str) -> bool:
        """Whether a trial has a value for a dimension."""
        return name in self.present.get(trial, frozenset())

    @property
    def ordered_axes(self) -> list[Axis]:
        """The axes, the most important first; those whose importance is not known after them, as they stand."""
        known = dict(zip(self.importance["dimension"], self.importance["importance"], strict=True))
        return sorted(self.axes, key=lambda axis: -known.get(axis.name, 0.0))


def option(label: Any) -> str:
    """An option of a choice as a text."""
    if label is None or isinstance(label, bool):
        return str(label).lower()
    return f"{label:.6g}" if isinstance(label, int | float) else str(label)


def brief(value: float, digits: int = 4) -> str:
    """A value of a dimension without the zeros that `number` keeps.

    >>> brief(0.0003), brief(0.042881), brief(128.0), brief(1.5e-7)
    ('0.0003', '0.04288', '128', '1.5e-07')
    """
    return number(value) if float(value).is_integer() else f"{value:.{digits}g}"
