"""The treatment: what was tried, what was proved, and the healed setup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seedbed.core import toml
from seedbed.core.errors import RunError, UsageError, place_of
from seedbed.core.files import write_text
from seedbed.core.plain import shown
from seedbed.core.value import diff
from seedbed.recipe.treating.arms import CONTROL, JOIN
from seedbed.recipe.treating.experiment import Experiment
from seedbed.training.setup import Setup
from seedbed.watching.finding import Finding
from seedbed.watching.proof import Verdict
from seedbed.watching.remedies import REMEDIES

if TYPE_CHECKING:
    from pandas import DataFrame

NAN = float("nan")
COLUMNS = (
    "arm", "role", "remedies", "mean", "std", "worst", "n_seeds", "d", "p", "p_holm", "proved", "ties_best", "given_up",
    "cleared", "cost", "seconds",
)  # fmt: skip


@dataclass(eq=False, repr=False)
class Treatment:
    """What was tried on a sick setup, and what it proved.

    Attributes:
        name: of the run, or of the data.
        task: what the targets are.
        sick: the setup as it was.
        findings: what was found in it.
        arms: one row for each arm: the control; the proved arms that tie with the best, the cheapest change first; the
            rest from the highest mean on. Columns: arm, role, remedies, mean, std, worst, n_seeds, d, p, p_holm,
            proved, ties_best, given_up, cleared (whether what was found in the sick setup is gone in most networks;
            None where that is not known: nobody looked, or the control does not show it either), cost, seconds.
        scores: one row for each network: arm, seed, score, outcome.
        setups: of each arm.
        shares: of all rows those that validate, as `load` takes it: first as they were split, then by the names of arms
            that hold more back.
        seed: of the training.
        judged: by which weights, see `treat`.
        wall_seconds, compile_seconds: in all, and of those what was waited for programs.
    """

    name: str
    task: str
    sick: Setup
    findings: tuple[Finding, ...]
    arms: DataFrame
    scores: DataFrame
    setups: dict[str, Setup]
    shares: dict[str, float]
    seed: int
    judged: str
    wall_seconds: float
    compile_seconds: float

    @property
    def is_healthy(self) -> bool:
        """Whether nothing was found, so that nothing was tried."""
        return not len(self.arms)

    @property
    def chosen(self) -> str | None:
        """The arm that heals: of those that tie with the best the cheapest cure; None where nothing is proved.

        One in which what was found is still there comes behind the cures, and is chosen where none of them ties.
        """
        tied = self.arms[self.arms["ties_best"]] if len(self.arms) else self.arms
        return str(tied["arm"].iloc[0]) if len(tied) else None

    @property
    def healed(self) -> Setup | None:
        """The setup of that arm."""
        return None if self.chosen is None else self.setups[self.chosen]

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """Each place at which the healed setup differs from the sick one, with what stood and what stands there."""
        if self.healed is None:
            return []
        changed = [(place_of(path), shown(a), shown(b)) for path, a, b in diff(self.sick, self.healed)]
        share = self.valid_share
        return changed if share is None else [*changed, ("valid_share", f"{self.shares[CONTROL]:g}", f"{share:g}")]

    @property
    def valid_share(self) -> float | None:
        """What to give `load` so that as many rows are held back as in that arm; None where the split stays."""
        return None if self.chosen is None else self.shares.get(self.chosen)

    def save(self, path: str | Path) -> Path:
        """Writes the healed setup as TOML, and gives back where. A setup that stands there is replaced.

        Raises:
            RunError: nothing was proved, or it cannot be written.
            UsageError: something else stands there.
        """
        target = Path(path)
        if self.healed is None:
            raise RunError("treatment: expected a proved remedy, whose setup can be written, but there is none")
        is_toml(target)
        try:
            write_text(target, toml.dumps(self.healed))
        except OSError as error:
            raise RunError(f"{target}: the setup could not be written: {error.strerror or error}") from None
        return target

    def report(self, path: str | Path, *, language: str | None = None) -> Path:
        """Writes a page with all arms and their spreads, and gives back where. A page like it is replaced.

        Raises:
            UsageError: something else stands there, or it cannot be written there.
        """
        from seedbed.reporting.pages import write_page
        from seedbed.reporting.proof.page import GENERATOR, page

        target = Path(path)
        is_page(target)  # before it is drawn in vain
        return write_page(target, page(self.told(), language), GENERATOR)

    def told(self) -> Any:
        """What the page shows."""
        from seedbed.reporting.proof.told import Told

        chosen = None if self.chosen is None else title(self.chosen)
        return Told(
            name=self.name,
            task=self.task,
            findings=tuple((one.title, one.because, tuple(map(str, one.evidence))) for one in self.findings),
            arms=self.arms.assign(title=[title(arm) for arm in self.arms["arm"]]),
            scores=self.scores,
            chosen=chosen,
            differences=tuple(self.differences),
            valid_share=self.valid_share,
            setup_toml="" if self.healed is None else toml.dumps(self.healed),
            wall_seconds=self.wall_seconds,
            seed=self.seed,
        )

    def __str__(self) -> str:
        from seedbed.reporting.proof.words import sentences

        return "\n".join(sentences(self.told()))

    def _repr_html_(self) -> str:
        from seedbed.reporting.proof.page import card

        return card(self.told())

    def __repr__(self) -> str:
        n_proved = int(self.arms["proved"].sum()) if len(self.arms) else 0
        return f"Treatment({self.name!r}, {max(0, len(self.arms) - 1)} arms, {n_proved} proved, chosen={self.chosen!r})"


def title(arm: str) -> str:
    """An arm in the reader's language; as it is where it is no remedy."""
    from seedbed.core.messages import message

    if arm == CONTROL:
        return message("treatment.control")
    names = arm.split(JOIN)
    return JOIN.join(REMEDIES[name].title for name in names) if all(name in REMEDIES for name in names) else arm


