"""The run: what training gives back, and what a folder on disk gives back again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.draw import Drawn, draws
from seedbed.core.errors import RunError, UsageError
from seedbed.core.plain import shown
from seedbed.core.value import Value
from seedbed.data.encoder import Encoder
from seedbed.data.temperature import temperature_for
from seedbed.recipe.candidates import best_of, candidates
from seedbed.recipe.member import Ensemble, Member
from seedbed.recipe.results import Metrics, select
from seedbed.reporting.evidence import Groups, Importance, Looks, Step
from seedbed.reporting.intervals import Intervals
from seedbed.training.interventions import Intervention
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.training.state import COLUMNS
from seedbed.training.trained import Trained
from seedbed.watching.finding import Finding
from seedbed.watching.series import Series, from_table, series_of, table

if TYPE_CHECKING:
    from pandas import DataFrame

ENSEMBLE_SIZE = 8


@dataclass(frozen=True)
class Held:
    """What a run keeps of the data, so that ensembles and reports need it no more.

    Attributes:
        valid_y, test_y: targets.
        test_best, test_ensemble: predictions on the test part, made once.
        candidates: numbers of the candidates that an ensemble may be made of, see `seedbed.recipe.candidates`.
        valid_predictions: what those predict on the validation part, (member, n, k).
        ensemble: numbers of the candidates in the ensemble that was scored on the test part, in order.
        wrong: the places in the test part of the most wrong examples.
        wrong_images: those as images, where they are images.
        wrong_rows: those as rows, where they are rows of a table.
        intervals: the 95 % interval of each metric of the test part, by part, by model, by name.
        looks: some features before and after the preprocessing of the best member.
        temperature: that of the probabilities of `best` and `ensemble`, 1 where it changes nothing. The predictions on
            the test part are at this temperature, those on the validation part are not.
        groups: the metric of each group of the test part, where the data has groups.
        importance: of each column for the ensemble, where it was measured.
    """

    valid_y: NDArray[Any]
    valid_predictions: NDArray[Any]
    candidates: tuple[int, ...]
    ensemble: tuple[int, ...]
    test_y: NDArray[Any]
    test_best: NDArray[Any]
    test_ensemble: NDArray[Any]
    wrong: NDArray[np.int64]
    wrong_images: NDArray[Any] | None
    wrong_rows: list[dict[str, Any]] | None
    intervals: dict[str, dict[str, Intervals]] = field(default_factory=dict)
    looks: Looks | None = None
    temperature: dict[str, float] = field(default_factory=lambda: {"best": 1.0, "ensemble": 1.0})
    groups: Groups | None = None
    importance: Importance | None = None


@dataclass(eq=False, repr=False)
class Run:
    """A trained population.

    Attributes:
        name: of the data and the moment.
        folder: where it is on disk, or None.
        setup: as it was given; distributions in it were drawn by each member.
        data: the description of the data set, see `Dataset.describe`.
        seed: of the run.
        members: in the order of their numbers.
        results: metrics by part (validation, test), by model (best, ensemble), by name.
        steps: the recipe's steps with their evidence.
        wall_seconds: from the first step of the recipe to the result.
        is_interrupted: whether training was ended by the user.
        n_folds: how many folds each setup was trained on, or None.
        is_ordered: whether the folds follow time, so that the network of the last one alone predicts for its setup.
        n_looks: how often the test part was scored: once, and once for each time before that training was interrupted.
        findings: what keeps members from learning, the causes first, as far as curves and signals tell;
            `seedbed.diagnose` looks closer.
        interventions: numbers of the setup that were changed while it trained; with these, `train` does it again.
    """

    name: str
    folder: Path | None
    setup: Setup
    data: dict[str, Any]
    encoder: Encoder
    seed: int
    members: tuple[Member, ...]
    trained: tuple[Trained, ...]
    held: Held
    results: dict[str, dict[str, Metrics]]
    steps: tuple[Step, ...]
    environment: dict[str, str]
    wall_seconds: float
    is_interrupted: bool = False
    n_folds: int | None = None
    is_ordered: bool = False
    n_looks: int = 1
    findings: tuple[Finding, ...] = ()
    interventions: tuple[Intervention, ...] = ()

    @property
    def task(self) -> str:
        """What the targets are."""
        return self.encoder.target.task

    @property
    def plans(self) -> list[Plan]:
        """How each cohort ran on this machine: `train(..., plan=run)` does it again to the bit."""
        return [trained.plan for trained in self.trained]

    @cached_property
    def best(self) -> Member | Ensemble:
        """The member with the highest validation score; among equals the one with the smallest validation loss.

        With folds: the networks of the setup with the highest mean score, whose predictions are averaged; where they
        are folds by time, its network of the last fold.
        """
        best = best_of(candidates(self.members, self.n_folds)).voting
        return Ensemble(best, self.held.temperature["best"]) if len(best) > 1 else best[0]

    def ensemble(self, k: int = ENSEMBLE_SIZE) -> Ensemble:
        """The greedy ensemble of `k` places, chosen on the validation part.     (Caruana et al. 2004)

        Raises:
            UsageError: k is below 1.
        """
        if isinstance(k, bool) or not isinstance(k, int) or k < 1:
            raise UsageError(f"ensemble: expected k of at least 1, got {k!r}")
        held = self.held
        chosen = select(self.task, held.valid_y, held.valid_predictions, k)
        by_number = {one.number: one.voting for one in candidates(self.members, self.n_folds)}
        temperature = held.temperature["ensemble"]
        if k != ENSEMBLE_SIZE and not self.n_folds:
            temperature = temperature_for(self.task, held.valid_y, held.valid_predictions[chosen].mean(axis=0))
        return Ensemble(tuple(m for c in chosen for m in by_number[held.candidates[c]]), temperature)

    @property
    def importance(self) -> DataFrame | None:
        """For each column the score that the ensemble loses without it, the most important first; None without any.

        Columns: column, drop, deviation. Measured on the validation part, see `seedbed.recipe.importance`.
        """
        import pandas as pd

        found = self.held.importance
        if found is None:
            return None
        table = pd.DataFrame({"column": found.names, "drop": found.drops, "deviation": found.deviations})
        return table.sort_values("drop", ascending=False, kind="stable", ignore_index=True)

    @property
    def intervals(self) -> dict[str, dict[str, Intervals]]:
        """The 95 % bootstrap interval of each metric of the test part: `["test"]["ensemble"]["accuracy"]`."""
        return self.held.intervals

    @cached_property
    def history(self) -> DataFrame:
        """For each member and epoch: losses, scores, the learning rate, and seconds since the start of training."""
        return history_of(self.trained, self.members)

    @cached_property
    def signals(self) -> DataFrame | None:
        """For each member, epoch and layer what was told of it while it learned; None where training was not watched.

        Columns: member, epoch, layer, name; and the signals, see `seedbed.watching.signals`. Each is the mean over the
        looks of the epoch.
        """
        import pandas as pd

        if any(isinstance(one.seen, dict) and "looks" in one.seen for one in self.trained):
            return table((member.number, self._seen(member)) for member in self.members)
        path = None if self.folder is None else self.folder / "signals.parquet"
        if path is None or not path.is_file():
            return None
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            hint = "it was damaged after it was written; what else the run holds is sound"
            raise RunError(f"{path}: the signals cannot be read: {error}", hint) from None

    def series(self, member: Member) -> Series | None:
        """The signals of one member as arrays; None where training was not watched."""
        if isinstance(member.trained.seen, dict):
            return self._seen(member)
        if self.signals is None:
            return None
        rows = self.signals[self.signals["member"] == member.number]
        return from_table(rows, member.trained.history.shape[1]) if len(rows) else None

    def _seen(self, member: Member) -> Series:
        trained = member.trained
        return series_of(trained.setup.network, trained.params, trained.seen, member.place)

    @cached_property
    def draws(self) -> DataFrame:
        """For each member what it drew at each place that holds a distribution; missing where it has no such place.

        An option that holds distributions itself is named by its kind, and what it drew stands in columns of its own.
        """
        import pandas as pd

        rows = []
        for member in self.members:
            drawn = draws(self.setup, seed=self.seed, number=member.number // (self.n_folds or 1))
            rows.append({"member": member.number, **{place: _shown(one) for place, one in drawn.items()}})
        return pd.DataFrame(rows)

    @property
    def table(self) -> DataFrame:
        """For each member its validation score and loss, best epoch, outcome, and its weight in the ensemble."""
        import pandas as pd

        chosen, best, k = self.held.ensemble, self.best.members, self.n_folds or 1
        rows = [
            (
                m.number,
                m.valid_score,
                m.valid_loss,
                m.best_epoch,
                m.outcome,
                m in best,
                m.has_vote * chosen.count(m.number // k),
            )
            for m in self.members
        ]
        names = ["member", "valid_score", "valid_loss", "best_epoch", "outcome", "is_best", "ensemble_weight"]
        return pd.DataFrame(rows, columns=names)

    def report(self, path: str | Path | None = None, *, language: str | None = None) -> Path:
        """Writes the report, one self-contained page, and gives back where: in the run's folder unless a path is given.

        Raises:
            RunError: the run is not on disk and no path is given, or the page cannot be written.
            UsageError: a file stands at the path that is no report.
        """
        from seedbed.recipe.report import write

        return write(self, path, language)

    def _repr_html_(self) -> str:
        from seedbed.recipe.report import card_of

        return card_of(self)

    def __repr__(self) -> str:
        part = "test" if "test" in self.results else "validation"
        told = self.results[part]["ensemble"]
        metric = next(iter(told))
        where = f", in {self.folder}" if self.folder else ""
        return f"Run({self.name!r}, {len(self.members)} members, {part} {metric} {told[metric]:.4f}{where})"


def members_of(
    trained: Sequence[Trained],
    numbers: Sequence[int],
    setups: Sequence[Setup],
    encoder: Encoder,
    n_folds: int | None = None,
    *,
    is_ordered: bool = False,
) -> tuple[Member, ...]:
    """The members of trained cohorts, in the order of their numbers; for `is_ordered` see `Run`."""
    members = []
    for one in trained:
        for place, at in enumerate(one.places):
            epoch = int(one.best_epoch[place])
            loss, score = (float(one.history[place, epoch, c]) if epoch >= 0 else float("nan") for c in (2, 3))
            outcome = one.outcomes[place]
            number = numbers[at]
            fold = None if n_folds is None else number % n_folds
            own = Member(number, setups[at], outcome, epoch, loss, score, one, place, encoder, fold=fold)
            members.append(replace(own, has_vote=not is_ordered or fold == (n_folds or 1) - 1))
    return tuple(sorted(members, key=lambda member: member.number))


def history_of(trained: Sequence[Trained], members: Sequence[Member]) -> DataFrame:
    """The histories of all cohorts as one table, member by member, without the epochs that a member did not train."""
    import pandas as pd

    number_of = {(id(member.trained), member.place): member.number for member in members}
    tables = []
    for one in trained:
        n, epochs, _ = one.history.shape
        columns = {name: one.history[:, :, c].ravel().astype(np.float64) for c, name in enumerate(COLUMNS)}
        numbers = np.asarray([number_of[id(one), place] for place in range(n)])
        table = pd.DataFrame({"member": np.repeat(numbers, epochs), "epoch": np.tile(np.arange(epochs), n), **columns})
        table["wall_seconds"] = one.seconds.ravel()
        tables.append(table[~np.isnan(one.history[:, :, -1].ravel())])
    return pd.concat(tables).sort_values(["member", "epoch"]).reset_index(drop=True)


def _shown(drawn: Drawn) -> Any:
    """What was drawn as a number, or as a text."""
    content = drawn.content
    if isinstance(content, bool | int | float):
        return content
    return content.kind if drawn.is_space and isinstance(content, Value) and content.kind else shown(content)
