"""The check: one thing that was looked at before training, with what was measured and what it means."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from seedbed.core.messages import message
from seedbed.watching.finding import NOTE, Evidence, Finding


@dataclass(frozen=True)
class Check:
    """What one check before training found.

    Attributes:
        name: such as `initial_loss`.
        passed: None where it could not be looked at, or has nothing to look at.
        evidence: what was measured, beside what it should be.
        finding: what is wrong, or worth knowing, where it has a name.
        reason: why it could not be looked at, as a key of the catalogue.
    """

    name: str
    passed: bool | None
    evidence: tuple[Evidence, ...] = ()
    finding: Finding | None = None
    reason: str = ""

    @property
    def title(self) -> str:
        """What is looked at, in the reader's language."""
        return message(f"check.{self.name}")

    @property
    def because(self) -> str:
        """What it means that the check failed, or why it was left out; empty where all is well."""
        if self.passed is None:
            return message(f"check.unknown.{self.reason}")
        if self.finding is not None:
            return f"{self.finding.title}. {self.finding.because}"
        return "" if self.passed else message(f"check.{self.name}.failed")

    def to_dict(self) -> dict[str, Any]:
        """The check as plain data, with its sentences."""
        finding = None if self.finding is None else self.finding.to_dict()
        return {
            "name": self.name,
            "title": self.title,
            "passed": self.passed,
            "evidence": [asdict(one) for one in self.evidence],
            "finding": finding,
            "because": self.because,
        }

    def __str__(self) -> str:
        mark = {True: "passed", False: "FAILED", None: "not known"}[self.passed]
        because = f": {self.because}" if self.because else ""
        return "\n".join([f"{mark}  {self.title}{because}", *(f"  {one}" for one in self.evidence)])


def of_findings(name: str, there: tuple[Finding, ...]) -> Check:
    """The check that fails by findings of its own; one that is only worth knowing lets it pass."""
    evidence = tuple(evidence for one in there for evidence in one.evidence)
    return Check(name, all(one.severity == NOTE for one in there), evidence, there[0] if there else None)
