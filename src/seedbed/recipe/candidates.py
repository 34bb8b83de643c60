"""Candidates: what may be chosen as the best, or into the ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seedbed.core.errors import TrainingError
from seedbed.recipe.member import Member

MOST_CANDIDATES = 64  # for the ensemble: the best by validation loss


@dataclass(frozen=True, eq=False)
class Candidate:
    """A member; or where there are folds, the networks of one setup on all of them.

    Attributes:
        number: of the member; with k folds, member f of candidate c has the number c · k + f.
    """

    number: int
    members: tuple[Member, ...]

    @property
    def voting(self) -> tuple[Member, ...]:
        """The networks whose mean predicts: all, but of folds by time only that of the last, which saw most rows."""
        return tuple(member for member in self.members if member.has_vote)

    @property
    def valid_score(self) -> float:
        """The validation score, the mean over folds."""
        return float(np.mean([member.valid_score for member in self.members]))

    @property
    def valid_loss(self) -> float:
        """The validation loss, the mean over folds."""
        return float(np.mean([member.valid_loss for member in self.members]))


def candidates(members: Sequence[Member], n_folds: int | None) -> list[Candidate]:
    """The candidates, soundest first: every network of each has an epoch with a finite validation loss.

    Raises:
        TrainingError: there are none.
    """
    k = n_folds or 1
    by_number: dict[int, list[Member]] = {}
    for member in members:
        by_number.setdefault(member.number // k, []).append(member)
    whole = [
        Candidate(number, tuple(own))
        for number, own in by_number.items()
        if len(own) == k and all(member.is_sound for member in own)
    ]
    if not whole:
        hint = "lower the learning rate, or let it be drawn: lr=log_uniform(1e-4, 1e-1)"
        raise TrainingError(f"expected a member with a finite validation loss, but all {len(members)} diverged", hint)
    return sorted(whole, key=lambda one: one.valid_loss)


def best_of(found: Sequence[Candidate]) -> Candidate:
    """The candidate with the highest validation score; among equals the one with the smallest validation loss."""
    return max(found, key=lambda one: (one.valid_score, -one.valid_loss))


def calibrated(members: Sequence[Member], temperature: float, n_folds: int | None) -> tuple[Member, ...]:
    """The members, the one that predicts as the best with its temperature; where several do, it is that of the mean."""
    best, *others = best_of(candidates(members, n_folds)).voting
    return tuple(replace(m, temperature=temperature) if m is best and not others else m for m in members)
