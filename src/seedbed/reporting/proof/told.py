"""What is told of a treatment."""

from __future__ import annotations

from dataclasses import dataclass

from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class Told:
    """A treatment as its page and its sentences show it.

    Attributes:
        name: of the run, or of the data.
        task: what the targets are.
        findings: of each its name, its cause, and its evidence as sentences.
        arms: a row for each arm as in `Treatment.arms`, in that order, with its title beside.
        scores: a row for each network: arm, seed, score, outcome.
        chosen: the title of the arm that heals, or None.
        differences: places at which the healed setup differs, each with what stood and what stands there.
        valid_share: of the rows, to be held back with it; None where the split stays.
        setup_toml: the healed setup; empty without one.
        wall_seconds, seed: of the treatment.
    """

    name: str
    task: str
    findings: tuple[tuple[str, str, tuple[str, ...]], ...]
    arms: DataFrame
    scores: DataFrame
    chosen: str | None
    differences: tuple[tuple[str, str, str], ...]
    valid_share: float | None
    setup_toml: str
    wall_seconds: float
    seed: int

    @property
    def metric(self) -> str:
        """The name of the score."""
        return "r2" if self.task == "regression" else "accuracy"