def is_page(path: Path) -> bool:
    """Whether the page of a treatment stands at a path already.

    Raises:
        UsageError: something else stands there.
    """
    from seedbed.reporting.pages import is_page_of
    from seedbed.reporting.proof.page import GENERATOR

    return is_page_of(path, GENERATOR)


def is_toml(path: Path) -> bool:
    """Whether a setup stands at a path already.

    Raises:
        UsageError: something else stands there.
    """
    if path.suffix != ".toml":
        came = f"{path}: expected a file whose name ends in .toml, got {path.suffix or 'none'}"
        raise UsageError(came, f"such as {path.with_suffix('.toml')}")
    return path.is_file()


def tables(
    experiment: Experiment, verdicts: Mapping[str, Verdict], left: Mapping[str, bool | None]
) -> tuple[DataFrame, DataFrame]:
    """One row for each arm, and one for each network; both without rows where nothing was tried."""
    import pandas as pd

    trials = sorted(experiment.trials, key=lambda trial: trial.seed)
    scores = pd.DataFrame(
        [(t.arm, t.seed, t.score, t.outcome) for t in trials], columns=["arm", "seed", "score", "outcome"]
    )
    rows = []
    for arm in experiment.arms if trials else ():
        own = experiment.scores(arm.name)
        one = verdicts.get(arm.name)
        if one is None:
            one = Verdict(float(own.mean()), float(own.std(ddof=1)), float(own.min()), 0.0, NAN, NAN, False, False)
        rows.append(
            (
                arm.name, arm.role, arm.remedies, one.mean, one.std, one.worst, len(own), one.d, one.p, one.p_holm,
                one.is_proved, one.ties_best, arm.name in experiment.hopeless, _not(left[arm.name]), arm.cost,
                experiment.seconds[arm.name],
            )
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"cleared": object})  # None is no False
    return _ordered(table), scores


def _not(said: bool | None) -> bool | None:
    return None if said is None else not said


def _ordered(table: DataFrame) -> DataFrame:
    """The control first, then the arms that tie with the best, cures before others and cheap before dear; the rest."""
    if not len(table):
        return table
    ties = np.where(table["cleared"] == False, 2, 1)  # noqa: E712  # None is no False
    table["rank"] = np.where(table["role"] == CONTROL, 0, np.where(table["ties_best"], ties, 3))
    table["change"] = np.where(table["ties_best"], table["cost"], 0)
    ordered = table.sort_values(["rank", "change", "mean"], ascending=[True, True, False], kind="stable")
    return ordered.reset_index(drop=True)[list(COLUMNS)]
