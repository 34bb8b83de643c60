"""What a report shows, as one value: the arrow from a run to its page passes through here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.preprocessor import Preprocessor
from seedbed.network.summary import Summary
from seedbed.reporting.intervals import Intervals
from seedbed.training.trained import DIVERGED

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Step:
    """One step of the recipe and what it found.

    Attributes:
        name: `data`, `preprocess`, `network`, `train` or `result`.
        facts: pairs of a label and a text, in the order in which they are read.
    """

    name: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Looks:
    """How a handful of features look before and after preprocessing, in the training part.

    Attributes:
        names_before, names_after: of those features; alike where a feature keeps its place.
        before, after: (feature, quantile), from the smallest value to the largest.
        pictures_before, pictures_after: the mean image and an example, (2, height, width) or with colours behind.
    """

    names_before: tuple[str, ...]
    before: NDArray[np.float64]
    names_after: tuple[str, ...]
    after: NDArray[np.float64]
    pictures_before: NDArray[np.float32] | None = None
    pictures_after: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Groups:
    """The groups of the test part, the worst first.

    Attributes:
        metric: `accuracy` or `rmse`.
        rows: for each group its name, its number of examples, the metric, and the two ends of its 95 % interval.
        n_left_out: how many groups are not there: too small, or not among the worst.
    """

    metric: str
    rows: tuple[tuple[str, int, float, float, float], ...]
    n_left_out: int


@dataclass(frozen=True)
class Importance:
    """What each column is worth to the ensemble: the score it loses when the column's values go to other rows.

    Attributes:
        names: of the columns, in their order; for an image one a patch, line by line.
        drops, deviations: the mean and the standard deviation over the deals of the score that is lost.
        score: without a deal, on the same rows: accuracy, or R².
        rows: how many validation rows were used.
        repeats: how many deals for each column.
        n_left_out: how many more columns there are, which seem less important.
        grid: how many patches an image is high and wide, or None.
    """

    names: tuple[str, ...]
    drops: tuple[float, ...]
    deviations: tuple[float, ...]
    score: float
    rows: int
    repeats: int
    n_left_out: int = 0
    grid: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything a report shows. Figures read it and change nothing in it.

    Attributes:
        name: of the data set, the title of the page.
        task: `classification`, `regression` or `multilabel`.
        data: what `Dataset.describe()` says.
        setup_toml: the setup as it was given, with its distributions.
        steps: the recipe in its order.
        history: member, epoch (from 0), train_loss, train_score, valid_loss, valid_score, learning_rate, wall_seconds;
            a member that stopped has fewer rows.
        members: one row a member: member, valid_score, valid_loss, best_epoch, outcome, is_best, ensemble_weight.
        draws: member, and one column for each drawn place of the setup, numbers or texts; empty where a member's
            setup has no such place.
        log_places: of those columns the ones whose logarithm was drawn evenly.
        results: part (`validation`, `test`) → `best` or `ensemble` → metric → value. What is absent is not shown.
        intervals: part → `best` or `ensemble` → metric → the two ends of its 95 % interval.
        test_y: class numbers (n,), or targets or labels (n, k).
        test_best: predictions of the best member: probabilities (n, k), or values (n, k) in the target's own unit.
        test_ensemble: the same of the ensemble.
        wrong: as from `most_wrong`.
        wrong_images: the same examples as images, (k, height, width) or (k, height, width, 3).
        wrong_rows: the same examples as raw rows.
        summary: the layers of the best member's network.
        environment: what it takes to do it again, by name.
        warnings: sentences the user should not miss.
        preprocessor: the fitted steps of the best member.
        looks: what they do to some features.
        feature_names: of the features before them; empty where those have none.
        temperature: that of the probabilities in `test_ensemble`.
        groups, importance: as above, where they were measured.
        n_looks: how often the test part was scored, with the times before that training was interrupted.
        signals: of the best member, see `Run.signals`; None where training was not watched.
    """

    name: str
    task: str
    data: dict[str, Any]
    seed: int
    setup_toml: str
    steps: tuple[Step, ...]
    history: DataFrame
    members: DataFrame
    draws: DataFrame
    results: dict[str, dict[str, dict[str, float]]]
    class_names: tuple[Any, ...]
    target_names: tuple[str, ...]
    test_y: NDArray[Any]
    test_best: NDArray[Any] | None
    test_ensemble: NDArray[Any] | None
    wrong: DataFrame
    wrong_images: NDArray[Any] | None
    wrong_rows: DataFrame | None
    summary: Summary | None
    environment: dict[str, str]
    wall_seconds: float
    warnings: tuple[str, ...] = field(default=())
    intervals: dict[str, dict[str, Intervals]] = field(default_factory=dict)
    preprocessor: Preprocessor | None = None
    looks: Looks | None = None
    feature_names: tuple[str, ...] = ()
    temperature: float = 1.0
    groups: Groups | None = None
    importance: Importance | None = None
    log_places: frozenset[str] = frozenset()
    n_looks: int = 1
    signals: DataFrame | None = None

    @property
    def prediction(self) -> NDArray[Any] | None:
        """What is held against the truth: the ensemble's prediction, or the best member's where there is none."""
        return self.test_best if self.test_ensemble is None else self.test_ensemble

    @property
    def ranked(self) -> DataFrame:
        """The members, the chosen one first, then by score, then by loss; the diverged last."""
        table = self.members.assign(sound=self.members["outcome"] != DIVERGED)
        order = ["is_best", "sound", "valid_score", "valid_loss", "member"]
        table = table.sort_values(order, ascending=[False, False, False, True, True], na_position="last")
        return table.drop(columns="sound").reset_index(drop=True)

    @property
    def has_test(self) -> bool:
        """Whether there is a prediction of the test part to look at."""
        return self.prediction is not None and len(self.test_y) > 0 and bool(np.isfinite(self.prediction).any())
